"""`AiohttpTransport`: single attempts over a pooled `aiohttp` session."""

import asyncio
import select
import ssl
import sys
from contextvars import ContextVar
from functools import partial
from io import BytesIO
from typing import Any, Dict, Optional, Sequence

import aiohttp
from aiohttp.client_proto import ResponseHandler
from urllib3.util.wait import wait_for_read
from yarl import URL

from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.transport.async_http import CLOSED, HTTPTransport
from ai_spine.transport.async_replies import Attempt, Reply
from ai_spine.transport.decompression import BrokenCompression
from ai_spine.transport.discarding import abort
from ai_spine.transport.environment import needs_tls, proxy_of, tls_context
from ai_spine.transport.requests.failures import (
    HANDSHAKE_REASONS,
    Rule,
    causes_of,
    first_match,
    interruption,
    system_reason,
)
from ai_spine.transport.requests.request_builder import PlainRequest, RequestBuilder

_LONGEST_LINE = 65536
_LONGEST_SILENCE = 2**19  # bytes without a piece of the body
_BUFFER = 2**16  # bytes of a body that may wait to be read; far fewer than that silence
_LARGE = 2**20  # bytes of a request's body that aiohttp wants as a file
_HAS_POLL = hasattr(select, "poll")  # not on Windows
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None)


class _EndlessError(aiohttp.ClientPayloadError):
    """A response that goes on and on without a piece of its body."""


# The first rule whose class is found anywhere among an exception's causes decides.
_RULES: Sequence[Rule] = (
    (
        ssl.SSLCertVerificationError,
        Failure(FailureKind.REFUSED, "the server's certificate is not trusted"),
    ),
    (
        aiohttp.ClientHttpProxyError,
        Failure(FailureKind.NOT_SENT, "the proxy refused to connect"),
    ),
    (
        aiohttp.InvalidURL,
        Failure(FailureKind.REFUSED, "the request cannot be sent to such a URL"),
    ),
    (
        aiohttp.ClientConnectorError,
        Failure(FailureKind.NOT_SENT, "could not connect"),
    ),
    (
        BrokenCompression,
        Failure(FailureKind.UNREADABLE, "the response's compression is broken"),
    ),
    (
        aiohttp.ServerDisconnectedError,
        Failure(FailureKind.UNCERTAIN, "the connection was closed without a response"),
    ),
    (
        _EndlessError,
        Failure(FailureKind.UNREADABLE, "the response has headers without end"),
    ),
    (
        aiohttp.ClientPayloadError,
        Failure(FailureKind.UNCERTAIN, "the response was cut short"),
    ),
    (
        aiohttp.ClientResponseError,
        Failure(FailureKind.UNCERTAIN, "the response is not HTTP"),
    ),
    (ssl.SSLError, Failure(FailureKind.UNCERTAIN, "the TLS connection failed")),
    (
        aiohttp.ClientError,
        Failure(FailureKind.UNCERTAIN, "the connection was lost"),
    ),
    (OSError, Failure(FailureKind.UNCERTAIN, "the connection was lost")),
)


