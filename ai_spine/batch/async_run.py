"""A batch of an async client from the caller's side: it yields results, and can be abandoned."""

from typing import AsyncIterator

from ai_spine.batch.checkpoint import NoCheckpoint
from ai_spine.batch.results import Result
from ai_spine.batch.run import Run
from ai_spine.batch.tasks import Inputs, TaskScheduler
from ai_spine.batch.workers import WorkerPool


class AsyncBatchRun(Run[TaskScheduler]):
    """A run of a batch in the running event loop; it iterates over its results as they come.

    Args:
        inputs: The inputs, which are fetched one by one.
        concurrency: How many executions may be in flight.
        timeout: Seconds for each execution.
        stop_on_error: Whether to start nothing more after the first failure of this run.
    """

    def __init__(
        self,
        inputs: Inputs,
        *,
        concurrency: int,
        timeout: float,
        stop_on_error: bool,
    ) -> None:
        scheduler = TaskScheduler(
            inputs,
            concurrency=concurrency,
            timeout=timeout,
            stop_on_error=stop_on_error,
        )
        super().__init__(scheduler, timeout)

    def start(self, workers: WorkerPool, checkpoint: NoCheckpoint) -> None:
        """Start the tasks.

        Args:
            workers: Reach the server.
            checkpoint: Records the steps; it is closed at the end.
        """
        self._scheduler.prepare(workers, checkpoint)
        self._scheduler.start()

    def __aiter__(self) -> AsyncIterator[Result]:
        return self

    async def __anext__(self) -> Result:
        result = await self._scheduler.next_result()
        if result is not None:
            return result
        if self._scheduler.failure is not None:
            raise self._scheduler.failure
        raise StopAsyncIteration

    async def abandon(self) -> None:
        """End at once: cancel all tasks and close the files.

        What was not sent yet is not sent, and the checkpoint records that.
        """
        self._scheduler.abandoned = True
        await self._scheduler.cancel()
