"""Tests of the models: typed attributes over the JSON of a response."""

import copy
import dataclasses
import json
import pickle
from datetime import datetime, timedelta, timezone

import pytest

from ai_spine.models import (
    Agent,
    Execution,
    Flow,
    FlowNode,
    HealthStatus,
    Metrics,
    SystemStatus,
)
from ai_spine.models.base import UnexpectedResponse, read_items
from ai_spine.models.statuses import TERMINAL_STATUSES, ExecutionStatus, read_status

MODELS = [Agent, Execution, Flow, FlowNode, HealthStatus, Metrics, SystemStatus]
MOMENT = datetime(2026, 11, 20, 10, 50, 42, tzinfo=timezone.utc)
EXECUTION_A = {
    "execution_id": "e",
    "flow_id": "f",
    "status": "completed",
    "input_data": {"text": "x"},
    "output_data": {"out": {"y": 1}},
    "error_message": None,
    "created_at": "2026-11-20T10:50:40",
    "started_at": "2026-11-20T10:50:41Z",
    "completed_at": "2026-11-20T11:50:42+01:00",
}
EXECUTION_B = {
    "executionId": "e",
    "flowId": "f",
    "status": "success",
    "inputData": {"text": "x"},
    "outputData": {"out": {"y": 1}},
    "createdAt": "2026-11-20T10:50:40Z",
    "startedAt": "2026-11-20T10:50:41Z",
    "finishedAt": "2026-11-20T10:50:42Z",
}
FLOW_B = {
    "flowId": "f",
    "version": 3,
    "nodes": [
        {"id": "a", "agentId": "echo", "type": "input"},
        {"id": "b", "agentId": "echo", "dependsOn": ["a"], "config": {"timeout": 5}},
    ],
    "entryPoint": "a",
    "exitPoints": ["b"],
}


@pytest.mark.parametrize("wire", [EXECUTION_A, EXECUTION_B], ids=["A", "B"])
def test_an_execution_has_the_same_attributes_in_both_dialects(wire):
    execution = Execution.from_wire(wire)
    assert (execution.execution_id, execution.flow_id) == ("e", "f")
    assert execution.status is ExecutionStatus.COMPLETED
    assert execution.input_data == {"text": "x"}
    assert execution.output_data == {"out": {"y": 1}}
    assert execution.error_message is None
    assert execution.completed_at == MOMENT
    assert execution.duration == timedelta(seconds=1)
    assert execution.is_done and execution.succeeded and execution.was_started


@pytest.mark.parametrize(
    "model, wire, attribute, expected",
    [
        (Execution, {"id": "e"}, "execution_id", "e"),
        (Execution, {"error": "boom"}, "error_message", "boom"),
        (Execution, {"input": {"a": 1}}, "input_data", {"a": 1}),
        (Execution, {"output": {"a": 1}}, "output_data", {"a": 1}),
        (Execution, {"result": {"a": 1}}, "output_data", {"a": 1}),
        (Execution, {"finished_at": "2026-11-20T10:50:42"}, "completed_at", MOMENT),
        (Agent, {"id": "a"}, "agent_id", "a"),
        (Agent, {"agentType": "input"}, "agent_type", "input"),
        (Agent, {"type": "input"}, "agent_type", "input"),
        (Agent, {"agent_type": "output", "type": "input"}, "agent_type", "output"),
        (Agent, {"isActive": False}, "is_active", False),
        (Agent, {"configuration": {"a": 1}}, "configuration", {"a": 1}),
        (Flow, {"id": "f"}, "flow_id", "f"),
        (Flow, {"version": 3}, "version", 3),
        (Flow, {"version": "1.0"}, "version", "1.0"),
        (HealthStatus, {"timestamp": 1795171842.0}, "timestamp", MOMENT),
        (Metrics, {"executions_total": 3}, "total_executions", 3),
        (Metrics, {"executions_active": 0}, "running_executions", 0),
        (Metrics, {"totalExecutions": 4}, "total_executions", 4),
        (Metrics, {"last_execution": "2026-11-20T10:50:42"}, "last_execution", MOMENT),
        (SystemStatus, {"agents": {"total": 2}}, "agents", {"total": 2}),
    ],
)
def test_a_field_is_found_under_each_of_its_names(model, wire, attribute, expected):
    assert getattr(model.from_wire(wire), attribute) == expected


def test_a_null_under_one_name_does_not_hide_another():
    assert (
        Execution.from_wire({"error_message": None, "error": "x"}).error_message == "x"
    )


def test_the_nodes_of_a_flow_are_parsed():
    flow = Flow.from_wire(FLOW_B)
    assert [node.id for node in flow.nodes] == ["a", "b"]
    assert flow.nodes[1].agent_id == "echo"
    assert flow.nodes[1].depends_on == ["a"]
    assert (flow.entry_point, flow.exit_points) == ("a", ["b"])


