"""The API as data: one `Operation` for each endpoint. The client's methods and the local server's
routes are both checked against this file."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Generic, List, TypeVar

from ai_spine.models import (
    Agent,
    Execution,
    Flow,
    HealthStatus,
    Metrics,
    SystemStatus,
)
from ai_spine.utils import quote_segment
from ai_spine.wire import UnexpectedAnswer, read_items

T = TypeVar("T")


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One endpoint.

    Example:
        >>> GET_FLOW.path_for("", {"flow_id": "a b"})
        '/flows/a%20b'
    """

    name: str
    """The client's method for it."""
    method: str
    """The HTTP method; it says, too, whether a repetition is harmless."""
    path: str
    """The path, with the names of ids in braces."""
    read: Callable[[Any], T]
    """Turns the answer's JSON into what the method gives."""
    prefixed: bool = True
    """Whether it moves along with `api_prefix`; the system's endpoints do not."""

    def path_for(self, prefix: str, ids: Dict[str, str]) -> str:
        """Gives the path for these ids."""
        quoted = {name: quote_segment(value) for name, value in ids.items()}
        return (prefix if self.prefixed else "") + self.path.format(**quoted)


def _read_nothing(_: Any) -> None:
    """Reads an answer that says no more than that it was done."""


def _read_started(data: Any) -> Execution:
    execution = Execution.from_wire(data)
    if not isinstance(execution.execution_id, str) or not execution.execution_id:
        raise UnexpectedAnswer("a JSON object that names no execution")
    return execution


EXECUTE_FLOW: Operation[Execution] = Operation(
    "execute_flow", "POST", "/flows/execute", _read_started
)
GET_EXECUTION: Operation[Execution] = Operation(
    "get_execution", "GET", "/executions/{execution_id}", Execution.from_wire
)
LIST_EXECUTIONS: Operation[List[Execution]] = Operation(
    "list_executions", "GET", "/executions", read_items(Execution, "executions")
)
CANCEL_EXECUTION: Operation[None] = Operation(
    "cancel_execution", "POST", "/executions/{execution_id}/cancel", _read_nothing
)
LIST_FLOWS: Operation[List[Flow]] = Operation(
    "list_flows", "GET", "/flows", read_items(Flow, "flows")
)
GET_FLOW: Operation[Flow] = Operation(
    "get_flow", "GET", "/flows/{flow_id}", Flow.from_wire
)
LIST_AGENTS: Operation[List[Agent]] = Operation(
    "list_agents", "GET", "/agents", read_items(Agent, "agents")
)
GET_AGENT: Operation[Agent] = Operation(
    "get_agent", "GET", "/agents/{agent_id}", Agent.from_wire
)
CREATE_AGENT: Operation[Agent] = Operation(
    "create_agent", "POST", "/agents", Agent.from_wire
)
DELETE_AGENT: Operation[None] = Operation(
    "delete_agent", "DELETE", "/agents/{agent_id}", _read_nothing
)
HEALTH_CHECK: Operation[HealthStatus] = Operation(
    "health_check", "GET", "/health", HealthStatus.from_wire, prefixed=False
)
GET_METRICS: Operation[Metrics] = Operation(
    "get_metrics", "GET", "/metrics", Metrics.from_wire, prefixed=False
)
GET_STATUS: Operation[SystemStatus] = Operation(
    "get_status", "GET", "/status", SystemStatus.from_wire, prefixed=False
)

OPERATIONS = tuple(
    value for value in list(vars().values()) if isinstance(value, Operation)
)
