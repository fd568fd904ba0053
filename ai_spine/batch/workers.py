"""How a batch reaches the server: threads or tasks of its own, or the workers of an executor."""

import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple, Optional, Tuple

from ai_spine.batch.checkpoint import Plan
from ai_spine.batch.items import BatchItem
from ai_spine.constants import DEFAULT_INTERVAL, MAX_MESSAGE_LENGTH
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    BadRequestError,
    CallInfo,
    ConfigurationError,
    ConflictError,
    ExecutionError,
    NetworkError,
    ValidationError,
)
from ai_spine.models import Execution
from ai_spine.policy.throttle import Durations
from ai_spine.policy.waiting import Wait, check_outcome
from ai_spine.utils import one_line

Outcome = Tuple[Optional[Execution], Optional[AISpineError]]


@dataclass
class InFlight:
    """An input that is being executed."""

    index: int
    input: Any
    plan: Plan
    execution: Optional[Execution] = None
    """The execution as last seen."""
    wait: Optional[Wait] = None
    is_resubmitted: bool = False
    """Whether an executor was given it before."""

    @property
    def is_repeated(self) -> bool:
        """Whether an earlier request may have been executed."""
        return self.plan.is_uncertain or self.is_resubmitted


class WorkerPool(NamedTuple):
    """Does the work of a run."""

    start: Callable[[Any, str], Any]
    """Sends an input with its key, and returns its execution; async where tasks call it."""
    poll: Callable[[str, Optional[float]], Any]
    """Requests an execution within so many seconds, and returns it; async where tasks call it."""
    size: int
    """How many threads or tasks send inputs at once."""
    honours_keys: Callable[[], bool]
    """Whether the server is known to return the same execution for the same key."""
    submit: Optional[Callable[[Any, Plan], "Future[Any]"]] = None
    """Submits an input to an executor, which does everything instead."""
    may_rerun: bool = False
    """Whether the executor may run a task twice without saying so."""
    redact: Callable[[str], str] = str
    """Removes secrets from a server's text."""
    end: Callable[[], None] = lambda: None
    """Called once, when the run has ended."""

    def wait_for(
        self, execution: Execution, timeout: float, durations: Durations
    ) -> Wait:
        """Return a wait that starts now."""
        return Wait(
            execution.execution_id,
            timeout,
            DEFAULT_INTERVAL,
            clock=time.monotonic,
            delays=durations.delays(DEFAULT_INTERVAL),
            redact=self.redact,
        )

    def item_of(
        self,
        task: InFlight,
        execution: Optional[Execution],
        error: Optional[AISpineError],
    ) -> BatchItem:
        """Return the result of an input."""
        plan = task.plan
        was_started = execution is not None and execution.was_started
        if error is not None and not was_started and self._is_uncertain(task, error):
            execution = None
            vars(error).update(maybe_executed=True, idempotency_key=plan.key)
        return BatchItem(
            task.index, task.input, execution, error, plan.key, plan.attempt
        )

    def _is_uncertain(self, task: InFlight, error: AISpineError) -> bool:
        """Return whether an earlier request may have been executed, whatever this one's error."""
        if isinstance(error, ConflictError) and self.may_rerun:
            return True
        if not task.is_repeated:
            return False
        if isinstance(error, ValidationError) and not isinstance(error, APIError):
            return False  # the input cannot be sent at all, and never could
        # A server that honours keys would have returned the earlier execution.
        is_final = isinstance(error, (BadRequestError, ExecutionError))
        return not (is_final and self.honours_keys())

    def error_of(self, execution: Execution) -> Optional[AISpineError]:
        """Return why a finished execution has no output; `None` if it has one."""
        try:
            check_outcome(execution, self.redact)
        except AISpineError as error:
            return error
        return None


def submit_to_executor(workers: WorkerPool, task: InFlight) -> "Future[Any]":
    """Submit an input to the executor.

    Raises:
        ConfigurationError: The executor accepts nothing.
    """
    assert workers.submit is not None  # nosec B101 # for the types
    try:
        return workers.submit(task.input, task.plan)
    except Exception as error:  # it was shut down, or its workers died
        message = f"the executor accepts no more work: {error}"
        raise ConfigurationError(message) from error


def is_ambiguous(future: "Future[Any]") -> bool:
    """Return whether a worker died: `execute_one` returns errors and raises none."""
    return future.cancelled() or future.exception() is not None


def outcome_of(future: "Future[Any]", plan: Plan) -> Outcome:
    """Return the outcome of an executor's task; if its worker died, it is unknown."""
    try:
        outcome: Outcome = future.result()
        return outcome
    except BaseException as lost:  # the worker died, or the task was cancelled
        reason = f"{type(lost).__name__}: {lost}" if str(lost) else type(lost).__name__
    message = one_line(f"the worker returned nothing ({reason})", MAX_MESSAGE_LENGTH)
    known = plan.execution_id
    call = CallInfo(
        "POST" if known is None else "GET",
        maybe_executed=known is None,
        idempotency_key=plan.key,
    )
    seen = None if known is None else Execution.from_wire({"execution_id": known})
    return seen, NetworkError(message, call=call)
