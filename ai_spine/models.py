"""What the API sends, as dataclasses that are read-only mappings of the JSON as well.

`execution.status` is typed, snake_case and the same for every server; `execution["status"]` is what
the server sent. Reading never fails: a field that is missing is `None`, one that is oddly typed is
what it came as.
"""

import dataclasses
import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import (
    Any,
    Callable,
    ClassVar,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    Type,
    TypeVar,
)

from ai_spine.constants import NO_EXECUTION_ID
from ai_spine.utils import format_timestamp, one_line, parse_timestamp

M = TypeVar("M", bound="Model")
_REPR_LIMIT = 60


class UnexpectedAnswer(ValueError):
    """An answer is JSON, but of a shape that cannot be what was asked for."""


class ExecutionStatus(str, Enum):
    """Where an execution or a node of it stands; equal to its text."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return repr(self.value)


TERMINAL_STATUSES = frozenset(
    {ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED}
)
_STATUS_SYNONYMS = {
    "queued": ExecutionStatus.PENDING,
    "success": ExecutionStatus.COMPLETED,
    "error": ExecutionStatus.FAILED,
    "canceled": ExecutionStatus.CANCELLED,
}


def read_status(value: Any) -> Any:
    """Gives the status in the one vocabulary; one that nobody knows stays as it came."""
    if not isinstance(value, str):
        return value
    try:
        return _STATUS_SYNONYMS.get(value) or ExecutionStatus(value)
    except ValueError:
        return value


class _WireField(NamedTuple):
    """How one attribute is found in the JSON and read."""

    name: str
    keys: Tuple[str, ...]
    read: Optional[Callable[[Any], Any]]


def _required(*others: str) -> Any:
    """Declares a field without a default: the other names that it goes by on the wire."""
    return dataclasses.field(metadata={"others": others})


def _wire(
    *others: str, read: Optional[Callable[[Any], Any]] = None, show: bool = True
) -> Any:
    """Declares a field: its other names, how its value is read, and whether the repr shows it."""
    metadata = {"others": others, "read": read}
    return dataclasses.field(default=None, repr=show, metadata=metadata)


_hidden = functools.partial(_wire, show=False)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _wire_field(field: Any) -> _WireField:
    keys = dict.fromkeys(
        (field.name, _camel(field.name), *field.metadata.get("others", ()))
    )
    return _WireField(field.name, tuple(keys), field.metadata.get("read"))


@dataclass(frozen=True, eq=False, repr=False)
class Model(Mapping[str, Any]):
    """The base of all models: typed attributes over the JSON that they were read from."""

    _fields: ClassVar[Optional[Tuple[_WireField, ...]]] = None

    @classmethod
    def from_wire(cls: Type[M], data: Any) -> M:
        """Reads the model from parsed JSON, in either dialect.

        Raises:
            UnexpectedAnswer: `data` is no JSON object.
        """
        if not isinstance(data, Mapping):
            kind = "nothing" if data is None else f"a JSON {_json_kind(data)}"
            raise UnexpectedAnswer(f"{kind} where a JSON object was expected")
        values = {}
        for name, keys, read in cls._wire_fields():
            value = next((data[key] for key in keys if data.get(key) is not None), None)
            values[name] = value if read is None or value is None else read(value)
        model = cls(**values)
        object.__setattr__(model, "_wire", data)
        return model

    @classmethod
    def _wire_fields(cls) -> Tuple[_WireField, ...]:
        if "_fields" not in cls.__dict__:
            cls._fields = tuple(_wire_field(field) for field in dataclasses.fields(cls))
        assert cls._fields is not None
        return cls._fields

    def filled(self: M, **values: Any) -> M:
        """Gives a copy in which the attributes that the server left out are filled in."""
        missing = {k: v for k, v in values.items() if getattr(self, k) is None}
        copy = dataclasses.replace(self, **missing)
        object.__setattr__(copy, "_wire", self._json)
        return copy

    def to_dict(self) -> Dict[str, Any]:
        """Gives the attributes as JSON-ready values under their snake_case names.

        Fields that the server sent and the SDK does not know stand after them, as they came.
        """
        fields = self._wire_fields()
        plain = {field.name: _jsonable(getattr(self, field.name)) for field in fields}
        wire = self.__dict__.get("_wire")
        if wire is not None:
            known = {key for field in fields for key in field.keys}
            plain.update(
                {key: value for key, value in wire.items() if key not in known}
            )
        return plain

    @property
    def _json(self) -> Mapping[str, Any]:
        wire = self.__dict__.get("_wire")
        return self.to_dict() if wire is None else wire

    def __getitem__(self, key: str) -> Any:
        return self._json[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._json)

    def __len__(self) -> int:
        return len(self._json)

    def __repr__(self) -> str:
        told = (
            (f.name, getattr(self, f.name)) for f in dataclasses.fields(self) if f.repr
        )
        shown = ", ".join(
            f"{name}={_brief(value)}" for name, value in told if value is not None
        )
        return f"{type(self).__name__}({shown})"


def _json_kind(value: Any) -> str:
    return {list: "array", str: "string", bool: "boolean"}.get(type(value), "number")


def _brief(value: Any) -> str:
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], Model):
        return f"<{len(value)}>"
    return one_line(repr(value), _REPR_LIMIT)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    return value


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

    id: str = _required()
    """Unique within the flow."""
    agent_id: Optional[str] = _wire()
    """The agent that does the work; input, output and conditional nodes can go without."""
    type: Optional[str] = _wire()
    """`input`, `processor`, `output` or `conditional`."""
    depends_on: Optional[List[str]] = _wire()
    """The nodes that must be done before this one starts."""
    config: Optional[Dict[str, Any]] = _hidden()
    """What the agent is given along with its input; `timeout` is in seconds."""
    conditions: Optional[Dict[str, Any]] = _hidden()
    """Of a conditional node: which of its dependents run."""


@dataclass(frozen=True, eq=False, repr=False)
class Flow(Model):
    """A directed acyclic graph of nodes.

    Example:
        >>> flow = Flow.from_wire({"flow_id": "f", "nodes": [{"id": "n", "agent_id": "echo"}]})
        >>> flow.nodes[0].agent_id
        'echo'
    """

    flow_id: str = _required("id")
    """The flow's name in the API."""
    name: Optional[str] = _wire()
    """The flow's name for people."""
    description: Optional[str] = _hidden()
    """What the flow does."""
    version: Any = _wire()
    """Text or a whole number, as the server keeps it."""
    nodes: List[FlowNode] = _wire(read=_read_nodes)
    """The nodes, in no particular order."""
    entry_point: Optional[str] = _hidden()
    """The id of the node that takes the input."""
    exit_points: Optional[List[str]] = _hidden()
    """The ids of the nodes whose outputs are the execution's output."""
    metadata: Optional[Dict[str, Any]] = _hidden()
    """Whatever its author attached."""
    created_at: Optional[datetime] = _hidden(read=parse_timestamp)
    """When it was created, in UTC."""
    updated_at: Optional[datetime] = _hidden(read=parse_timestamp)
    """When it was last changed, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class Execution(Model):
    """One run of a flow.

    Example:
        >>> execution = Execution.from_wire({"executionId": "e", "status": "success"})
        >>> execution.execution_id, execution.status, execution["status"]
        ('e', 'completed', 'success')
    """

    execution_id: str = _required("id")
    """The id to ask for it by."""
    flow_id: Optional[str] = _wire()
    """The flow that runs."""
    status: str = _wire(read=read_status)
    """An `ExecutionStatus`, or the server's text where that is new."""
    input_data: Optional[Dict[str, Any]] = _hidden("input")
    """What the flow was given."""
    output_data: Optional[Dict[str, Any]] = _hidden("output", "result")
    """The output of each exit point."""
    error_message: Optional[str] = _wire("error")
    """Why it failed."""
    metadata: Optional[Dict[str, Any]] = _hidden()
    """What the caller attached."""
    created_at: Optional[datetime] = _hidden(read=parse_timestamp)
    """When it was asked for, in UTC."""
    started_at: Optional[datetime] = _hidden(read=parse_timestamp)
    """When its first node started, in UTC."""
    updated_at: Optional[datetime] = _hidden(read=parse_timestamp)
    """When it last changed, in UTC."""
    completed_at: Optional[datetime] = _hidden(
        "finished_at", "finishedAt", read=parse_timestamp
    )
    """When it was done, in UTC."""

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in TERMINAL_STATUSES

    @property
    def succeeded(self) -> bool:
        """Whether it completed."""
        return self.status == ExecutionStatus.COMPLETED

    @property
    def was_started(self) -> bool:
        """Whether the server started anything: it answers 200 for a flow that it does not know."""
        return self.execution_id != NO_EXECUTION_ID

    @property
    def duration(self) -> Optional[timedelta]:
        """How long it took; `None` while it runs."""
        start = self.started_at or self.created_at
        if isinstance(start, datetime) and isinstance(self.completed_at, datetime):
            return self.completed_at - start
        return None


