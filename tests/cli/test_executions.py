"""Tests of `executions list|get|results|messages`, `wait` and `cancel`."""

import json

import pytest

from tests.cli.conftest import BROKEN, UNKNOWN_ID

COLUMNS = ["EXECUTION_ID", "FLOW_ID", "STATUS", "CREATED_AT", "ERROR_MESSAGE"]


@pytest.fixture
def start(client):
    """Execute each flow and return the ids; executions of `stuck` keep running."""

    def call(*flow_ids):
        made = [client.execute_flow(flow_id, {"a": 1}) for flow_id in flow_ids]
        for execution in made:
            if execution.flow_id != "stuck":
                client.wait_for_execution(
                    execution.execution_id, raise_on_failure=False
                )
        return [execution.execution_id for execution in made]

    return call


@pytest.mark.parametrize("words", [("executions",), ("executions", "list")])
def test_executions_are_listed_with_the_newest_first(run, start, words):
    first, second = start("echo", "broken")
    outcome = run(*words)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.rows[0] == COLUMNS
    assert [row[:3] for row in outcome.rows[1:]] == [
        [second, "broken", "failed"],
        [first, "echo", "completed"],
    ]
    assert [row[4] for row in outcome.rows[1:]] == [
        f"Node 'out' failed: {BROKEN}",
        "-",
    ]


@pytest.mark.parametrize("words", [("executions",), ("executions", "list")])
def test_executions_are_listed_as_json(run, client, start, words):
    start("echo", "broken")
    listed = run(*words, "--output", "json").json
    assert listed == [execution.to_dict() for execution in client.list_executions()]
    assert len(listed) == 2


def test_an_empty_list_has_only_headings_and_is_an_empty_json_list(run):
    assert run("executions").rows == [COLUMNS]
    assert run("executions", "--output", "json").json == []


