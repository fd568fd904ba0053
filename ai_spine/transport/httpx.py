"""`HttpxTransport`: single attempts over a pooled `httpx` client."""

import http.cookiejar
import ssl
from typing import Any, List, Optional, Sequence

import httpx

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

# The first rule whose class is found anywhere among an exception's causes decides.
_RULES: Sequence[Rule] = (
    (
        ssl.SSLCertVerificationError,
        Failure(FailureKind.REFUSED, "the server's certificate is not trusted"),
    ),
    (
        httpx.ProxyError,
        Failure(FailureKind.NOT_SENT, "the proxy refused to connect"),
    ),
    (
        httpx.InvalidURL,
        Failure(FailureKind.REFUSED, "the request cannot be sent to such a URL"),
    ),
    (
        httpx.UnsupportedProtocol,
        Failure(FailureKind.REFUSED, "the request cannot be sent to such a URL"),
    ),
    (
        httpx.LocalProtocolError,
        Failure(FailureKind.REFUSED, "the request cannot be sent"),
    ),
    (httpx.ConnectError, Failure(FailureKind.NOT_SENT, "could not connect")),
    (
        BrokenCompression,
        Failure(FailureKind.UNREADABLE, "the response's compression is broken"),
    ),
    (ssl.SSLError, Failure(FailureKind.UNCERTAIN, "the TLS connection failed")),
    (
        httpx.RemoteProtocolError,
        Failure(FailureKind.UNCERTAIN, "the response is not HTTP"),
    ),
    (httpx.HTTPError, Failure(FailureKind.UNCERTAIN, "the connection was lost")),
    (OSError, Failure(FailureKind.UNCERTAIN, "the connection was lost")),
)
# Texts of httpx for which it has no class, and what they mean.
_MESSAGES = {
    "Invalid URL in location": "the server redirected to an invalid URL",
    "without a pending proposal": "the server changed to another protocol",
    "without sending complete message body": "the response was cut short",
    "without sending a response": "the connection was closed without a response",
}


class _NoCookies(http.cookiejar.CookieJar):
    """A jar that reads no cookies: to take some apart can take minutes."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Read nothing."""


