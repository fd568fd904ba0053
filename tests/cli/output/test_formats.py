"""Tests of the formats that programs read, of `--query`, and of errors as JSON."""

import csv
import io
import json

import pytest
import yaml

from ai_spine import AISpine
from ai_spine.cli.output.formats import csv_line
from tests.needs import needs

FLOWS = [
    {"flow_id": "a", "name": "one, two", "nodes": [{"id": "n"}], "extra": 1},
    {"flow_id": "b", "name": "=cmd|' /C calc'!A0", "version": 2},
]


@pytest.fixture
def print_flows(run, server):
    """Print two flows that a server lists."""

    def call(*options):
        server.faults.add("GET", "/flows", status=200, body=FLOWS)
        outcome = run("flows", "list", *options)
        assert (outcome.exit_code, outcome.stderr) == (0, "")
        return outcome.stdout

    return call


@pytest.fixture
def show(run):
    """Print the output of a flow."""

    def call(data, *options, flow_id="echo"):
        outcome = run("execute", flow_id, "--input", json.dumps(data), *options)
        assert outcome.exit_code == 0, outcome.stderr
        return outcome.stdout

    return call


def read_csv(text):
    return list(csv.reader(io.StringIO(text)))


def test_a_list_is_the_same_data_in_json_json_lines_and_yaml(print_flows):
    whole = json.loads(print_flows("--output", "json"))
    assert [flow["flow_id"] for flow in whole] == ["a", "b"]
    assert whole[0]["extra"] == 1
    lines = print_flows("--output", "jsonl").splitlines()
    assert [json.loads(line) for line in lines] == whole
    assert yaml.safe_load(print_flows("--output", "yaml")) == whole


def test_csv_has_the_same_columns_for_each_server(print_flows, run, server):
    header, first, second = read_csv(print_flows("--output", "csv"))
    assert header[:5] == ["flow_id", "name", "description", "version", "nodes"]
    assert first[:4] == ["a", "one, two", "", ""]
    assert json.loads(first[4])[0]["id"] == "n"
    assert second[1] == "'=cmd|' /C calc'!A0"  # a spreadsheet would run it
    server.faults.add("GET", "/flows", status=200, body=[])
    assert read_csv(run("flows", "--output", "csv").stdout) == [header]


@pytest.mark.parametrize(
    "form, text", [("json", "[]\n"), ("jsonl", ""), ("yaml", "[]\n")]
)
def test_an_empty_list_in_each_format(run, form, text):
    assert run("executions", "--output", form).stdout == text


def test_one_flow_in_each_format(run, client):
    flow = client.get_flow("echo").to_dict()
    shown = {
        form: run("flows", "get", "echo", "--output", form).stdout
        for form in ("json", "jsonl", "yaml", "csv")
    }
    assert json.loads(shown["json"]) == json.loads(shown["jsonl"]) == flow
    assert shown["jsonl"].count("\n") == 1
    assert yaml.safe_load(shown["yaml"]) == flow
    header, row = read_csv(shown["csv"])
    assert dict(zip(header, row))["entry_point"] == "in"


def test_an_output_as_csv_has_the_fields_of_the_only_exit_point(show):
    text = show({"a": 1, "b": [1, None], "c": None, "d": True}, "--output", "csv")
    assert read_csv(text) == [["a", "b", "c", "d"], ["1", "[1, null]", "", "true"]]
    text = show({"a": 1}, "--output", "csv", flow_id="pair")
    assert read_csv(text) == [["left", "right"], ['{"a": 1}', '{"a": 1}']]


@pytest.mark.parametrize(
    "cell, text",
    [
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-cmd", "'-cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("-5", "-5"),
        ("+1.5e3", "+1.5e3"),
        (-5, "-5"),
        ("a=1", "a=1"),
        ("'", "'"),
        ('say "a,b"', '"say ""a,b"""'),
        ("two\nlines", '"two\nlines"'),
        (0.1, "0.1"),
        (False, "false"),
        ({}, "{}"),
    ],
)
def test_csv_cells_are_quoted_and_formulas_are_escaped(cell, text):
    assert csv_line([cell, "x"]) == f"{text},x"


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml"])
@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\x9b2J", "\x85", "\u2028", "\u202eevil", "a\nb", "日本 ☂"]
)
def test_text_round_trips_with_control_characters_escaped(show, form, text):
    printed = show({"key": text, text: 1}, "--output", form)
    read = yaml.safe_load if form == "yaml" else json.loads
    assert read(printed) == {"out": {"key": text, text: 1}}
    for character in "\x1b\x9b\x85\u2028\u202e":
        assert character not in printed


