"""Executing a flow for many inputs."""

from __future__ import annotations

import copy
import os
import time
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Sized,
    Union,
    cast,
)

from ai_spine._sync.methods.waiting import WaitMethods
from ai_spine._sync.progress import OnBatch, batch_bar
from ai_spine.constants import DEFAULT_CONCURRENCY, DEFAULT_WAIT_TIMEOUT
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.policy.events import log
from ai_spine.policy.validation import check_count, check_id, check_seconds

# A client without batches need not wait for the import of what runs them.
if TYPE_CHECKING:
    import concurrent.futures

    from ai_spine.batch.items import BatchItem, BatchProgress, BatchResult
    from ai_spine.batch.run import BatchRun
    from ai_spine.batch.workers import Crew, Landing

Path = Union[str, "os.PathLike[str]"]


class _Options(NamedTuple):
    """What a batch is to do, as its methods were told."""

    flow_id: str
    inputs: Iterable[Any]
    concurrency: int
    stop_on_error: bool
    timeout: Optional[float]
    checkpoint: Optional[Path]
    executor: Optional[concurrent.futures.Executor]
    retry_failed: bool
    retry_uncertain: bool


class BatchMethods(WaitMethods):
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

        An input that fails stops no other; its item has the error. Where the server lets nothing
        in from the beginning, the batch ends with the reason. Ctrl-C lets what is in flight
        finish, and leaves at once when it is pressed again.

        Args:
            flow_id: The flow.
            inputs: The inputs; any iterable, which is read as there is room. None may be changed
                while the batch runs.
            concurrency: How many executions may be in flight; fewer while the server pushes back.
            on_result: Called with each item as it comes.
            stop_on_error: Whether nothing more is started after a first failure of this run.
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
            AuthenticationError: The first that was answered was refused for its key, and so were
                all that were in flight; none of them was executed, and none has an item.
            PermissionDeniedError: As many as may be in flight, and at least 3, or all there are,
                were refused so before anything was let in; the same holds for them.
            NetworkError: Of as many, no connection ever stood; the same holds.
            KeyboardInterrupt: Ctrl-C; its text says how to go on.

        Example:
            >>> texts = ["Wonderful!", "Awful."]
            >>> result = client.execute_batch("sentiment-analysis", ({"text": t} for t in texts))
            >>> [item.output["sentiment"]["label"] for item in result]
            ['positive', 'negative']
        """
        options = _Options(
            flow_id,
            inputs,
            concurrency,
            stop_on_error,
            timeout,
            checkpoint,
            executor,
            retry_failed,
            retry_uncertain,
        )
        begin = self._prepare_batch(options)
        total = len(inputs) if isinstance(inputs, Sized) else None
        with batch_bar(progress, flow_id, total) as saw:
            return _gathered(begin(), total, on_result, saw)

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
        nothing more. The loop raises what `execute_batch` does.

        Args:
            ordered: Whether items come in the order of the inputs, or as they are done.

        Example:
            >>> texts = ({"text": text} for text in ["Wonderful!", "Awful."])
            >>> for item in client.iter_batch("sentiment-analysis", texts):
            ...     print(item.index, item.output["sentiment"]["label"])
            0 positive
            1 negative
        """
        options = _Options(
            flow_id,
            inputs,
            concurrency,
            stop_on_error,
            timeout,
            checkpoint,
            executor,
            retry_failed,
            retry_uncertain,
        )
        begin = self._prepare_batch(options)
        return _in_order(begin) if ordered else _as_done(begin)

    def _prepare_batch(self, options: _Options) -> Callable[[], BatchRun]:
        """Checks the arguments, and gives what begins the run: only then files are opened."""
        check_id("flow_id", options.flow_id)
        check_count("concurrency", options.concurrency, least=1)
        _check_inputs(options.inputs)
        _check_executor(options.executor, self._api.settings.retry_writes)
        given = options.timeout
        seconds = DEFAULT_WAIT_TIMEOUT if given is None else given
        retries = options.retry_failed or options.retry_uncertain
        if options.checkpoint is None and retries:
            raise ValidationError(
                "retry_failed and retry_uncertain need the checkpoint of a run to go on with"
            )
        checked = options._replace(
            timeout=check_seconds("timeout", seconds),
            checkpoint=_resolved(options.checkpoint),
        )
        return partial(self._begin_batch, checked)

    def _begin_batch(self, options: _Options) -> BatchRun:
        from ai_spine.batch.checkpoint import Checkpoint, NoCheckpoint
        from ai_spine.batch.run import BatchRun

        run = BatchRun(
            options.inputs,
            concurrency=options.concurrency,
            timeout=cast(float, options.timeout),
            stop_on_error=options.stop_on_error,
        )
        notes = NoCheckpoint()
        if options.checkpoint is not None:
            honours_keys = self._api.settings.retry_writes
            notes = Checkpoint(
                cast(str, options.checkpoint),
                options.flow_id,
                retry_failed=options.retry_failed,
                resend=options.retry_uncertain or honours_keys,
            )
        run.begin(self._crew_for(run, options), notes)
        return run

    def _crew_for(self, run: BatchRun, options: _Options) -> Crew:
        from ai_spine._sync.methods.executor_task import Parcel, execute_one
        from ai_spine.batch.workers import Crew

        flow_id, executor = options.flow_id, options.executor
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
            min(options.concurrency, settings.pool_size),
            honours_keys=settings.retry_writes,
            redact=self._api.redact,
        )
        if executor is None:
            return crew
        submit, parcel = executor.submit, Parcel(self)
        return crew._replace(
            senders=0,
            reruns=not _is_local(executor),
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


def _resolved(path: Optional[Path]) -> Optional[str]:
    """Gives the one name of a file, whatever directory and links lead to it."""
    if path is None:
        return None
    try:
        name = os.path.realpath(os.fsdecode(path))
    except (TypeError, ValueError):
        name = "\0"
    if "\0" in name:  # not each system's `realpath` minds
        raise ValidationError("checkpoint must be the path of a file")
    return name


def _is_local(executor: Any) -> bool:
    """Tells whether it is known to run each task once."""
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

    return isinstance(executor, (ThreadPoolExecutor, ProcessPoolExecutor))


def _check_executor(executor: Any, honours_keys: bool) -> None:
    if executor is None or _is_local(executor):
        return
    from concurrent.futures import Executor

    if not isinstance(executor, Executor):
        raise ValidationError("executor must be a concurrent.futures.Executor")
    if not honours_keys:
        raise ConfigurationError(
            "an executor that may run a task again when a worker dies could execute an input "
            "twice: use a client with retry_writes=True, on a server that honours Idempotency-Key"
        )


def _gathered(
    run: BatchRun,
    total: Optional[int],
    on_result: Optional[Callable[[BatchItem], Any]],
    saw: Optional[OnBatch],
) -> BatchResult:
    """Takes all items, telling of each, and gives what became of them."""
    from ai_spine.batch.items import BatchProgress, BatchResult

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
    from ai_spine.batch.items import BatchInterrupt

    try:
        _take_all(run, take)
    except KeyboardInterrupt:
        try:
            run.stop()
            log.warning("finishing what is in flight; Ctrl-C again leaves at once")
            _take_all(run, take)
        except KeyboardInterrupt:
            run.leave()
        raise BatchInterrupt(_how_to_go_on(run), run.running) from None


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
