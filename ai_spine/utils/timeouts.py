"""Asynchronous timeouts that end what takes too long: a single one, and many with one timer."""

import asyncio
import itertools
import math
import sys
from heapq import heapify, heappop, heappush
from types import TracebackType
from typing import Any, ContextManager, List, Optional, Tuple, Type

if sys.version_info >= (3, 11):
    from asyncio import timeout as time_limit
else:
    from async_timeout import timeout as time_limit

__all__ = ["TimeLimits", "time_limit"]

_MANY = 100  # entries; fewer need no tidying up
_COUNTS = sys.version_info >= (3, 11)  # tasks count who has cancelled them


class TimeLimits:
    """The time limits of one event loop, which share one timer.

    An event loop compares its timers in Python, again and again until those that were cancelled
    are gone: with many requests in flight, that costs more than anything else about a limit.

    Args:
        loop: The event loop, which runs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._numbers = itertools.count()
        # By the time at which each is over; the numbers tell apart those of the same time.
        self._heap: List[Tuple[float, int, "_Limit"]] = []
        self._ended = 0  # those in the heap that are no longer needed
        self._timer: Optional[asyncio.TimerHandle] = None
        self._due = math.inf

    def of(self, seconds: float) -> ContextManager[None]:
        """Return a limit that does what `time_limit` does, in a plain `with`."""
        return _Limit(self, seconds)

    def add(self, limit: "_Limit", seconds: float) -> None:
        """Let a limit be over after so many seconds."""
        when = self._loop.time() + seconds
        heappush(self._heap, (when, next(self._numbers), limit))
        if when < self._due:
            self._set_timer(when)

    def forget_one(self) -> None:
        """Note that one limit in the heap has ended."""
        self._ended += 1
        if self._ended > _MANY and 2 * self._ended > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[-1].task is not None]
            heapify(self._heap)
            self._ended = 0

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = when
        self._timer = self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        """Cancel what takes too long, and set the timer for what comes next."""
        heap, now = self._heap, max(self._due, self._loop.time())
        while heap and (heap[0][0] <= now or heap[0][-1].task is None):
            limit = heappop(heap)[-1]
            if limit.task is None:
                self._ended -= 1
            else:
                limit.is_over = True
                limit.task.cancel()
        self._timer, self._due = None, math.inf
        if heap:
            self._set_timer(heap[0][0])


class _Limit:
    """What `asyncio.timeout` is, but for its timer."""

    __slots__ = ("_limits", "_seconds", "_cancelling", "task", "is_over")

    def __init__(self, limits: TimeLimits, seconds: float) -> None:
        self._limits, self._seconds = limits, seconds
        self.task: Any = None  # while it lasts
        self.is_over = False

    def __enter__(self) -> None:
        self.task = asyncio.current_task()
        self._cancelling = self.task.cancelling() if _COUNTS else 0
        self._limits.add(self, self._seconds)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        task, self.task = self.task, None
        if not self.is_over:
            self._limits.forget_one()
            return
        left = task.uncancel() if _COUNTS else 0
        if left <= self._cancelling and kind is asyncio.CancelledError:
            raise asyncio.TimeoutError from error
