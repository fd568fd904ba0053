"""Tests of the command as a whole: help, shared options and usage errors."""

import json
import logging
import re

import pytest

from ai_spine import AISpine, ExecutionError, __version__
from ai_spine.cli.main import cli
from ai_spine.local import LocalServer
from tests.needs import needs

KEY = "sk-very-secret"
COMMANDS = [
    "execute",
    "wait",
    "cancel",
    "flows list",
    "flows get",
    "flows show",
    "flows create",
    "flows update",
    "flows delete",
    "flows validate",
    "executions list",
    "executions get",
    "executions results",
    "executions messages",
    "agents list",
    "agents get",
    "agents create",
    "agents delete",
    "health",
    "metrics",
    "status",
    "whoami",
]
SHARED = ["--api-key", "--base-url", "--timeout", "--local", "--output", "--debug"]
SHARED += ["--query", "--no-color"]
PLACES = {
    "before the noun": lambda options: (*options, "flows", "list"),
    "after the noun": lambda options: ("flows", *options, "list"),
    "after the command": lambda options: ("flows", "list", *options),
    "after a noun alone": lambda options: ("flows", *options),
}
at_any_position = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)


@pytest.mark.parametrize("words", [(), ("-h",), ("--help",)], ids=str)
def test_help_lists_the_commands_and_the_exit_codes(invoke, words):
    outcome = invoke(*words)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^  {command.split()[0]} ", outcome.stdout, re.MULTILINE)
    assert "130  interrupted" in outcome.stdout


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("word", ["-h", "--help"])
def test_each_command_has_help_that_names_the_shared_options(invoke, command, word):
    outcome = invoke(*command.split(), word)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"Usage: ai-spine {command} ")
    for option in SHARED:
        assert f" {option} " in outcome.stdout


@pytest.mark.parametrize("noun", ["flows", "executions", "agents", "local"])
def test_each_group_has_help_that_lists_its_commands(invoke, noun):
    outcome = invoke(noun, "--help")
    assert outcome.exit_code == 0
    assert ("start" if noun == "local" else "list") in outcome.stdout


def test_the_version_is_that_of_the_package(invoke):
    assert invoke("--version") == (0, f"ai-spine, version {__version__}\n", "")


@pytest.mark.parametrize(
    "words, complaint, page",
    [
        (("nope",), "No such command", "ai-spine"),
        (("flows", "nope"), "No such command", "ai-spine flows"),
        (("--nope",), "--nope", "ai-spine"),
        (("flows", "list", "--nope"), "--nope", "ai-spine flows list"),
        (("execute",), "FLOW_ID", "ai-spine execute"),
        (("wait",), "EXECUTION_ID", "ai-spine wait"),
        (("cancel",), "EXECUTION_ID", "ai-spine cancel"),
        (("flows", "get"), "FLOW_ID", "ai-spine flows get"),
        (("agents", "delete"), "AGENT_ID", "ai-spine agents delete"),
        (("health", "extra"), "extra", "ai-spine health"),
        (("--output", "xml", "flows"), "xml", "ai-spine"),
        (("flows", "--timeout", "soon"), "soon", "ai-spine flows"),
        (("local",), "command", "ai-spine local"),
    ],
)
def test_a_usage_error_is_one_line_that_names_the_help(run, words, complaint, page):
    outcome = run(*words)
    assert outcome.exit_code == 2
    assert complaint in outcome.error
    assert outcome.error.endswith(f"(see {page} --help)")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("execute", "echo", "-i"), ("flows", "--timeout"), ("--api-key",)]
)
def test_an_option_without_its_value_is_reported_in_one_line(run, words):
    outcome = run(*words)
    assert outcome.exit_code == 2
    assert words[-1] in outcome.error
    assert outcome.stderr.count("\n") == 1


@at_any_position
def test_output_is_accepted_at_any_position(run, place):
    assert run(*place(["--output", "json"])).json


@at_any_position
def test_base_url_is_accepted_at_any_position(invoke, server, place):
    outcome = invoke(*place(["--base-url", server.url]))
    assert outcome.exit_code == 0
    assert "credit_analysis" in outcome.stdout


@at_any_position
def test_local_is_accepted_at_any_position(invoke, place):
    outcome = invoke(*place(["--local"]))
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert [row[0] for row in outcome.rows[1:]] == [
        "credit_analysis",
        "sentiment-analysis",
    ]


@at_any_position
def test_debug_is_accepted_at_any_position(run, place):
    outcome = run(*place(["--debug"]))
    assert outcome.exit_code == 0
    assert "GET /flows -> 200" in outcome.stderr


