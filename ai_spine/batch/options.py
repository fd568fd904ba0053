"""The checked arguments of a batch, and what follows from them."""

import os
from typing import Any, Callable, NamedTuple, Optional, Sized, Union

from ai_spine.batch.checkpoint import Checkpoint, NoCheckpoint
from ai_spine.constants import DEFAULT_WAIT_TIMEOUT
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.policy.settings import Settings
from ai_spine.policy.telemetry import Parent, Telemetry
from ai_spine.policy.validation import Duration, check_count, check_id, check_seconds

Path = Union[str, "os.PathLike[str]"]


class BatchOptions(NamedTuple):
    """The checked arguments of a batch."""

    flow_id: str
    inputs: Any
    concurrency: int
    stop_on_error: bool
    timeout: float
    checkpoint: Optional[str]
    executor: Any
    retry_failed: bool
    retry_uncertain: bool

    @property
    def has_local_executor(self) -> bool:
        """Whether the executor is known to run each task once."""
        return _is_local(self.executor)

    def open_checkpoint(self, settings: Settings) -> NoCheckpoint:
        """Open the file of results, and its journal.

        Raises:
            ConfigurationError: A file cannot be read or written, is in use, or is of another flow.
        """
        if self.checkpoint is None:
            return NoCheckpoint()
        return Checkpoint(
            self.checkpoint,
            self.flow_id,
            server=settings.base_url,
            tenancy=(settings.tenant, settings.workspace),
            retry_failed=self.retry_failed,
            resend=self.retry_uncertain or settings.retry_writes,
            json_default=settings.json_default,
        )

    def span(self, telemetry: Telemetry, settings: Settings) -> Parent:
        """Return a span around the batch, whose calls other threads or tasks make."""
        count = len(self.inputs) if isinstance(self.inputs, Sized) else None
        known = {"flow_id": self.flow_id, "tenant": settings.tenant, "inputs": count}
        return telemetry.parent("execute_batch", **known)

    def observed_settings(
        self, settings: Settings, on_response: Callable[[Any], None]
    ) -> Settings:
        """Return settings with one more hook, which watches how the server keeps up."""
        hooks = dict(settings.event_hooks)
        hooks["response"] = (*hooks.get("response", ()), on_response)
        return settings._replace(event_hooks=hooks)


def check_options(
    flow_id: Any,
    inputs: Any,
    *,
    concurrency: int,
    stop_on_error: bool,
    timeout: Optional[Duration],
    checkpoint: Optional[Path],
    executor: Any,
    retry_failed: bool,
    retry_uncertain: bool,
    settings: Settings,
) -> BatchOptions:
    """Check the arguments of a batch; nothing is opened or sent.

    Raises:
        ValidationError: An argument is wrong.
        ConfigurationError: The executor could execute an input twice.
    """
    named = check_id("flow_id", flow_id)
    check_count("concurrency", concurrency, least=1)
    _check_executor(executor, settings.retry_writes)
    if checkpoint is None and (retry_failed or retry_uncertain):
        raise ValidationError(
            "retry_failed and retry_uncertain need the checkpoint of a run to resume"
        )
    seconds = DEFAULT_WAIT_TIMEOUT if timeout is None else timeout
    return BatchOptions(
        named,
        inputs,
        concurrency,
        stop_on_error,
        check_seconds("timeout", seconds),
        _resolve_path(checkpoint),
        executor,
        retry_failed,
        retry_uncertain,
    )


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
