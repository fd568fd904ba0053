"""Starts the batches of this client, and ends them. By hand: `_sync` has the other half."""

import copy
from typing import Any, Awaitable, Callable, Mapping, Optional

from ai_spine._async.methods.waiting import WaitMethods
from ai_spine.batch.async_run import AsyncBatchRun
from ai_spine.batch.options import BatchOptions
from ai_spine.batch.results import Result
from ai_spine.batch.workers import WorkerPool
from ai_spine.exceptions import ValidationError
from ai_spine.models import Execution
from ai_spine.policy.json_encoding import kind_of

__all__ = ["AsyncBatchRun", "check_inputs", "start_run", "taking_all"]


def check_inputs(inputs: Any) -> None:
    """Check that the inputs are an iterable of mappings, plain or async.

    Raises:
        ValidationError: They are not.
    """
    is_iterable = hasattr(inputs, "__iter__") or hasattr(inputs, "__aiter__")
    if isinstance(inputs, (str, bytes, Mapping)) or not is_iterable:
        raise ValidationError(
            f"inputs must be an iterable of mappings, not {kind_of(inputs)}"
        )


def start_run(client: WaitMethods, options: BatchOptions) -> AsyncBatchRun:
    """Open the checkpoint, and start a run."""
    run = AsyncBatchRun(
        options.inputs,
        concurrency=options.concurrency,
        timeout=options.timeout,
        stop_on_error=options.stop_on_error,
    )
    api = client._api
    checkpoint = options.open_checkpoint(api.settings)
    settings = options.observed_settings(api.settings, run.on_response)
    observed, retrying = copy.copy(client), copy.copy(client)
    span = options.span(api.telemetry, api.settings)
    observed._api = api.with_settings(settings, span.telemetry)
    retrying._api = observed._api.with_settings(settings._replace(retry_writes=True))

    async def start(value: Any, key: str) -> Execution:
        sender = retrying if api.honours_idempotency_keys else observed
        return await sender.execute_flow(options.flow_id, value, idempotency_key=key)

    async def poll(execution_id: str, seconds: Optional[float]) -> Execution:
        execution = await observed._get_execution(execution_id, seconds)
        span.telemetry.record_execution(execution)
        return execution

    workers = WorkerPool(
        start,
        poll,
        min(options.concurrency, api.settings.pool_size),
        lambda: api.honours_idempotency_keys,
        redact=api.redact,
        end=span.end,
    )
    run.start(workers, checkpoint)
    return run


async def taking_all(
    run: AsyncBatchRun, take: Callable[[Result], Awaitable[None]]
) -> None:
    """Take all results; an error lets what is in flight finish, and a cancellation does not."""
    try:
        try:
            async for result in run:
                await take(result)
        except Exception:
            run.stop()
            async for _ in run:  # what is in flight must still be recorded
                pass
            raise
    finally:
        await run.abandon()
