"""Takes the results of a running batch: all of them, or one by one."""

import time
from typing import Any, AsyncGenerator, Callable, Dict, Optional

from ai_spine._async.methods.batch_runs import AsyncBatchRun, taking_all
from ai_spine._async.progress import OnBatch
from ai_spine._async.runtime import call_back
from ai_spine.batch.items import BatchItem, BatchProgress, BatchResult
from ai_spine.batch.results import Result


async def collect(
    run: AsyncBatchRun,
    total: Optional[int],
    on_result: Optional[Callable[[BatchItem], Any]],
    on_progress: Optional[OnBatch],
) -> BatchResult:
    """Take all results, reporting each, and return them."""
    collected = BatchResult(run.checkpoint.load, run.checkpoint.path)
    started = time.monotonic()

    async def take(result: Result) -> None:
        collected.add(result.item, result.offset)
        run.note_consumed()
        if on_result is not None:
            await call_back(on_result, result.item)
        if on_progress is not None:
            done, failed = len(collected), len(collected) - collected.succeeded
            elapsed = time.monotonic() - started
            await call_back(on_progress, BatchProgress(done, failed, total, elapsed))

    await taking_all(run, take)
    collected.is_complete = run.is_complete
    return collected


async def iter_as_done(
    start: Callable[[], AsyncBatchRun],
) -> AsyncGenerator[BatchItem, None]:
    """Yield the items of a run as they are done."""
    run = start()
    try:
        async for result in run:
            run.note_consumed()
            yield result.item
    finally:
        await run.abandon()


async def iter_in_order(
    start: Callable[[], AsyncBatchRun],
) -> AsyncGenerator[BatchItem, None]:
    """Yield the items of a run in the order of its inputs."""
    run = start()
    early: Dict[int, BatchItem] = {}
    position = 0
    try:
        async for result in run:
            early[result.item.index] = result.item
            while position in early:
                run.note_consumed()
                yield early.pop(position)
                position += 1
        for index in sorted(early):  # a run that was stopped has gaps
            yield early[index]
    finally:
        await run.abandon()
