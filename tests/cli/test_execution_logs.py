"""Tests of `executions logs`."""

import json
import sys
import threading

import pytest

from tests.cli.conftest import LIMIT, UNKNOWN_ID
from tests.local import wait_until


def chat(input, config):
    print("hello\x1b[2J")
    print("oh", file=sys.stderr)
    return {"said": True}


def nod(input, config):
    print("yes")
    return {}


@pytest.fixture
def done(server, client):
    server.add_flow("chatty", chat, nod)
    return client.execute_and_wait("chatty", {})


def test_the_lines_are_printed_with_their_node_and_level(run, done):
    outcome = run("executions", "logs", done.execution_id)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.splitlines() == [
        "chat stdout: hello [2J",
        "chat stderr: oh",
        "nod stdout: yes",
    ]


@pytest.mark.parametrize("more", [(), ("--follow",)], ids=["once", "followed"])
def test_the_lines_of_one_node_are_printed_as_json(run, done, more):
    words = ("executions", "logs", done.execution_id, "--node", "nod", *more)
    outcome = run(*words, "--output", "json")
    (line,) = json.loads(outcome.stdout)
    assert (line["node_id"], line["level"], line["text"]) == ("nod", "stdout", "yes")


def test_lines_are_followed_until_the_execution_is_done(launch, server, client):
    gate = threading.Event()

    def work(input, config):
        print("first")
        assert gate.wait(LIMIT)
        print("second")
        return {}

    server.add_flow("slow", work)
    started = client.execute_flow("slow", {})
    words = ("executions", "logs", started.execution_id, "--follow")
    process = launch(*words, "--base-url", server.url)
    assert process.stdout.readline() == "work stdout: first\n"
    gate.set()
    assert process.stdout.read() == "work stdout: second\n"
    wait_until(lambda: process.poll() == 0)


def test_an_unknown_execution_is_not_found(run):
    outcome = run("executions", "logs", UNKNOWN_ID)
    assert outcome.exit_code == 4
    assert outcome.stderr.count("\n") == 1 and "not found" in outcome.error
