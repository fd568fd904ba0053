"""When to poll an execution again, and when to stop waiting. Pure: its clock is passed in."""

from __future__ import annotations

import math
import random
from typing import Callable, Dict, Iterator, Optional

from ai_spine.constants import (
    FIRST_INTERVAL,
    INTERVAL_JITTER,
    INTERVAL_SHARE,
    MAX_MESSAGE_LENGTH,
    SHORT_EXECUTION,
    SHORT_INTERVAL,
    USUAL_GROWTH,
    USUAL_PRECISION,
    USUAL_SHARE,
)
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    ExecutionCancelledError,
    ExecutionError,
    NetworkError,
    TimeoutError,
)
from ai_spine.models import Execution
from ai_spine.models.execution import between
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.policy.redaction import redact_model
from ai_spine.utils import one_line

_MOST_FLOWS = 1000
_WEIGHT = 0.25  # of a new duration in the mean


def poll_intervals(
    longest: float, rand: Callable[[], float] = random.random
) -> Iterator[float]:
    """Yield the seconds between polls: short at first, growing up to `longest`.

    Example:
        >>> delays = poll_intervals(0.3, rand=lambda: 0.5)
        >>> [round(next(delays), 4) for _ in range(9)]
        [0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.231, 0.3, 0.3]
    """
    interval, elapsed = FIRST_INTERVAL, 0.0
    while True:
        interval = min(interval * _jitter(rand), longest)
        yield interval
        elapsed += interval
        is_short = elapsed < SHORT_EXECUTION
        interval = SHORT_INTERVAL if is_short else INTERVAL_SHARE * elapsed


def intervals_around(
    usual: float,
    longest: float,
    clock: Callable[[], float],
    rand: Callable[[], float] = random.random,
) -> Iterator[float]:
    """Yield the seconds between polls of an execution that is likely to take its usual time.

    The nearer that time, the shorter the intervals; the first polls find what fails at once.

    Example:
        >>> now, polls = 0.0, []
        >>> for seconds in intervals_around(10.0, 2.0, lambda: now, rand=lambda: 0.5):
        ...     now += seconds
        ...     polls.append(round(now, 1))
        ...     if now > 10:
        ...         break
        >>> polls
        [0.1, 0.5, 2.5, 4.5, 6.5, 8.5, 9.4, 9.8, 10.2]
    """
    began = clock()
    for early in (FIRST_INTERVAL, SHORT_EXECUTION):
        yield min(max(early - (clock() - began), 0.0), longest)
    least = max(USUAL_PRECISION * usual, SHORT_INTERVAL)
    while True:
        waited = clock() - began
        # What takes much less than usual for once must not be noticed much later.
        most = max(USUAL_GROWTH * waited, SHORT_INTERVAL)
        interval = min(max(USUAL_SHARE * abs(usual - waited), least), most)
        yield min(interval * _jitter(rand), longest)


def _jitter(rand: Callable[[], float]) -> float:
    # It keeps many waiters from polling in step; once out of step, they stay so.
    return 1 + INTERVAL_JITTER * (2 * rand() - 1)


class FlowDurations:
    """Learns how long the executions of each flow take, so that later waits poll when they end.

    Example:
        >>> times = {"created_at": "2026-11-27T10:00:00", "completed_at": "2026-11-27T10:00:08"}
        >>> durations = FlowDurations()
        >>> durations.note(Execution.from_wire({"flow_id": "f", "status": "completed", **times}))
        >>> durations.usual("f"), durations.usual("g")
        (8.0, None)
    """

    def __init__(self) -> None:
        self._means: Dict[str, float] = {}

    def usual(self, flow_id: str) -> Optional[float]:
        """Return the seconds that executions of a flow take; `None` if none was seen."""
        return self._means.get(flow_id)

    def note(self, execution: Execution) -> None:
        """Note an execution that is done; those that failed say nothing about the others."""
        # A wait begins before the first node does.
        began = execution.created_at or execution.started_at
        lasted, flow_id = between(began, execution.completed_at), execution.flow_id
        if not (
            execution.succeeded and lasted is not None and isinstance(flow_id, str)
        ):
            return
        took = max(lasted.total_seconds(), 0.0)
        if flow_id not in self._means and len(self._means) >= _MOST_FLOWS:
            self._means.clear()
        mean = self._means.get(flow_id, took)
        self._means[flow_id] = mean + _WEIGHT * (took - mean)


