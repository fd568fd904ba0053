"""Tests of the table of operations."""

import pytest

from ai_spine import operations
from ai_spine.models.base import UnexpectedResponse
from ai_spine.operations import OPERATIONS, marketplace, tools
from ai_spine.utils import fill_in

IDS = ("flow_id", "agent_id", "execution_id", "tool_id")
UNPREFIXED = ("/health", "/metrics", "/status", "/api/v1/")


def by_name(operation):
    return operation.name


def path_for(operation, prefix, ids):
    return fill_in(operation.template(prefix), ids)


def test_names_and_endpoints_of_operations_are_unique():
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    endpoints = {(operation.method, operation.path) for operation in OPERATIONS}
    assert len(endpoints) == len(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
def test_only_system_paths_ignore_the_prefix(operation):
    ids = dict.fromkeys(IDS, "x")
    moved = path_for(operation, "/api/v1", ids).startswith("/api/v1/")
    stays = path_for(operation, "/api/v1", ids) == path_for(operation, "", ids)
    assert moved is not operation.path.startswith(UNPREFIXED[:3])
    assert stays is operation.path.startswith(UNPREFIXED)


def test_messages_have_another_path_under_a_prefix():
    operation, ids = operations.GET_EXECUTION_MESSAGES, {"execution_id": "x"}
    assert path_for(operation, "", ids) == "/messages/x"
    assert path_for(operation, "/api/v1", ids) == "/api/v1/executions/x/messages"


@pytest.mark.parametrize(
    "operation, line",
    [
        (operations.EXECUTE_FLOW, "POST /flows/execute"),
        (operations.GET_EXECUTION, "GET /executions/x"),
        (operations.LIST_EXECUTIONS, "GET /executions"),
        (operations.CANCEL_EXECUTION, "POST /executions/x/cancel"),
        (operations.GET_EXECUTION_RESULTS, "GET /executions/x/results"),
        (operations.STREAM_EXECUTION, "GET /executions/x/stream"),
        (operations.CREATE_FLOW, "POST /flows"),
        (operations.UPDATE_FLOW, "PUT /flows/x"),
        (operations.DELETE_FLOW, "DELETE /flows/x"),
        (operations.LIST_FLOWS, "GET /flows"),
        (operations.GET_FLOW, "GET /flows/x"),
        (operations.LIST_AGENTS, "GET /agents"),
        (operations.GET_AGENT, "GET /agents/x"),
        (operations.CREATE_AGENT, "POST /agents"),
        (operations.DELETE_AGENT, "DELETE /agents/x"),
        (operations.LIST_ACTIVE_AGENTS, "GET /agents/active"),
        (operations.LIST_MY_AGENTS, "GET /api/v1/agents/my-agents"),
        (operations.LIST_MY_FLOWS, "GET /api/v1/flows/my-flows"),
        (tools.LIST_TOOLS, "GET /api/v1/tools"),
        (tools.LIST_ACTIVE_TOOLS, "GET /api/v1/tools/active"),
        (tools.LIST_MY_TOOLS, "GET /api/v1/tools/my-tools"),
        (tools.SEARCH_TOOLS, "POST /api/v1/tools/search"),
        (tools.GET_TOOL, "GET /api/v1/tools/x"),
        (tools.CREATE_TOOL, "POST /api/v1/tools"),
        (tools.UPDATE_TOOL, "PUT /api/v1/tools/x"),
        (tools.DELETE_TOOL, "DELETE /api/v1/tools/x"),
        (tools.SET_TOOL_STATUS, "PUT /api/v1/tools/x/status"),
        (tools.GET_TOOL_SCHEMAS, "GET /api/v1/tools/x/schemas"),
        (tools.CREATE_TOOL_SCHEMAS, "POST /api/v1/tools/x/schemas"),
        (tools.EXECUTE_TOOL, "POST /api/v1/tools/x/execute"),
        (tools.GET_TOOL_EXECUTION, "GET /api/v1/tools/executions/x"),
        (marketplace.LIST_MARKETPLACE_AGENTS, "GET /api/v1/marketplace/agents"),
        (marketplace.GET_MARKETPLACE_AGENT, "GET /api/v1/marketplace/agents/x"),
        (marketplace.GET_MARKETPLACE_CATEGORIES, "GET /api/v1/marketplace/categories"),
        (marketplace.GET_MARKETPLACE_STATS, "GET /api/v1/marketplace/stats"),
        (operations.GET_DETAILED_HEALTH, "GET /health/detailed"),
        (operations.HEALTH_CHECK, "GET /health"),
        (operations.GET_METRICS, "GET /metrics"),
        (operations.GET_STATUS, "GET /status"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_each_operation_has_its_endpoint(operation, line):
    ids = dict.fromkeys(IDS, "x")
    assert f"{operation.method} {path_for(operation, '', ids)}" == line


@pytest.mark.parametrize(
    "value, segment",
    [
        ("a/b", "a%2Fb"),
        ("a?b", "a%3Fb"),
        ("{x}", "%7Bx%7D"),
        ("../x", "..%2Fx"),
        ("%2f", "%252f"),
    ],
)
def test_an_id_stays_one_segment_of_the_path(value, segment):
    path = path_for(operations.CANCEL_EXECUTION, "", {"execution_id": value})
    assert path == f"/executions/{segment}/cancel"


@pytest.mark.parametrize(
    "operation", [operations.CANCEL_EXECUTION, operations.DELETE_AGENT]
)
@pytest.mark.parametrize("data", [None, {}, {"message": "done"}, [], "x"])
def test_a_response_without_content_is_parsed_as_none(operation, data):
    assert operation.read(data) is None


@pytest.mark.parametrize(
    "data", [{}, {"status": "pending"}, {"execution_id": 5}, {"id": None}]
)
def test_a_started_execution_must_have_an_id(data):
    with pytest.raises(UnexpectedResponse, match="without an execution id"):
        operations.EXECUTE_FLOW.read(data)
