"""How a batch reaches the server: with threads of its own, or through an executor's workers."""

import pickle
import threading
import uuid
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Optional, Tuple

from ai_spine.checkpoint import Plan
from ai_spine.exceptions import AISpineError
from ai_spine.models import Execution

if TYPE_CHECKING:
    from ai_spine.client import AISpine

_MOST_CLIENTS = 8
_clients: Dict[str, "AISpine"] = {}
_lock = threading.Lock()


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


class Parcel:
    """A client on its way to other processes, where it is unpacked once, however often it comes."""

    def __init__(self, client: "AISpine", name: Optional[str] = None) -> None:
        self.client = client
        self._name = name or uuid.uuid4().hex

    def __reduce__(self) -> Any:
        return _unpack, (self._name, pickle.dumps(self.client))


def _unpack(name: str, packed: bytes) -> Parcel:
    with _lock:
        if name not in _clients:
            while len(_clients) >= _MOST_CLIENTS:
                del _clients[next(iter(_clients))]  # the oldest: its batch is long over
            _clients[name] = pickle.loads(
                packed
            )  # nosec B301: from the batch's own process
        return Parcel(_clients[name], name)


def execute_one(
    parcel: Parcel,
    flow_id: str,
    input_data: Any,
    key: str,
    execution_id: Optional[str],
    timeout: float,
) -> Tuple[Optional[Execution], Optional[AISpineError]]:
    """Executes one input, or waits for the execution that it has, to the end.

    Returns:
        The execution as it was last seen, and why it is not done.
    """
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
                execution_id, timeout, raise_on_failure=False
            ),
            None,
        )
    except AISpineError as error:
        return execution, error
