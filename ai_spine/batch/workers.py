"""How a batch reaches the server: with threads of its own, or through an executor's workers."""

import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    NamedTuple,
    Optional,
    Tuple,
)

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


@dataclass(frozen=True)
class Landing:
    """A result for the caller, and where in a file it stands."""

    item: BatchItem
    offset: Optional[int]


@dataclass(frozen=True)
class Flight:
    """An input that is being executed."""

    index: int
    input: Any
    plan: Plan
    execution: Optional[Execution] = None
    wait: Optional[Wait] = None
    is_second: bool = False
    """Whether an executor was given it before."""

    @property
    def is_repeated(self) -> bool:
        """Whether a request that came before may have been executed."""
        return self.plan.is_uncertain or self.is_second


class Crew(NamedTuple):
    """Who does the work of a run."""

    start: Callable[[Any, str], Execution]
    """Sends an input with its key."""
    look: Callable[[str, float], Execution]
    """Asks about an execution, in so many seconds."""
    senders: int
    """How many threads do so."""
    submit: Optional[Callable[[Any, Plan], "Future[Any]"]] = None
    """Has an executor do all of it instead."""
    honours_keys: bool = False
    """Whether the server gives the same execution for the same key, so that it may come again."""
    reruns: bool = False
    """Whether the executor may do its work twice without telling."""
    redact: Callable[[str], str] = str
    """Takes secrets out of a server's words."""

    def wait_for(
        self, execution: Execution, timeout: float, durations: Durations
    ) -> Wait:
        """Gives a wait that begins now."""
        return Wait(
            execution.execution_id,
            timeout,
            DEFAULT_INTERVAL,
            clock=time.monotonic,
            delays=durations.looks(DEFAULT_INTERVAL),
            redact=self.redact,
        )

    def item_of(
        self,
        flight: Flight,
        execution: Optional[Execution],
        error: Optional[AISpineError],
    ) -> BatchItem:
        """Gives what became of an input."""
        plan = flight.plan
        was_started = execution is not None and execution.was_started
        if error is not None and not was_started and self._leaves_doubt(flight, error):
            execution = None
            vars(error).update(maybe_executed=True, idempotency_key=plan.key)
        return BatchItem(
            flight.index, flight.input, execution, error, plan.key, plan.attempt
        )

    def _leaves_doubt(self, flight: Flight, error: AISpineError) -> bool:
        """Tells whether a request that came before may be executed, whatever this one was told."""
        if isinstance(error, ConflictError) and self.reruns:
            return True
        if not flight.is_repeated:
            return False
        if isinstance(error, ValidationError) and not isinstance(error, APIError):
            return False  # the input cannot be sent at all, and never could
        # With the same key, a server that honours keys would have told of the earlier one.
        tells_all = isinstance(error, (BadRequestError, ExecutionError))
        return not (self.honours_keys and tells_all)

    def failure_of(self, execution: Execution) -> Optional[AISpineError]:
        """Gives why an execution that has ended has no output; `None` if it has one."""
        try:
            check_outcome(execution, self.redact)
        except AISpineError as error:
            return error
        return None


def submitted(crew: Crew, flight: Flight) -> "Future[Any]":
    """Gives an input to the executor.

    Raises:
        ConfigurationError: It takes none.
    """
    assert crew.submit is not None  # nosec B101: for the types
    try:
        return crew.submit(flight.input, flight.plan)
    except Exception as error:  # it was shut down, its workers died
        words = f"the executor takes no more work: {error}"
        raise ConfigurationError(words) from error


def was_lost(future: "Future[Any]") -> bool:
    """Tells whether a worker told nothing: `execute_one` gives errors, and raises none."""
    return future.cancelled() or future.exception() is not None


def outcome_of(future: "Future[Any]", plan: Plan) -> Outcome:
    """Gives what an executor has made of an input; of a worker that died, nobody knows."""
    try:
        outcome: Outcome = future.result()
        return outcome
    except BaseException as lost:  # its worker died, or was cancelled
        told = f"{type(lost).__name__}: {lost}" if str(lost) else type(lost).__name__
    words = one_line(f"the worker gave no answer ({told})", MAX_MESSAGE_LENGTH)
    known = plan.execution_id
    call = CallInfo(
        "POST" if known is None else "GET",
        maybe_executed=known is None,
        idempotency_key=plan.key,
    )
    seen = None if known is None else Execution.from_wire({"execution_id": known})
    return seen, NetworkError(words, call=call)
