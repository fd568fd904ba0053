"""Executing a flow for many inputs."""

from __future__ import annotations

import copy
import os
import time
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    Sized,
    Union,
    cast,
)

from ai_spine.constants import DEFAULT_CONCURRENCY, DEFAULT_WAIT_TIMEOUT
from ai_spine.events import log
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.methods.executions import ExecutionMethods
from ai_spine.progress import OnBatch, batch_bar
from ai_spine.validation import check_count, check_id, check_seconds

# A client without batches need not wait for the import of what runs them.
if TYPE_CHECKING:
    import concurrent.futures

    from ai_spine.batch import BatchItem, BatchProgress, BatchResult
    from ai_spine.batch_crew import Crew, Landing
    from ai_spine.batch_run import BatchRun
    from ai_spine.client import AISpine

Path = Union[str, "os.PathLike[str]"]


class BatchMethods(ExecutionMethods):
    """The methods of batches."""

    def execute_batch(
        self,
        flow_id: str,
        inputs: Iterable[Mapping[str, Any]],
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        on_result: Optional[Callable[[BatchItem], Any]] = None,
        stop_on_error: bool = False,
        timeout: Optional[float] = None,
        checkpoint: Optional[Path] = None,
        executor: Optional[concurrent.futures.Executor] = None,
        progress: Union[None, bool, Callable[[BatchProgress], Any]] = None,
        retry_failed: bool = False,
        retry_uncertain: bool = False,
    ) -> BatchResult:
        """Executes a flow for each input, many at once, and gives what became of all.

        An input that fails stops no other; its item has the error. Ctrl-C lets what is in flight
        finish, and leaves at once when it is pressed again.

        Args:
            flow_id: The flow.
            inputs: The inputs; any iterable, which is read as there is room.
            concurrency: How many executions may be in flight; fewer while the server pushes back.
            on_result: Called with each item as it comes.
            stop_on_error: Whether nothing more is started after a first failure.
            timeout: Seconds that each execution may take; 300 without one.
            checkpoint: A file for the results. Where it exists, the run that wrote it is gone on
                with: what is finished is read, what was started is asked about. What may have been
                started, without anybody knowing, is sent again only by a client with
                `retry_writes=True`; else it fails with the key that it carried.
            executor: What executes instead of threads of this process, such as Dask's. One that may
                run a task again when a worker dies needs a client with `retry_writes=True`.
            progress: Called with a `BatchProgress` after each item; or whether tqdm shows a bar.
                Without saying, it does so in notebooks.
            retry_failed: Whether inputs that failed in the run that is gone on with are executed
                again.
            retry_uncertain: Whether what may have been started is sent again, with the same key,
                whatever the server makes of it.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            ConfigurationError: The checkpoint is of another run, or cannot be read or written; or
                a bar is asked for, and tqdm is not installed.
            KeyboardInterrupt: Ctrl-C; its text says how to go on.

        Example:
            >>> texts = ["Wonderful!", "Awful."]
            >>> result = client.execute_batch("sentiment-analysis", ({"text": t} for t in texts))
            >>> [item.output["sentiment"]["label"] for item in result]
            ['positive', 'negative']
        """
        begin = self._prepare_batch(
            flow_id,
            inputs,
            concurrency=concurrency,
            stop_on_error=stop_on_error,
            timeout=timeout,
            checkpoint=checkpoint,
            executor=executor,
            retry_failed=retry_failed,
            retry_uncertain=retry_uncertain,
        )
        total = len(inputs) if isinstance(inputs, Sized) else None
        with batch_bar(progress, flow_id, total) as saw:
            return _gather(begin(), total, on_result, saw)

    def iter_batch(
        self,
        flow_id: str,
        inputs: Iterable[Mapping[str, Any]],
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        ordered: bool = True,
        stop_on_error: bool = False,
        timeout: Optional[float] = None,
        checkpoint: Optional[Path] = None,
        executor: Optional[concurrent.futures.Executor] = None,
        retry_failed: bool = False,
        retry_uncertain: bool = False,
    ) -> Iterator[BatchItem]:
        """Does as `execute_batch`, and gives the items one by one, in constant memory.

        Inputs are read ahead of the items that are taken, but only so far. To leave the loop starts
        nothing more.

        Args:
            ordered: Whether items come in the order of the inputs, or as they are done.

        Example:
            >>> texts = ({"text": text} for text in ["Wonderful!", "Awful."])
            >>> for item in client.iter_batch("sentiment-analysis", texts):
            ...     print(item.index, item.output["sentiment"]["label"])
            0 positive
            1 negative
        """
        begin = self._prepare_batch(
            flow_id,
            inputs,
            concurrency=concurrency,
            stop_on_error=stop_on_error,
            timeout=timeout,
            checkpoint=checkpoint,
            executor=executor,
            retry_failed=retry_failed,
            retry_uncertain=retry_uncertain,
        )
        return _in_order(begin) if ordered else _as_done(begin)

    def _prepare_batch(
        self,
        flow_id: str,
        inputs: Iterable[Any],
        *,
        concurrency: int,
        stop_on_error: bool,
        timeout: Optional[float],
        checkpoint: Optional[Path],
        executor: Optional[concurrent.futures.Executor],
        retry_failed: bool,
        retry_uncertain: bool,
    ) -> Callable[[], BatchRun]:
        """Checks the arguments, and gives what begins the run: only then files are opened."""
        check_id("flow_id", flow_id)
        check_count("concurrency", concurrency, least=1)
        _check_inputs(inputs)
        honours_keys = self._api.settings.retry_writes
        _check_executor(executor, honours_keys)
        seconds = check_seconds(
            "timeout", DEFAULT_WAIT_TIMEOUT if timeout is None else timeout
        )
        if checkpoint is None and (retry_failed or retry_uncertain):
            raise ValidationError(
                "retry_failed and retry_uncertain need the checkpoint of a run to go on with"
            )

        def begin() -> BatchRun:
            from ai_spine.batch_run import BatchRun
            from ai_spine.checkpoint import Checkpoint, NoCheckpoint

            run = BatchRun(
                inputs,
                concurrency=concurrency,
                timeout=seconds,
                stop_on_error=stop_on_error,
            )
            notes = NoCheckpoint()
            if checkpoint is not None:
                notes = Checkpoint(
                    os.fspath(checkpoint),
                    flow_id,
                    retry_failed=retry_failed,
                    resend=retry_uncertain or honours_keys,
                )
            run.begin(self._crew_for(run, flow_id, concurrency, executor), notes)
            return run

        return begin

    def _crew_for(
        self,
        run: BatchRun,
        flow_id: str,
        concurrency: int,
        executor: Optional[concurrent.futures.Executor],
    ) -> Crew:
        from ai_spine.batch_crew import Crew, Parcel, execute_one

        watched = copy.copy(self)
        settings = self._api.settings
        hooks = dict(settings.event_hooks)
        hooks["response"] = (*hooks.get("response", ()), run.saw_response)
        watched._api = self._api.with_settings(settings._replace(event_hooks=hooks))
        crew = Crew(
            lambda value, key: watched.execute_flow(
                flow_id, value, idempotency_key=key
            ),
            watched._get_execution,
            min(concurrency, settings.pool_size),
            conceal=self._api.conceal,
        )
        if executor is None:
            return crew
        submit, parcel = executor.submit, Parcel(cast("AISpine", self))
        return crew._replace(
            senders=0,
            resends=settings.retry_writes,
            submit=lambda value, plan: submit(
                execute_one,
                parcel,
                flow_id,
                value,
                plan.key,
                plan.execution_id,
                run.timeout,
            ),
        )


