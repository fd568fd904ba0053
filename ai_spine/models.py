"""What the API sends, as dataclasses that are read-only mappings of the JSON as well.

`execution.status` is typed, snake_case and the same for every server; `execution["status"]` is what
the server sent. Reading never fails: a field that is missing is `None`, one that is oddly typed is
what it came as.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Container, Dict, List, Mapping, Optional

from ai_spine.constants import NO_EXECUTION_ID
from ai_spine.exceptions import ValidationError
from ai_spine.graph import find_problems, topological_order
from ai_spine.statuses import TERMINAL_STATUSES, ExecutionStatus, read_status
from ai_spine.utils import parse_timestamp
from ai_spine.wire import Model, attribute, hidden, required

_LONGEST_MS = 1e13  # three hundred years; beyond, it is no duration


def _read_nodes(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [
        FlowNode.from_wire(node) if isinstance(node, Mapping) else node
        for node in value
    ]


@dataclass(frozen=True, eq=False, repr=False)
class FlowNode(Model):
    """One node of a flow: an agent with its configuration."""

    id: str = required()
    """Unique within the flow."""
    agent_id: Optional[str] = attribute()
    """The agent that does the work; input, output and conditional nodes can go without."""
    type: Optional[str] = attribute()
    """`input`, `processor`, `output` or `conditional`."""
    depends_on: Optional[List[str]] = attribute()
    """The nodes that must be done before this one starts."""
    config: Optional[Dict[str, Any]] = hidden()
    """What the agent is given along with its input; `timeout` is in seconds."""
    conditions: Optional[Dict[str, Any]] = hidden()
    """Of a conditional node: which of its dependents run."""


@dataclass(frozen=True, eq=False, repr=False)
class Flow(Model):
    """A directed acyclic graph of nodes.

    Example:
        >>> flow = Flow.from_wire({"flow_id": "f", "nodes": [{"id": "n", "agent_id": "echo"}]})
        >>> flow.nodes[0].agent_id
        'echo'
    """

    flow_id: str = required("id")
    """The flow's name in the API."""
    name: Optional[str] = attribute()
    """The flow's name for people."""
    description: Optional[str] = hidden()
    """What the flow does."""
    version: Any = attribute()
    """Text or a whole number, as the server keeps it."""
    nodes: List[FlowNode] = attribute(read=_read_nodes)
    """The nodes, in no particular order."""
    entry_point: Optional[str] = hidden()
    """The id of the node that takes the input."""
    exit_points: Optional[List[str]] = hidden()
    """The ids of the nodes whose outputs are the execution's output."""
    metadata: Optional[Dict[str, Any]] = hidden()
    """Whatever its author attached."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was created, in UTC."""
    updated_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was last changed, in UTC."""

    def order(self) -> List[str]:
        """Gives the ids of the nodes, each behind those that it depends on.

        Raises:
            ValidationError: The graph is not sound.
        """
        self.validate()
        return topological_order(self.nodes)

    def validate(self, agent_ids: Optional[Container[str]] = None) -> None:
        """Checks the flow with the code, and the words, of the local server.

        Args:
            agent_ids: The agents there are; `None` leaves the agents unchecked.

        Raises:
            ValidationError: Something is wrong with it; all of it is named in the one message.

        Example:
            >>> node = FlowNode("n", agent_id="echo", depends_on=["m"])
            >>> Flow("f", nodes=[node], entry_point="n", exit_points=["n"]).validate()
            Traceback (most recent call last):
            ai_spine.exceptions.ValidationError: flow 'f': node 'n' depends on 'm', which is no node
        """
        problems = find_problems(self, agent_ids)
        if problems:
            raise ValidationError(f"flow {self.flow_id!r}: {'; '.join(problems)}")


@dataclass(frozen=True, eq=False, repr=False)
class Execution(Model):
    """One run of a flow.

    Example:
        >>> execution = Execution.from_wire({"executionId": "e", "status": "success"})
        >>> execution.execution_id, execution.status, execution["status"]
        ('e', 'completed', 'success')
    """

    execution_id: str = required("id")
    """The id to ask for it by."""
    flow_id: Optional[str] = attribute()
    """The flow that runs."""
    status: str = attribute(read=read_status)
    """An `ExecutionStatus`, or the server's text where that is new."""
    input_data: Optional[Dict[str, Any]] = hidden("input")
    """What the flow was given."""
    output_data: Optional[Dict[str, Any]] = hidden("output", "result")
    """The output of each exit point."""
    error_message: Optional[str] = attribute("error")
    """Why it failed."""
    metadata: Optional[Dict[str, Any]] = hidden()
    """What the caller attached."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was asked for, in UTC."""
    started_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When its first node started, in UTC."""
    updated_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it last changed, in UTC."""
    completed_at: Optional[datetime] = hidden(
        "finished_at", "finishedAt", read=parse_timestamp
    )
    """When it was done, in UTC."""

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return isinstance(self.status, str) and self.status in TERMINAL_STATUSES

    @property
    def succeeded(self) -> bool:
        """Whether it completed."""
        return self.status == ExecutionStatus.COMPLETED

    @property
    def output(self) -> Dict[str, Any]:
        """The output of each exit point; empty while there is none."""
        return self.output_data if isinstance(self.output_data, dict) else {}

    @property
    def error(self) -> Optional[str]:
        """Why it failed or was cancelled; `None` if it did neither, whatever the server says."""
        unsuccessful = self.is_done and not self.succeeded
        return self.error_message if unsuccessful else None

    @property
    def was_started(self) -> bool:
        """Whether the server started anything: it answers 200 for a flow that it does not know."""
        return self.execution_id != NO_EXECUTION_ID

    @property
    def duration(self) -> Optional[timedelta]:
        """How long it took; `None` while it runs."""
        return _between(self.started_at or self.created_at, self.completed_at)


