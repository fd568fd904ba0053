"""`AiohttpTransport`: single attempts over a pooled `aiohttp` session."""

import asyncio
import ssl
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import Any, Optional, Sequence

import aiohttp
import requests
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.transport.async_http import Attempt, HTTPTransport, Reply, abort
from ai_spine.transport.decompression import BrokenCompression
from ai_spine.transport.environment import proxy_of, tls_context
from ai_spine.transport.requests.failures import (
    HANDSHAKE_REASONS,
    Rule,
    causes_of,
    first_match,
    interruption,
    system_reason,
)

_LONGEST_LINE = 65536
_LONGEST_SILENCE = 2**19  # bytes without a piece of the body
_LARGE = 2**20  # bytes of a request's body that aiohttp wants as a file
_AUTOMATIC_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
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

    def set_response_params(self, **options: Any) -> None:
        self.left = _LONGEST_SILENCE
        super().set_response_params(**options)


class _Connector(aiohttp.TCPConnector):
    """A connector that reuses no connection on which the server has done something meanwhile."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory: Any = partial(_Protocol, loop=self._loop)

    async def _get(self, key: Any, traces: Any) -> Any:
        # The loop reads what has come, or that the server has closed, in the second round.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        while True:
            connection = await super()._get(key, traces)
            protocol: Any = connection and connection.protocol
            if connection is None or not protocol.should_close:
                return connection
            connection.close()


class _Reply(Reply):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status_code = response.status
        self.headers = response.headers
        self._response = response
        connection = response.connection
        self._protocol: Any = connection.protocol if connection else None

    async def read(self) -> bytes:
        """Return the next bytes of the body; none at its end."""
        data = await self._response.content.readany()
        if self._protocol is not None:
            self._protocol.left = _LONGEST_SILENCE
        return data

    async def aclose(self) -> None:
        """Free the connection; one whose body was not read to its end is closed."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class AiohttpTransport(HTTPTransport):
    """Sends requests with `aiohttp`."""

    async def _open(
        self, session: Any, prepared: requests.PreparedRequest, attempt: Attempt
    ) -> Reply:
        body: Any = prepared.body
        response = await session.request(
            prepared.method,
            URL(prepared.url or "", encoded=True),
            data=BytesIO(body) if body and len(body) > _LARGE else body,
            headers=prepared.headers,
            skip_auto_headers=_AUTOMATIC_HEADERS,
            allow_redirects=False,
            timeout=_NO_TIMEOUT,
            trace_request_ctx=attempt,
            **self._options(),
        )
        return _Reply(response)

    def _options(self) -> Any:
        if self._given is not None:
            return {}
        return {"proxy": self._proxy.reveal() if self._proxy else None}

    def _make_session(self) -> aiohttp.ClientSession:
        self._proxy = proxy_of(self._settings)
        is_tls = self._settings.base_url.startswith("https:")
        proxy_is_tls = self._proxy and self._proxy.reveal().startswith("https:")
        tls: Any = tls_context(self._settings) if is_tls or proxy_is_tls else True
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_create_end.append(_note_sending)
        tracing.on_connection_reuseconn.append(_note_sending)
        session = aiohttp.ClientSession(
            connector=_Connector(limit=0, ssl=tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=_NO_TIMEOUT,
            trace_configs=[tracing],
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
            return Failure(FailureKind.NOT_SENT, "the client was closed")
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


async def _note_sending(_session: Any, context: SimpleNamespace, _params: Any) -> None:
    context.trace_request_ctx.note_sending()
