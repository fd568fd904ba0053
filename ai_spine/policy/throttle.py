"""How many executions of a batch may be in flight, and when to look at each. Pure."""

import heapq
import itertools
from typing import Generic, Iterator, List, Optional, Tuple, TypeVar

from ai_spine.constants import FIRST_INTERVAL

T = TypeVar("T")

_WEIGHT = 0.125  # of a new duration in the estimate
_LONGEST_FIRST_LOOK = 30.0
_GROWTH = 1.5  # of the distance between looks


class Concurrency:
    """A limit that is halved when the server pushes back, and grows again while it does not.

    Args:
        most: The limit to begin with, and never to pass.

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
        """Notes a 429 or 503.

        What was sent before the last cut says nothing of what has held since: a burst of refusals
        counts once.
        """
        if (now if sent_at is None else sent_at) > self._cut_at:
            self._limit = max(self._limit / 2, 1.0)
            self._cut_at = now

    def went_well(self) -> None:
        """Notes an execution that was started and done: about one more for each round of them."""
        self._limit = min(self._limit + 1 / self._limit, float(self._most))


class Durations:
    """Learns how long executions take, so that most are done when they are first looked at.

    Example:
        >>> durations = Durations()
        >>> durations.note(0.5)
        >>> round(next(durations.looks(2.0)), 2)
        0.75
    """

    def __init__(self) -> None:
        self._mean: Optional[float] = None
        self._deviation = 0.0

    def note(self, seconds: float) -> None:
        """Notes how long an execution took."""
        if self._mean is None:
            self._mean, self._deviation = seconds, seconds / 2
            return
        self._deviation += 2 * _WEIGHT * (abs(seconds - self._mean) - self._deviation)
        self._mean += _WEIGHT * (seconds - self._mean)

    def looks(self, longest: float) -> Iterator[float]:
        """Gives the seconds between looks at one execution: the first, then short and growing."""
        interval = FIRST_INTERVAL
        if self._mean is not None:
            expected = min(self._mean + self._deviation, _LONGEST_FIRST_LOOK)
            yield expected
            interval = max(expected / 4, FIRST_INTERVAL / 2)
        while True:
            yield min(interval, longest)
            interval *= _GROWTH


class Agenda(Generic[T]):
    """What is to be done later, each thing at its time.

    Example:
        >>> agenda = Agenda()
        >>> agenda.add(5.0, "later")
        >>> agenda.add(3.0, "soon")
        >>> agenda.next_in(now=1.0), list(agenda.due(now=4.0)), agenda.next_in(now=9.0)
        (2.0, ['soon'], 0.0)
    """

    def __init__(self) -> None:
        self._entries: List[Tuple[float, int, T]] = []
        self._numbers = itertools.count()  # things of the same time are not compared

    def add(self, when: float, thing: T) -> None:
        """Notes a thing for a time, in seconds."""
        heapq.heappush(self._entries, (when, next(self._numbers), thing))

    def next_in(self, now: float) -> Optional[float]:
        """Gives the seconds until something is due; `None` if there is nothing."""
        return max(self._entries[0][0] - now, 0.0) if self._entries else None

    def due(self, now: float) -> Iterator[T]:
        """Takes what is due, the earliest first."""
        while self._entries and self._entries[0][0] <= now:
            yield heapq.heappop(self._entries)[2]
