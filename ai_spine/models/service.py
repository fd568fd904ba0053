"""The service itself: its agents, its health, and what it has counted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, List, Optional

from ai_spine.models.base import Model, attribute, hidden, required
from ai_spine.utils import parse_timestamp


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
