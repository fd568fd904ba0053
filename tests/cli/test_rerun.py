"""Tests of `executions rerun`."""

import pytest

from ai_spine import AISpine
from tests.cli.conftest import UNKNOWN_ID


@pytest.fixture
def first(client):
    """The id of a finished execution with two inputs and metadata."""
    done = client.execute_and_wait("echo", {"a": 1, "b": 2}, {"team": "risk"})
    return done.execution_id


def test_an_execution_is_run_again_and_its_output_is_printed(run, client, first):
    outcome = run("executions", "rerun", first, "--output", "json")
    assert (outcome.exit_code, outcome.json) == (0, {"out": {"a": 1, "b": 2}})
    again = client.list_executions()[0]
    assert again.execution_id != first and again.flow_id == "echo"
    assert again.metadata == {"team": "risk"}
    assert f"execution {again.execution_id}: completed" in outcome.stderr


@pytest.mark.parametrize(
    "options, output",
    [
        (("-i", "b=3"), {"a": 1, "b": 3}),
        (("-i", "b=null"), {"a": 1, "b": None}),
        (("-i", "c=[1]"), {"a": 1, "b": 2, "c": [1]}),
        (("--input", '{"a": 5, "b": 6}', "-i", "b=7"), {"a": 5, "b": 7}),
    ],
    ids=str,
)
def test_inputs_are_changed_where_asked(run, first, options, output):
    outcome = run("executions", "rerun", first, *options, "--output", "json")
    assert outcome.json == {"out": output}


def test_changes_are_read_from_stdin(run, first):
    words = ("executions", "rerun", first, "--input", "-", "--output", "json")
    assert run(*words, input='{"a": 9}').json == {"out": {"a": 9, "b": 2}}


def test_other_metadata_is_attached(run, client, first):
    run("executions", "rerun", first, "--metadata", "team=sales")
    assert client.list_executions()[0].metadata == {"team": "sales"}


def test_no_wait_prints_the_new_execution(run, client):
    stuck = client.execute_flow("stuck", {"a": 1})
    words = ("executions", "rerun", stuck.execution_id, "--no-wait")
    outcome = run(*words, "--output", "json")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    again = client.list_executions()[0]
    assert outcome.json["execution_id"] == again.execution_id != stuck.execution_id


def test_each_node_is_shown_with_follow(run, first):
    outcome = run("executions", "rerun", first, "--follow")
    assert outcome.exit_code == 0
    assert "node out: completed" in outcome.stderr


def test_a_flow_that_fails_again_has_exit_code_5(run, client):
    failed = client.execute_and_wait("broken", {}, raise_on_failure=False)
    outcome = run("executions", "rerun", failed.execution_id)
    assert outcome.exit_code == 5
    assert "the scale is broken" in outcome.error


def test_an_unknown_execution_is_not_found(run):
    outcome = run("executions", "rerun", UNKNOWN_ID)
    assert outcome.exit_code == 4
    assert UNKNOWN_ID in outcome.error


def test_an_execution_without_an_input_is_refused_in_one_line(run, server, first):
    shown = {"execution_id": "e", "status": "completed", "flow_id": "echo"}
    server.faults.add("GET", "/executions/*", status=200, body=shown)
    outcome = run("executions", "rerun", first)
    assert outcome.exit_code == 5
    assert "cannot be run again: the server does not send its input" in outcome.error


@pytest.mark.parametrize(
    "options, complaint",
    [
        (("-i", "b"), "not of the form key=value"),
        (("--input", "[1]"), "is not a JSON object"),
        (("--no-wait", "--follow"), "exclude each other"),
        (("--wait-timeout", "0"), "--wait-timeout"),
    ],
    ids=str,
)
def test_wrong_usage_starts_nothing(run, client, first, options, complaint):
    outcome = run("executions", "rerun", first, *options)
    assert outcome.exit_code == 2
    assert complaint in outcome.error
    assert len(client.list_executions()) == 1


def test_ctrl_c_while_starting_says_how_to_check(run, server, first, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(AISpine, "execute_flow", interrupt)
    outcome = run("executions", "rerun", first, "--base-url", server.url)
    assert outcome.exit_code == 130
    assert outcome.error == (
        f"Error: interrupted while execution {first} was being started again; "
        f"it may run: check with ai-spine executions list --base-url {server.url}"
    )
