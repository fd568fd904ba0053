"""Executing a flow for many inputs."""

from __future__ import annotations

import os
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Mapping,
    Optional,
    Sized,
    Union,
)

from ai_spine._async.methods.waiting import WaitMethods
from ai_spine._async.progress import batch_bar
from ai_spine._async.runtime import check_callback
from ai_spine.constants import DEFAULT_CONCURRENCY
from ai_spine.policy.validation import Duration, FlowId, check_id

# A client without batches does not pay for their import.
if TYPE_CHECKING:
    from ai_spine._async.methods.batch_runs import AsyncBatchRun
    from ai_spine.batch.items import BatchItem, BatchProgress, BatchResult

Path = Union[str, "os.PathLike[str]"]
Inputs = Union[Iterable[Mapping[str, Any]], AsyncIterable[Mapping[str, Any]]]


class BatchMethods(WaitMethods):
    """Methods of batches."""

    async def execute_batch(
        self,
        flow_id: FlowId,
        inputs: Inputs,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        on_result: Optional[Callable[[BatchItem], Any]] = None,
        stop_on_error: bool = False,
        timeout: Optional[Duration] = None,
        checkpoint: Optional[Path] = None,
        progress: Union[None, bool, Callable[[BatchProgress], Any]] = None,
        retry_failed: bool = False,
        retry_uncertain: bool = False,
    ) -> BatchResult:
        """Execute a flow for each input, many at once, and return all results.

        An input that fails does not stop the others; its item has the error. If the server accepts
        nothing from the start, the batch ends with the reason. Cancelling the task ends the batch
        at once; with a checkpoint, it can be resumed.

        Args:
            flow_id: The id of the flow, or the flow.
            inputs: The inputs, from any plain or async iterable, which is read as there is room. Do
                not change them while the batch runs.
            concurrency: How many executions may be in flight; fewer while the server pushes back.
            on_result: A plain or async function, called with each item as it comes.
            stop_on_error: Whether to start nothing more after the first failure of this run.
            timeout: Seconds, or a `timedelta`, for each execution; 300 by default.
            checkpoint: A file for the results. If it exists, the run that wrote it is resumed:
                finished inputs are read from it, and started ones are polled. An input that may
                have run without anybody knowing is sent again, with the same idempotency key, if
                the server has been seen to echo keys or the client has `retry_writes=True`;
                otherwise it fails with its key.
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
            CancelledError: The task was cancelled; what was in flight may have run.

        Example:
            >>> texts = ["Wonderful!", "Awful."]
            >>> inputs = ({"text": text} for text in texts)
            >>> result = await client.execute_batch("sentiment-analysis", inputs)
            >>> [item.output["sentiment"]["label"] for item in result]
            ['positive', 'negative']
        """
        from ai_spine._async.methods.batch_results import collect

        start = self._prepare_batch(
            flow_id,
            inputs,
            concurrency=concurrency,
            stop_on_error=stop_on_error,
            timeout=timeout,
            checkpoint=checkpoint,
            executor=None,
            retry_failed=retry_failed,
            retry_uncertain=retry_uncertain,
        )
        check_callback("on_result", on_result)
        if callable(progress):
            check_callback("progress", progress)
        total = len(inputs) if isinstance(inputs, Sized) else None
        with batch_bar(progress, check_id("flow_id", flow_id), total) as on_progress:
            return await collect(start(), total, on_result, on_progress)

    def iter_batch(
        self,
        flow_id: FlowId,
        inputs: Inputs,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        ordered: bool = True,
        stop_on_error: bool = False,
        timeout: Optional[Duration] = None,
        checkpoint: Optional[Path] = None,
        retry_failed: bool = False,
        retry_uncertain: bool = False,
    ) -> AsyncIterator[BatchItem]:
        """Execute a flow for each input like `execute_batch`, and yield the items one by one.

        Memory stays constant: inputs are read a bounded number ahead of the items that are taken.
        Leaving the loop starts nothing more. The loop raises what `execute_batch` does.

        Args:
            flow_id: The id of the flow, or the flow.
            inputs: See `execute_batch`, as for the arguments that are not listed here.
            ordered: Whether items come in the order of the inputs, or as they are done.

        Example:
            >>> texts = ({"text": text} for text in ["Wonderful!", "Awful."])
            >>> async for item in client.iter_batch("sentiment-analysis", texts):
            ...     print(item.index, item.output["sentiment"]["label"])
            0 positive
            1 negative
        """
        from ai_spine._async.methods.batch_results import iter_as_done, iter_in_order

        start = self._prepare_batch(
            flow_id,
            inputs,
            concurrency=concurrency,
            stop_on_error=stop_on_error,
            timeout=timeout,
            checkpoint=checkpoint,
            executor=None,
            retry_failed=retry_failed,
            retry_uncertain=retry_uncertain,
        )
        return iter_in_order(start) if ordered else iter_as_done(start)

    def _prepare_batch(
        self,
        flow_id: FlowId,
        inputs: Any,
        *,
        concurrency: int,
        stop_on_error: bool,
        timeout: Optional[Duration],
        checkpoint: Optional[Path],
        executor: Any,
        retry_failed: bool,
        retry_uncertain: bool,
    ) -> Callable[[], AsyncBatchRun]:
        """Check the arguments, and return what starts the run; only that opens files."""
        from ai_spine._async.methods.batch_runs import check_inputs, start_run
        from ai_spine.batch.options import check_options

        check_inputs(inputs)
        options = check_options(
            flow_id,
            inputs,
            concurrency=concurrency,
            stop_on_error=stop_on_error,
            timeout=timeout,
            checkpoint=checkpoint,
            executor=executor,
            retry_failed=retry_failed,
            retry_uncertain=retry_uncertain,
            settings=self._api.settings,
        )
        return partial(start_run, self, options)
