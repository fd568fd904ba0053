"""Feeds inputs to the workers, a bounded number ahead."""

import threading
from abc import ABC, abstractmethod
from collections import deque
from functools import partial
from typing import Any, Callable, Deque, Iterable, Iterator, Tuple

Step = Callable[[], None]


class InputQueue(ABC):
    """The inputs that were fetched, and how many more are requested.

    Its fields belong to whatever runs the steps, which alone calls `request`.

    Args:
        put_step: Receives each step.
        fail: Called, as a step, with what the inputs have raised.
    """

    def __init__(
        self,
        put_step: Callable[[Step], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self.ready: Deque[Tuple[int, Any]] = deque()
        """Inputs that wait to be sent, each with its index."""
        self.fetched = 0
        """How many inputs were fetched so far."""
        self.has_all = False
        """Whether all inputs were fetched."""
        self._put_step, self._fail = put_step, fail
        self._requested = 0
        self._is_stopped = False

    @property
    def is_done(self) -> bool:
        """Whether all inputs were fetched, and none waits."""
        return self.has_all and not self.ready

    def request(self, count: int) -> None:
        """Make sure that so many inputs are requested."""
        while self._requested < count and not self.has_all:
            self._requested += 1
            self._let_fetch()

    def stop(self) -> None:
        """Fetch nothing more; any thread may call this."""
        self._is_stopped = True
        self._let_fetch()

    @abstractmethod
    def _let_fetch(self) -> None:
        """Let one more input be fetched."""

    def _add(self, index: int, value: Any) -> None:
        self._requested -= 1
        self.fetched += 1
        self.ready.append((index, value))

    def _note_end(self) -> None:
        self.has_all = not self._is_stopped


class ThreadInputQueue(InputQueue):
    """Fetches the inputs of a batch one by one, in a thread of its own.

    Args:
        inputs: The inputs.
        put_step: Receives each step.
        fail: Called, as a step, with what the inputs have raised.
    """

    def __init__(
        self,
        inputs: Iterable[Any],
        put_step: Callable[[Step], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        super().__init__(put_step, fail)
        self._inputs = inputs
        self._requests = threading.Semaphore(0)

    def fetch(self) -> None:
        """Fetch inputs until there are no more, or the run ends; the target of a thread."""
        try:
            for pair in enumerate(self._requested_inputs()):
                self._put_step(partial(self._add, *pair))
            self._put_step(self._note_end)
        except BaseException as error:  # of the caller's own iterable
            self._put_step(partial(self._fail, error))

    def _let_fetch(self) -> None:
        self._requests.release()

    def _requested_inputs(self) -> Iterator[Any]:
        inputs = iter(self._inputs)
        while True:
            self._requests.acquire()
            if self._is_stopped:
                return
            try:
                value = next(inputs)
            except StopIteration:
                return
            yield value
