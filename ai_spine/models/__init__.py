"""What the API sends, as dataclasses that are read-only mappings of the JSON as well.

`execution.status` is typed, snake_case and the same for every server; `execution["status"]` is what
the server sent. Reading never fails: a field that is missing is `None`, one that is oddly typed is
what it came as.
"""

from ai_spine.models.account import ApiKeyChange, ApiKeyStatus, User
from ai_spine.models.definition import FlowDefinition, FlowNode
from ai_spine.models.execution import (
    AgentMessage,
    Execution,
    LogLine,
    NodeProgress,
    NodeResult,
)
from ai_spine.models.flow import Flow
from ai_spine.models.service import Agent, HealthStatus, Metrics, SystemStatus
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.models.tool import (
    Tool,
    ToolExecution,
    ToolResult,
    ToolSchemas,
    ToolSearch,
)

__all__ = [
    "Agent",
    "AgentMessage",
    "ApiKeyChange",
    "ApiKeyStatus",
    "Execution",
    "ExecutionStatus",
    "Flow",
    "FlowDefinition",
    "FlowNode",
    "HealthStatus",
    "Metrics",
    "LogLine",
    "NodeProgress",
    "NodeResult",
    "SystemStatus",
    "Tool",
    "ToolExecution",
    "ToolResult",
    "ToolSchemas",
    "ToolSearch",
    "User",
]