class Wait:
    """The state of one wait for one execution: what was seen, and when to poll again.

    Args:
        execution_id: The execution.
        timeout: Seconds for the whole wait; `None` for no limit.
        interval: The longest interval between two polls, in seconds.
        clock: Returns seconds, never going back.
        rand: Returns a number from 0 to 1.
        delays: The seconds between polls, where better ones are known than `poll_intervals` yields.
        is_new: Whether the execution has just been started, so that polling at once is no use.
        redact: Removes secrets from a server's text.
    """

    def __init__(
        self,
        execution_id: str,
        timeout: Optional[float],
        interval: float,
        *,
        clock: Callable[[], float],
        rand: Callable[[], float] = random.random,
        delays: Optional[Iterator[float]] = None,
        is_new: bool = False,
        redact: Callable[[str], str] = str,
    ) -> None:
        self.execution_id = execution_id
        self.is_new = is_new
        self.last_status: Optional[str] = None
        self._timeout = timeout
        self._clock = clock
        self._redact = redact
        self._deadline = math.inf if timeout is None else clock() + timeout
        self._delays = delays or poll_intervals(interval, rand)
        self._last_error: Optional[AISpineError] = None

    def remaining(self) -> float:
        """Return the seconds that are left; infinity where there is no limit.

        Raises:
            TimeoutError: None are left.
        """
        left = self._deadline - self._clock()
        if left <= 0:
            raise self._timeout_error()
        return left

    def note_state(self, execution: Execution) -> None:
        """Note the state that a poll or an event has shown."""
        self.last_status = execution.status
        self._last_error = None

    def note_failure(self, error: AISpineError) -> bool:
        """Note a poll that failed.

        Returns:
            Whether it is the first in a row.

        Raises:
            AISpineError: The error itself, if later polls would fail alike.
        """
        if not _may_pass(error):
            raise error
        is_first = self._last_error is None
        self._last_error = error
        return is_first

    def delay(self) -> float:
        """Return the seconds to sleep before the next poll, never beyond the deadline."""
        retry_after = getattr(self._last_error, "retry_after", None) or 0.0
        return min(max(next(self._delays), retry_after), self.remaining())

    def _timeout_error(self) -> TimeoutError:
        state = "its status was never seen"
        if self.last_status:
            status = one_line(self._redact(str(self.last_status)), 60)
            state = f"its last status was {status}"
        if self._last_error is not None:
            state += f", and the last request failed: {self._last_error}"
        return TimeoutError(
            f"execution {self.execution_id} was not done within {self._timeout:g} s; {state}",
            execution_id=self.execution_id,
            last_status=self.last_status,
        )


def _may_pass(error: AISpineError) -> bool:
    """Return whether a later poll may succeed; an HTML page with status 200 is a proxy's."""
    unreadable = isinstance(error, APIError) and 200 <= (error.status_code or 0) < 300
    return unreadable or (
        isinstance(error, (APIError, NetworkError)) and error.transient
    )


def redact_execution(execution: Execution, redact: Callable[[str], str]) -> Execution:
    """Return an execution for an error to hold, without secrets that a server put into it."""
    shortest = Execution(execution.execution_id, status=execution.status)
    return redact_model(execution, redact, shortest)


def check_outcome(
    execution: Execution, redact: Callable[[str], str] = str
) -> Execution:
    """Return a finished execution if it completed.

    Args:
        execution: The execution.
        redact: Removes secrets from a server's text.

    Raises:
        ExecutionCancelledError: It was cancelled.
        ExecutionError: It failed, or ended with a status that the SDK does not know.
    """
    if execution.succeeded:
        return execution
    subject = f"execution {execution.execution_id}"
    if execution.flow_id:
        subject += f" of flow {execution.flow_id}"
    subject = one_line(redact(subject), MAX_MESSAGE_LENGTH)
    execution = redact_execution(execution, redact)
    reason = execution.error_message
    because = ""
    if isinstance(reason, str) and reason:
        because = f": {one_line(redact(reason), MAX_MESSAGE_LENGTH)}"
    if execution.status == ExecutionStatus.CANCELLED:
        message = f"{subject} was cancelled{because}"
        raise ExecutionCancelledError(message, execution=execution)
    outcome = "failed"
    if execution.status != ExecutionStatus.FAILED:
        status = one_line(redact(str(execution.status)), 60)
        outcome = f"ended with the unknown status {status!r}"
    raise ExecutionError(f"{subject} {outcome}{because}", execution=execution)
