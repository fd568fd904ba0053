"""`AsyncSubscription`: the events of a path, over as many connections as it takes."""

import random
from contextlib import aclosing
from typing import Any, AsyncGenerator, Callable, List, Optional

from ai_spine._async.api import AsyncApiClient
from ai_spine._async.runtime import call_back
from ai_spine.constants import LAST_EVENT_ID_HEADER
from ai_spine.exceptions import AISpineError, APIError
from ai_spine.policy.event_streams import (
    EventParser,
    ServerEvent,
    StreamTooLarge,
    is_event_stream,
)
from ai_spine.policy.messages import Exchange
from ai_spine.policy.outcomes import error_of_failure
from ai_spine.policy.request_events import log
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.policy.subscriptions import Progress, StreamEvent
from ai_spine.transport.async_base import AsyncByteStream

_JITTER = 0.25  # of the seconds that the server asks to wait
_ENDED = Failure(FailureKind.UNCERTAIN, "the stream ended")


class _Following:
    """Yields the events of one connection after the other.

    A subscription holds it, and it holds no subscription: one that nobody has any more closes its
    connection at once, and not when Python looks for cycles.

    Args:
        api: Sends the requests.
        exchange: The request for the stream.
        reconnect: Whether to connect again when the stream ends or is lost.
        idle_limit: Seconds of silence after which a connection counts as lost.
        last_event_id: The id of the event after which to begin.
        translate: Returns the error to raise for one of the SDK.
    """

    def __init__(
        self,
        api: AsyncApiClient,
        exchange: Exchange,
        *,
        reconnect: bool = True,
        idle_limit: Optional[float] = None,
        last_event_id: Optional[str] = None,
        translate: Callable[[AISpineError], AISpineError],
    ) -> None:
        self._api = api
        self._exchange = exchange
        self._reconnect = reconnect
        self._idle_limit = idle_limit or api.settings.timeout
        self.progress = Progress(last_event_id)
        """Which events have come."""
        self._translate = translate
        self._failures = 0
        self._longest_wait = api.settings.retry_after_limit
        self._wait = 0.0  # seconds, as a refusal asks
        self._pause = 0.0  # seconds, as the stream asks for all its connections
        self._has_begun = False
        self.is_over = False
        """Whether no other connection is to be made."""

    async def events(self) -> AsyncGenerator[StreamEvent, None]:
        """Yield the events of one connection after the other."""
        try:
            while not self.is_over:
                stream = await self._open()
                if stream is not None:
                    async with aclosing(stream), aclosing(self._read(stream)) as events:
                        async for event in events:
                            yield event
                if not self.is_over:
                    await self._api.sleep(self._delay())
        except AISpineError as error:
            raise self._translate(error).with_traceback(None) from error.__cause__

    async def _open(self) -> Optional[AsyncByteStream]:
        """Open a connection after the last event; return `None` if there is none for now."""
        exchange, last_id = self._exchange, self.progress.last_id
        if last_id is not None:
            headers = {**exchange.headers, LAST_EVENT_ID_HEADER: last_id}
            exchange = exchange._replace(headers=headers)
        try:
            stream = await self._api.open(exchange)
        except AISpineError as error:
            self._note_failure(error)
            return None
        if stream.status == 204:  # it says that there is nothing more
            self.is_over = True
        elif is_event_stream(stream.headers):
            self._has_begun = True
            return stream
        await stream.aclose()
        if not self.is_over:
            raise _refusal(stream, "the response is not a stream of events")
        return None

    async def _read(self, stream: AsyncByteStream) -> AsyncGenerator[StreamEvent, None]:
        """Yield the new events of one connection until it is lost."""
        parser = EventParser()
        is_new = self.progress.is_new
        while True:
            data = await stream.read(self._idle_limit)
            if isinstance(data, Failure) or not data:
                self._note_lost(stream, data or _ENDED)
                return
            self._failures = 0
            for raw in self._parse(stream, parser, data):
                if is_new(
                    raw.id
                ):  # noted first: what fails with it does not get it again
                    yield StreamEvent(raw.id, raw.type, raw.data, parser.retry)
            if parser.last_id is not None:
                self.progress.go_on_after(parser.last_id)
            if parser.retry is not None:
                self._pause = min(parser.retry, self._longest_wait)
            self._wait = 0.0

    def _parse(
        self, stream: AsyncByteStream, parser: EventParser, data: bytes
    ) -> List[ServerEvent]:
        try:
            return parser.feed(data)
        except StreamTooLarge as error:
            message = f"the stream contains {error}"
        raise _refusal(stream, message)

    def _note_lost(self, stream: AsyncByteStream, failure: Failure) -> None:
        """Note that a connection has ended, was lost, or was silent for too long."""
        if failure is _ENDED and not self._reconnect:
            self.is_over = True
            return
        if failure.timed_out:
            message = f"no event for {self._idle_limit:g} s"
            failure = failure._replace(message=message)
        base_url = self._api.settings.base_url
        self._note_failure(error_of_failure(base_url, failure, stream.call))

    def _note_failure(self, error: AISpineError) -> None:
        """Note a failure.

        Raises:
            AISpineError: The error itself, if the subscription ends with it.
        """
        asked = getattr(error, "retry_after", None) or 0.0
        passes = getattr(error, "transient", False) and asked <= self._longest_wait
        if not (passes and self._reconnect and self._has_begun):
            raise error
        self._failures += 1
        self._wait = max(self._wait, asked)
        log.info("connecting again to %s: %s", self._exchange.template, error)

    def _delay(self) -> float:
        """Return the seconds to sleep before the next connection, which vary."""
        asked = max(self._wait, self._pause)
        asked *= 1 + _JITTER * random.random()  # nosec B311
        return max(self._api.backoff(self._failures), asked)


class AsyncSubscription:
    """The events of a path, each of them at most once.

    A connection that is lost is made again, after the last event that came. Used as a context
    manager, it closes its connection; so does the end of its events.

    Args:
        api: Sends the requests.
        exchange: The request for the stream.
        **options: How to follow it: what `_Following` takes.
    """

    def __init__(self, api: AsyncApiClient, exchange: Exchange, **options: Any) -> None:
        self._following = _Following(api, exchange, **options)
        self._events = self._following.events()

    @property
    def last_event_id(self) -> Optional[str]:
        """The id of the last event, to subscribe again after it; `None` if there is none."""
        return self._following.progress.last_id

    async def deliver(self, callback: Callable[[StreamEvent], Any]) -> None:
        """Call a function with each event, until the stream is over.

        Args:
            callback: The function; what it raises ends the subscription.
        """
        async with self:
            async for event in self:
                await call_back(callback, event)

    async def aclose(self) -> None:
        """Close the connection; no other event comes."""
        self._following.is_over = True
        await self._events.aclose()

    async def __aenter__(self) -> "AsyncSubscription":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()

    def __aiter__(self) -> "AsyncSubscription":
        return self

    async def __anext__(self) -> StreamEvent:
        return await self._events.__anext__()


def _refusal(stream: AsyncByteStream, message: str) -> APIError:
    """Return the error of a stream that another connection would not mend."""
    call = stream.call._replace(transient=False)
    return APIError(message, status_code=stream.status, call=call)
