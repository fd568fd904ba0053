"""Tests that every operation has a method, a route, a command and a line in the docs."""

import re
from pathlib import Path

import pytest
import requests

from ai_spine import AISpine
from ai_spine.cli.main import cli
from ai_spine.local import LocalServer
from ai_spine.operations import OPERATIONS, Credential

METHODS = Path(__file__).parent.parent / "docs" / "executing.md"

# Commands with other names than their methods. Operations on keys have no command, since it would
# print the key, and leave it in the shell's history and in logs.
COMMANDS = {
    "execute_flow": "execute",
    "cancel_execution": "cancel",
    "get_execution_results": "executions results",
    "stream_execution": "wait",
    "get_execution_messages": "executions messages",
    "health_check": "health",
    "get_metrics": "metrics",
    "get_status": "status",
    "get_current_user": "whoami",
}
WITHOUT_COMMAND = {o.name for o in OPERATIONS if o.credential is not Credential.API_KEY}
IDS = dict.fromkeys(("flow_id", "execution_id", "agent_id"), "no-such")


@pytest.fixture(scope="module")
def server():
    with LocalServer() as made:
        yield made


def command_of(operation):
    verb, _, noun = operation.name.partition("_")
    return COMMANDS.get(operation.name, f"{noun.rstrip('s')}s {verb}")


def by_name(operation):
    return operation.name


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
def test_an_operation_has_a_method_that_documents_its_errors(operation):
    assert "Raises:" in getattr(AISpine, operation.name).__doc__


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
@pytest.mark.parametrize("prefix", ["", "/api/v1"], ids=["root", "prefixed"])
def test_an_operation_has_a_route(server, operation, prefix):
    url = server.url + operation.path_for(prefix, IDS)
    response = requests.request(operation.method, url, json={}, timeout=10)
    assert response.status_code != 405
    assert response.json() != {"detail": "Not Found"}


@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if o.name not in WITHOUT_COMMAND], ids=by_name
)
def test_an_operation_has_a_command(operation):
    command = cli
    for word in command_of(operation).split():
        command = command.commands[word]
    assert command.help


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
def test_an_operation_has_a_line_in_the_table_of_methods(operation):
    text = METHODS.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    assert any(re.search(rf"`{operation.name}\(", line) for line in lines)