class _Trace:
    """Follows an attempt through httpx, which says only here when it begins to send.

    Args:
        attempt: The attempt.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._connection: Any = None

    async def __call__(self, event: str, info: Any) -> None:
        if event.endswith(".send_request_headers.started"):
            if info["request"].method != b"CONNECT":  # that is for the proxy
                self._attempt.note_sending()
        elif event.endswith("connect_tcp.complete"):
            self._connection = info["return_value"]
        elif event.endswith("start_tls.failed"):
            # httpx leaves it open if the handshake was cancelled.
            await self._connection.aclose()

    def discard_connection(self, session: httpx.AsyncClient) -> None:
        """Close the connection and forget the request, without awaiting anything.

        A cancelled task leaves both to httpx, which keeps them if the moment is unlucky.
        """
        kept: List[Any] = []
        for pool in _pools_of(session):
            requests = pool._requests
            requests[:] = [entry for entry in requests if not self._follows(entry)]
            owned = [entry.connection for entry in requests]
            for connection in list(pool._connections):
                transport = _below(connection, _TO_ASYNCIO, "abort")
                if connection in owned or connection.is_idle():
                    kept.append(transport)
                else:
                    abort(transport)
                    pool._connections.remove(connection)
        opened = _below(self._connection, _TO_ASYNCIO, "abort")
        if opened not in kept:  # another request may have it by now
            abort(opened)

    def _follows(self, entry: Any) -> bool:
        return entry.request.extensions.get("trace") is self


class _Reply(Reply):
    def __init__(
        self, response: httpx.Response, session: httpx.AsyncClient, trace: _Trace
    ) -> None:
        self._session, self._trace = session, trace
        self.status_code = response.status_code
        self.headers = response.headers
        self._response = response
        self._chunks = response.aiter_raw()

    async def read(self) -> bytes:
        """Return the next bytes of the body; none at its end."""
        try:
            async for chunk in self._chunks:
                if chunk:
                    return chunk
        except BaseException:
            self._trace.discard_connection(self._session)
            raise
        return b""

    async def aclose(self) -> None:
        """Free the connection; one whose body was not read to its end is closed."""
        try:
            await self._chunks.aclose()  # type: ignore[attr-defined]
            await self._response.aclose()
        except BaseException:
            self._trace.discard_connection(self._session)
            raise
        connection = _below(self._response.stream, _TO_HTTP, "_h11_state")
        if connection is not None and connection._h11_state.trailing_data[0]:
            # The next request would be given what the server has sent beyond its response.
            await connection.aclose()


class HttpxTransport(HTTPTransport):
    """Sends requests with `httpx`."""

    async def _open(
        self, session: Any, prepared: PlainRequest, attempt: Attempt
    ) -> Reply:
        trace = _Trace(attempt)
        if self._given is not None:  # some of its transports do not say when they send
            attempt.note_sending()
        request = session.build_request(
            prepared.method,
            prepared.url,
            content=prepared.body,
            headers=prepared.headers,
            extensions={"trace": trace},
            timeout=None,
        )
        try:
            response = await session.send(request, stream=True, follow_redirects=False)
        except BaseException:
            trace.discard_connection(session)
            raise
        return _Reply(response, session, trace)

    def _make_session(self) -> httpx.AsyncClient:
        proxy = proxy_of(self._settings)
        tls = (
            tls_context(self._settings)
            if needs_tls(self._settings, proxy)
            else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it trusts nobody
        )
        limits = httpx.Limits(
            max_connections=None,
            max_keepalive_connections=self._settings.pool_size,
        )
        return httpx.AsyncClient(
            headers=RequestBuilder.headers,
            cookies=_NoCookies(),
            limits=limits,
            proxy=_proxy(proxy.reveal(), tls) if proxy else None,
            timeout=httpx.Timeout(None),  # each attempt has its own
            trust_env=False,
            verify=tls,
        )

    @staticmethod
    async def _close_session(session: Any) -> None:
        await session.aclose()

    @staticmethod
    def _discard_session(session: Any) -> None:
        for pool in _pools_of(session):
            for connection in pool.connections:
                abort(_below(connection, _TO_ASYNCIO, "abort"))

    @staticmethod
    def _limit_of(session: Any) -> Optional[int]:
        # httpx does not say how many there are.
        pool = getattr(getattr(session, "_transport", None), "_pool", None)
        return int(getattr(pool, "_max_connections", 0))

    def _translate(
        self,
        error: BaseException,
        handled: Optional[BaseException],
        attempt: Attempt,
    ) -> Failure:
        if isinstance(error, RuntimeError) and "closed" in str(error):
            return CLOSED
        network = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)
        if not isinstance(error, network):
            raise interruption(error, handled)
        causes = list(causes_of(error, handled))
        reasons = {getattr(cause, "reason", None) for cause in causes}
        if reasons & set(HANDSHAKE_REASONS):
            kind = FailureKind.UNCERTAIN if attempt.was_sent else FailureKind.NOT_SENT
            words = "the server does not speak this kind of TLS"
            return Failure(kind, words + system_reason(causes))
        failure = first_match(_RULES, error, causes)
        if failure.kind is FailureKind.UNCERTAIN and not attempt.was_sent:
            message = "could not connect" + system_reason(causes)
            return failure._replace(kind=FailureKind.NOT_SENT, message=message)
        if isinstance(error, httpx.RemoteProtocolError):
            for text, message in _MESSAGES.items():
                if text in str(error):
                    return failure._replace(message=message)
        return failure


# Where the parts of httpx have what is below them.
_TO_HTTP = ("_stream", "_httpcore_stream", "_connection")
_TO_ASYNCIO = (
    "_connection",
    "_network_stream",
    "_stream",
    "transport_stream",
    "_transport",
)


def _pools_of(session: Any) -> List[Any]:
    """Return the pools of connections of an httpx client."""
    transports = [getattr(session, "_transport", None)]
    transports += getattr(session, "_mounts", {}).values()
    pools = [getattr(transport, "_pool", None) for transport in transports]
    return [pool for pool in pools if hasattr(pool, "_requests")]


def _below(part: Any, names: Sequence[str], wanted: str) -> Any:
    """Return the first part below another that has an attribute; `None` if none has it."""
    while part is not None and not hasattr(part, wanted):
        parts = (getattr(part, name, None) for name in names)
        part = next((found for found in parts if found is not None), None)
    return part


def _proxy(url: str, tls: ssl.SSLContext) -> httpx.Proxy:
    """Return a proxy; the certificate of one that speaks TLS is checked like a server's."""
    return httpx.Proxy(url, ssl_context=tls if url.startswith("https:") else None)