@needs("jmespath")
@pytest.mark.parametrize(
    "query, form, text",
    [
        ("[].flow_id", "table", "a\nb\n"),
        ("[].flow_id", "json", '[\n  "a",\n  "b"\n]\n'),
        ("[].flow_id", "jsonl", '"a"\n"b"\n'),
        ("[].flow_id", "yaml", "- a\n- b\n"),
        ("[].flow_id", "csv", "value\na\nb\n"),
        ("[].[flow_id, version]", "csv", "a,\nb,2\n"),
        ("[].{id: flow_id}", "table", "ID\na\nb\n"),
        ("[].{id: flow_id}", "csv", "id\na\nb\n"),
        ("[0].nodes[0].id", "table", "n\n"),
        ("[0].{a: {b: flow_id}}", "table", "a.b  a\n"),
        ("length(@)", "json", "2\n"),
        ("[9]", "json", "null\n"),
        ("[9]", "table", "-\n"),
        ("[?version==`9`]", "table", ""),
        ("[?version==`9`]", "csv", ""),
        ("[9]", "yaml", "null\n"),
    ],
)
def test_a_query_selects_what_is_printed(print_flows, query, form, text):
    assert print_flows("--query", query, "--output", form) == text


@needs("jmespath")
def test_a_query_of_an_output_starts_at_the_exit_points(show):
    assert show({"a": {"b": 7}}, "--query", "out.a.b") == "7\n"
    assert show({"a": {"b": 7}}, "--query", "out.a", "--output", "jsonl") == (
        '{"b": 7}\n'
    )


@needs("jmespath")
@pytest.mark.parametrize(
    "query, complaint",
    [
        ("a[", "Incomplete expression"),
        ("", "cannot be empty"),
        ("'a", "Unclosed ' delimiter"),
        ("lenght(@)", "there is no function 'lenght'; is 'length' meant?"),
        ("[?nope(a)]", "there is no function 'nope'"),
        ("length()", "length() takes 1 arguments, not 0"),
        ("length(a, b)", "length() takes 1 arguments, not 2"),
        ("merge()", "merge() takes at least 1 arguments, not 0"),
        ("(" * 5000, "is not JMESPath"),
    ],
)
def test_an_invalid_query_is_reported_before_anything_is_sent(
    run, client, query, complaint
):
    outcome = run("execute", "echo", "--query", query)
    assert outcome.exit_code == 2
    assert complaint in outcome.error and outcome.stderr.count("\n") == 1
    assert client.list_executions() == []


@needs("jmespath")
def test_a_query_that_does_not_fit_the_data_is_reported_in_one_line(run):
    outcome = run("flows", "--query", "abs(@)")
    assert outcome.exit_code == 2
    assert "--query does not fit what there is to print: In function abs()" in (
        outcome.error
    )


@pytest.mark.parametrize(
    "module, options, message",
    [
        (
            "jmespath",
            ("--query", "a"),
            "--query needs jmespath: pip install 'ai-spine-sdk[query]'",
        ),
        (
            "yaml",
            ("--output", "yaml"),
            "--output yaml needs PyYAML: pip install 'ai-spine-sdk[local]'",
        ),
    ],
)
def test_a_missing_extra_is_reported_before_anything_is_sent(
    run_process, server, client, tmp_path, module, options, message
):
    (tmp_path / f"{module}.py").write_text(f"raise ImportError({module!r})\n")
    where = {
        "AI_SPINE_BASE_URL": server.url,
        "PYTHONPATH": _prepended_to_pythonpath(tmp_path),
    }
    outcome = run_process("execute", "echo", *options, **where)
    assert outcome.exit_code == 2
    assert outcome.error.startswith(f"Error: {message} (see ")
    assert client.list_executions() == []


def _prepended_to_pythonpath(folder):
    import os

    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_an_error_is_json_if_the_output_is_json(run, server, form):
    body = {"detail": "slow\ndown", "code": "BUSY"}
    server.faults.add(
        "GET",
        "/flows/echo",
        status=429,
        body=body,
        headers={"X-Request-ID": "r-1", "Retry-After": "7"},
    )
    outcome = run("flows", "get", "echo", "--output", form)
    assert (outcome.exit_code, outcome.stdout) == (7, "")
    assert outcome.stderr.count("\n") == 1
    error = outcome.json_error
    assert error["type"] == "RateLimitError"
    assert (error["status_code"], error["retry_after"]) == (429, 7)
    assert error["request_id"] == "r-1"
    assert error["message"].startswith("429: slow down (GET /flows/echo")


