"""The service itself: its agents, its health and its metrics."""

from datetime import datetime
from typing import Any, Dict, List, Optional

from ai_spine.models.base import Model, attribute, hidden, required
from ai_spine.models.lazy_dataclass import lazy_dataclass
from ai_spine.utils import parse_timestamp


@lazy_dataclass(frozen=True, eq=False, repr=False)
class Agent(Model):
    """A service that does the work of a node."""

    agent_id: str = required("id")
    """The agent's name in the API."""
    name: Optional[str] = attribute()
    """The agent's display name."""
    description: Optional[str] = hidden()
    """What the agent does."""
    endpoint: Optional[str] = hidden()
    """The URL of the agent."""
    capabilities: Optional[List[str]] = attribute()
    """What it can do, in its author's words."""
    agent_type: Optional[str] = attribute("type")
    """`input`, `processor`, `output` or `conditional`."""
    is_active: Optional[bool] = attribute()
    """Whether it accepts work."""
    configuration: Optional[Dict[str, Any]] = hidden()
    """What older servers send instead of an endpoint."""
    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was registered, in UTC."""
    updated_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was last changed, in UTC."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class HealthStatus(Model):
    """The health of the server."""

    status: str = required()
    """`healthy`, if it is."""
    message: Optional[str] = attribute()
    """The server's message."""
    timestamp: Optional[datetime] = attribute(read=parse_timestamp)
    """The server's clock, in UTC."""
    version: Optional[str] = attribute()
    """The server's version, if it sends it."""
    database: Optional[str] = attribute()
    """The state of its database, where it says so: see `get_health(detailed=True)`."""

    @property
    def is_healthy(self) -> bool:
        """Whether the server reports that it is healthy."""
        return self.status in ("healthy", "ok")


@lazy_dataclass(frozen=True, eq=False, repr=False)
class Metrics(Model):
    """The server's counts of executions. Times are in seconds."""

    total_executions: Optional[int] = attribute("executions_total", "executionsTotal")
    """All executions."""
    successful_executions: Optional[int] = attribute(
        "executions_successful", "executionsSuccessful"
    )
    """Completed executions."""
    failed_executions: Optional[int] = attribute(
        "executions_failed", "executionsFailed"
    )
    """Failed executions."""
    cancelled_executions: Optional[int] = attribute(
        "executions_cancelled", "executionsCancelled"
    )
    """Cancelled executions."""
    running_executions: Optional[int] = attribute(
        "executions_active", "executionsActive"
    )
    """Running executions."""
    average_execution_time: Optional[float] = attribute()
    """Seconds that an execution takes on average."""
    total_execution_time: Optional[float] = hidden()
    """Seconds that all executions took together."""
    last_execution: Optional[datetime] = attribute(read=parse_timestamp)
    """When the newest execution was requested, in UTC."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class SystemStatus(Model):
    """The status of the server's components."""

    status: str = required()
    """`operational`, if all components work."""
    components: Optional[Dict[str, str]] = attribute()
    """The state of each component."""
    agents: Optional[Dict[str, int]] = attribute()
    """How many agents there are: `total` and `active`."""
    flows: Optional[Dict[str, int]] = attribute()
    """How many flows there are: `total`."""