@pytest.mark.parametrize(
    "text, status",
    [
        ("pending", ExecutionStatus.PENDING),
        ("queued", ExecutionStatus.PENDING),
        ("running", ExecutionStatus.RUNNING),
        ("completed", ExecutionStatus.COMPLETED),
        ("success", ExecutionStatus.COMPLETED),
        ("failed", ExecutionStatus.FAILED),
        ("error", ExecutionStatus.FAILED),
        ("cancelled", ExecutionStatus.CANCELLED),
        ("canceled", ExecutionStatus.CANCELLED),
        ("skipped", ExecutionStatus.SKIPPED),
    ],
)
def test_statuses_of_both_dialects_are_normalised(text, status):
    execution = Execution.from_wire({"id": "e", "status": text})
    assert execution.status is status
    assert execution["status"] == text
    assert execution.is_done is (status in TERMINAL_STATUSES)


@pytest.mark.parametrize("value", ["paused", "", 5, None, True])
def test_an_unknown_status_is_kept_unchanged(value):
    execution = Execution.from_wire({"id": "e", "status": value})
    assert execution.status == value
    assert not execution.is_done and not execution.succeeded


def test_a_status_equals_its_text():
    status = read_status("success")
    assert status == "completed"
    assert f"{status}" == str(status) == "completed"
    assert repr(status) == "'completed'"
    assert json.dumps(status) == '"completed"'
    assert {"completed": 1}[status] == 1


def test_an_execution_that_was_never_started_has_the_zero_id():
    wire = {"execution_id": "00000000-0000-0000-0000-000000000000", "status": "failed"}
    assert not Execution.from_wire(wire).was_started


def test_the_mapping_is_exactly_the_response():
    execution = Execution.from_wire(EXECUTION_B)
    assert dict(execution) == EXECUTION_B
    assert list(execution) == list(EXECUTION_B)
    assert len(execution) == len(EXECUTION_B)
    assert execution["executionId"] == "e"
    assert "execution_id" not in execution
    assert execution.get("nothing", 5) == 5
    assert execution == EXECUTION_B
    with pytest.raises(KeyError):
        execution["execution_id"]


def test_unknown_fields_are_accessible():
    execution = Execution.from_wire({"id": "e", "costCents": 5})
    assert execution["costCents"] == 5
    assert execution.to_dict()["costCents"] == 5


def test_a_model_built_in_python_maps_its_attributes():
    node = FlowNode("a", agent_id="echo")
    assert dict(node) == node.to_dict()
    assert node["agent_id"] == "echo" and node["config"] is None
    assert len(node) == len(dataclasses.fields(FlowNode))


def test_to_dict_uses_the_names_of_the_sdk_and_is_json_serialisable():
    plain = Execution.from_wire(EXECUTION_B).to_dict()
    assert plain["execution_id"] == "e"
    assert plain["status"] == "completed" and type(plain["status"]) is str
    assert plain["completed_at"] == "2026-11-20T10:50:42Z"
    assert "executionId" not in plain and "finishedAt" not in plain
    assert json.loads(json.dumps(plain)) == plain


def test_to_dict_of_a_flow_contains_its_nodes_as_dicts():
    plain = Flow.from_wire(FLOW_B).to_dict()
    assert plain["nodes"][1]["depends_on"] == ["a"]
    assert json.loads(json.dumps(plain)) == plain


def test_to_dict_round_trips():
    flow = Flow.from_wire(FLOW_B)
    assert Flow.from_wire(flow.to_dict()).to_dict() == flow.to_dict()


ODD_VALUES = [
    None,
    0,
    -1.5,
    True,
    "",
    "odd",
    [],
    [1, "x", None],
    {},
    {"a": [1]},
    10**30,
]


@pytest.mark.parametrize("odd", ODD_VALUES, ids=repr)
@pytest.mark.parametrize("model", MODELS)
def test_odd_values_do_not_break_parsing(model, odd):
    names = [field.name for field in dataclasses.fields(model)]
    read = model.from_wire({name: odd for name in names})
    for name in names:
        getattr(read, name)
    json.dumps(read.to_dict())
    assert len(repr(read)) < 2000


@pytest.mark.parametrize("odd", ODD_VALUES, ids=repr)
def test_odd_values_do_not_break_derived_properties(odd):
    names = [field.name for field in dataclasses.fields(Execution)]
    execution = Execution.from_wire({name: odd for name in names})
    assert execution.is_done is False
    assert execution.succeeded is False
    assert execution.was_started is True
    assert isinstance(execution.duration, (timedelta, type(None)))
    assert HealthStatus.from_wire({"status": odd}).is_healthy is False


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_object_has_only_none_attributes(model):
    read = model.from_wire({})
    assert all(getattr(read, field.name) is None for field in dataclasses.fields(model))
    assert repr(read) == f"{model.__name__}()"