@pytest.mark.parametrize("form", ["table", "yaml", "csv"])
def test_an_error_is_a_sentence_if_the_output_is_not_json(run, form):
    outcome = run("flows", "get", "nowhere", "--output", form)
    assert outcome.stderr.startswith("Error: 404: ")


def test_the_execution_that_failed_is_named_in_json(run, client):
    error = run("execute", "broken", "--output", "json").json_error
    (execution,) = client.list_executions()
    assert error["type"] == "ExecutionError"
    assert error["execution_id"] == execution.execution_id


def test_a_write_that_may_have_run_is_reported_in_json(run, server):
    server.faults.add("POST", "/flows/execute", drop_after_commit=True)
    error = run("execute", "echo", "--output", "json").json_error
    assert error["type"] == "NetworkError"
    assert error["maybe_executed"] is True and error["idempotency_key"]


@pytest.mark.parametrize(
    "words",
    [
        ("--output", "json", "flows", "nope"),
        ("flows", "--output", "jsonl", "get"),
        ("flows", "list", "--nope", "--output", "json"),
        ("flows", "list", "--output=json", "--timeout", "soon"),
        ("flows", "show", "--output", "json"),
        ("--output", "json", "--query", "a[", "flows"),
    ],
    ids=" ".join,
)
def test_a_usage_error_is_json_too(run, words):
    outcome = run(*words)
    assert outcome.exit_code == 2
    assert outcome.json_error["type"] == "UsageError"
    assert " --help)" in outcome.json_error["message"]


def test_an_interrupt_is_json_too(run, monkeypatch):
    def stop(self, mine=False):
        raise KeyboardInterrupt

    monkeypatch.setattr(AISpine, "list_flows", stop)
    error = run("flows", "--output", "json").json_error
    assert error == {"type": "Interrupted", "message": "interrupted", "exit_code": 130}


@pytest.mark.parametrize(
    "form, read",
    [
        ("json", json.loads),
        ("jsonl", lambda text: [json.loads(line) for line in text.splitlines()]),
        ("yaml", yaml.safe_load),
    ],
)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_batch_prints_results_in_each_format(run, tmp_path, form, read, count):
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"a": {n}}}\n' for n in range(count)), "utf-8")
    outcome = run("batch", "echo", path, "--output", form)
    assert outcome.exit_code == 0
    rows = read(outcome.stdout) or []
    assert sorted(row["output"]["out"]["a"] for row in rows) == list(range(count))


def test_a_batch_prints_csv_and_tables(run, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"a": 1}\n', "utf-8")
    header, row = read_csv(run("batch", "echo", path, "--output", "csv").stdout)
    first = dict(zip(header, row))
    assert (first["index"], first["status"]) == ("0", "completed")
    assert json.loads(first["output"]) == {"out": {"a": 1}}
    rows = run("batch", "echo", path, "--output", "table").rows
    assert rows[0] == ["INDEX", "STATUS", "EXECUTION_ID", "OUTPUT", "ERROR"]
    assert rows[1][:2] == ["0", "completed"]


@needs("jmespath")
@pytest.mark.parametrize(
    "options, text",
    [
        ((), "1\n"),
        (("--output", "csv"), "value\n1\n"),
        (("--output", "json"), "[\n  1\n]\n"),
    ],
)
def test_a_query_selects_from_each_item_of_a_batch(run, tmp_path, options, text):
    path = tmp_path / "in.jsonl"
    path.write_text('{"a": 1}\n', "utf-8")
    words = ("batch", "echo", path, "--query", "output.out.a", *options)
    assert run(*words).stdout == text


@pytest.mark.parametrize(
    "options, message",
    [
        pytest.param(
            ("--query", "a"),
            "--query picks of what is printed",
            marks=needs("jmespath"),
        ),
        (("--output", "csv"), "--output csv is for stdout"),
    ],
)
def test_options_for_stdout_are_refused_if_results_go_to_a_file(
    run, client, tmp_path, options, message
):
    path = tmp_path / "in.jsonl"
    path.write_text('{"a": 1}\n', "utf-8")
    outcome = run("batch", "echo", path, "-o", tmp_path / "out", *options)
    assert outcome.exit_code == 2
    assert message in outcome.error
    assert client.list_executions() == []
