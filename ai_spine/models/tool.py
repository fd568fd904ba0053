"""Tools: services that do one thing on request, outside of flows."""

from datetime import datetime
from typing import Any, Dict, List, Optional

from ai_spine.models.base import Model, attribute, hidden, required
from ai_spine.models.lazy_dataclass import lazy_dataclass
from ai_spine.models.statuses import ExecutionStatus, read_status
from ai_spine.utils import parse_timestamp


@lazy_dataclass(frozen=True, eq=False, repr=False)
class Tool(Model):
    """A service that does one thing on request.

    Example:
        >>> tool = Tool.from_wire({"tool_id": "ocr", "tool_type": ["OCR"], "is_active": True})
        >>> tool
        Tool(tool_id='ocr', tool_type=['OCR'], is_active=True)
    """

    tool_id: str = required()
    """The tool's name in the API."""
    name: Optional[str] = attribute()
    """The tool's display name."""
    description: Optional[str] = hidden()
    """What the tool does."""
    endpoint: Optional[str] = hidden()
    """The URL of the tool."""
    tool_type: Optional[List[str]] = attribute()
    """Its kinds, such as `OCR` or `TRANSLATION`."""
    is_active: Optional[bool] = attribute()
    """Whether it can be executed."""
    custom_fields: Optional[List[Dict[str, Any]]] = hidden()
    """The fields of its configuration."""
    metadata: Optional[Dict[str, Any]] = hidden()
    """What its owner attached."""
    input_schema: Optional[Dict[str, Any]] = hidden()
    """What its input must be."""
    output_schema: Optional[Dict[str, Any]] = hidden()
    """What its output is."""
    config_schema: Optional[Dict[str, Any]] = hidden()
    """What its configuration must be."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was registered, in UTC."""
    updated_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was last changed, in UTC."""
    created_by: Optional[str] = hidden()
    """The user that it belongs to."""
    id: Optional[str] = hidden()
    """The id of its record."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class ToolSchemas(Model):
    """The schemas of a tool, as its owner described them."""

    tool_id: str = required()
    """The tool."""
    input_schema: Optional[Dict[str, Any]] = attribute()
    """What its input must be."""
    output_schema: Optional[Dict[str, Any]] = attribute()
    """What its output is."""
    config_schema: Optional[Dict[str, Any]] = attribute()
    """What its configuration must be."""


def _read_tools(value: Any) -> Any:
    """Return a list's items as tools; whatever else comes stays as it is."""
    if not isinstance(value, list):
        return value
    return [Tool.from_wire(each) if isinstance(each, dict) else each for each in value]


@lazy_dataclass(frozen=True, eq=False, repr=False)
class ToolSearch(Model):
    """One page of the tools that a search found."""

    tools: List[Tool] = attribute(read=_read_tools)
    """The tools."""
    total_count: Optional[int] = attribute()
    """How many there are on all pages."""
    limit: Optional[int] = attribute()
    """How many were asked for at most."""
    offset: Optional[int] = attribute()
    """How many were skipped."""
    has_more: Optional[bool] = attribute()
    """Whether there is another page."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class ToolResult(Model):
    """What an execution of a tool came to."""

    success: bool = required()
    """Whether the tool did its work."""
    data: Optional[Dict[str, Any]] = attribute()
    """The output of the tool."""
    error: Optional[str] = attribute()
    """Why it failed."""
    execution_time_ms: Optional[int] = hidden()
    """How long it took, in milliseconds."""
    execution_id: Optional[str] = attribute()
    """The id of the execution, for `get_tool_execution`."""

    @property
    def status(self) -> ExecutionStatus:
        """`completed` or `failed`, as an execution of a flow has it."""
        return ExecutionStatus.COMPLETED if self.success else ExecutionStatus.FAILED

    @property
    def error_message(self) -> Optional[str]:
        """Why it failed, as an execution of a flow has it."""
        return self.error


@lazy_dataclass(frozen=True, eq=False, repr=False)
class ToolExecution(Model):
    """The record of an execution of a tool."""

    id: Optional[str] = attribute()
    """The id of the execution."""
    tool_id: str = attribute()
    """The tool."""
    status: str = attribute(read=read_status)
    """An `ExecutionStatus`, or the server's text if it is another, such as `timeout`."""
    error_message: Optional[str] = attribute()
    """Why it failed."""
    input_data: Optional[Dict[str, Any]] = hidden()
    """The input of the tool."""
    output_data: Optional[Dict[str, Any]] = hidden()
    """The output of the tool."""
    config_data: Optional[Dict[str, Any]] = hidden()
    """The configuration that it was executed with."""
    agent_id: Optional[str] = hidden()
    """The agent that it was executed for."""
    execution_id: Optional[str] = hidden()
    """The execution of a flow that it was part of."""
    execution_time_ms: Optional[int] = hidden()
    """How long it took, in milliseconds."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was requested, in UTC."""
    started_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it started, in UTC."""
    completed_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was done, in UTC."""
    created_by: Optional[str] = hidden()
    """The user that requested it."""

    @property
    def succeeded(self) -> bool:
        """Whether it completed."""
        return self.status == ExecutionStatus.COMPLETED
