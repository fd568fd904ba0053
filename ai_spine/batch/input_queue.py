"""Where a batch gets its inputs: a thread that fetches them when they are wanted."""

import threading
from collections import deque
from functools import partial
from typing import Any, Callable, Deque, Iterable, Iterator, Tuple

Step = Callable[[], None]


class Feed:
    """The inputs of a batch, fetched one by one.

    Its fields belong to the thread that takes its steps, which alone calls `want`.

    Args:
        inputs: The inputs.
        put: Takes each step.
        fail: Is called, as a step, with what the inputs have raised.
    """

    def __init__(
        self,
        inputs: Iterable[Any],
        put: Callable[[Step], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self.ready: Deque[Tuple[int, Any]] = deque()
        """Inputs that wait to be sent, each with its index."""
        self.fetched = 0
        """How many there were so far."""
        self.has_all = False
        """Whether there are no more."""
        self._inputs = inputs
        self._put, self._fail = put, fail
        self._asked = 0
        self._wanted = threading.Semaphore(0)
        self._has_ended = False

    @property
    def is_done(self) -> bool:
        """Whether there are no more, and none waits."""
        return self.has_all and not self.ready

    def feed(self) -> None:
        """Fetches until there are no more, or the run ends; the work of a thread."""
        try:
            for pair in enumerate(self._when_wanted()):
                self._put(partial(self._take, *pair))
            self._put(self._take_no_more)
        except BaseException as error:  # of the caller's own iterable
            self._put(partial(self._fail, error))

    def want(self, count: int) -> None:
        """Sees to it that so many are on their way."""
        while self._asked < count and not self.has_all:
            self._asked += 1
            self._wanted.release()

    def end(self) -> None:
        """Fetches nothing more; any thread may call it."""
        self._has_ended = True
        self._wanted.release()

    def _when_wanted(self) -> Iterator[Any]:
        inputs = iter(self._inputs)
        while True:
            self._wanted.acquire()
            if self._has_ended:
                return
            try:
                value = next(inputs)
            except StopIteration:
                return
            yield value

    def _take(self, index: int, value: Any) -> None:
        self._asked -= 1
        self.fetched += 1
        self.ready.append((index, value))

    def _take_no_more(self) -> None:
        self.has_all = not self._has_ended
