"""The API as data: one `Operation` for each endpoint.

The clients' methods, the local server's routes, the commands and the docs are tested against this
module, and `openapi` makes a document of it.
"""

from dataclasses import dataclass
from typing import Any, Callable, Generic, Mapping, NamedTuple, Optional, Tuple, TypeVar

from ai_spine.models import (
    Agent,
    AgentMessage,
    ApiKeyChange,
    ApiKeyStatus,
    Execution,
    Flow,
    HealthStatus,
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
from ai_spine.policy.messages import Credential
from ai_spine.utils import quote_segment

T = TypeVar("T")


Schema = Any
"""A model, or a JSON schema."""


class Query(NamedTuple):
    """A parameter of a query."""

    name: str
    kind: str
    """A type of JSON."""
    description: str


@dataclass(frozen=True, eq=False)  # each is itself alone
class Operation(Generic[T]):
    """One endpoint.

    Example:
        >>> GET_FLOW.path_for("", {"flow_id": "a b"})
        '/flows/a%20b'
    """

    name: str
    """The name of the client's method."""
    method: str
    """The HTTP method; it also says whether repeating the request is harmless."""
    path: str
    """The path, with the names of ids in braces."""
    read: Callable[[Any], T]
    """Turns the JSON of the response into the method's return value."""
    prefixed: bool = True
    """Whether `api_prefix` applies; it does not to endpoints of the system and of users."""
    path_under_prefix: Optional[str] = None
    """The path under a prefix, where it differs."""
    credential: Credential = Credential.API_KEY
    """What authorises the request."""
    streams: bool = False
    """Whether the response is a stream of events, each of which is read."""
    summary: str = ""
    """What it does, in one sentence."""
    query: Tuple[Query, ...] = ()
    """The parameters of its query."""
    body: Schema = None
    """What its body is; `None` if it has none."""
    response: Schema = None
    """What a response is, for documents; what is read from it may be another model."""

    def template(self, prefix: str) -> str:
        """Return the path under a prefix, with the names of ids in braces."""
        if not prefix or not self.prefixed:
            return self.path
        return prefix + (self.path_under_prefix or self.path)

    def path_for(self, prefix: str, ids: Mapping[str, str]) -> str:
        """Return the path for these ids."""
        quoted = {name: quote_segment(value) for name, value in ids.items()}
        return self.template(prefix).format(**quoted)


def read_anything(data: Any) -> Any:
    """Return the JSON of a response as it is."""
    return data


def _read_nothing(_: Any) -> None:
    """Ignore a response that says no more than that the request was executed."""


def _read_started(data: Any) -> Execution:
    execution = Execution.from_wire(data)
    if not isinstance(execution.execution_id, str) or not execution.execution_id:
        raise UnexpectedResponse("a JSON object without an execution id")
    return execution


def _list_of(name: str, model: Schema) -> Mapping[str, Schema]:
    """Return the schema of a list, as servers wrap it."""
    return {name: [model], "count": int}


_LIMIT = Query("limit", "integer", "How many to return at most.")
_OFFSET = Query("offset", "integer", "How many to skip.")
_MESSAGE = {"message": str}

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
        _LIMIT,
        _OFFSET,
    ),
    response=_list_of("executions", Execution),
)
CANCEL_EXECUTION: Operation[None] = Operation(
    "cancel_execution",
    "POST",
    "/executions/{execution_id}/cancel",
    _read_nothing,
    summary="Cancel an execution and return its state after that.",
    response=_MESSAGE,
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
    response=_list_of("messages", AgentMessage),
)

# Flows

LIST_FLOWS: Operation[Page[Flow]] = Operation(
    "list_flows",
    "GET",
    "/flows",
    read_items(Flow, "flows"),
    summary="Return all flows.",
    response=_list_of("flows", Flow),
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
    _read_nothing,
    summary="Remove a flow.",
    response=_MESSAGE,
)

# Agents

LIST_AGENTS: Operation[Page[Agent]] = Operation(
    "list_agents",
    "GET",
    "/agents",
    read_items(Agent, "agents"),
    summary="Return all agents.",
    response=_list_of("agents", Agent),
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
    _read_nothing,
    summary="Remove an agent.",
    response=_MESSAGE,
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

OPERATIONS = tuple(
    value for value in list(vars().values()) if isinstance(value, Operation)
)
