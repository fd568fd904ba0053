"""Tests that replay recorded responses of real servers through the client."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import responses

from ai_spine import (
    AISpine,
    APIError,
    BadRequestError,
    ExecutionError,
    ExecutionStatus,
    NotFoundError,
    ServerError,
)
from ai_spine.exceptions import AISpineError

EXCHANGES = json.loads(
    (Path(__file__).parent / "fixtures" / "responses.json").read_text("utf-8")
)
URL = "https://api.test"
ID = "e3cf48ff-b6e0-477f-842b-27f057e39187"
NODE = {"id": "n", "agent_id": "echo"}


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


def replay(name, call, *, prefix=""):
    """Return the result of a call of the client, or the error that it raises."""
    exchange = EXCHANGES[name]
    path = exchange["request"]["path"].replace("{id}", ID).partition("?")[0]
    with responses.RequestsMock() as mock:
        mock.add(
            exchange["request"]["method"],
            URL + path,
            json=exchange["body"],
            status=exchange["status"],
        )
        with AISpine(base_url=URL, api_prefix=prefix, max_retries=0) as client:
            try:
                return call(client)
            except AISpineError as error:
                return error


def error_of(name, call, error_class, words, **known):
    error = replay(name, call)
    assert type(error) is error_class
    assert error.message == words
    assert {key: getattr(error, key) for key in known} == known
    assert (
        "\n" not in str(error) and "{" not in error.message.partition("input_value")[0]
    )
    return error


def health(client):
    return client.health_check()


def check_health():
    found = replay("health", health)
    assert (found.status, found.is_healthy) == ("healthy", True)
    assert found.message == "AI Spine API is running"
    assert found.timestamp == utc(2026, 11, 20, 11, 50, 42, 301284)
    assert found["startup_complete"] is True


def check_health_detailed():
    found = replay("health_detailed", lambda c: c.request("GET", "/health/detailed"))
    assert found["mode"] == "development"


def check_status():
    found = replay("status", lambda c: c.get_status())
    assert found.status == "operational"
    assert found.components["orchestrator"] == "active"
    assert (found.agents, found.flows) == ({"total": 1, "active": 1}, {"total": 1})


def check_metrics():
    found = replay("metrics", lambda c: c.get_metrics())
    assert (found.total_executions, found.successful_executions) == (66, 66)
    assert (found.average_execution_time, found.running_executions) == (10.0, 0)
    assert found.last_execution == utc(2026, 11, 20, 11, 27, 33, 510446)


def is_f1(flow):
    assert (flow.flow_id, flow.name, flow.version) == ("f1", "F1", "1.0.0")
    assert [(node.id, node.agent_id, node.type) for node in flow.nodes] == [
        ("n1", "echo", "processor")
    ]
    assert (flow.entry_point, flow.exit_points, flow.order()) == ("n1", ["n1"], ["n1"])


def check_flows():
    (flow,) = replay("flows", lambda c: c.list_flows())
    is_f1(flow)


def check_flow():
    is_f1(replay("flow", lambda c: c.get_flow("f1")))


def check_flow_404():
    error_of(
        "flow_404", lambda c: c.get_flow("nope"), NotFoundError, "Flow 'nope' not found"
    )


def check_exec_unknown_flow():
    error = replay("exec_unknown_flow", lambda c: c.execute_flow("zz", {}))
    assert type(error) is ExecutionError and str(error) == "Flow 'zz' not found"
    assert error.execution.status is ExecutionStatus.FAILED
    assert error.execution.was_started is False


def execute(client):
    return client.execute_flow("f1", {"sleep": 0.5}, {"k": 1})


def check_exec_422():
    error_of(
        "exec_422",
        execute,
        BadRequestError,
        "input_data: Field required",
        status_code=422,
        details=[
            {"field": "input_data", "message": "Field required", "type": "missing"}
        ],
    )


def check_exec_bad_json():
    error = error_of("exec_bad_json", execute, BadRequestError, "1: JSON decode error")
    assert error.details[0]["type"] == "json_invalid"


def check_exec_ok():
    execution = replay("exec_ok", execute)
    assert (execution.execution_id, execution.flow_id) == (ID, "f1")
    assert execution.status is ExecutionStatus.PENDING and not execution.is_done
    assert dict(execution) == EXCHANGES["exec_ok"]["body"]


def get(client):
    return client.get_execution(ID)


def check_execution_running():
    execution = replay("execution_running", get)
    assert execution.status is ExecutionStatus.RUNNING and not execution.is_done
    assert (execution.input_data, execution.output) == ({"sleep": 0.5}, {})
    assert (execution.duration, execution.completed_at, execution.error) == (None,) * 3


def check_cancel_ok():
    cancelled = EXCHANGES["execution_cancelled"]
    with responses.RequestsMock() as mock:
        mock.post(f"{URL}/executions/{ID}/cancel", json=EXCHANGES["cancel_ok"]["body"])
        mock.get(f"{URL}/executions/{ID}", json=cancelled["body"])
        with AISpine(base_url=URL) as client:
            execution = client.cancel_execution(ID)
    assert execution.status is ExecutionStatus.CANCELLED


def check_execution_cancelled():
    execution = replay("execution_cancelled", get)
    assert execution.status is ExecutionStatus.CANCELLED and execution.is_done
    assert execution.error == "Execution cancelled by user"
    assert execution.duration == timedelta(microseconds=39503)


def check_cancel_404():
    words = f"Execution '{ID}' not found or not running"
    error_of("cancel_404", lambda c: c.cancel_execution(ID), NotFoundError, words)


def check_execution_after_cancel():
    execution = replay("execution_after_cancel", get)
    assert execution.succeeded and execution.output["n1"]["message"] == "hi"
    assert execution.error_message == "Execution cancelled by user"
    assert execution.error is None


def is_result(results):
    (result,) = results
    assert (result.node_id, result.agent_id) == ("n1", "echo")
    assert result.status is ExecutionStatus.COMPLETED
    assert result.duration == timedelta(milliseconds=533)
    assert result.output_data["message"] == "hi"
    assert result.completed_at == utc(2026, 11, 20, 11, 50, 42, 926492)


def check_results():
    is_result(replay("results", lambda c: c.get_execution_results(ID)))


def check_v1_results():
    call = lambda c: c.get_execution_results(ID)  # noqa: E731
    is_result(replay("v1_results", call, prefix="/api/v1"))


def check_messages():
    assert replay("messages", lambda c: c.get_execution_messages(ID)) == []


def check_executions():
    (execution,) = replay("executions", lambda c: c.list_executions(limit=1))
    assert execution.execution_id == ID and execution.succeeded


def check_executions_v1():
    call = lambda c: c.list_executions(limit=1)  # noqa: E731
    (execution,) = replay("executions_v1", call, prefix="/api/v1")
    assert execution.execution_id == ID and execution.succeeded


def check_execution_422():
    error = replay("execution_422", lambda c: c.request("GET", "/executions/nope"))
    assert type(error) is BadRequestError
    assert error.details[0]["field"] == "execution_id"
    assert error.message.startswith("execution_id: Input should be a valid UUID")


def is_echo(agent):
    assert (agent.agent_id, agent.name, agent.agent_type) == (
        "echo",
        "Echo",
        "processor",
    )
    assert agent.capabilities == ["conversation"] and agent.is_active is True
    assert agent.created_at == utc(2026, 11, 20, 11, 22, 11, 444657)


def check_agents():
    (agent,) = replay("agents", lambda c: c.list_agents())
    is_echo(agent)


def check_agent_404():
    assert replay("agent_404", lambda c: c.delete_agent("zz")) is False


def check_agent_create_500():
    call = lambda c: c.create_agent({"agent_id": "a", "name": "x"})  # noqa: E731
    error = error_of("agent_create_500", call, ServerError, "'agent_id'")
    assert error.maybe_executed and error.idempotency_key


def check_agent_v1():
    is_echo(replay("agent_v1", lambda c: c.get_agent("echo"), prefix="/api/v1"))


def check_me():
    user = replay("me", lambda c: c.get_current_user())
    assert (user.id, user.name, user.credits) == ("master", "Master User", 999999)
    assert user.email == "master@ai-spine.com" and user.rate_limit == 10000


def check_nf():
    call = lambda c: c.request("GET", "/nothing")  # noqa: E731
    error_of("nf", call, NotFoundError, "Not Found")


def check_method():
    call = lambda c: c.request("PUT", "/agents", json={})  # noqa: E731
    error_of("method", call, APIError, "Method Not Allowed", status_code=405)


def check_flow_delete():
    call = lambda c: c.delete_flow("f1")  # noqa: E731
    error_of("flow_delete", call, ServerError, "400: Failed to delete flow 'f1'")


def check_flow_put():
    call = lambda c: c.update_flow("f1", {"nodes": [NODE]})  # noqa: E731
    error_of("flow_put", call, ServerError, "400: Failed to update flow")


def check_flow_create_bad():
    error = replay("flow_create_bad", lambda c: c.create_flow({"flow_id": "f2"}))
    assert type(error) is ServerError
    assert error.message.startswith("4 validation errors for FlowDefinition name Field")
    assert "\n" not in str(error) and len(error.message) <= 500


def check_flow_create_cycle():
    call = lambda c: c.create_flow({"flow_id": "f3", "nodes": [NODE]})  # noqa: E731
    error_of("flow_create_cycle", call, ServerError, "400: Failed to create flow")


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_recorded_response_is_parsed(name):
    globals()[f"check_{name}"]()


def test_all_recorded_responses_are_tested():
    assert len(EXCHANGES) == 33
