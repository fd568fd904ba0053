"""Following an execution: over a stream of its events, or by looking again and again."""

from contextlib import closing
from typing import Generator, Iterator, List, Optional

from ai_spine._sync.api import ApiClient
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
from ai_spine.policy.events import log
from ai_spine.policy.execution_events import ExecutionEvent, Told, events_of, read_event
from ai_spine.policy.retry import Failure, Kind
from ai_spine.policy.validation import fits_header
from ai_spine.policy.waiting import Wait
from ai_spine.transport.requests.event_source import EventSource

_NOT_SERVED = (404, 405, 406, 501)
_ENDED = Failure(Kind.UNCERTAIN, "the stream ended before the execution")
_LONGEST_ID = 200  # characters that are sent back to the server


class _NoStream(Exception):
    """The server streams nothing."""


class Follower:
    """Gives the events of one execution.

    Args:
        api: What to send with.
        wait: For which execution, and until when.
        hasty: Whether a stream that does not begin soon, and well, is given up.
    """

    def __init__(self, api: ApiClient, wait: Wait, *, hasty: bool = False) -> None:
        self._api = api
        self._wait = wait
        self._hasty = hasty
        self._ids = {"execution_id": wait.execution_id}
        self._told = Told()
        self._last_id: Optional[str] = None
        self._retry = 0.0  # seconds that the stream asks to wait when it is lost
        self._asked = 0.0  # and those that the last failure does
        self._losses = 0
        self._has_lived = False

    def events(self) -> Iterator[ExecutionEvent]:
        """Gives the events up to the last, over a stream while there is one.

        Raises:
            TimeoutError: The execution was not done in time.
            APIError: The server refused to tell.
            NetworkError: The server cannot be spoken to, and to ask again would not help.
        """
        is_final = False
        with closing(self.streamed()) as streamed:
            for event in streamed:
                is_final = event.is_final
                yield event
        if not is_final:
            yield from self._looked()

    def streamed(self) -> Generator[ExecutionEvent, None, None]:
        """Gives the events that come over streams: all, or fewer where there is no stream.

        Raises:
            TimeoutError: The execution was not done in time.
            APIError: The server refused to tell.
            NetworkError: The server cannot be spoken to, and to ask again would not help.
        """
        give_back = self._api.take_stream()
        if give_back is None:
            return
        try:
            while True:
                source = self._open()
                if source is not None:
                    with closing(source):
                        for event in self._read(source):
                            yield event
                            if event.is_final:
                                return
                self._api.sleep(self._pause())
        except _NoStream:
            return
        except AISpineError as error:
            # What came, which may repeat the key, stands in the locals of the frames below.
            raise error.with_traceback(None)
        finally:
            give_back()

    def _open(self) -> Optional[EventSource]:
        """Opens a stream behind what was told; `None` if that has failed for now.

        Raises:
            _NoStream: There is none.
        """
        left = self._wait.remaining()
        try:
            source: EventSource = self._api.call(
                STREAM_EXECUTION,
                ids=self._ids,
                last_event_id=self._last_id,
                deadline=min(left, STREAM_PATIENCE) if self._hasty else left,
            )
            return source
        except AISpineError as error:
            if _tells_of_no_stream(error):
                if not self._may_stream_others(error):
                    self._api.note_no_streams()
                raise _NoStream from None
            self._miss(error)
            return None

    def _may_stream_others(self, error: AISpineError) -> bool:
        """Tells whether it may be this execution alone that has no stream: unknown, or over."""
        if getattr(error, "status_code", None) == 204:
            return True
        if not isinstance(error, NotFoundError):
            return False
        if not self._api.streams_executions:
            return True  # it makes no difference, so nobody is asked
        try:
            left = self._wait.remaining()
            self._api.call(GET_EXECUTION, ids=self._ids, deadline=left)
        except AISpineError:
            return True
        return False

    def _read(self, source: EventSource) -> Iterator[ExecutionEvent]:
        """Gives the events of one connection until it is lost."""
        parser, opened = EventParser(), self._api.clock()
        while True:
            data = source.read(self._patience(opened))
            if isinstance(data, Failure) or not data:
                self._lose(source, data or _ENDED)
                return
            self._losses, self._asked = 0, 0.0
            for told in self._parsed(source, parser, data):
                event = self._event_of(source, told)
                self._note_id(told.id)
                if event is None:  # it tells a wait nothing, as if nothing had come
                    continue
                self._has_lived = True
                if not self._told.is_news(event):
                    continue
                if event.execution is not None:
                    self._wait.saw(event.execution)
                yield event
                if event.is_final:
                    return
            limit = self._api.settings.retry_after_limit
            self._retry = min(parser.retry or 0.0, limit)

    def _patience(self, opened: float) -> float:
        """Gives the seconds for which a connection may be silent."""
        patience = min(self._api.settings.timeout, self._wait.remaining())
        if self._hasty and not self._has_lived:
            left = opened + STREAM_PATIENCE - self._api.clock()
            return max(min(patience, left), 0.001)
        return patience

    def _parsed(
        self, source: EventSource, parser: EventParser, data: bytes
    ) -> List[ServerEvent]:
        try:
            return parser.feed(data)
        except StreamTooLarge as error:
            words = f"the stream holds {error}"
        raise APIError(words, status_code=source.status, call=_hopeless(source))

    def _event_of(
        self, source: EventSource, told: ServerEvent
    ) -> Optional[ExecutionEvent]:
        self._api.log_body("event", source.call, told.data.encode("utf-8"))
        try:
            return read_event(told)
        except UnexpectedResponse as error:
            words = self._api.redact(f"an event of the stream holds {error}")
        raise APIError(words, status_code=source.status, call=_hopeless(source))

    def _note_id(self, told: Optional[str]) -> None:
        """Keeps what to begin behind the next time, where it can be sent."""
        if told is not None:
            fits = len(told) <= _LONGEST_ID and fits_header(told)
            self._last_id = told if fits else None

    def _lose(self, source: EventSource, failure: Failure) -> None:
        """Notes that a connection was lost, or silent for too long."""
        if failure.timed_out and (self._has_lived or not self._hasty):
            self._losses, self._asked = 0, 0.0
            return
        words = f"{self._api.settings.base_url}: {failure.message}"
        self._miss(NetworkError(words, call=source.call))

    def _miss(self, error: AISpineError) -> None:
        """Notes a failure.

        Raises:
            AISpineError: The error itself, if it is no use to try again.
        """
        if self._hasty and not self._has_lived:
            raise error
        self._losses += 1
        self._asked = getattr(error, "retry_after", None) or 0.0
        if self._wait.missed(error):
            log.warning(
                "still following execution %s: %s", self._wait.execution_id, error
            )

    def _pause(self) -> float:
        """Gives the seconds to sleep before the next connection."""
        delay = self._api.backoff(self._losses) if self._losses else 0.0
        return min(max(delay, self._retry, self._asked), self._wait.remaining())

    def _looked(self) -> Iterator[ExecutionEvent]:
        """Gives the events that looks show."""
        while True:
            for event in self._look():
                if self._told.is_news(event):
                    yield event
                    if event.is_final:
                        return
            self._api.sleep(self._wait.pause())

    def _look(self) -> List[ExecutionEvent]:
        left = self._wait.remaining()
        try:
            execution = self._api.call(GET_EXECUTION, ids=self._ids, deadline=left)
            nodes = self._nodes()
        except AISpineError as error:
            if self._wait.missed(error):
                log.warning(
                    "still following execution %s: %s", self._wait.execution_id, error
                )
            return []
        self._wait.saw(execution)
        return events_of(execution, nodes)

    def _nodes(self) -> List[NodeResult]:
        """Gives the results of the nodes; none where the server tells of none."""
        left = self._wait.remaining()
        try:
            return self._api.call(GET_EXECUTION_RESULTS, ids=self._ids, deadline=left)
        except APIError as error:
            if error.status_code not in _NOT_SERVED:
                raise
            return []


def watch(api: ApiClient, wait: Wait) -> Generator[Execution, None, None]:
    """Gives an execution as it changes, until it is done, or its stream fails."""
    try:
        with closing(Follower(api, wait, hasty=True).streamed()) as events:
            for event in events:
                if event.execution is not None:
                    yield event.execution
    except (APIError, NetworkError) as error:
        log.warning(
            "execution %s is asked about now and then, since its stream failed: %s",
            wait.execution_id,
            error,
        )


def _tells_of_no_stream(error: AISpineError) -> bool:
    status = getattr(error, "status_code", None) or 0
    return status in _NOT_SERVED or 200 <= status < 300


def _hopeless(source: EventSource) -> CallInfo:
    return source.call._replace(transient=False)