@dataclass(frozen=True, eq=False, repr=False)
class Agent(Model):
    """A service that does one node's work."""

    agent_id: str = _required("id")
    """The agent's name in the API."""
    name: Optional[str] = _wire()
    """The agent's name for people."""
    description: Optional[str] = _hidden()
    """What the agent does."""
    endpoint: Optional[str] = _hidden()
    """The URL that it is served at."""
    capabilities: Optional[List[str]] = _wire()
    """What it can do, in words of its author."""
    agent_type: Optional[str] = _wire("type")
    """`input`, `processor`, `output` or `conditional`."""
    is_active: Optional[bool] = _wire()
    """Whether it takes work."""
    configuration: Optional[Dict[str, Any]] = _hidden()
    """What older servers send instead of an endpoint."""
    created_at: Optional[datetime] = _hidden(read=parse_timestamp)
    """When it was registered, in UTC."""
    updated_at: Optional[datetime] = _hidden(read=parse_timestamp)
    """When it was last changed, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class HealthStatus(Model):
    """Whether the server is well."""

    status: str = _required()
    """`healthy`, where it is."""
    message: Optional[str] = _wire()
    """The server's own words."""
    timestamp: Optional[datetime] = _wire(read=parse_timestamp)
    """The server's clock, in UTC."""
    version: Optional[str] = _wire()
    """The server's version, where it tells."""

    @property
    def is_healthy(self) -> bool:
        """Whether the server calls itself well."""
        return self.status in ("healthy", "ok")