def _check_inputs(inputs: Any) -> None:
    if isinstance(inputs, (str, bytes, Mapping)) or not hasattr(inputs, "__iter__"):
        raise ValidationError("inputs must be an iterable of mappings")


def _check_executor(executor: Any, honours_keys: bool) -> None:
    if executor is None:
        return
    from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

    if isinstance(executor, (ThreadPoolExecutor, ProcessPoolExecutor)):
        return
    if not isinstance(executor, Executor):
        raise ValidationError("executor must be a concurrent.futures.Executor")
    if not honours_keys:
        raise ConfigurationError(
            "an executor that may run a task again when a worker dies could execute an input "
            "twice: use a client with retry_writes=True, on a server that honours Idempotency-Key"
        )


def _gather(
    run: BatchRun,
    total: Optional[int],
    on_result: Optional[Callable[[BatchItem], Any]],
    saw: Optional[OnBatch],
) -> BatchResult:
    """Takes all landings into a result, and tells of each."""
    from ai_spine.batch import BatchProgress, BatchResult

    result = BatchResult(run.checkpoint.load, run.checkpoint.path)
    began = time.monotonic()

    def take(landing: Landing) -> None:
        result.add(landing.item, landing.offset)
        run.consumed()
        if on_result is not None:
            on_result(landing.item)
        if saw is not None:
            done, failed = len(result), len(result) - result.succeeded
            saw(BatchProgress(done, failed, total, time.monotonic() - began))

    _collect(run, take)
    result.is_complete = run.is_complete
    return result


def _collect(run: BatchRun, take: Callable[[Landing], None]) -> None:
    """Takes all landings; the first Ctrl-C stops the run, the second leaves it."""
    try:
        _take_all(run, take)
    except KeyboardInterrupt:
        try:
            run.stop()
            log.warning("finishing what is in flight; Ctrl-C again leaves at once")
            _take_all(run, take)
        except KeyboardInterrupt:
            run.leave()
        raise KeyboardInterrupt(_how_to_go_on(run)) from None


def _take_all(run: BatchRun, take: Callable[[Landing], None]) -> None:
    try:
        for landing in run:
            take(landing)
    except Exception:
        run.stop()
        for _ in run:  # what is in flight is to be noted all the same
            pass
        raise


def _how_to_go_on(run: BatchRun) -> str:
    path = run.checkpoint.path
    if path is None:
        return "the batch was stopped; without a checkpoint it cannot be gone on with"
    return f"the batch was stopped; run it again with the checkpoint {path} to go on"


def _as_done(begin: Callable[[], BatchRun]) -> Iterator[BatchItem]:
    run = begin()
    try:
        for landing in run:
            run.consumed()
            yield landing.item
    finally:
        run.leave()


def _in_order(begin: Callable[[], BatchRun]) -> Iterator[BatchItem]:
    run = begin()
    early: Dict[int, BatchItem] = {}
    position = 0
    try:
        for landing in run:
            early[landing.item.index] = landing.item
            while position in early:
                run.consumed()
                yield early.pop(position)
                position += 1
        for index in sorted(early):  # what was stopped has gaps
            yield early[index]
    finally:
        run.leave()
