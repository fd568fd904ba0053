"""What the async transports share: one attempt, its limits, and its event loop."""

import asyncio
import os
import sys
import weakref
from abc import abstractmethod
from typing import Any, Callable, Iterator, Optional, Union

from ai_spine.constants import MAX_ERROR_BYTES, MAX_REDIRECTS, MAX_RESPONSE_BYTES
from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.policy.settings import Settings
from ai_spine.transport.async_base import AsyncByteStream, AsyncTransport
from ai_spine.transport.async_replies import INCOMPLETE, Attempt, PhasedAttempt, Reply
from ai_spine.transport.decompression import Decompressor, is_known_encoding
from ai_spine.transport.discarding import discard, warn_unclosed
from ai_spine.transport.requests.bodies import CUT_SHORT, unknown_encoding
from ai_spine.transport.requests.redirects import is_redirect, redirect_target
from ai_spine.transport.requests.request_builder import (
    PlainRequest,
    RequestBuilder,
    bare_session,
)
from ai_spine.transport.requests.streams import STREAMED, is_stream
from ai_spine.utils.timeouts import TimeLimits, time_limit

CLOSED = Failure(FailureKind.NOT_SENT, "the client was closed")


class _Stream(AsyncByteStream):
    """A stream over a reply.

    Args:
        reply: The reply.
        transport: Translates what goes wrong.
        release: Releases its connection for others.
    """

    def __init__(
        self, reply: Reply, transport: "HTTPTransport", release: Callable[[], None]
    ) -> None:
        self.status, self.headers = reply.status_code, reply.headers
        self._decompressor = Decompressor(reply.encoding)
        self._pieces: Iterator[bytes] = iter(())
        self._reply, self._transport = reply, transport
        self._release: Optional[Callable[[], None]] = release

    async def read(self, timeout: float) -> Union[bytes, Failure]:
        """Return the next bytes as soon as there are any; none at the end of the stream."""
        handled, attempt = sys.exc_info()[1], Attempt()
        attempt.note_sending()
        try:
            async with time_limit(timeout):
                while True:
                    piece = next(self._pieces, b"")
                    if piece:
                        return piece
                    data = await self._reply.read()
                    if not data:
                        return CUT_SHORT if self._decompressor.is_unfinished else b""
                    self._pieces = self._decompressor.feed(data)
        except BaseException as error:
            return self._transport.failure_of(error, handled, attempt)

    async def aclose(self) -> None:
        """Close the connection; a second call changes nothing."""
        release, self._release = self._release, None
        if release is not None:
            try:
                await self._reply.aclose()
            finally:
                release()


