"""The API as data: one `Operation` for each endpoint.

The clients' methods, the local server's routes, the commands and the docs are tested against this
module, and `openapi` makes a document of it.
"""

from typing import Any

from ai_spine.models import (
    Agent,
    AgentMessage,
    ApiKeyChange,
    ApiKeyStatus,
    Execution,
    Flow,
    HealthStatus,
    LogLine,
    Metrics,
    NodeResult,
    SystemStatus,
    User,
)
from ai_spine.models.base import (
    Page,
    UnexpectedResponse,
    read_items,
    read_sent,
    read_wrapped,
)
from ai_spine.operations import marketplace, tools
from ai_spine.operations.operation import (
    LIMIT,
    MESSAGE,
    OFFSET,
    Operation,
    Query,
    list_of,
    read_anything,
    read_nothing,
)
from ai_spine.policy.messages import Credential


def _read_started(data: Any) -> Execution:
    execution = Execution.from_wire(data)
    if not isinstance(execution.execution_id, str) or not execution.execution_id:
        raise UnexpectedResponse("a JSON object without an execution id")
    return execution


# Executions

EXECUTE_FLOW: Operation[Execution] = Operation(
    "execute_flow",
    "POST",
    "/flows/execute",
    _read_started,
    summary="Start an execution of a flow and return it, mostly `pending`.",
    body={"flow_id": str, "input_data": dict, "metadata?": dict},
    response=Execution,
)
GET_EXECUTION: Operation[Execution] = Operation(
    "get_execution",
    "GET",
    "/executions/{execution_id}",
    Execution.from_wire,
    summary="Return the current state of an execution.",
    response=Execution,
)
LIST_EXECUTIONS: Operation[Page[Execution]] = Operation(
    "list_executions",
    "GET",
    "/executions",
    read_items(Execution, "executions"),
    summary="Return one page of executions, the newest first.",
    query=(
        Query("flow_id", "string", "Only executions of this flow."),
        Query("status", "string", "Only executions with this status."),
        LIMIT,
        OFFSET,
    ),
    response=list_of("executions", Execution),
)
CANCEL_EXECUTION: Operation[None] = Operation(
    "cancel_execution",
    "POST",
    "/executions/{execution_id}/cancel",
    read_nothing,
    summary="Cancel an execution and return its state after that.",
    response=MESSAGE,
)
GET_EXECUTION_RESULTS: Operation[Page[NodeResult]] = Operation(
    "get_execution_results",
    "GET",
    "/executions/{execution_id}/results",
    read_items(NodeResult, "node_results", "nodeResults", "results"),
    summary="Return the results of an execution's nodes, so far.",
    response={"node_results": [NodeResult]},
)
STREAM_EXECUTION: Operation[Any] = Operation(
    "stream_execution",
    "GET",
    "/executions/{execution_id}/stream",
    read_anything,
    streams=True,
    summary="Yield what happens to an execution and its nodes, as it happens, up to its end.",
    response=str,
)
GET_EXECUTION_MESSAGES: Operation[Page[AgentMessage]] = Operation(
    "get_execution_messages",
    "GET",
    "/messages/{execution_id}",
    read_items(AgentMessage, "messages"),
    path_under_prefix="/executions/{execution_id}/messages",
    summary="Return the messages that agents sent each other during an execution.",
    response=list_of("messages", AgentMessage),
)

GET_EXECUTION_LOGS: Operation[Page[LogLine]] = Operation(
    "get_execution_logs",
    "GET",
    "/executions/{execution_id}/logs",
    read_items(LogLine, "logs"),
    summary="Return what agents printed and logged during an execution, so far.",
    response=list_of("logs", LogLine),
)

# Flows

LIST_FLOWS: Operation[Page[Flow]] = Operation(
    "list_flows",
    "GET",
    "/flows",
    read_items(Flow, "flows"),
    summary="Return all flows.",
    response=list_of("flows", Flow),
)
LIST_MY_FLOWS: Operation[Page[Flow]] = Operation(
    "list_my_flows",
    "GET",
    "/api/v1/flows/my-flows",
    read_items(Flow, "flows"),
    prefixed=False,
    summary="Return the flows of the key's user.",
    response=list_of("flows", Flow),
    of="list_flows",
)
GET_FLOW: Operation[Flow] = Operation(
    "get_flow",
    "GET",
    "/flows/{flow_id}",
    read_wrapped(Flow, "flow"),
    summary="Return a flow with its nodes.",
    response=Flow,
)
CREATE_FLOW: Operation[Flow] = Operation(
    "create_flow",
    "POST",
    "/flows",
    read_sent(Flow, "flow"),
    summary="Add a flow.",
    body=Flow,
    response=Flow,
)
UPDATE_FLOW: Operation[Flow] = Operation(
    "update_flow",
    "PUT",
    "/flows/{flow_id}",
    read_sent(Flow, "flow"),
    summary="Replace the definition of a flow.",
    body=Flow,
    response=Flow,
)
DELETE_FLOW: Operation[None] = Operation(
    "delete_flow",
    "DELETE",
    "/flows/{flow_id}",
    read_nothing,
    summary="Remove a flow.",
    response=MESSAGE,
)

# Agents

