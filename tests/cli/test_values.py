"""Tests of how values are read from the command line."""

import gc

import pytest

DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def echo(run):
    """Execute the flow that returns its input."""

    def call(*args, **options):
        outcome = run("execute", "echo", "--output", "json", *args, **options)
        assert outcome.exit_code == 0, outcome.stderr
        return outcome.json["out"]

    return call


@pytest.mark.parametrize(
    "text, value",
    [
        ("50000", 50000),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("[1]", [1]),
        ('{"a": {"b": []}}', {"a": {"b": []}}),
        ('"50000"', "50000"),
        ("Ana", "Ana"),
        ("Ana Lima", "Ana Lima"),
        ("José ☂", "José ☂"),
        ("a=b=c", "a=b=c"),
        ("", ""),
        (" ", " "),
        ("True", "True"),
        ("0123", "0123"),
        ("[1", "[1"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("[NaN]", "[NaN]"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_a_value_is_parsed_as_json_or_else_kept_as_text(echo, text, value):
    read = echo("-i", f"key={text}")["key"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", [DEEP, "9" * 5000], ids=["too deep", "too long"])
def test_a_value_too_deep_or_too_long_for_json_is_kept_as_it_is(echo, text):
    assert str(echo("-i", f"key={text}")["key"]) == text


def test_keys_may_be_anything_but_empty(echo):
    read = echo("-i", "a b=1", "-i", "ñ=2", "-i", "a.b=3", "-i", '"q"=4')
    assert read == {"a b": 1, "ñ": 2, "a.b": 3, '"q"': 4}


@pytest.mark.parametrize("option", ["-i", "--metadata"])
@pytest.mark.parametrize("pair", ["amount", "", "=5", "="])
def test_an_invalid_pair_is_a_usage_error(run, client, option, pair):
    outcome = run("execute", "echo", option, pair)
    assert outcome.exit_code == 2
    assert f"{pair!r} is not of the form key=value" in outcome.error
    assert client.list_executions() == []


@pytest.mark.parametrize("option", ["-i", "--metadata"])
def test_a_duplicate_key_is_a_usage_error(run, client, option):
    outcome = run("execute", "echo", option, "a=1", option, "b=2", option, "a=1")
    assert outcome.exit_code == 2
    assert "the key 'a' is given twice" in outcome.error
    assert client.list_executions() == []


@pytest.mark.parametrize("command", ["execute", "agents create"])
@pytest.mark.parametrize(
    "text, complaint",
    [
        ("", "is not JSON"),
        ("{'a': 1}", "is not JSON"),
        ('{"a": 1', "is not JSON"),
        (DEEP, "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("5", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ('"text"', "is not a JSON object"),
    ],
    ids=["empty", "Python", "cut", "deep", "list", "number", "null", "text"],
)
@pytest.mark.parametrize("source", ["text", "file", "stdin"])
def test_all_inputs_must_be_a_json_object(
    run, tmp_path, command, text, complaint, source
):
    path = tmp_path / "input.json"
    path.write_text(text, encoding="utf-8")
    option = "--input" if command == "execute" else "--config"
    argument = {"text": text, "file": f"@{path}", "stdin": "-"}[source]
    name = {"text": "its text", "file": str(path), "stdin": "stdin"}[source]
    stdin = text if source == "stdin" else None
    if text == DEEP:
        gc.collect()  # what is collected at the limit of recursion reports that on stderr
    outcome = run(*command.split(), "echo", option, argument, input=stdin)
    assert outcome.exit_code == 2
    assert f"Error: {option}: {name} {complaint}" in outcome.error


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_bytes_that_are_not_utf_8_are_reported(run, tmp_path, source):
    content = '{"text": "Qué bien"}'.encode("latin-1")
    path = tmp_path / "latin.json"
    path.write_bytes(content)
    argument, name = {"file": (f"@{path}", path), "stdin": ("-", "stdin")}[source]
    stdin = content if source == "stdin" else None
    outcome = run("execute", "echo", "--input", argument, input=stdin)
    assert outcome.exit_code == 2
    assert f"--input: {name} is not UTF-8 text" in outcome.error


@pytest.mark.parametrize(
    "name, reason", [("none.json", "No such file"), (".", "directory"), ("", "")]
)
def test_an_unreadable_file_is_reported_with_the_reason(
    run, tmp_path, monkeypatch, name, reason
):
    monkeypatch.chdir(tmp_path)
    outcome = run("execute", "echo", "--input", f"@{name}")
    assert outcome.exit_code == 2
    assert " ".join(f"--input: {name} cannot be read:".split()) in outcome.error
    assert reason in outcome.error


def test_an_empty_stdin_is_not_json(run):
    outcome = run("execute", "echo", "--input", "-", input="")
    assert outcome.exit_code == 2
    assert "stdin is not JSON" in outcome.error
