"""Takes the results of a running batch: all of them, or one by one."""

import time
from typing import Any, Callable, Dict, Iterator, Optional

from ai_spine._sync.progress import OnBatch
from ai_spine.batch.items import BatchInterrupt, BatchItem, BatchProgress, BatchResult
from ai_spine.batch.results import Result
from ai_spine.batch.run import BatchRun
from ai_spine.policy.request_events import log


def collect(
    run: BatchRun,
    total: Optional[int],
    on_result: Optional[Callable[[BatchItem], Any]],
    on_progress: Optional[OnBatch],
) -> BatchResult:
    """Take all results, reporting each, and return them."""
    collected = BatchResult(run.checkpoint.load, run.checkpoint.path)
    started = time.monotonic()

    def take(result: Result) -> None:
        collected.add(result.item, result.offset)
        run.note_consumed()
        if on_result is not None:
            on_result(result.item)
        if on_progress is not None:
            done, failed = len(collected), len(collected) - collected.succeeded
            elapsed = time.monotonic() - started
            on_progress(BatchProgress(done, failed, total, elapsed))

    _take_with_interrupts(run, take)
    collected.is_complete = run.is_complete
    return collected


def iter_as_done(start: Callable[[], BatchRun]) -> Iterator[BatchItem]:
    """Yield the items of a run as they are done."""
    run = start()
    try:
        for result in run:
            run.note_consumed()
            yield result.item
    finally:
        run.abandon()


def iter_in_order(start: Callable[[], BatchRun]) -> Iterator[BatchItem]:
    """Yield the items of a run in the order of its inputs."""
    run = start()
    early: Dict[int, BatchItem] = {}
    position = 0
    try:
        for result in run:
            early[result.item.index] = result.item
            while position in early:
                run.note_consumed()
                yield early.pop(position)
                position += 1
        for index in sorted(early):  # a run that was stopped has gaps
            yield early[index]
    finally:
        run.abandon()


def _take_with_interrupts(run: BatchRun, take: Callable[[Result], None]) -> None:
    """Take all results; the first Ctrl-C stops the run, the second abandons it."""
    try:
        _take_all(run, take)
    except KeyboardInterrupt:
        try:
            run.stop()
            log.warning("finishing what is in flight; press Ctrl-C again to end now")
            _take_all(run, take)
        except KeyboardInterrupt:
            run.abandon()
        raise BatchInterrupt(_how_to_resume(run), run.running) from None


def _take_all(run: BatchRun, take: Callable[[Result], None]) -> None:
    try:
        for result in run:
            take(result)
    except Exception:
        run.stop()
        for _ in run:  # what is in flight must still be recorded
            pass
        raise


def _how_to_resume(run: BatchRun) -> str:
    path = run.checkpoint.path
    if path is None:
        return "the batch was stopped; without a checkpoint it cannot be resumed"
    return f"the batch was stopped; run it again with the checkpoint {path} to resume"
