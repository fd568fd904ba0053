"""A batch from the caller's side: it yields results, and can be stopped or abandoned."""

import sys
import threading
import time
from functools import partial
from typing import Any, Generic, Iterable, Iterator, Optional, TypeVar

from ai_spine.batch.checkpoint import NoCheckpoint
from ai_spine.batch.results import Result
from ai_spine.batch.scheduler import Scheduler
from ai_spine.batch.threads import ThreadScheduler
from ai_spine.batch.workers import WorkerPool
from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.request_events import RequestEvent

S = TypeVar("S", bound=Scheduler)

_WAKE_EVERY = 100
_PUSHED_BACK = (429, 503)
_MAX_CLOSING = 5.0  # seconds to wait for the files


class Run(Generic[S]):
    """What the runs of both clients have in common.

    Args:
        scheduler: Decides for the run.
        timeout: Seconds for each execution.
    """

    def __init__(self, scheduler: S, timeout: float) -> None:
        self.timeout = timeout
        """Seconds for each execution."""
        self._scheduler = scheduler
        self._consumed = 0

    @property
    def checkpoint(self) -> NoCheckpoint:
        """The record of its steps."""
        return self._scheduler.checkpoint

    @property
    def is_complete(self) -> bool:
        """Whether every input was fetched, and has a result that is certain."""
        return self._scheduler.is_complete

    @property
    def running(self) -> int:
        """How many executions go on unobserved after the run was abandoned."""
        return self._scheduler.running

    def note_consumed(self) -> None:
        """Note that the caller has taken a result, which makes room for another."""
        self._consumed += 1
        self._scheduler.consumed = self._consumed
        if self._consumed % _WAKE_EVERY == 0:
            self._scheduler.put_step(lambda: None)

    def stop(self) -> None:
        """Start nothing more; what is in flight goes on to its end."""
        self._scheduler.stop_requested = True
        self._scheduler.put_step(self._scheduler.stop)

    def on_response(self, event: RequestEvent) -> None:
        """Slow down when the server pushes back; an event hook."""
        if event.status_code in _PUSHED_BACK:
            now, took = time.monotonic(), event.elapsed or 0
            limit = self._scheduler.limit
            self._scheduler.put_step(partial(limit.pushed_back, now, now - took))


class BatchRun(Run[ThreadScheduler]):
    """A run of a batch; it iterates over its results as they come.

    Args:
        inputs: The inputs, which are fetched one by one in a thread of their own.
        concurrency: How many executions may be in flight.
        timeout: Seconds for each execution.
        stop_on_error: Whether to start nothing more after the first failure of this run.
    """

    def __init__(
        self,
        inputs: Iterable[Any],
        *,
        concurrency: int,
        timeout: float,
        stop_on_error: bool,
    ) -> None:
        scheduler = ThreadScheduler(
            inputs,
            concurrency=concurrency,
            timeout=timeout,
            stop_on_error=stop_on_error,
        )
        super().__init__(scheduler, timeout)
        self._closed = threading.Event()

    def start(self, workers: WorkerPool, checkpoint: NoCheckpoint) -> None:
        """Start the threads; none of them keeps the process alive.

        Args:
            workers: Reach the server.
            checkpoint: Records the steps; it is closed at the end.

        Raises:
            ConfigurationError: The system has no more threads. The checkpoint is closed.
        """
        self._scheduler.prepare(workers, checkpoint)
        try:
            self._scheduler.start(self._schedule)
        except RuntimeError as error:
            checkpoint.close(is_complete=False)
            workers.end()
            message = f"a thread of the batch cannot be started: {error}"
            raise ConfigurationError(message) from None

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        result = self._scheduler.next_result()
        if result is not None:
            return result
        if self._scheduler.failure is not None:
            raise self._scheduler.failure
        raise StopIteration

    def abandon(self) -> None:
        """End at once and close the files; what is in flight goes on unobserved.

        What was not sent yet is not sent, and the checkpoint records that.
        """
        self._scheduler.abandoned = True
        self._scheduler.put_step(self._scheduler.stop)
        if not sys.is_finalizing():  # no other thread runs any more then
            self._closed.wait(_MAX_CLOSING)

    def _schedule(self) -> None:
        failed: Optional[BaseException] = None
        try:
            self._scheduler.run()
        except BaseException as error:
            failed = error
        self._scheduler.failure = self._scheduler.failure or failed
        self._closed.set()
        self._scheduler.results.end()
