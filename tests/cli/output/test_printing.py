"""Tests of how results are printed."""

import json

import pytest


@pytest.fixture
def show(run):
    """Print the output of a flow with one exit point, or with two."""

    def call(data, *options, flow_id="echo"):
        text = json.dumps(data)
        outcome = run("execute", flow_id, "--input", text, *options)
        assert outcome.exit_code == 0, outcome.stderr
        return outcome

    return call


@pytest.fixture
def show_response(run, server):
    """Print the output of an execution of which the server returns only the output."""

    def call(output, *options):
        body = {"execution_id": "e", "status": "completed", "output_data": output}
        server.faults.add("GET", "/executions/*", status=200, body=body)
        outcome = run("wait", "e", *options)
        assert outcome.exit_code == 0, outcome.stderr
        return outcome

    return call


@pytest.mark.parametrize(
    "value, text",
    [
        (1, "1"),
        (0.5, "0.5"),
        (True, "true"),
        ("text", "text"),
        ("José ☂", "José ☂"),
        ("two\nlines\tand  gaps", "two lines and gaps"),
        ("\x1b[31mred\x1b[0m \x9b2J", "[31mred [0m 2J"),
        (["a", "b c"], "a; b c"),
        (["a", 1], '["a", 1]'),
        ([{"ñ": None}], '[{"ñ": null}]'),
        ({}, "{}"),
    ],
)
def test_a_value_is_printed_on_one_line(show, value, text):
    assert show({"key": value}).stdout == f"key  {text}\n"


@pytest.mark.parametrize("name", ["two\nlines", "\x1b[31mred", "\x9b2J", "a\rb"])
def test_a_name_is_printed_on_one_line_too(show, name):
    stdout = show({name: 1}).stdout
    assert stdout.count("\n") == 1
    assert stdout.rstrip("\n").isprintable()


@pytest.mark.parametrize("value", ["\x9b2J", "\u2028", "\x85"])
def test_a_nested_value_is_printed_on_one_line_too(show, value):
    stdout = show({"key": [{"a": value}]}).stdout
    assert stdout.count("\n") == 1
    assert stdout.rstrip("\n").isprintable()


def test_values_are_aligned_and_unknown_ones_are_omitted(show):
    stdout = show({"a": 1, "longer": 2, "none": None}).stdout
    assert stdout == "a       1\nlonger  2\n"


def test_nested_names_are_joined_by_dots(show):
    stdout = show({"a": {"b": {"c": 1}, "d": {}}, "e": 2}).stdout
    assert stdout == "a.b.c  1\na.d    {}\ne      2\n"


def test_fields_of_two_exit_points_are_prefixed_with_their_names(show):
    stdout = show({"a": 1}, flow_id="pair").stdout
    assert stdout == "left.a   1\nright.a  1\n"


@pytest.mark.parametrize(
    "output, text",
    [
        (None, "-\n"),
        ({}, ""),
        ({"out": {}}, ""),
        ({"out": "done"}, "done\n"),
        ({"out": None}, "-\n"),
        ({"out": ["a", "b"]}, "a; b\n"),
        ("done", "done\n"),
        (5, "5\n"),
        ([1, 2], "[1, 2]\n"),
    ],
)
def test_an_output_of_any_shape_can_be_printed(show_response, output, text):
    assert show_response(output).stdout == text


@pytest.mark.parametrize("output", [None, {}, {"out": {}}, "done", 5, [1, 2]])
def test_an_output_of_any_shape_is_printed_unchanged_as_json(show_response, output):
    assert show_response(output, "--output", "json").json == output


def test_json_is_indented_and_not_escaped(show):
    stdout = show({"key": "José\n☂"}, "--output", "json").stdout
    assert stdout == '{\n  "out": {\n    "key": "José\\n☂"\n  }\n}\n'


def test_table_is_the_default_format(show):
    assert show({"a": 1}).stdout == show({"a": 1}, "--output", "table").stdout


def test_timestamps_are_utc(run, server):
    body = {"status": "healthy", "timestamp": "2026-11-20T11:50:42+01:00"}
    server.faults.add("GET", "/health", status=200, body=body, times=2)
    assert run("health").fields["timestamp"] == "2026-11-20T10:50:42Z"
    shown = run("health", "--output", "json").json
    assert shown["timestamp"] == "2026-11-20T10:50:42Z"


def test_timestamps_in_a_list_are_utc_and_columns_are_aligned(run, server):
    executions = [
        {"id": "e", "created_at": "2026-11-20T11:50:42+01:00", "status": "error"},
        {"id": "longer", "flow_id": "f", "error": "two\nlines"},
    ]
    server.faults.add("GET", "/executions", status=200, body=executions)
    assert run("executions").stdout.splitlines() == [
        "EXECUTION_ID  FLOW_ID  STATUS  CREATED_AT            ERROR_MESSAGE",
        "e             -        failed  2026-11-20T10:50:42Z  -",
        "longer        f        -       -                     two lines",
    ]