LIST_AGENTS: Operation[Page[Agent]] = Operation(
    "list_agents",
    "GET",
    "/agents",
    read_items(Agent, "agents"),
    summary="Return all agents.",
    response=list_of("agents", Agent),
)
LIST_ACTIVE_AGENTS: Operation[Page[Agent]] = Operation(
    "list_active_agents",
    "GET",
    "/agents/active",
    read_items(Agent, "agents"),
    summary="Return the agents that accept work.",
    response=list_of("agents", Agent),
    of="list_agents",
)
LIST_MY_AGENTS: Operation[Page[Agent]] = Operation(
    "list_my_agents",
    "GET",
    "/api/v1/agents/my-agents",
    read_items(Agent, "agents"),
    prefixed=False,
    summary="Return the agents of the key's user.",
    response=list_of("agents", Agent),
    of="list_agents",
)
GET_AGENT: Operation[Agent] = Operation(
    "get_agent",
    "GET",
    "/agents/{agent_id}",
    read_wrapped(Agent, "agent"),
    summary="Return an agent.",
    response=Agent,
)
CREATE_AGENT: Operation[Agent] = Operation(
    "create_agent",
    "POST",
    "/agents",
    read_sent(Agent, "agent"),
    summary="Register an agent.",
    body=Agent,
    response=Agent,
)
DELETE_AGENT: Operation[None] = Operation(
    "delete_agent",
    "DELETE",
    "/agents/{agent_id}",
    read_nothing,
    summary="Remove an agent.",
    response=MESSAGE,
)

# The system

HEALTH_CHECK: Operation[HealthStatus] = Operation(
    "health_check",
    "GET",
    "/health",
    HealthStatus.from_wire,
    prefixed=False,
    summary="Check the server's health.",
    response=HealthStatus,
)
GET_DETAILED_HEALTH: Operation[HealthStatus] = Operation(
    "get_detailed_health",
    "GET",
    "/health/detailed",
    HealthStatus.from_wire,
    prefixed=False,
    summary="Return the server's health, and that of its database.",
    response=HealthStatus,
    of="get_health",
)
GET_METRICS: Operation[Metrics] = Operation(
    "get_metrics",
    "GET",
    "/metrics",
    Metrics.from_wire,
    prefixed=False,
    summary="Return the server's counts of executions and their times.",
    response=Metrics,
)
GET_STATUS: Operation[SystemStatus] = Operation(
    "get_status",
    "GET",
    "/status",
    SystemStatus.from_wire,
    prefixed=False,
    summary="Return the status of each component of the server.",
    response=SystemStatus,
)

# Users and their keys

GET_CURRENT_USER: Operation[User] = Operation(
    "get_current_user",
    "GET",
    "/api/v1/users/me",
    read_wrapped(User, "user"),
    prefixed=False,
    summary="Return the user that the key belongs to, with the credits that are left.",
    response=User,
)
CHECK_USER_API_KEY: Operation[ApiKeyStatus] = Operation(
    "check_user_api_key",
    "GET",
    "/api/v1/user/keys/my-key",
    ApiKeyStatus.from_wire,
    prefixed=False,
    credential=Credential.NONE,
    summary="Return whether a user has an API key. Deprecated: use `get_api_key_status`.",
    query=(Query("user_id", "string", "The id of the user."),),
    response=ApiKeyStatus,
)
GENERATE_USER_API_KEY: Operation[ApiKeyChange] = Operation(
    "generate_user_api_key",
    "POST",
    "/api/v1/user/keys/generate",
    ApiKeyChange.from_wire,
    prefixed=False,
    credential=Credential.NONE,
    summary="Generate a new API key for a user. Deprecated: use `generate_api_key`.",
    body={"user_id": str},
    response=ApiKeyChange,
)
REVOKE_USER_API_KEY: Operation[ApiKeyChange] = Operation(
    "revoke_user_api_key",
    "DELETE",
    "/api/v1/user/keys/revoke",
    ApiKeyChange.from_wire,
    prefixed=False,
    credential=Credential.NONE,
    summary="Revoke a user's API key. Deprecated: use `revoke_api_key`.",
    body={"user_id": str},
    response=ApiKeyChange,
)
GET_USER_PROFILE: Operation[User] = Operation(
    "get_user_profile",
    "GET",
    "/api/v1/user/account/profile",
    read_wrapped(User, "user"),
    prefixed=False,
    credential=Credential.ACCESS_TOKEN,
    summary="Return the user that the account token belongs to.",
    response=User,
)
GET_API_KEY_STATUS: Operation[ApiKeyStatus] = Operation(
    "get_api_key_status",
    "GET",
    "/api/v1/user/account/api-key/status",
    ApiKeyStatus.from_wire,
    prefixed=False,
    credential=Credential.ACCESS_TOKEN,
    summary="Return whether the account has an API key, and what it allows.",
    response=ApiKeyStatus,
)
GENERATE_API_KEY: Operation[ApiKeyChange] = Operation(
    "generate_api_key",
    "POST",
    "/api/v1/user/account/api-key/generate",
    ApiKeyChange.from_wire,
    prefixed=False,
    credential=Credential.ACCESS_TOKEN,
    summary="Generate a new API key for the account; an earlier one becomes invalid.",
    response=ApiKeyChange,
)
REVOKE_API_KEY: Operation[ApiKeyChange] = Operation(
    "revoke_api_key",
    "POST",
    "/api/v1/user/account/api-key/revoke",
    ApiKeyChange.from_wire,
    prefixed=False,
    credential=Credential.ACCESS_TOKEN,
    summary="Revoke the API key of the account.",
    response=ApiKeyChange,
)

OPERATIONS = (
    *(value for value in list(vars().values()) if isinstance(value, Operation)),
    *tools.OPERATIONS,
    *marketplace.OPERATIONS,
)

__all__ = ["OPERATIONS", "Credential", "Operation", "Query", "read_anything"]
