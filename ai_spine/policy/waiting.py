"""When to look at an execution again, and when to stop waiting. Pure: its clock is passed in."""

import json
import random
from typing import Callable, Iterator, Optional

from ai_spine.constants import (
    FIRST_INTERVAL,
    INTERVAL_JITTER,
    INTERVAL_SHARE,
    MAX_MESSAGE_LENGTH,
    SHORT_EXECUTION,
    SHORT_INTERVAL,
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
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.utils import one_line


def intervals(
    longest: float, rand: Callable[[], float] = random.random
) -> Iterator[float]:
    """Gives the seconds between looks: short at first, growing up to `longest`.

    Example:
        >>> waits = intervals(0.3, rand=lambda: 0.5)
        >>> [round(next(waits), 4) for _ in range(9)]
        [0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.231, 0.3, 0.3]
    """
    interval, elapsed = FIRST_INTERVAL, 0.0
    while True:
        # The jitter keeps many waiters from asking in step; once out of step, they stay so.
        jitter = 1 + INTERVAL_JITTER * (2 * rand() - 1)
        interval = min(interval * jitter, longest)
        yield interval
        elapsed += interval
        is_short = elapsed < SHORT_EXECUTION
        interval = SHORT_INTERVAL if is_short else INTERVAL_SHARE * elapsed


class Wait:
    """One wait for one execution: it is told what was seen, and tells when to look again.

    Args:
        execution_id: The execution.
        timeout: Seconds that the whole wait may take.
        interval: The longest distance between two looks, in seconds.
        clock: Gives seconds, never going back.
        rand: Gives a number from 0 to 1.
        looks: The seconds between looks, where they are known better than by growing.
        is_new: Whether the execution was started just now: there is nothing to see at once.
        redact: Takes secrets out of a server's words.
    """

    def __init__(
        self,
        execution_id: str,
        timeout: float,
        interval: float,
        *,
        clock: Callable[[], float],
        rand: Callable[[], float] = random.random,
        looks: Optional[Iterator[float]] = None,
        is_new: bool = False,
        redact: Callable[[str], str] = str,
    ) -> None:
        self.execution_id = execution_id
        self.timeout = timeout
        self.is_new = is_new
        self.last_status: Optional[str] = None
        self._clock = clock
        self._conceal = redact
        self._ends = clock() + timeout
        self._intervals = looks or intervals(interval, rand)
        self._last_error: Optional[AISpineError] = None

    def remaining(self) -> float:
        """Gives the seconds left.

        Raises:
            TimeoutError: None are.
        """
        left = self._ends - self._clock()
        if left <= 0:
            raise self._timed_out()
        return left

    def saw(self, execution: Execution) -> None:
        """Notes what a look has shown."""
        self.last_status = execution.status
        self._last_error = None

    def missed(self, error: AISpineError) -> bool:
        """Notes a look that failed.

        Returns:
            Whether it is the first in a row.

        Raises:
            AISpineError: The error itself, if later looks would fail alike.
        """
        if not _may_pass(error):
            raise error
        is_first = self._last_error is None
        self._last_error = error
        return is_first

    def pause(self) -> float:
        """Gives the seconds to sleep before the next look: never beyond the end of the wait."""
        asked = getattr(self._last_error, "retry_after", None) or 0.0
        return min(max(next(self._intervals), asked), self.remaining())

    def _timed_out(self) -> TimeoutError:
        seen = (
            f"its last status was {one_line(self._conceal(str(self.last_status)), 60)}"
            if self.last_status
            else "it was not seen"
        )
        if self._last_error is not None:
            seen += f", and the last look failed: {self._last_error}"
        return TimeoutError(
            f"execution {self.execution_id} was not done within {self.timeout:g} s; {seen}",
            execution_id=self.execution_id,
            last_status=self.last_status,
        )


def _may_pass(error: AISpineError) -> bool:
    """Tells whether a later look may well succeed; a page of HTML with 200 comes from a proxy."""
    unreadable = isinstance(error, APIError) and 200 <= (error.status_code or 0) < 300
    return unreadable or (
        isinstance(error, (APIError, NetworkError)) and error.transient
    )


def redacted(execution: Execution, redact: Callable[[str], str]) -> Execution:
    """Gives an execution for an error to hold: without secrets that a server has put into it."""
    try:
        told = json.dumps(dict(execution))
        hidden = redact(told)
        return execution if hidden == told else Execution.from_wire(json.loads(hidden))
    except (ValueError, RecursionError):  # nested as deeply as nobody means
        return Execution(execution.execution_id, status=execution.status)


def check_outcome(
    execution: Execution, redact: Callable[[str], str] = str
) -> Execution:
    """Gives a finished execution back if it completed.

    Args:
        execution: The execution.
        redact: Takes secrets out of a server's words.

    Raises:
        ExecutionCancelledError: It was cancelled.
        ExecutionError: It failed.
    """
    if execution.succeeded:
        return execution
    subject = f"execution {execution.execution_id}"
    if execution.flow_id:
        subject += f" of flow {execution.flow_id}"
    subject = one_line(redact(subject), MAX_MESSAGE_LENGTH)
    execution = redacted(execution, redact)
    reason = execution.error_message
    told = (
        f": {one_line(redact(reason), MAX_MESSAGE_LENGTH)}"
        if isinstance(reason, str) and reason
        else ""
    )
    if execution.status == ExecutionStatus.CANCELLED:
        raise ExecutionCancelledError(
            f"{subject} was cancelled{told}", execution=execution
        )
    raise ExecutionError(f"{subject} failed{told}", execution=execution)
