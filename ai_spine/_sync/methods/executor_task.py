"""What a worker of an executor runs: one input, with a client that travelled there."""

import os
import pickle  # nosec B403
import signal
import threading
import uuid
from typing import Any, Dict, Optional

from ai_spine._sync.methods.waiting import WaitMethods
from ai_spine.batch.workers import Outcome
from ai_spine.exceptions import AISpineError
from ai_spine.models import Execution

_MAX_CLIENTS = 8
_clients: Dict[str, WaitMethods] = {}
_lock = threading.Lock()


class Task:
    """A client that is pickled for other processes, where it is unpickled once."""

    def __init__(
        self,
        client: WaitMethods,
        name: Optional[str] = None,
        home: Optional[int] = None,
    ) -> None:
        self.client = client
        self.home = home or os.getpid()
        """The id of the process that it comes from."""
        self._name = name or uuid.uuid4().hex

    def __reduce__(self) -> Any:
        return _unpack, (self._name, pickle.dumps(self.client), self.home)


def _unpack(name: str, packed: bytes, home: int) -> Task:
    with _lock:
        if name not in _clients:
            while len(_clients) >= _MAX_CLIENTS:
                del _clients[
                    next(iter(_clients))
                ]  # the oldest, whose batch is long over
            _clients[name] = pickle.loads(
                packed
            )  # nosec B301 # from the batch's own process
        return Task(_clients[name], name, home)


def _ignore_ctrl_c_outside(home: int) -> None:
    """Ignore Ctrl-C in a worker, since it reaches all processes of a terminal."""
    is_worker = os.getpid() != home
    if is_worker and threading.current_thread() is threading.main_thread():
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def execute_one(
    task: Task,
    flow_id: str,
    input_data: Any,
    key: str,
    execution_id: Optional[str],
    timeout: float,
) -> Outcome:
    """Execute one input, or wait for the execution that it has, to the end.

    Returns:
        The execution as last seen, and why it is not done.
    """
    _ignore_ctrl_c_outside(task.home)
    execution: Optional[Execution] = None
    try:
        if execution_id is None:
            execution = task.client.execute_flow(
                flow_id, input_data, idempotency_key=key
            )
            execution_id = execution.execution_id
        else:
            execution = Execution.from_wire({"execution_id": execution_id})
        return (
            task.client.wait_for_execution(
                execution_id, timeout, progress=False, raise_on_failure=False
            ),
            None,
        )
    except AISpineError as error:
        return execution, error
