"""Tests of `execute`."""

import inspect
import json
import re

import pytest

from ai_spine import AISpine, Execution
from tests.cli.conftest import UNKNOWN_ID
from tests.needs import needs

APPLICATION = {"name": "Ana", "income": 50000, "amount": 15000, "term_months": 36}
DONE = Execution.from_wire(
    {"execution_id": "e", "status": "completed", "output_data": {"out": {"a": 1}}}
)


def _spy(method, calls):
    """Replace a method of the client: record its arguments by name, and return at once."""
    signature = inspect.signature(method)

    def call(*args, **kwargs):
        calls.append(signature.bind(*args, **kwargs).arguments)
        return DONE

    return call


def _inputs(data):
    return [word for name in data for word in ("-i", f"{name}={data[name]}")]


def test_the_decision_is_printed_with_its_numbers(run):
    outcome = run("execute", "credit_analysis", *_inputs(APPLICATION))
    assert outcome.exit_code == 0
    assert outcome.fields["decision"] == "approved"
    assert outcome.fields["monthly_payment"] == "498.21"
    assert outcome.fields["risk_score"] == "24"
    assert outcome.fields["reasons"].count(";") == 2


def test_json_output_is_the_whole_output_of_the_execution(run):
    outcome = run(
        "execute", "credit_analysis", *_inputs(APPLICATION), "--output", "json"
    )
    assert outcome.json["decision"]["monthly_payment"] == 498.21


def test_missing_fields_of_an_application_are_questions_in_the_output(run):
    outcome = run("execute", "credit_analysis", "-i", "name=Ana", "-i", "income=50000")
    assert outcome.exit_code == 0
    assert outcome.fields["decision"] == "incomplete"
    assert "amount: How much do you want to borrow?" in outcome.fields["questions"]


def test_a_flow_runs_without_any_input(run):
    outcome = run("execute", "echo", "--output", "json")
    assert (outcome.exit_code, outcome.json) == (0, {"out": {}})


@needs("vaderSentiment")
def test_progress_goes_to_stderr_with_each_status_once(run):
    outcome = run("execute", "sentiment-analysis", "-i", "text=Wonderful!")
    lines = outcome.stderr.splitlines()
    pattern = r"execution [0-9a-f-]{36}: (\w+)( after \d+\.\d\d s)?"
    seen = [re.fullmatch(pattern, line).group(1) for line in lines]
    assert len(seen) == len(set(seen))
    assert seen[-1] == "completed"
    assert lines[-1].endswith(" s")
    assert "execution" not in outcome.stdout


def test_a_final_status_without_times_is_printed_without_a_duration(run, server):
    body = {
        "execution_id": "e",
        "status": "completed",
        "output_data": {"out": {"a": 1}},
    }
    server.faults.add("GET", "/executions/*", status=200, body=body, times=None)
    outcome = run("execute", "echo")
    assert outcome.stderr == "execution e: completed\n"


@pytest.mark.parametrize("source", ["text", "file", "stdin"])
def test_input_is_read_from_text_a_file_or_stdin(run, tmp_path, source):
    content = json.dumps({"text": "Qué bien", "n": [1, None]}, ensure_ascii=False)
    path = tmp_path / "input.json"
    path.write_text(content, encoding="utf-8")
    argument = {"text": content, "file": f"@{path}", "stdin": "-"}[source]
    stdin = content if source == "stdin" else None
    outcome = run(
        "execute", "echo", "--input", argument, "--output", "json", input=stdin
    )
    assert outcome.json == {"out": {"text": "Qué bien", "n": [1, None]}}


def test_a_single_input_overrides_the_same_key_of_input(run):
    whole = '{"a": 1, "b": 2}'
    outcome = run("execute", "echo", "-i", "b=3", "--input", whole, "--output", "json")
    assert outcome.json == {"out": {"a": 1, "b": 3}}


def test_metadata_is_attached_to_the_execution(run, client):
    run("execute", "echo", "--metadata", "run=7", "--metadata", "by=Ana Lima")
    (execution,) = client.list_executions()
    assert execution.metadata == {"run": 7, "by": "Ana Lima"}


def test_no_wait_prints_the_execution_that_was_started(run, client):
    outcome = run("execute", "stuck", "--no-wait", "--output", "json")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.json["flow_id"] == "stuck"
    (execution,) = client.list_executions()
    assert outcome.json["execution_id"] == execution.execution_id


