"""The models, each imported when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict

from ai_spine.sdk_sync.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from .agent import Agent
    from .agent_message import AgentMessage
    from .api_key_change import ApiKeyChange
    from .api_key_status import ApiKeyStatus
    from .cancel_execution_response import CancelExecutionResponse
    from .create_tool_body import CreateToolBody
    from .create_tool_response import CreateToolResponse
    from .create_tool_schemas_body import CreateToolSchemasBody
    from .delete_agent_response import DeleteAgentResponse
    from .delete_flow_response import DeleteFlowResponse
    from .delete_tool_response import DeleteToolResponse
    from .error import Error
    from .execute_flow_body import ExecuteFlowBody
    from .execute_tool_body import ExecuteToolBody
    from .execution import Execution
    from .flow import Flow
    from .flow_node import FlowNode
    from .generate_user_api_key_body import GenerateUserApiKeyBody
    from .get_execution_logs_response import GetExecutionLogsResponse
    from .get_execution_messages_response import GetExecutionMessagesResponse
    from .get_execution_results_response import GetExecutionResultsResponse
    from .health_status import HealthStatus
    from .list_active_agents_response import ListActiveAgentsResponse
    from .list_active_tools_response import ListActiveToolsResponse
    from .list_agents_response import ListAgentsResponse
    from .list_executions_response import ListExecutionsResponse
    from .list_flows_response import ListFlowsResponse
    from .list_my_agents_response import ListMyAgentsResponse
    from .list_my_flows_response import ListMyFlowsResponse
    from .list_my_tools_response import ListMyToolsResponse
    from .list_tools_response import ListToolsResponse
    from .log_line import LogLine
    from .metrics import Metrics
    from .node_result import NodeResult
    from .revoke_user_api_key_body import RevokeUserApiKeyBody
    from .search_tools_body import SearchToolsBody
    from .set_tool_status_body import SetToolStatusBody
    from .set_tool_status_response import SetToolStatusResponse
    from .system_status import SystemStatus
    from .tool import Tool
    from .tool_execution import ToolExecution
    from .tool_result import ToolResult
    from .tool_schemas import ToolSchemas
    from .tool_search import ToolSearch
    from .update_tool_body import UpdateToolBody
    from .update_tool_response import UpdateToolResponse
    from .user import User

__all__ = [
    "Agent",
    "AgentMessage",
    "ApiKeyChange",
    "ApiKeyStatus",
    "CancelExecutionResponse",
    "CreateToolBody",
    "CreateToolResponse",
    "CreateToolSchemasBody",
    "DeleteAgentResponse",
    "DeleteFlowResponse",
    "DeleteToolResponse",
    "Error",
    "ExecuteFlowBody",
    "ExecuteToolBody",
    "Execution",
    "Flow",
    "FlowNode",
    "GenerateUserApiKeyBody",
    "GetExecutionLogsResponse",
    "GetExecutionMessagesResponse",
    "GetExecutionResultsResponse",
    "HealthStatus",
    "ListActiveAgentsResponse",
    "ListActiveToolsResponse",
    "ListAgentsResponse",
    "ListExecutionsResponse",
    "ListFlowsResponse",
    "ListMyAgentsResponse",
    "ListMyFlowsResponse",
    "ListMyToolsResponse",
    "ListToolsResponse",
    "LogLine",
    "Metrics",
    "NodeResult",
    "RevokeUserApiKeyBody",
    "SearchToolsBody",
    "SetToolStatusBody",
    "SetToolStatusResponse",
    "SystemStatus",
    "Tool",
    "ToolExecution",
    "ToolResult",
    "ToolSchemas",
    "ToolSearch",
    "UpdateToolBody",
    "UpdateToolResponse",
    "User",
]

_MODULE_OF: Dict[str, str] = {
    "Agent": "agent",
    "AgentMessage": "agent_message",
    "ApiKeyChange": "api_key_change",
    "ApiKeyStatus": "api_key_status",
    "CancelExecutionResponse": "cancel_execution_response",
    "CreateToolBody": "create_tool_body",
    "CreateToolResponse": "create_tool_response",
    "CreateToolSchemasBody": "create_tool_schemas_body",
    "DeleteAgentResponse": "delete_agent_response",
    "DeleteFlowResponse": "delete_flow_response",
    "DeleteToolResponse": "delete_tool_response",
    "Error": "error",
    "ExecuteFlowBody": "execute_flow_body",
    "ExecuteToolBody": "execute_tool_body",
    "Execution": "execution",
    "Flow": "flow",
    "FlowNode": "flow_node",
    "GenerateUserApiKeyBody": "generate_user_api_key_body",
    "GetExecutionLogsResponse": "get_execution_logs_response",
    "GetExecutionMessagesResponse": "get_execution_messages_response",
    "GetExecutionResultsResponse": "get_execution_results_response",
    "HealthStatus": "health_status",
    "ListActiveAgentsResponse": "list_active_agents_response",
    "ListActiveToolsResponse": "list_active_tools_response",
    "ListAgentsResponse": "list_agents_response",
    "ListExecutionsResponse": "list_executions_response",
    "ListFlowsResponse": "list_flows_response",
    "ListMyAgentsResponse": "list_my_agents_response",
    "ListMyFlowsResponse": "list_my_flows_response",
    "ListMyToolsResponse": "list_my_tools_response",
    "ListToolsResponse": "list_tools_response",
    "LogLine": "log_line",
    "Metrics": "metrics",
    "NodeResult": "node_result",
    "RevokeUserApiKeyBody": "revoke_user_api_key_body",
    "SearchToolsBody": "search_tools_body",
    "SetToolStatusBody": "set_tool_status_body",
    "SetToolStatusResponse": "set_tool_status_response",
    "SystemStatus": "system_status",
    "Tool": "tool",
    "ToolExecution": "tool_execution",
    "ToolResult": "tool_result",
    "ToolSchemas": "tool_schemas",
    "ToolSearch": "tool_search",
    "UpdateToolBody": "update_tool_body",
    "UpdateToolResponse": "update_tool_response",
    "User": "user",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
