"""Executions of flows: their state, the results of their nodes, and the messages of agents."""

from datetime import datetime, timedelta
from typing import Any, Dict, Optional

from ai_spine.constants import NO_EXECUTION_ID
from ai_spine.models.base import Model, attribute, hidden, required
from ai_spine.models.lazy_dataclass import lazy_dataclass
from ai_spine.models.statuses import TERMINAL_STATUSES, ExecutionStatus, read_status
from ai_spine.utils import parse_timestamp

_LONGEST_MS = 1e13  # three hundred years; beyond, it is no duration


@lazy_dataclass(frozen=True, eq=False, repr=False)
class Execution(Model):
    """One run of a flow.

    Example:
        >>> execution = Execution.from_wire({"executionId": "e", "status": "success"})
        >>> execution.execution_id, execution.status, execution["status"]
        ('e', 'completed', 'success')
    """

    execution_id: str = required("id")
    """The id of the execution."""
    flow_id: Optional[str] = attribute()
    """The flow that is executed."""
    status: str = attribute(read=read_status)
    """An `ExecutionStatus`, or the server's text if it is unknown."""
    input_data: Optional[Dict[str, Any]] = hidden("input")
    """The input of the flow."""
    output_data: Optional[Dict[str, Any]] = hidden("output", "result")
    """The output of each exit point."""
    error_message: Optional[str] = attribute("error")
    """Why it failed."""
    metadata: Optional[Dict[str, Any]] = hidden()
    """What the caller attached."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was requested, in UTC."""
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
        """Whether it has ended, successfully or not.

        A status that the SDK does not know is final if the execution has a time of completion.
        """
        if not isinstance(self.status, str):
            return False
        status = read_status(self.status)
        if isinstance(status, ExecutionStatus):
            return status in TERMINAL_STATUSES
        return isinstance(self.completed_at, datetime)

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
        """Why it failed or was cancelled; `None` otherwise, whatever the server sends."""
        unsuccessful = self.is_done and not self.succeeded
        return self.error_message if unsuccessful else None

    @property
    def was_started(self) -> bool:
        """Whether the server started anything: it responds with 200 for an unknown flow."""
        return self.execution_id != NO_EXECUTION_ID

    @property
    def duration(self) -> Optional[timedelta]:
        """How long it took; `None` while it runs."""
        return between(self.started_at or self.created_at, self.completed_at)


@lazy_dataclass(frozen=True, eq=False, repr=False)
class NodeResult(Model):
    """The result of one node of an execution.

    Example:
        >>> NodeResult.from_wire({"nodeId": "n", "executionTimeMs": 533}).duration.total_seconds()
        0.533
    """

    node_id: str = required()
    """The node."""
    agent_id: Optional[str] = attribute()
    """The agent that did its work."""
    status: str = attribute(read=read_status)
    """An `ExecutionStatus`, or the server's text if it is unknown."""
    error_message: Optional[str] = attribute("error")
    """Why it failed."""
    execution_time_ms: Optional[float] = hidden("duration_ms", "durationMs")
    """How long it took, in milliseconds."""
    id: Optional[str] = hidden()
    """The id of the result itself."""
    execution_id: Optional[str] = hidden()
    """The execution that it belongs to."""
    input_data: Optional[Dict[str, Any]] = hidden("input")
    """The input of the node."""
    output_data: Optional[Dict[str, Any]] = hidden("output", "result")
    """The output of the node."""
    traceback: Optional[str] = hidden()
    """The traceback of what its agent raised, on a local server that shows it."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was recorded, in UTC."""
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
        """How long it took; `None` if the server does not say."""
        milliseconds = self.execution_time_ms
        if isinstance(milliseconds, (int, float)) and abs(milliseconds) < _LONGEST_MS:
            return timedelta(milliseconds=milliseconds)
        return between(self.started_at or self.created_at, self.completed_at)


@lazy_dataclass(frozen=True, eq=False, repr=False)
class NodeProgress(Model):
    """How far a node is, as its agent reports it.

    Example:
        >>> NodeProgress.from_wire({"node_id": "n", "progress": 0.5, "message": "reading"})
        NodeProgress(node_id='n', progress=0.5, message='reading')
    """

    node_id: str = required()
    """The node."""
    progress: Optional[float] = attribute()
    """How much is done, from 0 to 1."""
    message: Optional[str] = attribute()
    """What is being done."""
    execution_id: Optional[str] = hidden()
    """The execution that it belongs to."""
    updated_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was reported, in UTC."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class LogLine(Model):
    """A line that an agent printed or logged while its node ran, on a local server.

    Example:
        >>> LogLine.from_wire({"node_id": "n", "level": "INFO", "text": "reading"})
        LogLine(node_id='n', level='INFO', text='reading')
    """

    node_id: str = required()
    """The node."""
    level: Optional[str] = attribute()
    """`stdout`, `stderr`, the level of a log record, or `note` if earlier lines were dropped."""
    time: Optional[datetime] = attribute(read=parse_timestamp)
    """When it was written, in UTC."""
    text: Optional[str] = attribute()
    """The line."""
    execution_id: Optional[str] = hidden()
    """The execution that it belongs to."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class AgentMessage(Model):
    """A message that one agent sent to another while an execution ran."""

    id: Optional[str] = attribute("message_id", "messageId")
    """The id of the message."""
    execution_id: Optional[str] = hidden()
    """The execution that it belongs to."""
    from_agent: Optional[str] = attribute("sender", "source")
    """The sender."""
    to_agent: Optional[str] = attribute("recipient", "receiver", "target")
    """The recipient."""
    message_type: Optional[str] = attribute("type")
    """The type of the message, in the server's words."""
    content: Any = hidden("payload", "message", "data")
    """The content."""
    timestamp: Optional[datetime] = attribute(
        "created_at", "createdAt", read=parse_timestamp
    )
    """When it was sent, in UTC."""


def between(start: Any, end: Any) -> Optional[timedelta]:
    """Return how long it is from one time to another; `None` unless both are known."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        return end - start
    return None
