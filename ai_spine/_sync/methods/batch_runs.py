"""Starts the batches of this client, and ends them. By hand: `_async` has the other half."""

import copy
from typing import Any, Callable, Mapping, Optional

from ai_spine._sync.methods.executor_task import Task, execute_one
from ai_spine._sync.methods.waiting import WaitMethods
from ai_spine.batch.items import BatchInterrupt
from ai_spine.batch.options import BatchOptions
from ai_spine.batch.results import Result
from ai_spine.batch.run import BatchRun
from ai_spine.batch.workers import WorkerPool
from ai_spine.exceptions import ValidationError
from ai_spine.models import Execution
from ai_spine.policy.json_encoding import kind_of
from ai_spine.policy.request_events import log

__all__ = ["BatchRun", "check_inputs", "start_run", "taking_all"]


def check_inputs(inputs: Any) -> None:
    """Check that the inputs are an iterable of mappings.

    Raises:
        ValidationError: They are not.
    """
    if hasattr(inputs, "__aiter__"):
        raise ValidationError(
            "inputs must be a plain iterable: AsyncAISpine takes async ones"
        )
    if isinstance(inputs, (str, bytes, Mapping)) or not hasattr(inputs, "__iter__"):
        raise ValidationError(
            f"inputs must be an iterable of mappings, not {kind_of(inputs)}"
        )


def start_run(client: WaitMethods, options: BatchOptions) -> BatchRun:
    """Open the checkpoint, and start a run."""
    run = BatchRun(
        options.inputs,
        concurrency=options.concurrency,
        timeout=options.timeout,
        stop_on_error=options.stop_on_error,
    )
    checkpoint = options.open_checkpoint(client._api.settings)
    run.start(_workers_for(client, run, options), checkpoint)
    return run


def _workers_for(
    client: WaitMethods, run: BatchRun, options: BatchOptions
) -> WorkerPool:
    api, flow_id, executor = client._api, options.flow_id, options.executor
    settings = options.observed_settings(api.settings, run.on_response)
    observed, retrying = copy.copy(client), copy.copy(client)
    span = options.span(api.telemetry, api.settings)
    observed._api = api.with_settings(settings, span.telemetry)
    retrying._api = observed._api.with_settings(settings._replace(retry_writes=True))

    def start(value: Any, key: str) -> Execution:
        sender = retrying if api.honours_idempotency_keys else observed
        return sender.execute_flow(flow_id, value, idempotency_key=key)

    def poll(execution_id: str, seconds: Optional[float]) -> Execution:
        execution = observed._get_execution(execution_id, seconds)
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
    if executor is None:
        return workers
    submit, task = executor.submit, Task(client)
    return workers._replace(
        size=0,
        may_rerun=not options.has_local_executor,
        submit=lambda value, plan: submit(
            execute_one, task, flow_id, value, plan.key, plan.execution_id, run.timeout
        ),
    )


def taking_all(run: BatchRun, take: Callable[[Result], None]) -> None:
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
