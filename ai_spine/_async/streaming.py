"""Follows an execution: over a stream of its events, or by polling."""

from contextlib import aclosing
from typing import AsyncGenerator, List, Optional

from ai_spine._async.api import AsyncApiClient
from ai_spine.constants import STREAM_PATIENCE
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    CallInfo,
    NetworkError,
    NotFoundError,
)
from ai_spine.models import Execution, NodeResult
from ai_spine.models.base import UnexpectedResponse
from ai_spine.operations import (
    GET_EXECUTION,
    GET_EXECUTION_RESULTS,
    STREAM_EXECUTION,
)
from ai_spine.policy.event_streams import EventParser, ServerEvent, StreamTooLarge
from ai_spine.policy.execution_events import (
    ExecutionEvent,
    SeenEvents,
    events_from_poll,
    read_event,
)
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.policy.waiting import Wait
from ai_spine.utils import is_header_value
from ai_spine.transport.async_base import AsyncByteStream

_UNSUPPORTED = (404, 405, 406, 501)
_ENDED = Failure(FailureKind.UNCERTAIN, "the stream ended before the execution")
_MAX_ID_LENGTH = 200  # characters that are sent back to the server


class _NoStream(Exception):
    """The server streams nothing."""


class EventFollower:
    """Yields the events of one execution.

    Args:
        api: Sends the requests.
        wait: The execution, and until when to follow it.
        impatient: Whether to give up a stream that does not begin soon, or begins with an error.
    """

    def __init__(
        self, api: AsyncApiClient, wait: Wait, *, impatient: bool = False
    ) -> None:
        self._api = api
        self._wait = wait
        self._impatient = impatient
        self._ids = {"execution_id": wait.execution_id}
        self._seen = SeenEvents()
        self._last_id: Optional[str] = None
        self._reconnect_delay = 0.0  # seconds, as the stream asks
        self._retry_after = 0.0  # seconds, as the last failure asks
        self._failures = 0
        self._has_begun = False

    async def events(self) -> AsyncGenerator[ExecutionEvent, None]:
        """Yield the events up to the last, over a stream while there is one.

        Raises:
            TimeoutError: The execution was not done in time.
            APIError: The server refused.
            NetworkError: The server cannot be reached, and to try again would not help.
        """
        is_final = False
        async with aclosing(self.streamed()) as streamed:
            async for event in streamed:
                is_final = event.is_final
                yield event
        if not is_final:
            async with aclosing(self._polled()) as polled:
                async for event in polled:
                    yield event

    async def streamed(self) -> AsyncGenerator[ExecutionEvent, None]:
        """Yield the events that come over streams; fewer than all where there is no stream.

        Raises:
            TimeoutError: The execution was not done in time.
            APIError: The server refused.
            NetworkError: The server cannot be reached, and to try again would not help.
        """
        release = self._api.state.reserve_stream()
        if release is None:
            return
        try:
            while True:
                stream = await self._open()
                if stream is not None:
                    async with aclosing(stream), aclosing(self._read(stream)) as read:
                        async for event in read:
                            yield event
                            if event.is_final:
                                return
                await self._api.sleep(self._delay())
        except _NoStream:
            return
        except AISpineError as error:
            # The frames below hold what came in their locals, and it may repeat the key.
            raise error.with_traceback(None)
        finally:
            release()

    async def _open(self) -> Optional[AsyncByteStream]:
        """Open a stream after the last event seen; return `None` if that failed for now.

        Raises:
            _NoStream: The server has none.
        """
        left = self._wait.remaining()
        try:
            stream: AsyncByteStream = await self._api.call(
                STREAM_EXECUTION,
                ids=self._ids,
                last_event_id=self._last_id,
                deadline=min(left, STREAM_PATIENCE) if self._impatient else left,
            )
            return stream
        except AISpineError as error:
            if _means_no_stream(error):
                if not await self._may_stream_others(error):
                    self._api.state.streams_unsupported = True
                raise _NoStream from None
            self._note_failure(error)
            return None

    async def _may_stream_others(self, error: AISpineError) -> bool:
        """Return whether only this execution may have no stream: it is unknown, or over."""
        if getattr(error, "status_code", None) == 204:
            return True
        if not isinstance(error, NotFoundError):
            return False
        if not self._api.state.streams_executions:
            return True  # it makes no difference, so the request is saved
        try:
            left = self._wait.remaining()
            await self._api.call(GET_EXECUTION, ids=self._ids, deadline=left)
        except AISpineError:
            return True
        return False

    async def _read(
        self, stream: AsyncByteStream
    ) -> AsyncGenerator[ExecutionEvent, None]:
        """Yield the new events of one connection until it is lost."""
        parser, opened = EventParser(), self._api.clock()
        while True:
            data = await stream.read(self._read_timeout(opened))
            if isinstance(data, Failure) or not data:
                self._note_lost(stream, data or _ENDED)
                return
            self._failures, self._retry_after = 0, 0.0
            for raw in self._parse(stream, parser, data):
                event = self._event_of(stream, raw)
                self._note_id(raw.id)
                if event is None:  # of an unknown type: as if nothing had come
                    continue
                self._has_begun = True
                if not self._seen.is_new(event):
                    continue
                if event.execution is not None:
                    self._wait.note_state(event.execution)
                yield event
                if event.is_final:
                    return
            limit = self._api.settings.retry_after_limit
            self._reconnect_delay = min(parser.retry or 0.0, limit)

    def _read_timeout(self, opened: float) -> float:
        """Return the seconds for which a connection may be silent."""
        timeout = min(self._api.settings.timeout, self._wait.remaining())
        if self._impatient and not self._has_begun:
            left = opened + STREAM_PATIENCE - self._api.clock()
            return max(min(timeout, left), 0.001)
        return timeout

    def _parse(
        self, stream: AsyncByteStream, parser: EventParser, data: bytes
    ) -> List[ServerEvent]:
        try:
            return parser.feed(data)
        except StreamTooLarge as error:
            message = f"the stream contains {error}"
        raise APIError(message, status_code=stream.status, call=_final_call(stream))

    def _event_of(
        self, stream: AsyncByteStream, raw: ServerEvent
    ) -> Optional[ExecutionEvent]:
        self._api.log_body("event", stream.call, raw.data.encode("utf-8"))
        try:
            return read_event(raw)
        except UnexpectedResponse as error:
            message = self._api.redact(f"an event of the stream contains {error}")
        raise APIError(message, status_code=stream.status, call=_final_call(stream))

    def _note_id(self, event_id: Optional[str]) -> None:
        """Keep the id to continue after, where it can be sent back."""
        if event_id is not None:
            fits = len(event_id) <= _MAX_ID_LENGTH and is_header_value(event_id)
            self._last_id = event_id if fits else None

    def _note_lost(self, stream: AsyncByteStream, failure: Failure) -> None:
        """Note that a connection was lost, or silent for too long."""
        if failure.timed_out and (self._has_begun or not self._impatient):
            self._failures, self._retry_after = 0, 0.0
            return
        message = f"{self._api.settings.base_url}: {failure.message}"
        self._note_failure(NetworkError(message, call=stream.call))

    def _note_failure(self, error: AISpineError) -> None:
        """Note a failure.

        Raises:
            AISpineError: The error itself, if to try again would not help.
        """
        if self._impatient and not self._has_begun:
            raise error
        self._failures += 1
        self._retry_after = getattr(error, "retry_after", None) or 0.0
        if self._wait.note_failure(error):
            self._api.warn(
                "still following execution %s: %s", self._wait.execution_id, error
            )

    def _delay(self) -> float:
        """Return the seconds to sleep before the next connection."""
        backoff = self._api.backoff(self._failures) if self._failures else 0.0
        delay = max(backoff, self._reconnect_delay, self._retry_after)
        return min(delay, self._wait.remaining())

    async def _polled(self) -> AsyncGenerator[ExecutionEvent, None]:
        """Yield the events that polling shows."""
        while True:
            for event in await self._poll():
                if self._seen.is_new(event):
                    yield event
                    if event.is_final:
                        return
            await self._api.sleep(self._wait.delay())

    async def _poll(self) -> List[ExecutionEvent]:
        left = self._wait.remaining()
        try:
            execution = await self._api.call(
                GET_EXECUTION, ids=self._ids, deadline=left
            )
            nodes = await self._node_results()
        except AISpineError as error:
            if self._wait.note_failure(error):
                self._api.warn(
                    "still following execution %s: %s", self._wait.execution_id, error
                )
            return []
        self._wait.note_state(execution)
        return events_from_poll(execution, nodes)

    async def _node_results(self) -> List[NodeResult]:
        """Return the results of the nodes; none where the server has no such path."""
        left = self._wait.remaining()
        try:
            return await self._api.call(
                GET_EXECUTION_RESULTS, ids=self._ids, deadline=left
            )
        except APIError as error:
            if error.status_code not in _UNSUPPORTED:
                raise
            return []


async def watch(api: AsyncApiClient, wait: Wait) -> AsyncGenerator[Execution, None]:
    """Yield an execution as it changes, until it is done or its stream fails."""
    try:
        follower = EventFollower(api, wait, impatient=True)
        async with aclosing(follower.streamed()) as events:
            async for event in events:
                if event.execution is not None:
                    yield event.execution
    except (APIError, NetworkError) as error:
        api.warn(
            "polling execution %s instead, since its stream failed: %s",
            wait.execution_id,
            error,
        )


def _means_no_stream(error: AISpineError) -> bool:
    status = getattr(error, "status_code", None) or 0
    return status in _UNSUPPORTED or 200 <= status < 300


def _final_call(stream: AsyncByteStream) -> CallInfo:
    """Return what is known of a stream's request, as of one that is not worth repeating."""
    return stream.call._replace(transient=False)