@dataclass(frozen=True, eq=False, repr=False)
class NodeResult(Model):
    """What one node of an execution gave.

    Example:
        >>> NodeResult.from_wire({"nodeId": "n", "executionTimeMs": 533}).duration.total_seconds()
        0.533
    """

    node_id: str = required()
    """The node."""
    agent_id: Optional[str] = attribute()
    """The agent that did its work."""
    status: str = attribute(read=read_status)
    """An `ExecutionStatus`, or the server's text where that is new."""
    error_message: Optional[str] = attribute("error")
    """Why it failed."""
    execution_time_ms: Optional[float] = hidden("duration_ms", "durationMs")
    """How long it took, in milliseconds."""
    id: Optional[str] = hidden()
    """The id of the result itself."""
    execution_id: Optional[str] = hidden()
    """The execution that it belongs to."""
    input_data: Optional[Dict[str, Any]] = hidden("input")
    """What the node was given."""
    output_data: Optional[Dict[str, Any]] = hidden("output", "result")
    """What it gave."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was noted, in UTC."""
    started_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it started, in UTC."""
    updated_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it last changed, in UTC."""
    completed_at: Optional[datetime] = hidden(
        "finished_at", "finishedAt", read=parse_timestamp
    )
    """When it was done, in UTC."""

    @property
    def duration(self) -> Optional[timedelta]:
        """How long it took; `None` where the server does not say."""
        told = self.execution_time_ms
        if isinstance(told, (int, float)) and abs(told) < _LONGEST_MS:
            return timedelta(milliseconds=told)
        return _between(self.started_at or self.created_at, self.completed_at)


