"""Executing a flow for many inputs."""

from __future__ import annotations

import copy
import os
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Sized,
    Union,
)

from ai_spine._sync.methods.waiting import WaitMethods
from ai_spine._sync.progress import batch_bar
from ai_spine.constants import DEFAULT_CONCURRENCY, DEFAULT_WAIT_TIMEOUT
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.policy.validation import (
    Duration,
    FlowId,
    check_count,
    check_id,
    check_seconds,
)

# A client without batches does not pay for their import.
if TYPE_CHECKING:
    import concurrent.futures

    from ai_spine.batch.items import BatchItem, BatchProgress, BatchResult
    from ai_spine.batch.run import BatchRun
    from ai_spine.batch.workers import WorkerPool
    from ai_spine.models import Execution

Path = Union[str, "os.PathLike[str]"]


class _Options(NamedTuple):
    """The checked arguments of a batch."""

    flow_id: str
    inputs: Iterable[Any]
    concurrency: int
    stop_on_error: bool
    timeout: float
    checkpoint: Optional[str]
    executor: Optional[concurrent.futures.Executor]
    retry_failed: bool
    retry_uncertain: bool


class BatchMethods(WaitMethods):
    """Methods of batches."""

    def execute_batch(
        self,
        flow_id: FlowId,
        inputs: Iterable[Mapping[str, Any]],
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        on_result: Optional[Callable[[BatchItem], Any]] = None,
        stop_on_error: bool = False,
        timeout: Optional[Duration] = None,
        checkpoint: Optional[Path] = None,
        executor: Optional[concurrent.futures.Executor] = None,
        progress: Union[None, bool, Callable[[BatchProgress], Any]] = None,
        retry_failed: bool = False,
        retry_uncertain: bool = False,
    ) -> BatchResult:
        """Execute a flow for each input, many at once, and return all results.

        An input that fails does not stop the others; its item has the error. If the server accepts
        nothing from the start, the batch ends with the reason. Ctrl-C lets what is in flight
        finish; a second Ctrl-C ends the batch at once.

        Args:
            flow_id: The id of the flow, or the flow.
            inputs: The inputs, from any iterable, which is read as there is room. Do not change
                them while the batch runs.
            concurrency: How many executions may be in flight; fewer while the server pushes back.
            on_result: Called with each item as it comes.
            stop_on_error: Whether to start nothing more after the first failure of this run.
            timeout: Seconds, or a `timedelta`, for each execution; 300 by default.
            checkpoint: A file for the results. If it exists, the run that wrote it is resumed:
                finished inputs are read from it, and started ones are polled. An input that may
                have run without anybody knowing is sent again, with the same idempotency key, if
                the server has been seen to echo keys or the client has `retry_writes=True`;
                otherwise it fails with its key.
            executor: An executor to use instead of threads of this process, such as Dask's. One
                that may run a task again when a worker dies needs a client with
                `retry_writes=True`.
            progress: Called with a `BatchProgress` after each item; or whether to show a progress
                bar (tqdm). By default a bar is shown in notebooks.
            retry_failed: Whether to execute the failed inputs of a resumed run again.
            retry_uncertain: Whether to send inputs that may have run again with the same key,
                whatever the server does with it.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            ConfigurationError: The checkpoint belongs to another run, or cannot be read or written;
                or a progress bar is requested, and tqdm is not installed.
            AuthenticationError: The first responses refused the key, and so did all that were in
                flight. Nothing was executed, and there are no items.
            PermissionDeniedError: As many inputs as may be in flight, at least 3 or all there are,
                were refused before any was accepted. Nothing was executed.
            NetworkError: For as many inputs, no connection could be made. Nothing was executed.
            KeyboardInterrupt: Ctrl-C; its text says how to resume.

        Example:
            >>> texts = ["Wonderful!", "Awful."]
            >>> result = client.execute_batch("sentiment-analysis", ({"text": t} for t in texts))
            >>> [item.output["sentiment"]["label"] for item in result]
            ['positive', 'negative']
        """
        from ai_spine._sync.methods.batch_results import collect

        start = self._prepare_batch(
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
        with batch_bar(progress, check_id("flow_id", flow_id), total) as on_progress:
            return collect(start(), total, on_result, on_progress)

    def iter_batch(
        self,
        flow_id: FlowId,
        inputs: Iterable[Mapping[str, Any]],
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        ordered: bool = True,
        stop_on_error: bool = False,
        timeout: Optional[Duration] = None,
        checkpoint: Optional[Path] = None,
        executor: Optional[concurrent.futures.Executor] = None,
        retry_failed: bool = False,
        retry_uncertain: bool = False,
    ) -> Iterator[BatchItem]:
        """Execute a flow for each input like `execute_batch`, and yield the items one by one.

        Memory stays constant: inputs are read a bounded number ahead of the items that are taken.
        Leaving the loop starts nothing more. The loop raises what `execute_batch` does.

        Args:
            flow_id: The id of the flow, or the flow.
            inputs: See `execute_batch`, as for the arguments that are not listed here.
            ordered: Whether items come in the order of the inputs, or as they are done.

        Example:
            >>> texts = ({"text": text} for text in ["Wonderful!", "Awful."])
            >>> for item in client.iter_batch("sentiment-analysis", texts):
            ...     print(item.index, item.output["sentiment"]["label"])
            0 positive
            1 negative
        """
        from ai_spine._sync.methods.batch_results import iter_as_done, iter_in_order

        start = self._prepare_batch(
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
        return iter_in_order(start) if ordered else iter_as_done(start)

    def _prepare_batch(
        self,
        flow_id: FlowId,
        inputs: Iterable[Any],
        *,
        concurrency: int,
        stop_on_error: bool,
        timeout: Optional[Duration],
        checkpoint: Optional[Path],
        executor: Optional[concurrent.futures.Executor],
        retry_failed: bool,
        retry_uncertain: bool,
    ) -> Callable[[], BatchRun]:
        """Check the arguments, and return what starts the run; only that opens files."""
        named = check_id("flow_id", flow_id)
        check_count("concurrency", concurrency, least=1)
        _check_inputs(inputs)
        _check_executor(executor, self._api.settings.retry_writes)
        if checkpoint is None and (retry_failed or retry_uncertain):
            raise ValidationError(
                "retry_failed and retry_uncertain need the checkpoint of a run to resume"
            )
        options = _Options(
            named,
            inputs,
            concurrency,
            stop_on_error,
            check_seconds(
                "timeout", DEFAULT_WAIT_TIMEOUT if timeout is None else timeout
            ),
            _resolve_path(checkpoint),
            executor,
            retry_failed,
            retry_uncertain,
        )
        return partial(self._start_batch, options)

    def _start_batch(self, options: _Options) -> BatchRun:
        from ai_spine.batch.checkpoint import Checkpoint, NoCheckpoint
        from ai_spine.batch.run import BatchRun

        run = BatchRun(
            options.inputs,
            concurrency=options.concurrency,
            timeout=options.timeout,
            stop_on_error=options.stop_on_error,
        )
        settings = self._api.settings
        checkpoint = NoCheckpoint(settings.json_default)
        if options.checkpoint is not None:
            checkpoint = Checkpoint(
                options.checkpoint,
                options.flow_id,
                server=settings.base_url,
                retry_failed=options.retry_failed,
                resend=options.retry_uncertain or settings.retry_writes,
                json_default=settings.json_default,
            )
        run.start(self._workers_for(run, options), checkpoint)
        return run

    def _workers_for(self, run: BatchRun, options: _Options) -> WorkerPool:
        from ai_spine._sync.methods.executor_task import Task, execute_one
        from ai_spine.batch.workers import WorkerPool

        flow_id, executor, api = options.flow_id, options.executor, self._api
        hooks = dict(api.settings.event_hooks)
        hooks["response"] = (*hooks.get("response", ()), run.on_response)
        observed, retrying = copy.copy(self), copy.copy(self)
        settings = api.settings._replace(event_hooks=hooks)
        observed._api = api.with_settings(settings)
        retrying._api = api.with_settings(settings._replace(retry_writes=True))

        def start(value: Any, key: str) -> Execution:
            client = retrying if api.honours_idempotency_keys else observed
            return client.execute_flow(flow_id, value, idempotency_key=key)

        workers = WorkerPool(
            start,
            observed._get_execution,
            min(options.concurrency, api.settings.pool_size),
            lambda: api.honours_idempotency_keys,
            redact=api.redact,
        )
        if executor is None:
            return workers
        submit, task = executor.submit, Task(self)
        return workers._replace(
            threads=0,
            may_rerun=not _is_local(executor),
            submit=lambda value, plan: submit(
                execute_one,
                task,
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


def _resolve_path(path: Optional[Path]) -> Optional[str]:
    """Return the one real path of a file, whatever directories and links lead to it."""
    if path is None:
        return None
    try:
        name = os.path.realpath(os.fsdecode(path))
    except (TypeError, ValueError):
        name = "\0"
    if "\0" in name:  # not every system's `realpath` refuses it
        raise ValidationError("checkpoint must be the path of a file")
    return name


def _is_local(executor: Any) -> bool:
    """Return whether an executor is known to run each task once."""
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
