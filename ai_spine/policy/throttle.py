"""Limits how many executions of a batch are in flight, and schedules polls. Pure."""

import heapq
import itertools
from typing import Generic, Iterator, List, Optional, Tuple, TypeVar

from ai_spine.constants import FIRST_INTERVAL

T = TypeVar("T")

_WEIGHT = 0.125  # of a new duration in the estimate
_LONGEST_FIRST_DELAY = 30.0
_GROWTH = 1.5  # of the interval between polls


class Concurrency:
    """A limit that is halved when the server pushes back, and grows again while it does not.

    Args:
        most: The initial limit, which is never exceeded.

    Example:
        >>> limit = Concurrency(16)
        >>> limit.pushed_back(now=1.0)
        >>> limit.now
        8
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._cut_at = float("-inf")

    @property
    def now(self) -> int:
        """How many may be in flight."""
        return max(int(self._limit), 1)

    def pushed_back(self, now: float, sent_at: Optional[float] = None) -> None:
        """Note a 429 or 503.

        Requests that were sent before the last cut say nothing about the new limit, so a burst of
        refusals counts once.
        """
        if (now if sent_at is None else sent_at) > self._cut_at:
            self._limit = max(self._limit / 2, 1.0)
            self._cut_at = now

    def note_completed(self) -> None:
        """Note a completed execution; a round of them raises the limit by about one."""
        self._limit = min(self._limit + 1 / self._limit, float(self._most))


class Durations:
    """Learns how long executions take, so that most are done at their first poll.

    Example:
        >>> durations = Durations()
        >>> durations.note(0.5)
        >>> round(next(durations.delays(2.0)), 2)
        0.75
    """

    def __init__(self) -> None:
        self._mean: Optional[float] = None
        self._deviation = 0.0

    def note(self, seconds: float) -> None:
        """Note how long an execution took."""
        if self._mean is None:
            self._mean, self._deviation = seconds, seconds / 2
            return
        self._deviation += 2 * _WEIGHT * (abs(seconds - self._mean) - self._deviation)
        self._mean += _WEIGHT * (seconds - self._mean)

    def delays(self, longest: float) -> Iterator[float]:
        """Yield the seconds between polls of one execution: one long, then short and growing."""
        interval = FIRST_INTERVAL
        if self._mean is not None:
            expected = min(self._mean + self._deviation, _LONGEST_FIRST_DELAY)
            yield expected
            interval = max(expected / 4, FIRST_INTERVAL / 2)
        while True:
            yield min(interval, longest)
            interval *= _GROWTH


class Schedule(Generic[T]):
    """A schedule: each item becomes due at its time.

    Example:
        >>> schedule = Schedule()
        >>> schedule.add(5.0, "later")
        >>> schedule.add(3.0, "soon")
        >>> schedule.next_in(now=1.0), list(schedule.due(now=4.0)), schedule.next_in(now=9.0)
        (2.0, ['soon'], 0.0)
    """

    def __init__(self) -> None:
        self._entries: List[Tuple[float, int, T]] = []
        self._numbers = itertools.count()  # items of the same time are not compared

    def add(self, when: float, item: T) -> None:
        """Add an item for a time, in seconds."""
        heapq.heappush(self._entries, (when, next(self._numbers), item))

    def next_in(self, now: float) -> Optional[float]:
        """Return the seconds until an item is due; `None` if there is none."""
        return max(self._entries[0][0] - now, 0.0) if self._entries else None

    def due(self, now: float) -> Iterator[T]:
        """Remove and yield the items that are due, the earliest first."""
        while self._entries and self._entries[0][0] <= now:
            yield heapq.heappop(self._entries)[2]
