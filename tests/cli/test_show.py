"""Tests of `flows show`, and of the filters and pages of `executions list`."""

import json

import pytest

from tests.needs import needs

FLOW = {
    "flow_id": "odd",
    "nodes": [
        {"id": "in", "type": "input"},
        {"id": "\x1b[2Jñ<b>", "type": "output", "agent_id": "a", "depends_on": ["in"]},
    ],
    "entry_point": "in",
    "exit_points": ["\x1b[2Jñ<b>"],
}


def test_a_flow_is_drawn_as_text(run):
    outcome = run("flows", "show", "credit_analysis")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    for node in ("applicant", "is_complete", "risk", "decision"):
        assert node in outcome.stdout
    assert "▼" in outcome.stdout
    assert outcome.stdout == run("flows", "show", "credit_analysis").stdout


@pytest.mark.parametrize(
    "picture, start",
    [("mermaid", "flowchart"), ("dot", "digraph"), ("svg", "<svg"), ("text", "╭")],
)
def test_a_flow_is_drawn_in_each_format(run, picture, start):
    outcome = run("flows", "show", "echo", "--format", picture)
    assert outcome.exit_code == 0
    assert start in outcome.stdout and outcome.stdout.endswith("\n")


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml", "csv"])
def test_with_a_data_format_it_prints_the_same_as_get(run, form):
    shown = run("flows", "show", "echo", "--output", form)
    assert shown.exit_code == 0
    assert shown == run("flows", "get", "echo", "--output", form)


@needs("jmespath")
def test_a_query_selects_from_the_flow_and_not_from_the_picture(run):
    picked = run("flows", "show", "echo", "--query", "nodes[].id")
    assert picked.stdout == "in\nout\n"


@pytest.mark.parametrize("picture", ["text", "mermaid", "dot", "svg"])
def test_a_file_is_drawn_without_a_server(invoke, tmp_path, picture):
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(FLOW), "utf-8")
    outcome = invoke("flows", "show", "--file", path, "--format", picture)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert "\x1b" not in outcome.stdout
    assert picture in ("text", "dot") or "<b>" not in outcome.stdout


def test_a_picture_is_written_in_any_encoding(run_process, tmp_path):
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(FLOW), "utf-8")
    options = {"encoding": "ascii", "PYTHONIOENCODING": "ascii"}
    words = ("flows", "show", "--file", path, "--format")
    assert "&#241;" in run_process(*words, "svg", **options).stdout
    text = run_process(*words, "text", **options).stdout
    assert "\\xf1" in text and "\\u" not in text


@pytest.mark.parametrize(
    "words, complaint",
    [
        ((), "name either a FLOW_ID or a --file"),
        (("echo", "--file", "x.json"), "name either a FLOW_ID or a --file"),
        (("echo", "--format", "svg", "--output", "json"), "take one of them"),
        pytest.param(
            ("echo", "--format", "svg", "--query", "nodes"),
            "take one of them",
            marks=needs("jmespath"),
        ),
        (("--file", "none.json"), "none.json cannot be read"),
        (("echo", "--format", "png"), "png"),
    ],
)
def test_invalid_options_for_a_picture_are_a_usage_error(run, words, complaint):
    outcome = run("flows", "show", *words)
    assert outcome.exit_code == 2
    assert complaint in outcome.error


@pytest.fixture
def many(client):
    """The ids of 105 executions, newest first: more than one page."""
    started = [client.execute_flow("echo", {}).execution_id for _ in range(105)]
    client.wait_for_execution(started[-1])
    return started[::-1]


@pytest.mark.parametrize(
    "options, places",
    [
        (("--all",), slice(0, None)),
        (("--limit", "103"), slice(0, 103)),
        (("--limit", "2", "--offset", "102"), slice(102, 104)),
        (("--all", "--offset", "104"), slice(104, None)),
        (("--limit", "7"), slice(0, 7)),
    ],
    ids=str,
)
def test_executions_are_listed_over_many_pages(run, many, options, places):
    words = ("executions", "list", *options, "--output", "jsonl")
    listed = [json.loads(line) for line in run(*words).stdout.splitlines()]
    assert [item["execution_id"] for item in listed] == many[places]


def test_all_and_a_limit_exclude_each_other(run):
    outcome = run("executions", "list", "--all", "--limit", "1")
    assert outcome.exit_code == 2
    assert "--all and --limit exclude each other" in outcome.error


@pytest.mark.parametrize(
    "status, meant",
    [
        ("faild", "failed"),
        ("FAILED", "failed"),
        ("complete", "completed"),
        ("cancled", "canceled"),
    ],
)
def test_a_misspelt_status_is_reported_with_a_suggestion(run, status, meant):
    outcome = run("executions", "list", "--status", status)
    assert outcome.exit_code == 2
    assert f"{status!r} is not a status; is {meant!r} meant?" in outcome.error


@pytest.mark.parametrize("status", ["failed", "error", "canceled"])
def test_a_status_of_either_dialect_is_accepted(run, client, status):
    client.execute_and_wait("broken", {}, raise_on_failure=False)
    outcome = run("executions", "list", "--status", status, "--output", "json")
    assert (outcome.exit_code, outcome.stderr) == (0, "")


def test_an_unknown_status_is_sent_unchanged(run, server):
    body = [{"execution_id": "e", "status": "paused"}]
    server.faults.add("GET", "/executions", status=200, body=body)
    outcome = run("executions", "list", "--status", "paused", "--output", "jsonl")
    assert outcome.exit_code == 0
    assert json.loads(outcome.stdout)["execution_id"] == "e"
    assert outcome.stderr.startswith("note: 'paused' is an unknown status; known")