@pytest.mark.parametrize(
    "options, places",
    [
        (("--flow", "echo"), (2, 0)),
        (("--status", "failed"), (1,)),
        (("--flow", "echo", "--status", "failed"), ()),
        (("--limit", "1"), (2,)),
        (("--offset", "1"), (1, 0)),
        (("--limit", "1", "--offset", "1"), (1,)),
        (("--offset", "0"), (2, 1, 0)),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_the_list_can_be_filtered_and_paged(run, start, options, places):
    ids = start("echo", "broken", "echo")
    listed = run("executions", "list", *options, "--output", "json").json
    assert [item["execution_id"] for item in listed] == [ids[n] for n in places]


@pytest.mark.parametrize(
    "option, value",
    [
        ("--limit", "0"),
        ("--limit", "-1"),
        ("--limit", "many"),
        ("--offset", "-1"),
        ("--offset", "1.5"),
        ("--flow", ""),
        ("--status", " "),
    ],
)
def test_an_invalid_filter_is_a_usage_error(run, option, value):
    outcome = run("executions", "list", option, value)
    assert outcome.exit_code == 2
    assert option.strip("-") in outcome.error


def test_an_execution_is_shown_as_json(run, client, start):
    (execution_id,) = start("echo")
    shown = run("executions", "get", execution_id, "--output", "json").json
    assert shown == client.get_execution(execution_id).to_dict()
    assert shown["input_data"] == {"a": 1}
    assert shown["output_data"] == {"out": {"a": 1}}


def test_an_execution_is_shown_line_by_line_without_unknown_fields(run, start):
    (execution_id,) = start("echo")
    outcome = run("executions", "get", execution_id)
    assert outcome.exit_code == 0
    assert outcome.fields["execution_id"] == execution_id
    assert outcome.fields["status"] == "completed"
    assert outcome.fields["output_data"] == '{"out": {"a": 1}}'
    assert "error_message" not in outcome.fields


def test_the_result_of_each_node_is_listed(run, client, start):
    (execution_id,) = start("broken")
    outcome = run("executions", "results", execution_id)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    columns = ["NODE_ID", "AGENT_ID", "STATUS", "DURATION", "ERROR_MESSAGE"]
    assert outcome.rows[0] == columns
    assert [row[:3] for row in outcome.rows[1:]] == [
        ["in", "-", "completed"],
        ["out", "breaker", "failed"],
    ]
    assert all(row[3].endswith(" s") for row in outcome.rows[1:])
    assert outcome.rows[2][4] == BROKEN


def test_the_traceback_of_a_node_is_in_its_result_as_json(run, client, start):
    (execution_id,) = start("broken")
    outcome = run("executions", "results", execution_id, "--output", "json")
    text = json.loads(outcome.stdout)[1]["traceback"]
    assert text.startswith("Traceback") and "in _break" in text


def test_the_result_of_each_node_is_listed_as_json(run, client, start):
    (execution_id,) = start("echo")
    listed = run("executions", "results", execution_id, "--output", "json").json
    results = client.get_execution_results(execution_id)
    assert listed == [result.to_dict() for result in results]
    assert [result["node_id"] for result in listed] == ["in", "out"]


def test_messages_are_listed(run, server, start):
    (execution_id,) = start("echo")
    sent = {"from_agent": "a", "to_agent": "b", "message_type": "note", "content": "hi"}
    body = {"messages": [{**sent, "timestamp": "2026-11-20T10:50:42Z"}]}
    server.faults.add("GET", "/messages/*", status=200, body=body)
    outcome = run("executions", "messages", execution_id)
    assert outcome.rows == [
        ["TIMESTAMP", "FROM_AGENT", "TO_AGENT", "MESSAGE_TYPE", "CONTENT"],
        ["2026-11-20T10:50:42Z", "a", "b", "note", "hi"],
    ]


def test_without_messages_the_list_is_empty(run, start):
    (execution_id,) = start("echo")
    words = ("executions", "messages", execution_id, "--output", "json")
    assert run(*words).json == []


def test_waiting_prints_the_output(run, start):
    (execution_id,) = start("echo")
    outcome = run("wait", execution_id)
    assert outcome.exit_code == 0
    assert outcome.fields == {"a": "1"}
    assert outcome.stderr.startswith(f"execution {execution_id}: completed after ")


def test_waiting_prints_the_output_as_json(run, start):
    (execution_id,) = start("pair")
    outcome = run("wait", execution_id, "--output", "json")
    assert outcome.json == {"left": {"a": 1}, "right": {"a": 1}}


def test_waiting_for_a_failed_execution_has_exit_code_5(run, start):
    (execution_id,) = start("broken")
    outcome = run("wait", execution_id)
    assert outcome.exit_code == 5
    assert f"execution {execution_id} of flow broken failed" in outcome.error


def test_waiting_for_a_cancelled_execution_has_exit_code_5(run, client, start):
    (execution_id,) = start("stuck")
    client.cancel_execution(execution_id)
    outcome = run("wait", execution_id)
    assert outcome.exit_code == 5
    assert "was cancelled" in outcome.error


def test_a_wait_timeout_has_exit_code_6_and_can_be_repeated(run, client, start):
    (execution_id,) = start("stuck")
    for _ in range(2):
        outcome = run("wait", execution_id, "--wait-timeout", "0.1", "--interval", "1")
        assert outcome.exit_code == 6
        assert f"execution {execution_id} was not done" in outcome.error
    assert not client.get_execution(execution_id).is_done


def test_a_wait_continues_after_a_transient_error(run, server, start):
    (execution_id,) = start("echo")
    fault = server.faults.add("GET", "/executions/*", status=503)
    outcome = run("wait", execution_id)
    assert (outcome.exit_code, fault.met) == (0, 1)


def test_cancelling_prints_the_cancelled_execution(run, client, start):
    (execution_id,) = start("stuck")
    outcome = run("cancel", execution_id)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.fields["status"] == "cancelled"
    assert client.get_execution(execution_id).status == "cancelled"


def test_cancelling_prints_json(run, start):
    (execution_id,) = start("stuck")
    outcome = run("cancel", execution_id, "--output", "json")
    assert outcome.json["execution_id"] == execution_id
    assert outcome.json["status"] == "cancelled"


def test_cancelling_a_finished_execution_has_exit_code_4(run, start):
    (execution_id,) = start("echo")
    outcome = run("cancel", execution_id)
    assert outcome.exit_code == 4
    assert "not found or not running" in outcome.error


WORDS = [
    ("executions", "get"),
    ("executions", "results"),
    ("executions", "messages"),
    ("wait",),
    ("cancel",),
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_an_execution_that_does_not_exist_has_exit_code_4(run, words):
    outcome = run(*words, UNKNOWN_ID)
    assert outcome.exit_code == 4
    assert UNKNOWN_ID in outcome.error


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_an_id_that_the_server_refuses_has_exit_code_1(run, words):
    outcome = run(*words, "not-a-uuid")
    assert outcome.exit_code == 1
    assert "execution_id: Input should be a valid UUID" in outcome.error


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_an_invalid_id_is_a_usage_error(run, words):
    outcome = run(*words, "..")
    assert outcome.exit_code == 2
    assert "execution_id" in outcome.error