class LoopState:
    """What belongs to one event loop: the session, and the count of its free connections."""

    def __init__(self, settings: Settings, session: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.process = os.getpid()
        self.session = session
        self.free = asyncio.Semaphore(settings.pool_size)
        self.limits = TimeLimits(self.loop)


class HTTPTransport(AsyncTransport):
    """Sends requests over one session, which is made when it is first needed.

    Args:
        settings: Checked settings.
        session: A session of the caller's to send with.
    """

    def __init__(self, settings: Settings, session: Any = None) -> None:
        super().__init__(settings)
        # Streams leave connections for requests, and a session may have fewer than `pool_size`.
        limit = None if session is None else self._limit_of(session)
        size = settings.pool_size
        self.max_streams = min(size, size if limit is None else limit) // 2
        self._settings, self._given = settings, session
        self._builder = RequestBuilder(
            settings, self.tokens, bare_session, lambda: True
        )
        if session is None:  # one of our own has those that all requests have
            self._builder.headers = {}
        self._state: Optional[LoopState] = None
        self._warning: Optional["weakref.finalize[Any, Any]"] = None

    def __reduce__(self) -> Any:
        return type(self), (self._settings, self._given)

    @property
    def session(self) -> Any:
        """The session that it sends with, in the running event loop."""
        return self._here().session

    async def send(self, request: Request, timeout: float) -> Union[Response, Failure]:
        """Send a request once, follow redirects within its origin, and read the response."""
        handled, here = sys.exc_info()[1], self._here()
        attempt = self._attempt(request)
        reply: Optional[Reply] = None
        try:
            prepared = self._builder.build_plain(request)
            with here.limits.of(timeout):
                await here.free.acquire()
                try:
                    attempt.note_connecting()
                    first = await self._open(here.session, prepared, attempt)
                    last: Union[Reply, Failure] = first
                    if is_redirect(first.status_code, first.headers):
                        last = await self._follow(
                            here, request, prepared, attempt, first
                        )
                    if isinstance(last, Failure):
                        return last
                    reply = last
                    return await self._read(reply, attempt)
                finally:
                    here.free.release()
        except BaseException as error:
            return self.failure_of(error, handled, attempt)
        finally:
            attempt.end()
            if reply is not None:
                await reply.aclose()

    async def open_stream(
        self, request: Request, timeout: float, any_type: bool = False
    ) -> Union[AsyncByteStream, Response, Failure]:
        """Send a request for a stream and read its headers; of an error, the whole response."""
        handled, here = sys.exc_info()[1], self._here()
        attempt = self._attempt(request)
        reply: Optional[Reply] = None
        release: Optional[Callable[[], None]] = None
        try:
            prepared = self._builder.build_plain(request)
            with here.limits.of(timeout):
                await here.free.acquire()
                release = here.free.release
                attempt.note_connecting()
                first = await self._open(here.session, prepared, attempt)
                last: Union[Reply, Failure] = first
                if is_redirect(first.status_code, first.headers):
                    last = await self._follow(here, request, prepared, attempt, first)
                if isinstance(last, Failure):
                    return last
                reply = last
                result = await self._read_stream(reply, attempt, any_type)
                if result is not None:
                    return result
                stream = _Stream(reply, self, release)
                reply = release = None  # the stream has them now
                return stream
        except BaseException as error:
            return self.failure_of(error, handled, attempt)
        finally:
            attempt.end()
            try:
                if reply is not None:
                    await reply.aclose()
            finally:
                if release is not None:
                    release()

    async def aclose(self) -> None:
        """Close the connections, unless the session is the caller's."""
        state, self._state = self._state, None
        if self._warning is not None:
            self._warning.detach()
        if state is None or self._given is not None:
            return
        if state.loop is asyncio.get_running_loop() and state.process == os.getpid():
            await self._close_session(state.session)
        else:
            discard(self._discard_session, state.session, state.process)

    def _attempt(self, request: Request) -> Attempt:
        """Return a new attempt to send a request."""
        if self._settings.phases is None:
            return Attempt()
        return PhasedAttempt(self._settings.phases, len(request.content or b""))

    def failure_of(
        self,
        error: BaseException,
        handled: Optional[BaseException],
        attempt: Attempt,
    ) -> Failure:
        """Return the failure that an exception means; raise what is no failure of the network.

        Args:
            error: The exception.
            handled: What the caller was handling when the request was made.
            attempt: How far the attempt had come.
        """
        if isinstance(error, asyncio.CancelledError) and attempt.was_cut_short():
            return attempt.on_timeout
        if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
            if type(error) in (TimeoutError, asyncio.TimeoutError) and not error.args:
                return attempt.on_timeout
        return self._translate(error, handled, attempt)

    async def _follow(
        self,
        here: LoopState,
        request: Request,
        prepared: PlainRequest,
        attempt: Attempt,
        reply: Reply,
    ) -> Union[Reply, Failure]:
        """Follow a redirect and more within the origin, and return the first other reply."""
        for _ in range(MAX_REDIRECTS):
            await reply.aclose()
            target = redirect_target(
                prepared,
                reply.status_code,
                reply.headers,
                self.redactor.redact,
                self._builder.auth_of(request),
            )
            if isinstance(target, Failure):
                return target
            prepared = prepared.redirected_to(target)
            reply = await self._open(here.session, prepared, attempt)
            if not is_redirect(reply.status_code, reply.headers):
                return reply
        await reply.aclose()
        return Failure(
            FailureKind.REFUSED, f"redirected more than {MAX_REDIRECTS} times"
        )

    async def _read(self, reply: Reply, attempt: Attempt) -> Union[Response, Failure]:
        """Read a body up to the limit."""
        encoding = reply.encoding
        if not is_known_encoding(encoding):
            return unknown_encoding(encoding, self.redactor.redact)
        if reply.status_code < 200:
            return Failure(
                FailureKind.UNCERTAIN, "the server changed to another protocol"
            )
        attempt.on_timeout = INCOMPLETE
        attempt.note_reading()
        chunk = b"" if reply.is_complete else await reply.read()
        is_short = len(chunk) <= MAX_ERROR_BYTES and reply.is_complete
        if is_short and encoding in ("", "identity"):  # as nearly all are
            return Response(reply.status_code, reply.headers, chunk)
        rest = Decompressor(encoding)
        return await self._read_rest(reply, chunk, rest, attempt)

    async def _read_rest(
        self,
        reply: Reply,
        chunk: bytes,
        decompressor: Decompressor,
        attempt: Attempt,
    ) -> Union[Response, Failure]:
        """Read a body that came in several pieces, or compressed, after its first piece."""
        body = bytearray()
        is_error = not 200 <= reply.status_code < 300
        while chunk:
            for piece in decompressor.feed(chunk):
                body += piece
                if is_error and len(body) > MAX_ERROR_BYTES:
                    # The beginning of an error says enough.
                    return Response(reply.status_code, reply.headers, bytes(body))
                if len(body) > MAX_RESPONSE_BYTES:
                    limit = MAX_RESPONSE_BYTES // 2**20
                    message = f"the response is larger than {limit} MiB"
                    return Failure(FailureKind.UNREADABLE, message)
            attempt.note_reading()
            chunk = b"" if reply.is_complete else await reply.read()
        return Response(reply.status_code, reply.headers, bytes(body))

    async def _read_stream(
        self, reply: Reply, attempt: Attempt, any_type: bool
    ) -> Union[Response, Failure, None]:
        """Return `None` if a reply is a stream; else the whole response."""
        if is_stream(reply.status_code, reply.headers, any_type):
            encoding = reply.encoding
            if encoding in STREAMED[any_type]:
                return None
            return unknown_encoding(encoding, self.redactor.redact)
        if 200 <= reply.status_code < 300:  # it may have no end, and is of no use
            return Response(reply.status_code, reply.headers, b"")
        return await self._read(reply, attempt)

    def _here(self) -> LoopState:
        """Return the state of the running event loop.

        Raises:
            ConfigurationError: Another event loop, which still runs, uses the client.
        """
        state = self._state
        if state is not None:
            if state.process == os.getpid():
                if state.loop is asyncio.get_running_loop():
                    return state
                if state.loop.is_running():
                    raise ConfigurationError(
                        f"another event loop uses this {self._settings.client}: "
                        "make one for each loop"
                    )
            if self._given is None:
                discard(self._discard_session, state.session, state.process)
        if self._warning is not None:
            self._warning.detach()
        session = self._given
        if session is None:
            session = self._make_session()
            self._warning = weakref.finalize(
                self,
                warn_unclosed,
                self._discard_session,
                session,
                os.getpid(),
                self._settings.client,
            )
            self._warning.atexit = False
        self._state = LoopState(self._settings, session)
        return self._state

    @abstractmethod
    async def _open(
        self, session: Any, prepared: PlainRequest, attempt: Attempt
    ) -> Reply:
        """Send a request, and return its reply once the headers have come."""

    @abstractmethod
    def _translate(
        self,
        error: BaseException,
        handled: Optional[BaseException],
        attempt: Attempt,
    ) -> Failure:
        """Return the failure that an exception of the library means, or raise it."""

    @abstractmethod
    def _make_session(self) -> Any:
        """Make a session that keeps no cookies, reads no netrc and follows no redirect."""

    @staticmethod
    @abstractmethod
    async def _close_session(session: Any) -> None:
        """Close a session of the running event loop."""

    @staticmethod
    @abstractmethod
    def _discard_session(session: Any) -> None:
        """Close a session whose event loop or process is gone, without a word."""

    @staticmethod
    @abstractmethod
    def _limit_of(session: Any) -> Optional[int]:
        """Return how many connections a session of the caller's has; `None` for any number."""