@at_any_position
def test_timeout_is_accepted_at_any_position(run, server, place):
    server.faults.add("GET", "/flows", delay=1)
    outcome = run(*place(["--timeout", "0.05"]))
    assert outcome.exit_code == 6
    assert "(0.05 s)" in outcome.error


@at_any_position
def test_a_key_is_accepted_at_any_position(invoke, place):
    with LocalServer(api_key=KEY) as server:
        outcome = invoke(*place(["--base-url", server.url, "--api-key", KEY]))
    assert (outcome.exit_code, outcome.stderr) == (0, "")


def test_the_key_can_be_in_a_file(invoke, tmp_path, monkeypatch):
    path = tmp_path / "key"
    path.write_text("sk-1\n")
    with LocalServer(api_key="sk-1") as server:
        words = ("flows", "--base-url", server.url)
        assert invoke(*words).exit_code == 3
        assert invoke(*words, "--api-key-file", path).exit_code == 0
        both = invoke(*words, "--api-key-file", path, "--api-key", "sk-1")
        assert both.exit_code == 2
        assert both.error == "Error: --api-key and --api-key-file exclude each other"
        missing = invoke(*words, "--api-key-file", tmp_path / "none")
        assert missing.exit_code == 2 and "cannot be read" in missing.error
        monkeypatch.setenv("AI_SPINE_API_KEY_FILE", str(path))
        assert invoke(*words).exit_code == 0
    shown = invoke("config", "list", "--api-key-file", path).rows
    assert ["api_key", "***", "--api-key-file"] in shown
    assert ["api_key", "***", "AI_SPINE_API_KEY_FILE"] in invoke("config").rows


@pytest.mark.parametrize(
    "words",
    [
        ("--output", "json", "flows", "list", "--output", "table"),
        ("--output", "json", "flows", "--output", "table", "list"),
        ("flows", "--output", "json", "list", "--output", "table"),
        ("--output", "json", "flows", "--output", "table"),
    ],
    ids=" ".join,
)
def test_the_option_nearest_to_the_command_applies(run, words):
    assert run(*words).stdout.startswith("FLOW_ID")


@pytest.mark.parametrize("command", COMMANDS)
def test_stdout_is_only_json(run, client, tmp_path, command):
    path = tmp_path / "flow.json"
    flow = client.get_flow("echo").to_dict()
    new = {**flow, "flow_id": "new"} if command == "flows create" else flow
    path.write_text(json.dumps(new), encoding="utf-8")
    stuck = client.execute_flow("stuck", {}).execution_id
    done = client.execute_and_wait("echo", {}).execution_id
    arguments = {
        "execute": ["echo"],
        "wait": [done],
        "cancel": [stuck],
        "flows get": ["echo"],
        "flows show": ["echo"],
        "flows create": [path],
        "flows update": ["echo", path],
        "flows delete": ["echo"],
        "flows validate": [path],
        "executions get": [done],
        "executions results": [done],
        "executions messages": [done],
        "agents get": ["waiter"],
        "agents create": ["eddie", "--endpoint", "http://127.0.0.1:9"],
        "agents delete": ["waiter"],
    }
    words = command.split()
    outcome = run("--output", "json", *words, *arguments.get(command, ()))
    assert outcome.exit_code == 0
    if command.endswith((" delete", " validate")) and not outcome.stdout:
        return  # these commands may print nothing
    assert outcome.json is not None


def test_the_environment_sets_what_options_do_not(invoke, monkeypatch):
    with LocalServer(api_key=KEY) as server:
        monkeypatch.setenv("AI_SPINE_BASE_URL", server.url)
        assert invoke("flows").exit_code == 3
        monkeypatch.setenv("AI_SPINE_API_KEY", KEY)
        assert invoke("flows").exit_code == 0
        assert invoke("flows", "--api-key", "sk-wrong").exit_code == 3
        assert invoke("flows", "--api-key", "").exit_code == 3


def test_local_overrides_the_environment(invoke, monkeypatch):
    monkeypatch.setenv("AI_SPINE_BASE_URL", "http://127.0.0.1:9")
    assert invoke("health", "--local").exit_code == 0