@pytest.mark.parametrize(
    "data, kind",
    [
        (None, "nothing"),
        ([], "a JSON array"),
        ("x", "a JSON string"),
        (True, "a JSON boolean"),
        (5, "a JSON number"),
        (1.5, "a JSON number"),
    ],
)
@pytest.mark.parametrize("model", MODELS)
def test_a_response_that_is_not_an_object_is_unexpected(model, data, kind):
    with pytest.raises(
        UnexpectedResponse, match=f"^{kind} where a JSON object was expected$"
    ):
        model.from_wire(data)


def test_odd_nodes_of_a_flow_are_kept():
    assert Flow.from_wire({"nodes": ["x", {"id": "a"}, None]}).nodes[0] == "x"
    assert Flow.from_wire({"nodes": {"a": 1}}).nodes == {"a": 1}


def test_a_repr_is_short_and_hides_the_data():
    wire = {"id": "e", "status": "failed", "error": "x\n" * 500, "input": {"hush": 1}}
    text = repr(Execution.from_wire(wire))
    assert text.startswith(
        "Execution(execution_id='e', status='failed', error_message='x"
    )
    assert len(text) < 160 and "\n" not in text and "hush" not in text


def test_a_repr_counts_nodes_and_formats_times():
    assert repr(Flow.from_wire(FLOW_B)) == "Flow(flow_id='f', version=3, nodes=<2>)"
    health = HealthStatus.from_wire({"status": "healthy", "timestamp": 1795171842})
    assert (
        repr(health) == "HealthStatus(status='healthy', timestamp=2026-11-20T10:50:42Z)"
    )


@pytest.mark.parametrize(
    "clone", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
@pytest.mark.parametrize(
    "model",
    [
        Execution.from_wire(EXECUTION_B),
        Flow.from_wire(FLOW_B),
        FlowNode("a", type="input"),
    ],
    ids=repr,
)
def test_a_clone_is_the_same(model, clone):
    cloned = clone(model)
    assert type(cloned) is type(model)
    assert dict(cloned) == dict(model)
    assert cloned.to_dict() == model.to_dict()
    assert repr(cloned) == repr(model)


def test_a_model_cannot_be_changed():
    execution = Execution.from_wire(EXECUTION_A)
    with pytest.raises(dataclasses.FrozenInstanceError):
        execution.status = "failed"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del execution.status
    with pytest.raises(TypeError):
        execution["status"] = "failed"


def test_filled_adds_missing_fields_and_keeps_the_response():
    sparse = Execution.from_wire({"id": "e", "status": "pending"})
    full = sparse.filled(flow_id="f", execution_id="other")
    assert (full.execution_id, full.flow_id) == ("e", "f")
    assert dict(full) == {"id": "e", "status": "pending"}
    assert sparse.flow_id is None
    assert full.filled(flow_id="other") is full  # nothing is missing


@pytest.mark.parametrize(
    "wire, expected",
    [
        ({"status": "running", "started_at": 0}, None),
        ({"started_at": 10, "completed_at": 12.5}, timedelta(seconds=2.5)),
        ({"created_at": 10, "completed_at": 12}, timedelta(seconds=2)),
        ({"created_at": "odd", "completed_at": 12}, None),
        ({"completed_at": 12}, None),
    ],
)
def test_the_duration_is_known_if_both_times_are(wire, expected):
    assert Execution.from_wire(wire).duration == expected


@pytest.mark.parametrize(
    "status, is_healthy", [("healthy", True), ("ok", True), ("degraded", False)]
)
def test_health_depends_on_the_status(status, is_healthy):
    assert HealthStatus.from_wire({"status": status}).is_healthy is is_healthy


@pytest.mark.parametrize(
    "data",
    [
        [{"id": "a"}, {"id": "b"}],
        {"agents": [{"id": "a"}, {"id": "b"}], "count": 2},
        {"data": [{"agent_id": "a"}, {"agent_id": "b"}], "next_cursor": "x"},
    ],
    ids=["bare", "wrapped", "data"],
)
def test_each_form_of_a_list_is_parsed(data):
    agents = read_items(Agent, "agents")(data)
    assert [agent.agent_id for agent in agents] == ["a", "b"]


def test_a_list_that_is_null_is_empty():
    assert read_items(Agent, "agents")({"agents": None}) == []


@pytest.mark.parametrize("data", [None, 5, "x", {}, {"agents": 5}, {"flows": []}])
def test_a_response_without_a_list_is_unexpected(data):
    with pytest.raises(UnexpectedResponse, match="^no list of agents$"):
        read_items(Agent, "agents")(data)
