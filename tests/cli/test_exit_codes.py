"""Tests of the exit codes; on an error stdout stays empty."""

import inspect
import pathlib
import socket

import pytest

from ai_spine import AISpineError, exceptions
from ai_spine.cli import exit_codes
from ai_spine.cli.exit_codes import exit_code_of
from ai_spine.local import LocalServer
from tests.cli.conftest import UNKNOWN_ID

ROOT = pathlib.Path(__file__).parents[2]
CODES = {
    "AISpineError": 1,
    "ConfigurationError": 2,
    "ValidationError": 2,
    "NetworkError": 8,
    "TimeoutError": 6,
    "RequestTimeoutError": 6,
    "ExecutionError": 5,
    "ExecutionCancelledError": 5,
    "BatchError": 5,
    "APIError": 1,
    "BadRequestError": 1,
    "AuthenticationError": 3,
    "PermissionDeniedError": 3,
    "InsufficientCreditsError": 3,
    "NotFoundError": 4,
    "ConflictError": 1,
    "RateLimitError": 7,
    "ServerError": 1,
}


def _error_classes():
    classes = inspect.getmembers(exceptions, inspect.isclass)
    public = {name: found for name, found in classes if not name.startswith("_")}
    return {n: c for n, c in public.items() if issubclass(c, AISpineError)}


def test_each_error_of_the_sdk_has_its_exit_code():
    codes = {name: exit_code_of(found("x")) for name, found in _error_classes().items()}
    assert codes == CODES


def test_the_exit_codes_are_listed_in_the_help_and_the_docs(invoke):
    printed = " ".join(invoke("--help").stdout.split())
    names = [
        ("DONE", "done"),
        ("API_ERROR", "the server refused the request, or stdout cannot be written"),
        ("USAGE", "wrong usage, or a wrong setting"),
        ("AUTHENTICATION", "authentication"),
        ("NOT_FOUND", "not found"),
        (
            "EXECUTION_FAILED",
            "the execution, or one of a batch, failed or was cancelled, "
            "or the flow to execute does not exist",
        ),
        ("TIMEOUT", "timeout"),
        ("RATE_LIMIT", "rate limit"),
        ("NETWORK", "network"),
        ("INTERRUPTED", "interrupted"),
        ("CLOSED_PIPE", "the reader of the output exited"),
    ]
    parts = [(getattr(exit_codes, name), word) for name, word in names]
    assert (
        "Exit codes: " + " ".join(f"{code} {word}" for code, word in parts) in printed
    )
    rows = "".join(f"| {code} | {word} |\n" for code, word in parts)
    assert rows in (ROOT / "docs" / "command-line.md").read_text("utf-8")


@pytest.mark.parametrize(
    "status, exit_code",
    [
        (400, 1),
        (401, 3),
        (402, 3),
        (403, 3),
        (404, 4),
        (409, 1),
        (418, 1),
        (422, 1),
        (429, 7),
        (500, 1),
        (503, 1),
    ],
)
@pytest.mark.parametrize("output", ["table", "json"])
def test_an_error_status_has_an_exit_code(run, server, status, exit_code, output):
    body = {"detail": "first line\nsecond"}
    server.faults.add("GET", "/flows", status=status, body=body)
    outcome = run("flows", "--output", output)
    assert outcome.exit_code == exit_code
    assert outcome.error.startswith(f"Error: {status}: first line second (GET /flows")
    assert outcome.stderr.count("\n") == 1


def test_insufficient_credits_are_reported_in_the_words_of_the_server(run, server):
    body = {"message": "5 credits needed", "error_code": "INSUFFICIENT_CREDITS"}
    server.faults.add("POST", "/flows/execute", status=403, body=body)
    outcome = run("execute", "echo")
    assert outcome.exit_code == 3
    assert "5 credits needed" in outcome.error


