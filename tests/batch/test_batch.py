"""Tests of what a batch gives: items, and all of them together."""

import json

import pytest

from ai_spine.batch.items import BatchItem, BatchProgress, BatchResult, key_of
from ai_spine.exceptions import (
    AuthenticationError,
    BadRequestError,
    BatchError,
    CallInfo,
    ConfigurationError,
    ExecutionError,
    NetworkError,
    ValidationError,
)
from ai_spine.models import Execution
from tests.batch.conftest import lines, numbers

pytestmark = pytest.mark.every_client


def seen(status="completed", **more):
    wire = {"execution_id": "e", "flow_id": "work", "status": status, **more}
    return Execution.from_wire(wire)


LOST = NetworkError("gone", call=CallInfo("POST", maybe_executed=True))


@pytest.mark.only_sync("it makes no client")
@pytest.mark.parametrize(
    "execution, error, status",
    [
        (seen(), None, "completed"),
        (seen("failed"), ExecutionError("failed"), "failed"),
        (seen("cancelled"), ExecutionError("cancelled"), "cancelled"),
        (None, ValidationError("no mapping"), "refused"),
        (None, BadRequestError("no", status_code=422), "refused"),
        (None, LOST, "unknown"),
        (None, AuthenticationError("no key", status_code=401), "unknown"),
        (seen("running"), NetworkError("gone"), "unknown"),
        (seen("running"), BadRequestError("no", status_code=400), "unknown"),
    ],
)
def test_the_status_of_an_item_says_what_is_known(execution, error, status):
    item = BatchItem(0, {}, execution, error)
    assert item.status == status
    assert item.is_final == (status != "unknown")
    assert item.maybe_executed == (error is LOST)


@pytest.mark.only_sync("it makes no client")
def test_an_item_is_read_back_as_it_was_written():
    execution = seen(output_data={"out": 1}, created_at="2026-01-02T03:04:05Z")
    item = BatchItem(7, {"b": 1, "a": [None]}, execution, None, "key", 2)
    read = BatchItem.from_dict(json.loads(json.dumps(item.to_dict())), "work")
    assert read.to_dict() == item.to_dict()
    assert read.execution.created_at == execution.created_at
    assert (read.index, read.input, read.output) == (7, item.input, {"out": 1})
    assert (read.idempotency_key, read.attempt) == ("key", 2)


@pytest.mark.only_sync("it makes no client")
def test_an_error_is_read_back_with_its_type():
    execution = seen("failed")
    error = ExecutionError("it failed", execution=execution)
    told = BatchItem(0, {}, execution, error).to_dict()
    read = BatchItem.from_dict(told, "work")
    assert type(read.error) is ExecutionError
    assert str(read.error) == "it failed"
    assert read.error.execution.execution_id == "e"


@pytest.mark.only_sync("it makes no client")
@pytest.mark.parametrize("value", [None, "text", {1, 2}, object(), float("nan")])
def test_any_input_can_be_written_as_json(value):
    item = BatchItem(0, value, None, ValidationError("no mapping"))
    written = json.loads(json.dumps(item.to_dict(), allow_nan=False))
    assert (written["index"], written["error"]["message"]) == (0, "no mapping")


@pytest.mark.only_sync("it makes no client")
def test_the_key_of_an_input_depends_on_run_index_input_and_attempt():
    keys = {
        key_of("run", 0, {"a": 1}),
        key_of("other", 0, {"a": 1}),
        key_of("run", 1, {"a": 1}),
        key_of("run", 0, {"a": 2}),
        key_of("run", 0, {"a": 1}, 1),
    }
    assert len(keys) == 5


@pytest.mark.only_sync("it makes no client")
def test_the_key_of_an_input_does_not_depend_on_the_order_of_its_fields():
    assert key_of("r", 0, {"a": 1, "b": 2}) == key_of("r", 0, {"b": 2, "a": 1})


def test_the_key_of_an_input_is_that_of_earlier_releases():
    value = {"b": 1, "a": {"d": 2.5, "c": [{"z": "é", "y": None}]}}
    assert key_of("run", 0, value) == "504fdcb71286affcc1e3eb86f02e4e34"
    assert key_of("r", 3, {"t": object()}, 1) == "eb984d74eb9e31c065c345e9ff327635"


@pytest.mark.only_sync("it makes no client")
def test_progress_shows_the_rate_and_what_is_left():
    progress = BatchProgress(done=50, failed=1, total=200, elapsed=10.0)
    assert (progress.rate, progress.left) == (5.0, 30.0)
    assert BatchProgress(0, 0, 200, 0.0).left is None
    assert BatchProgress(5, 0, None, 1.0).left is None


def test_a_result_counts_iterates_and_lists_what_failed(client):
    inputs = [{"n": 0}, {"n": 1, "bad": True}, "no mapping", {"n": 3}]
    result = client.execute_batch("work", inputs)
    assert (len(result), result.succeeded) == (4, 2)
    assert [item.index for item in result] == [0, 1, 2, 3]
    assert [item.index for item in result.failed] == [1, 2]
    assert result[3].output == {"out": {"n": 3}}
    assert repr(result) == "BatchResult(succeeded=2, failed=2)"


def test_raise_for_errors_names_the_first_failure_and_has_all(client):
    result = client.execute_batch("work", [{"n": 0}, "no mapping", 3])
    with pytest.raises(BatchError) as caught:
        result.raise_for_errors()
    told = "2 of 3 inputs failed; input 1: input_data must be a mapping"
    assert str(caught.value).startswith(told)
    assert [item.input for item in caught.value.failed] == ["no mapping", 3]
    assert isinstance(caught.value.__cause__, ValidationError)


def test_raise_for_errors_raises_nothing_where_all_succeeded(client):
    client.execute_batch("work", numbers(2)).raise_for_errors()


def test_a_result_is_written_as_a_line_for_each_item(client, tmp_path):
    result = client.execute_batch("work", [{"n": 0}, "no mapping"])
    result.to_jsonl(tmp_path / "out.jsonl")
    first, second = lines(tmp_path / "out.jsonl")
    assert (first["status"], first["output"]) == ("completed", {"out": {"n": 0}})
    assert (second["status"], second["error"]["type"]) == ("refused", "ValidationError")


def test_a_result_cannot_be_written_over_its_own_checkpoint(client, path):
    result = client.execute_batch("work", numbers(2), checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="already has the results"):
        result.to_jsonl(path.parent / "." / path.name)
    assert path.read_bytes() == before


@pytest.mark.only_sync("it makes no client")
def test_a_result_that_cannot_be_written_is_reported_in_one_sentence(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be written: "):
        BatchResult(None).to_jsonl(tmp_path)