def test_no_wait_prints_a_table_by_default(run):
    outcome = run("execute", "echo", "--no-wait", "--metadata", "a=1")
    assert outcome.exit_code == 0
    assert re.fullmatch("[0-9a-f-]{36}", outcome.fields["execution_id"])
    assert outcome.fields["flow_id"] == "echo"


def test_a_wait_timeout_has_exit_code_6_and_names_the_execution(run, client):
    outcome = run("execute", "stuck", "--wait-timeout", "0.1")
    (execution,) = client.list_executions()
    assert outcome.exit_code == 6
    assert execution.execution_id in outcome.error
    assert "0.1 s" in outcome.error
    assert execution.status == "running"


@pytest.mark.parametrize(
    "command",
    [("execute", "echo"), ("wait", UNKNOWN_ID)],
    ids=["execute", "wait"],
)
@pytest.mark.parametrize(
    "options, timeout, interval",
    [
        ((), 300, 2),
        (("--wait-timeout", "7.5"), 7.5, 2),
        (("--interval", "0.25"), 300, 0.25),
        (("--interval", "1", "--wait-timeout", "9"), 9, 1),
    ],
    ids=["defaults", "wait-timeout", "interval", "both"],
)
def test_the_options_set_the_wait_timeout_and_the_poll_interval(
    run, monkeypatch, command, options, timeout, interval
):
    calls = []
    spy = _spy(AISpine.wait_for_execution, calls)
    monkeypatch.setattr(AISpine, "wait_for_execution", spy)
    assert run(*command, *options).fields == {"a": "1"}
    (call,) = calls
    assert (call["timeout"], call["interval"]) == (timeout, interval)


@pytest.mark.parametrize("option", ["--wait-timeout", "--interval"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon"])
def test_an_invalid_wait_timeout_or_interval_starts_nothing(run, client, option, value):
    outcome = run("execute", "echo", option, value)
    assert outcome.exit_code == 2
    assert outcome.error
    assert client.list_executions() == []


@pytest.mark.parametrize("output", ["table", "json"])
def test_a_failed_flow_has_exit_code_5_and_its_reason(run, output):
    outcome = run("execute", "broken", "--output", output)
    assert outcome.exit_code == 5
    assert "flow broken failed" in outcome.error
    assert (
        "Node 'out' failed: ValueError: the scale is broken (conftest.py:"
        in outcome.error
    )


def test_an_unknown_flow_is_reported_in_one_line(run, client):
    outcome = run("execute", "nowhere")
    assert outcome.exit_code == 5
    assert "Flow 'nowhere' not found" in outcome.error
    assert client.list_executions() == []


@pytest.mark.parametrize("flow_id", ["", " ", ".", "..", "a\nb"])
def test_an_invalid_flow_id_is_a_usage_error(run, flow_id):
    outcome = run("execute", flow_id)
    assert outcome.exit_code == 2
    assert "flow_id" in outcome.error


@pytest.mark.parametrize(
    "argument",
    [
        ("--input", '{"deep": {"n": [NaN]}}'),
        ("--input", '{"deep": {"n": [1e999]}}'),
        ("--input", '{"deep": {"n": [-Infinity]}}'),
        ("-i", 'deep={"n": [1e999]}'),
    ],
    ids=lambda argument: argument[1],
)
def test_a_number_that_json_cannot_represent_is_reported_with_its_path(
    run, client, argument
):
    outcome = run("execute", "echo", *argument)
    assert outcome.exit_code == 2
    assert "input_data.deep.n[0]" in outcome.error
    assert client.list_executions() == []


def test_bidi_marks_of_a_node_are_escaped_while_following(run, server):
    values = {"execution_id": UNKNOWN_ID, "status": "failed", "node_id": "n\u202e"}
    body = [{**values, "error_message": "it \u2066broke\x1b[2J"}]
    server.faults.add("GET", "/executions/*/stream", status=404)
    server.faults.add("GET", "/executions/*/results", status=200, body=body)
    server.faults.add("GET", "/executions/*", status=200, body=values)
    stderr = run("wait", UNKNOWN_ID, "--follow").stderr
    assert "node n\\u202e: failed: it \\u2066broke [2J" in stderr
    assert all(line.isprintable() for line in stderr.splitlines())


def test_progress_that_an_agent_reports_is_shown_while_following(run, server):
    def work(input, config, context):
        context.report(0.5, "reading \u2066all")
        return {}

    server.add_flow("reporter", work)
    stderr = run("execute", "reporter", "--follow").stderr
    assert "node work: 50 % reading \\u2066all" in stderr.splitlines()