@pytest.mark.parametrize(
    "options, complaint",
    [
        (("--local", "--base-url", "http://x"), "--local and --base-url exclude"),
        (("--base-url", "ftp://x"), "base_url must"),
        (("--base-url", "http://u:p@x"), "base_url must not have"),
        (("--timeout", "0"), "timeout must be"),
        (("--timeout", "nan"), "timeout must be"),
        (("--timeout", "inf"), "timeout must be"),
        (("--api-key", "ké" + KEY), "api_key must be"),
        (("--api-key", KEY + "\n"), "api_key must be"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_line(invoke, options, complaint):
    outcome = invoke(*options, "flows")
    assert outcome.exit_code == 2
    assert complaint in outcome.error
    assert outcome.stderr.count("\n") == 1
    assert KEY not in outcome.stderr
    assert "u:p" not in outcome.stderr


def test_an_invalid_setting_in_the_environment_is_reported_with_its_variable(
    invoke, monkeypatch
):
    monkeypatch.setenv("AI_SPINE_TIMEOUT", "soon")
    outcome = invoke("flows", "--base-url", "http://x")
    assert outcome.exit_code == 2
    assert "AI_SPINE_TIMEOUT" in outcome.error


@needs("vaderSentiment")
def test_debug_logs_each_request_to_stderr_without_the_key(invoke):
    with LocalServer(api_key=KEY) as server:
        options = ("--base-url", server.url, "--api-key", KEY, "--debug")
        words = ("execute", "sentiment-analysis", "-i", "text=Good", "--output", "json")
        outcome = invoke(*options, *words)
    assert outcome.exit_code == 0
    assert outcome.json["sentiment"]["label"] == "positive"
    assert "POST /flows/execute -> 200" in outcome.stderr
    assert "GET /executions/" in outcome.stderr
    assert KEY not in outcome.stderr


def test_without_debug_nothing_is_logged(run):
    assert run("flows").stderr == ""


@pytest.mark.parametrize("time", ["first", "second"])
def test_debug_of_one_command_does_not_affect_the_next(run, time):
    # It runs twice: the first run must not leave handlers for the second.
    assert [type(h) for h in logging.getLogger("ai_spine").handlers] == []
    assert run("flows").stderr == ""
    assert run("flows", "--debug").stderr.count("GET /flows") == 1


@pytest.fixture
def raising(monkeypatch):
    """Make `list_flows` raise."""

    def arrange(error):
        def list_flows(self, mine=False):
            raise error

        monkeypatch.setattr(AISpine, "list_flows", list_flows)

    return arrange


@pytest.mark.parametrize(
    "error, expected",
    [
        (ZeroDivisionError("no\nway\x1b[0m"), "ZeroDivisionError: no way [0m"),
        (KeyError("x"), "KeyError: 'x'"),
        (RecursionError(), "RecursionError:"),
        (MemoryError(), "MemoryError:"),
        (AssertionError(), "AssertionError:"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_unexpected_error_is_reported_in_one_line(run, raising, error, expected):
    raising(error)
    outcome = run("flows")
    assert outcome.exit_code == 1
    assert outcome.error.startswith(f"Error: unexpected {expected}")
    assert "--debug" in outcome.error
    assert outcome.stderr.count("\n") == 1


def test_debug_shows_the_traceback_of_an_unexpected_error(run, raising):
    raising(ZeroDivisionError("no way"))
    with pytest.raises(ZeroDivisionError, match="no way"):
        run("flows", "--debug")


def test_an_error_of_several_lines_is_printed_in_one(run, raising):
    raising(ExecutionError("first\nsecond\r\n\tthird"))
    assert run("flows").stderr == "Error: first second third\n"


def test_an_interrupt_is_reported_in_one_line(run, raising):
    raising(KeyboardInterrupt())
    outcome = run("flows")
    assert outcome == (130, "", "Error: interrupted\n")


def test_the_message_of_an_interrupt_is_printed(run, raising):
    raising(KeyboardInterrupt("stopped waiting for execution e, which continues"))
    outcome = run("flows")
    assert outcome.exit_code == 130
    assert outcome.error == "Error: stopped waiting for execution e, which continues"


def test_an_interrupt_during_cleanup_is_reported_too(run, monkeypatch):
    def close(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(AISpine, "close", close)
        outcome = run("flows")
    assert outcome.exit_code == 130
    assert outcome.stderr.strip() == "Error: interrupted"


def test_the_exit_code_is_returned_without_standalone_mode(run, capsys):
    run("flows")  # the environment names the server
    words = ["flows", "get", "nowhere"]
    assert cli.main(words, prog_name="ai-spine", standalone_mode=False) == 4
    assert cli.main(["nope"], prog_name="ai-spine", standalone_mode=False) == 2
    assert not cli.main(["health"], prog_name="ai-spine", standalone_mode=False)
    assert "Flow 'nowhere' not found" in capsys.readouterr().err