class _Protocol(ResponseHandler):
    """A connection that bounds what comes before and between the pieces of a body."""

    left = _LONGEST_SILENCE

    def data_received(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left >= 0:
            super().data_received(data)
        else:
            self.set_exception(_EndlessError())
            if self.transport is not None:
                self.transport.abort()
        # Who reads the body would wait for its end if its trailer is wrong.
        error = self._exception
        if error is not None and self._payload is not None:
            is_known = isinstance(error, aiohttp.ClientError)
            self._payload.set_exception(error if is_known else _EndlessError())

    def close(self) -> None:
        # What the server does not read would keep the connection open.
        if self.transport is not None and self.transport.get_write_buffer_size():
            self.transport.abort()
        super().close()


class _Connector(aiohttp.TCPConnector):
    """A connector that reuses no connection on which the server has done something meanwhile."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory: Any = partial(_Protocol, loop=self._loop)

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        connection = await super().connect(req, traces, timeout)
        protocol: Any = connection.protocol
        protocol.left = _LONGEST_SILENCE
        attempt = _ATTEMPT.get(None)  # none if somebody else uses the session
        if attempt is not None:
            attempt.note_sending()
        return connection

    async def _get(self, key: Any, traces: Any) -> Any:
        while True:
            connection = await super()._get(key, traces)
            if connection is None:
                return None
            protocol: Any = connection.protocol
            if not protocol.should_close and not _has_input(protocol.transport):
                return connection
            connection.close()


# The attempt that is being made; a connector is not given it.
_ATTEMPT: "ContextVar[Attempt]" = ContextVar("attempt")


def _has_input(transport: Any) -> bool:
    """Return whether something has come that the event loop has not read yet."""
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is None:
        return True
    if not _HAS_POLL:
        return wait_for_read(sock, timeout=0.0)
    probe = select.poll()  # as `wait_for_read` does, at half the cost
    probe.register(sock.fileno(), select.POLLIN)
    return bool(probe.poll(0))


class _Reply(Reply):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status_code = response.status
        self.headers = response.headers
        self._response = response

    @property
    def is_complete(self) -> bool:
        """Whether the body has been read to its end."""
        return self._response.content.at_eof()

    async def read(self) -> bytes:
        """Return the next bytes of the body; none at its end."""
        data = await self._response.content.readany()
        connection = self._response.connection
        if connection is not None:  # the body goes on
            protocol: Any = connection.protocol
            protocol.left = _LONGEST_SILENCE
        return data

    async def aclose(self) -> None:
        """Free the connection; one whose body was not read to its end is closed."""
        if self._response.connection is None:  # aiohttp freed it when the body ended
            return
        if self.is_complete:
            self._response.release()
        else:
            self._response.close()


class AiohttpTransport(HTTPTransport):
    """Sends requests with `aiohttp`."""

    _proxy_option: Dict[str, str] = {}

    async def _open(
        self, session: Any, prepared: PlainRequest, attempt: Attempt
    ) -> Reply:
        method, body = prepared.method, prepared.body
        options: Any = self._proxy_option
        if self._given is not None:  # it does not say when it begins to send
            options = {"auto_decompress": False, "raise_for_status": False}
            attempt.note_sending()
        # All others that it would add are set; to skip none takes less time.
        skipped = None
        if body is not None or method != "GET":
            skipped = None if "Content-Type" in prepared.headers else ("Content-Type",)
        token = _ATTEMPT.set(attempt)
        try:
            response = await session.request(
                method,
                URL(prepared.url, encoded=True),
                data=BytesIO(body) if body and len(body) > _LARGE else body,
                headers=prepared.headers,
                allow_redirects=False,
                skip_auto_headers=skipped,
                timeout=_NO_TIMEOUT,
                **options,
            )
        finally:
            _ATTEMPT.reset(token)
        return _Reply(response)

    def _make_session(self) -> aiohttp.ClientSession:
        proxy = proxy_of(self._settings)
        self._proxy_option = {"proxy": proxy.reveal()} if proxy else {}
        is_tls = needs_tls(self._settings, proxy)
        tls: Any = tls_context(self._settings) if is_tls else True
        session = aiohttp.ClientSession(
            connector=_Connector(limit=0, ssl=tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=_NO_TIMEOUT,
            headers=RequestBuilder.headers,
            read_bufsize=_BUFFER,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )
        # It would send some requests twice by itself, unseen by hooks and by the policy.
        session._retry_connection = False
        return session

    @staticmethod
    async def _close_session(session: Any) -> None:
        await session.close()

    @staticmethod
    def _discard_session(session: Any) -> None:
        connector = session.connector
        session.detach()
        if connector is None or connector.closed:
            return
        protocols = set(connector._acquired)
        for connections in connector._conns.values():
            protocols.update(protocol for protocol, *_ in connections)
        for protocol in protocols:
            abort(protocol.transport)
        connector._close()

    @staticmethod
    def _limit_of(session: Any) -> Optional[int]:
        connector = session.connector
        if connector is None:
            return 0
        limits = [n for n in (connector.limit, connector.limit_per_host) if n]
        return min(limits) if limits else None

    def _translate(
        self,
        error: BaseException,
        handled: Optional[BaseException],
        attempt: Attempt,
    ) -> Failure:
        if isinstance(error, RuntimeError) and "closed" in str(error).lower():
            return CLOSED
        if isinstance(error, asyncio.CancelledError) and self._state is None:
            task: Any = asyncio.current_task()
            if sys.version_info >= (3, 11) and not task.cancelling():
                return CLOSED  # the connector cancels whoever resolves a name
        if not isinstance(error, (aiohttp.ClientError, OSError, ValueError)):
            raise interruption(error, handled)
        causes = list(causes_of(error, handled))
        reasons = {getattr(cause, "reason", None) for cause in causes}
        if reasons & set(HANDSHAKE_REASONS):
            kind = FailureKind.UNCERTAIN if attempt.was_sent else FailureKind.NOT_SENT
            words = "the server does not speak this kind of TLS"
            return Failure(kind, words + system_reason(causes))
        if isinstance(error, ValueError) and not isinstance(
            error, (aiohttp.ClientError, BrokenCompression, OSError)
        ):
            if attempt.was_sent:
                return Failure(FailureKind.UNREADABLE, "the response is not HTTP")
            return Failure(FailureKind.REFUSED, "the request cannot be sent")
        failure = first_match(_RULES, error, causes)
        if failure.kind is FailureKind.UNCERTAIN and not attempt.was_sent:
            message = "could not connect" + system_reason(causes)
            return failure._replace(kind=FailureKind.NOT_SENT, message=message)
        return failure
