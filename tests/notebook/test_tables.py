"""Tests of models as pandas data frames."""

import sys
from datetime import timedelta

import pytest

from ai_spine import (
    Agent,
    ConfigurationError,
    Execution,
    NodeResult,
    ValidationError,
    to_dataframe,
)
from ai_spine.local import LocalServer

pandas = pytest.importorskip("pandas")

WIRE = {
    "execution_id": "e",
    "flow_id": "f",
    "status": "success",
    "input_data": {"amount": 5, "who": {"name": "Ana", "tags": ["x"]}},
    "output_data": {"decision": {"rate": 0.5, "notes": {}}},
    "created_at": "2026-01-01T01:00:00+01:00",
    "completed_at": "2026-01-01T00:00:02Z",
}


@pytest.fixture(scope="module")
def client():
    with LocalServer() as server, server.client() as made:
        yield made


def test_each_attribute_is_a_column_of_its_own_type():
    frame = to_dataframe([Execution.from_wire(WIRE)])
    (row,) = frame.to_dict("records")
    assert row["status"] == "completed" and type(row["status"]) is str
    assert row["created_at"] == pandas.Timestamp("2026-01-01T00:00:00Z")
    assert row["duration"] == timedelta(seconds=2)
    assert row["input_data"] == WIRE["input_data"]
    assert str(frame["created_at"].dt.tz) == "UTC"


def test_flatten_flattens_inputs_and_outputs():
    frame = to_dataframe([Execution.from_wire(WIRE), Execution("e2")], flatten=True)
    first, second = frame.to_dict("records")
    assert (first["input.amount"], first["input.who.name"]) == (5, "Ana")
    assert first["input.who.tags"] == ["x"]
    assert (first["output.decision.rate"], first["output.decision.notes"]) == (0.5, {})
    assert pandas.isna(second["input.amount"])
    assert not {"input_data", "output_data"} & set(frame.columns)


def test_missing_and_invalid_times_are_nat():
    odd = Execution.from_wire({**WIRE, "created_at": "soon", "completed_at": None})
    early = Execution.from_wire({**WIRE, "created_at": "0001-01-01T00:00:00Z"})
    frame = to_dataframe([odd, early])
    assert frame["created_at"].isna().iloc[0]
    assert frame["completed_at"].isna().tolist() == [True, False]
    assert frame["duration"].isna().iloc[0]


def test_values_with_the_same_path_are_all_kept():
    input_data = {"a.b": 1, "a": {"b": 2, "b.2": 3}}
    frame = to_dataframe([Execution("e", input_data=input_data)], flatten=True)
    (row,) = frame.filter(like="input.").to_dict("records")
    assert row == {"input.a.b": 1, "input.a.b.2": 2, "input.a.b.2.2": 3}


@pytest.mark.parametrize("flatten", [True, False])
def test_an_empty_list_has_the_columns_with_their_types(client, flatten):
    empty = client.list_executions(flow_id="no-such")
    frame = to_dataframe(empty, flatten=flatten)
    assert len(frame) == 0 and {"execution_id", "status", "duration"} <= set(frame)
    assert frame["duration"].sum() == timedelta(0)
    assert str(frame["created_at"].dt.tz) == "UTC"
    named = to_dataframe(iter(()), flatten=flatten, model=NodeResult)
    assert "node_id" in named.columns
    assert to_dataframe([]).columns.tolist() == to_dataframe(empty).columns.tolist()


def test_a_batch_is_a_table_with_its_errors(client):
    inputs = [{"text": "Fine."}, {"text": ""}, 5]
    result = client.execute_batch("sentiment-analysis", inputs)
    frame = to_dataframe(result, flatten=True).set_index("index")
    assert frame["status"].tolist() == ["completed", "failed", "refused"]
    assert frame["output.sentiment.label"].iloc[0] == "positive"
    assert frame["input.text"].iloc[:2].tolist() == ["Fine.", ""]
    assert frame["input"].iloc[2] == 5
    assert "must be a mapping" in frame["error"].iloc[2]
    assert frame["duration"].iloc[0] > timedelta(0)
    none = client.execute_batch("sentiment-analysis", [])
    assert to_dataframe(none).columns.tolist() == to_dataframe(result).columns.tolist()


def test_node_results_and_agents_are_tables_too(client):
    execution = client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
    results = client.get_execution_results(execution.execution_id)
    assert to_dataframe(results)["node_id"].tolist() == ["text", "sentiment"]
    mixed = to_dataframe([*results, Agent("a", capabilities=["x", "y"])])
    assert mixed["agent_id"].tolist()[-1] == "a"
    assert mixed["capabilities"].tolist()[-1] == ["x", "y"]


def test_thousands_of_levels_are_flattened():
    deep = leaf = {}
    for _ in range(5000):
        leaf["x"] = {}
        leaf = leaf["x"]
    leaf["end"] = 1
    frame = to_dataframe([Execution("e", output_data=deep)], flatten=True)
    assert frame["output" + ".x" * 5000 + ".end"].tolist() == [1]


@pytest.mark.parametrize("items", [5, None, "text", {"a": 1}, Execution("e")])
def test_a_value_that_is_not_an_iterable_of_models_is_refused(items):
    with pytest.raises(ValidationError, match="must be an iterable of models"):
        to_dataframe(items)


def test_an_item_that_is_not_a_model_is_reported():
    with pytest.raises(
        ValidationError, match=r"items\[1\] is not a model, .*type dict"
    ):
        to_dataframe([Execution("e"), {"execution_id": "e"}])
    with pytest.raises(ValidationError, match="model must be a class of models"):
        to_dataframe([], model=dict)


def test_missing_pandas_is_reported_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigurationError) as caught:
        to_dataframe([])
    words = "to_dataframe needs pandas: pip install 'ai-spine-sdk[pandas]'"
    assert str(caught.value) == words