@dataclass(frozen=True, eq=False, repr=False)
class Metrics(Model):
    """What the server has counted. Times are in seconds."""

    total_executions: Optional[int] = _wire("executions_total", "executionsTotal")
    """All executions."""
    successful_executions: Optional[int] = _wire(
        "executions_successful", "executionsSuccessful"
    )
    """Those that completed."""
    failed_executions: Optional[int] = _wire("executions_failed", "executionsFailed")
    """Those that failed."""
    cancelled_executions: Optional[int] = _wire(
        "executions_cancelled", "executionsCancelled"
    )
    """Those that were cancelled."""
    running_executions: Optional[int] = _wire("executions_active", "executionsActive")
    """Those that run now."""
    average_execution_time: Optional[float] = _wire()
    """Seconds that an execution takes on average."""
    total_execution_time: Optional[float] = _hidden()
    """Seconds that all executions took together."""
    last_execution: Optional[datetime] = _wire(read=parse_timestamp)
    """When the newest execution was asked for, in UTC."""


@dataclass(frozen=True, eq=False, repr=False)
class SystemStatus(Model):
    """How the server's parts are."""

    status: str = _required()
    """`operational`, where they work."""
    components: Optional[Dict[str, str]] = _wire()
    """The state of each part."""
    agents: Optional[Dict[str, int]] = _wire()
    """How many agents there are: `total` and `active`."""
    flows: Optional[Dict[str, int]] = _wire()
    """How many flows there are: `total`."""


def read_items(model: Type[M], wrapper: str) -> Callable[[Any], List[M]]:
    """Gives the reader of a list of models: bare, or in an object under `wrapper` or `data`."""

    def read(data: Any) -> List[M]:
        items = data
        if isinstance(data, Mapping):
            items = next((data[key] for key in (wrapper, "data") if key in data), None)
        if not isinstance(items, list):
            raise UnexpectedAnswer(f"no list of {wrapper}")
        return [model.from_wire(item) for item in items]

    return read