@dataclass(frozen=True, eq=False, repr=False)
class AgentMessage(Model):
    """A message that one agent sent to another while an execution ran."""

    id: Optional[str] = attribute("message_id", "messageId")
    """The id of the message."""
    execution_id: Optional[str] = hidden()
    """The execution that it belongs to."""
    from_agent: Optional[str] = attribute("sender", "source")
    """Who sent it."""
    to_agent: Optional[str] = attribute("recipient", "receiver", "target")
    """Who it was for."""
    message_type: Optional[str] = attribute("type")
    """What kind of message it is, in the server's words."""
    content: Any = hidden("payload", "message", "data")
    """What it says."""
    timestamp: Optional[datetime] = attribute(
        "created_at", "createdAt", read=parse_timestamp
    )
    """When it was sent, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class Agent(Model):
    """A service that does one node's work."""

    agent_id: str = required("id")
    """The agent's name in the API."""
    name: Optional[str] = attribute()
    """The agent's name for people."""
    description: Optional[str] = hidden()
    """What the agent does."""
    endpoint: Optional[str] = hidden()
    """The URL that it is served at."""
    capabilities: Optional[List[str]] = attribute()
    """What it can do, in words of its author."""
    agent_type: Optional[str] = attribute("type")
    """`input`, `processor`, `output` or `conditional`."""
    is_active: Optional[bool] = attribute()
    """Whether it takes work."""
    configuration: Optional[Dict[str, Any]] = hidden()
    """What older servers send instead of an endpoint."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was registered, in UTC."""
    updated_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was last changed, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class HealthStatus(Model):
    """Whether the server is well."""

    status: str = required()
    """`healthy`, where it is."""
    message: Optional[str] = attribute()
    """The server's own words."""
    timestamp: Optional[datetime] = attribute(read=parse_timestamp)
    """The server's clock, in UTC."""
    version: Optional[str] = attribute()
    """The server's version, where it tells."""

    @property
    def is_healthy(self) -> bool:
        """Whether the server calls itself well."""
        return self.status in ("healthy", "ok")


@dataclass(frozen=True, eq=False, repr=False)
class Metrics(Model):
    """What the server has counted. Times are in seconds."""

    total_executions: Optional[int] = attribute("executions_total", "executionsTotal")
    """All executions."""
    successful_executions: Optional[int] = attribute(
        "executions_successful", "executionsSuccessful"
    )
    """Those that completed."""
    failed_executions: Optional[int] = attribute(
        "executions_failed", "executionsFailed"
    )
    """Those that failed."""
    cancelled_executions: Optional[int] = attribute(
        "executions_cancelled", "executionsCancelled"
    )
    """Those that were cancelled."""
    running_executions: Optional[int] = attribute(
        "executions_active", "executionsActive"
    )
    """Those that run now."""
    average_execution_time: Optional[float] = attribute()
    """Seconds that an execution takes on average."""
    total_execution_time: Optional[float] = hidden()
    """Seconds that all executions took together."""
    last_execution: Optional[datetime] = attribute(read=parse_timestamp)
    """When the newest execution was asked for, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class SystemStatus(Model):
    """How the server's parts are."""

    status: str = required()
    """`operational`, where they work."""
    components: Optional[Dict[str, str]] = attribute()
    """The state of each part."""
    agents: Optional[Dict[str, int]] = attribute()
    """How many agents there are: `total` and `active`."""
    flows: Optional[Dict[str, int]] = attribute()
    """How many flows there are: `total`."""


@dataclass(frozen=True, eq=False, repr=False)
class User(Model):
    """Whom a key or an account token belongs to."""

    id: str = required("user_id", "userId")
    """The id of the user."""
    email: Optional[str] = hidden()
    """The user's address."""
    name: Optional[str] = attribute("full_name", "fullName")
    """The user's name."""
    organization: Optional[str] = attribute("company")
    """Whom the user belongs to."""
    plan: Optional[str] = attribute()
    """What the user has subscribed to."""
    credits: Optional[float] = attribute()
    """What is left to spend on executions."""
    rate_limit: Optional[float] = hidden()
    """How many requests may be made; the server says in which time."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When the user was registered, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class ApiKeyStatus(Model):
    """Whether a user has an API key, and what it may do. No repr shows the key."""

    has_api_key: Optional[bool] = attribute()
    """Whether there is one."""
    api_key: Optional[str] = hidden("key")
    """The key itself, where the server tells it."""
    credits: Optional[float] = attribute()
    """What is left to spend on executions."""
    rate_limit: Optional[float] = attribute()
    """How many requests may be made; the server says in which time."""
    created_at: Optional[datetime] = attribute(read=parse_timestamp)
    """When the key was made, in UTC."""
    last_used_at: Optional[datetime] = attribute(read=parse_timestamp)
    """When the key was last used, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class ApiKeyChange(Model):
    """What became of a user's API key. No repr shows the key."""

    message: Optional[str] = attribute()
    """The server's own words."""
    action: Optional[str] = attribute("status")
    """`created`, `regenerated` or `revoked`."""
    api_key: Optional[str] = hidden("key")
    """The new key; keep it, since not every server tells it again."""


def _between(start: Any, end: Any) -> Optional[timedelta]:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return end - start
    return None