@pytest.mark.parametrize("body", [[1], "text", None, 5], ids=str)
def test_an_invalid_response_has_exit_code_1(run, server, body):
    server.faults.add("GET", "/health", status=200, body=[body])
    outcome = run("health")
    assert outcome.exit_code == 1
    assert "a JSON object was expected" in outcome.error


@pytest.mark.parametrize("key", [None, "", "sk-wrong"])
def test_a_missing_or_wrong_key_has_exit_code_3(invoke, key):
    with LocalServer(api_key="sk-right") as server:
        options = [] if key is None else ["--api-key", key]
        outcome = invoke("flows", "--base-url", server.url, *options)
    assert outcome.exit_code == 3
    assert "401: Invalid or missing API key" in outcome.error
    hint = "; no key was sent: set AI_SPINE_API_KEY, or use --api-key-file"
    assert outcome.error.endswith(hint) == (not key)
    assert "sk-" not in outcome.stderr


def test_a_request_timeout_has_exit_code_6(run, server):
    server.faults.add("GET", "/flows", delay=1)
    outcome = run("flows", "--timeout", "0.05")
    assert outcome.exit_code == 6
    assert "no response in time (0.05 s)" in outcome.error


def test_an_unreachable_server_has_exit_code_8(run):
    with socket.socket() as unused:  # bound, so that no other process listens on it
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        outcome = run("flows", "--base-url", f"http://127.0.0.1:{port}")
    assert outcome.exit_code == 8
    assert f"http://127.0.0.1:{port}: could not connect" in outcome.error


def test_a_lost_connection_has_exit_code_8(run, server):
    server.faults.add("GET", "/flows", drop=True)
    outcome = run("flows")
    assert outcome.exit_code == 8
    assert "the connection was closed without a response" in outcome.error


def test_an_execution_that_may_have_started_is_reported(run, server, client):
    server.faults.add("POST", "/flows/execute", drop_after_commit=True)
    outcome = run("execute", "echo")
    assert outcome.exit_code == 8
    assert "it may have run" in outcome.error
    assert "idempotency key" in outcome.error
    assert len(client.list_executions()) == 1


def test_a_transient_error_is_retried(run, server, monkeypatch):
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", "1")
    fault = server.faults.add("GET", "/flows", status=503)
    assert (run("flows").exit_code, fault.met) == (0, 1)


COMMANDS = [
    "execute x",
    "cancel x",
    "flows",
    "flows list",
    "flows get x",
    "flows delete x",
    "executions",
    "executions list",
    "executions get x",
    "executions results x",
    "executions messages x",
    "agents",
    "agents list",
    "agents get x",
    "agents create x",
    "agents delete x",
    "health",
    "metrics",
    "status",
    "whoami",
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "fault, exit_code",
    [
        ({"status": 429}, 7),
        ({"status": 401}, 3),
        ({"drop": True}, 8),
    ],
    ids=["rate limit", "authentication", "network"],
)
def test_each_command_reports_errors_in_the_same_way(
    run, server, command, fault, exit_code
):
    server.faults.add("*", "*", **fault)
    outcome = run(*command.split())
    assert outcome.exit_code == exit_code
    assert outcome.error
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "fault, expected",
    [({"status": 429}, "429: Too Many Requests"), ({"drop": True}, "connection")],
    ids=["rate limit", "network"],
)
def test_a_wait_continues_after_transient_errors_until_its_timeout(
    run, server, fault, expected
):
    server.faults.add("GET", "/executions/*", times=None, **fault)
    words = "its status was never seen, and the last request failed: "
    for seconds in (
        "0.2",
        "2",
        "20",
    ):  # a busy machine may see no failure within the first
        outcome = run("wait", UNKNOWN_ID, "--wait-timeout", seconds)
        assert outcome.exit_code == 6
        if words in outcome.error:
            break
    assert words in outcome.error
    assert expected in outcome.error


def test_a_wait_ends_at_a_permanent_error(run, server):
    server.faults.add("GET", "/executions/*", status=401)
    outcome = run("wait", UNKNOWN_ID)
    assert outcome.exit_code == 3
    assert outcome.error
