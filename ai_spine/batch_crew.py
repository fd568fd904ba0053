"""How a batch reaches the server: with threads of its own, or through an executor's workers."""

import os
import pickle  # nosec B403
import signal
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    NamedTuple,
    Optional,
    Tuple,
)

from ai_spine.batch import BatchItem
from ai_spine.checkpoint import Plan
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
from ai_spine.throttle import Durations
from ai_spine.utils import one_line
from ai_spine.waiting import Wait, check_outcome

if TYPE_CHECKING:
    from ai_spine.client import AISpine

_MOST_CLIENTS = 8
_clients: Dict[str, "AISpine"] = {}
_lock = threading.Lock()
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
    conceal: Callable[[str], str] = str
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
            looks=durations.looks(DEFAULT_INTERVAL),
            conceal=self.conceal,
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
            check_outcome(execution, self.conceal)
        except AISpineError as error:
            return error
        return None


class Parcel:
    """A client on its way to other processes, where it is unpacked once, however often it comes."""

    def __init__(
        self,
        client: "AISpine",
        name: Optional[str] = None,
        home: Optional[int] = None,
    ) -> None:
        self.client = client
        self.home = home or os.getpid()
        """The process that it comes from."""
        self._name = name or uuid.uuid4().hex

    def __reduce__(self) -> Any:
        return _unpack, (self._name, pickle.dumps(self.client), self.home)


def _unpack(name: str, packed: bytes, home: int) -> Parcel:
    with _lock:
        if name not in _clients:
            while len(_clients) >= _MOST_CLIENTS:
                del _clients[next(iter(_clients))]  # the oldest: its batch is long over
            _clients[name] = pickle.loads(
                packed
            )  # nosec B301: from the batch's own process
        return Parcel(_clients[name], name, home)


def _leave_ctrl_c_to(home: int) -> None:
    """Lets Ctrl-C, which reaches all processes of a terminal, end no work of a worker's."""
    is_worker = os.getpid() != home
    if is_worker and threading.current_thread() is threading.main_thread():
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def execute_one(
    parcel: Parcel,
    flow_id: str,
    input_data: Any,
    key: str,
    execution_id: Optional[str],
    timeout: float,
) -> Outcome:
    """Executes one input, or waits for the execution that it has, to the end.

    Returns:
        The execution as it was last seen, and why it is not done.
    """
    _leave_ctrl_c_to(parcel.home)
    execution: Optional[Execution] = None
    try:
        if execution_id is None:
            execution = parcel.client.execute_flow(
                flow_id, input_data, idempotency_key=key
            )
            execution_id = execution.execution_id
        else:
            execution = Execution.from_wire({"execution_id": execution_id})
        return (
            parcel.client.wait_for_execution(
                execution_id, timeout, progress=False, raise_on_failure=False
            ),
            None,
        )
    except AISpineError as error:
        return execution, error


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
