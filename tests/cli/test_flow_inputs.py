"""Tests of inputs that are read, checked, asked for and completed by a flow's schema."""

import json
from importlib import metadata

import click
import pytest

from ai_spine.cli.flow_inputs import ask_for_inputs, read_inputs
from tests.local import flow, node

prompts = pytest.mark.skipif(
    tuple(map(int, metadata.version("click").split(".")[:2])) < (8, 2),
    reason="the runner of click 8.1 shows answers on stdout, and has no end of them",
)
SCHEMA = {
    "type": "object",
    "properties": {
        "zip": {"type": "string", "description": "The postal code."},
        "amount": {"type": "number"},
        "months": {"type": "integer", "default": 12},
        "fast": {"type": ["boolean", "null"]},
        "tags": {"anyOf": [{"type": "array"}, {"type": "null"}]},
        "kind": {"$ref": "#/$defs/Kind"},
        "open": {},
    },
    "required": ["zip", "amount"],
    "$defs": {"Kind": {"enum": ["new", "old"]}},
}


@pytest.fixture
def typed(client):
    """A flow with a schema, which returns its input."""
    made = {**flow(node("n"), flow_id="typed"), "input_schema": SCHEMA}
    return client.create_flow(made)


@pytest.mark.parametrize(
    "pair, value",
    [
        ("zip=01234", "01234"),
        ("zip=true", "true"),
        ("amount=5.5", 5.5),
        ("months=12", 12),
        ("months=12.0", 12.0),
        ("fast=true", True),
        ("fast=null", None),
        ("tags=[1]", [1]),
        ("kind=new", "new"),
        ("open=01234", "01234"),
        ("open=7", 7),
        ("unknown=7", 7),
    ],
)
def test_a_value_is_read_by_its_type(pair, value):
    name = pair.partition("=")[0]
    found = read_inputs([pair], SCHEMA)[name]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "described, text, value",
    [
        ({"anyOf": [{"$ref": "#/$defs/Box"}, {"type": "null"}]}, '{"a": 1}', {"a": 1}),
        ({"anyOf": [{"enum": [1, "x"]}, {"type": "null"}]}, "1", 1),
        ({"anyOf": [{}, {"type": "null"}]}, "hello", "hello"),
        ({"enum": [1, "2"]}, "1", 1),
        ({"enum": [1, "2"]}, "2", "2"),
    ],
)
def test_a_value_may_be_of_any_branch(described, text, value):
    schema = {"properties": {"x": described}, "$defs": {"Box": {"type": "object"}}}
    assert read_inputs([f"x={text}"], schema) == {"x": value}


@pytest.mark.parametrize(
    "pair, words",
    [
        ("amount=much", "amount must be a number, not 'much'"),
        ("amount=true", "amount must be a number, not 'true'"),
        ("months=1.5", "months must be a whole number, not '1.5'"),
        ("fast=1", "fast must be true or false or null, not '1'"),
        ("tags=x", "tags must be a list, as JSON or null, not 'x'"),
        ("kind=odd", "kind must be one of new, old, not 'odd'"),
        ("zip", "'zip' is not of the form key=value"),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused(pair, words):
    with pytest.raises(click.UsageError) as caught:
        read_inputs([pair], SCHEMA)
    assert caught.value.message == words


def test_inputs_are_executed_by_their_types(run, typed):
    words = ("-i", "zip=01234", "-i", "amount=5", "--output", "json")
    assert run("execute", "typed", *words).json["n"]["zip"] == "01234"


def test_a_wrong_type_is_a_usage_error(run, typed, client):
    outcome = run("execute", "typed", "-i", "zip=1", "-i", "amount=much")
    assert outcome.exit_code == 2
    assert outcome.error.startswith("Error: amount must be a number, not 'much' (see ")
    assert client.list_executions() == []


@pytest.mark.parametrize("words", [(), ("-i", "months=3")], ids=str)
def test_missing_inputs_are_named_before_anything_is_executed(
    run, typed, client, words
):
    outcome = run("execute", "typed", *words)
    assert outcome.exit_code == 2
    assert outcome.error.startswith(
        "Error: flow 'typed' needs zip, amount: use -i zip=..., --input or --interactive"
    )
    assert client.list_executions() == []


def test_the_server_checks_an_input_that_is_given_as_one_object(run, typed):
    outcome = run("execute", "typed", "--input", json.dumps({"amount": 3}))
    assert outcome.exit_code == 1
    assert "422: input_data.zip: Field required" in outcome.error


@prompts
def test_missing_inputs_are_asked_for(invoke, run, typed):
    answers = "\n01234\nmuch\n5\n\ntrue\n\nnew\n\n"
    words = ("execute", "typed", "--interactive", "--output", "json")
    outcome = run(*words, input=answers)
    assert outcome.exit_code == 0
    wanted = {"zip": "", "amount": 5, "fast": True, "kind": "new"}
    prompts = outcome.stderr
    assert "zip (The postal code):" in prompts
    assert "months (a whole number; by default 12):" in prompts
    assert "kind (one of new, old; may be left empty):" in prompts
    assert "Error: amount must be a number, not '01234'" not in prompts
    assert "Error: amount must be a number, not 'much'" in prompts
    assert {**wanted, "zip": "01234"} == outcome.json["n"]


@prompts
def test_what_is_given_is_not_asked_for(run, typed):
    outcome = run(
        *("execute", "typed", "-i", "zip=1", "-i", "amount=2", "--interactive"),
        *("--output", "json"),
        input="\n\n\n\n\n",
    )
    assert outcome.json["n"] == {"zip": "1", "amount": 2}
    assert "zip" not in outcome.stderr


@prompts
def test_somebody_who_does_not_answer_starts_nothing(run, typed, client):
    outcome = run("execute", "typed", "--interactive", input="")
    assert outcome.exit_code == 130
    assert client.list_executions() == []


def test_a_flow_without_a_schema_cannot_ask(run):
    outcome = run("execute", "echo", "--interactive")
    assert outcome.exit_code == 2
    assert "it has no input_schema" in outcome.error
    with pytest.raises(click.UsageError):
        ask_for_inputs({}, {"properties": 3})


def test_an_unknown_flow_is_reported_as_before(run):
    outcome = run("execute", "zz", "-i", "a=1")
    assert (outcome.exit_code, "'zz' not found" in outcome.stderr) == (5, True)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "typed.json"
    path.write_text(json.dumps({**flow(node("n")), "input_schema": SCHEMA}))
    return path


def test_sample_inputs_are_checked_without_a_server(invoke, file):
    fits = json.dumps({"zip": "1", "amount": 2})
    assert invoke("flows", "validate", file, "--input", fits).exit_code == 0
    outcome = invoke("flows", "validate", file, "--input", fits, "--input", "{}")
    assert outcome.exit_code == 2
    assert (
        "--input does not fit: amount: is required; zip: is required" in outcome.error
    )


def test_a_file_is_validated_with_its_schemas_and_example(invoke, file):
    body = json.loads(file.read_text())
    file.write_text(json.dumps({**body, "metadata": {"example_input": {}}}))
    outcome = invoke("flows", "validate", file)
    assert "its example_input does not fit its input_schema" in outcome.error
    file.write_text(json.dumps({**body, "input_schema": {"type": "text"}}))
    assert "is no JSON Schema" in invoke("flows", "validate", file).error
    del body["input_schema"]
    file.write_text(json.dumps(body))
    assert invoke("flows", "validate", file).exit_code == 0
    outcome = invoke("flows", "validate", file, "--input", "{}")
    assert "it has no input_schema to check --input by" in outcome.error
