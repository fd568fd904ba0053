"""Tests of Ctrl-C during a wait: the command says how to continue, or cancels the execution."""

import os
import shlex
import signal

import pytest

from ai_spine import AISpine, ExecutionError, NotFoundError
from tests.cli.conftest import finish

needs_signals = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


@pytest.fixture
def program(warm):
    return warm


@pytest.fixture
def stopped(launch, server, client):
    """Start a wait that does not end by itself, and send SIGINT when it has begun."""

    def call(command, *options, **environment):
        words = ("execute", "stuck")
        if command == "wait":
            words = ("wait", client.execute_flow("stuck", {}).execution_id)
        where = environment or {"AI_SPINE_BASE_URL": server.url}
        process = launch(*words, *options, **where)
        assert process.stderr.readline().startswith("execution ")
        process.send_signal(signal.SIGINT)
        return process

    return call


@needs_signals
@pytest.mark.parametrize("options", [(), ("--follow",)], ids=str)
@pytest.mark.parametrize("command", ["execute", "wait"])
def test_ctrl_c_leaves_the_execution_running_and_says_how_to_continue(
    stopped, client, command, options
):
    outcome = finish(stopped(command, *options))
    (execution,) = client.list_executions()
    execution_id = execution.execution_id
    assert (outcome.exit_code, outcome.stdout) == (130, "")
    assert outcome.stderr.endswith(
        f"Error: stopped waiting for execution {execution_id}, which continues\n"
        f"To wait for it: ai-spine wait {execution_id}\n"
        f"To cancel it: ai-spine cancel {execution_id}\n"
    )
    assert not execution.is_done


@needs_signals
def test_the_printed_commands_name_the_server_and_work(stopped, server, client, run):
    process = stopped("execute", "--base-url", server.url, AI_SPINE_TIMEOUT="9")
    *_, line = finish(process).stderr.splitlines()
    words = shlex.split(line.partition(": ")[2])
    assert words[:4] == ["ai-spine", "cancel", "--base-url", server.url]
    assert run(*words[1:]).fields["status"] == "cancelled"


@needs_signals
def test_the_printed_commands_are_fields_in_json(stopped, client):
    outcome = finish(stopped("execute", "--output", "json"))
    (execution,) = client.list_executions()
    execution_id = execution.execution_id
    assert outcome.json_error == {
        "type": "Interrupted",
        "message": f"stopped waiting for execution {execution_id}, which continues",
        "execution_id": execution_id,
        "resume": f"ai-spine wait {execution_id}",
        "cancel": f"ai-spine cancel {execution_id}",
        "exit_code": 130,
    }


@needs_signals
@pytest.mark.parametrize("options", [(), ("--follow",)], ids=str)
@pytest.mark.parametrize("command", ["execute", "wait"])
def test_ctrl_c_cancels_with_cancel_on_interrupt(stopped, client, command, options):
    outcome = finish(stopped(command, "--cancel-on-interrupt", *options))
    (execution,) = client.list_executions()
    execution_id = execution.execution_id
    assert (outcome.exit_code, outcome.stdout) == (130, "")
    assert outcome.stderr.endswith(
        f"cancelling execution {execution_id}; press Ctrl-C again to leave now\n"
        f"Error: interrupted; execution {execution_id} is cancelled\n"
    )
    assert execution.status == "cancelled"


@needs_signals
def test_a_second_ctrl_c_leaves_at_once(stopped, server, client):
    server.faults.add("POST", "/executions/*/cancel", delay=300)
    process = stopped("execute", "--cancel-on-interrupt")
    while not process.stderr.readline().startswith("cancelling "):
        pass
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    (execution,) = client.list_executions()
    execution_id = execution.execution_id
    assert outcome.exit_code == 130
    assert outcome.stderr == (
        f"Error: interrupted before it was known whether execution {execution_id} is cancelled\n"
        f"To wait for it: ai-spine wait {execution_id}\n"
        f"To cancel it: ai-spine cancel {execution_id}\n"
    )


@pytest.fixture
def interrupted(monkeypatch):
    """Make a method of the client raise KeyboardInterrupt."""

    def arrange(name):
        def stop(self, *args, **kwargs):
            raise KeyboardInterrupt

        monkeypatch.setattr(AISpine, name, stop)

    return arrange


@pytest.mark.parametrize(
    "error", [NotFoundError("it is done"), ExecutionError("odd")], ids=repr
)
def test_a_failed_cancel_is_reported(run, interrupted, monkeypatch, error):
    def refuse(self, execution_id):
        raise error

    interrupted("wait_for_execution")
    monkeypatch.setattr(AISpine, "cancel_execution", refuse)
    outcome = run("wait", "e", "--cancel-on-interrupt")
    assert outcome.exit_code == 130
    assert outcome.stderr.splitlines()[1:] == [
        f"Error: execution e could not be cancelled: {error}",
        "To wait for it: ai-spine wait e",
        "To cancel it: ai-spine cancel e",
    ]


# A short flow may be done before it can be cancelled, and then the message differs.
@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize("options", [(), ("--cancel-on-interrupt",)], ids=str)
def test_with_a_local_server_there_is_nothing_to_continue(
    invoke, interrupted, options, output
):
    interrupted("wait_for_execution")
    words = ("execute", "sentiment-analysis", "-i", "text=Fine.", "--output", output)
    outcome = invoke("--local", *words, *options)
    assert outcome.exit_code == 130
    assert "ai-spine wait" not in outcome.stderr
    if not options:
        assert outcome.error.startswith("Error: interrupted; execution ")
        assert outcome.error.endswith(" ends with the local server")


def test_ctrl_c_while_starting_a_flow_says_how_to_check(run, interrupted):
    interrupted("execute_flow")
    outcome = run("execute", "two words")
    assert outcome.exit_code == 130
    assert outcome.error == (
        "Error: interrupted while flow two words was being started; it may run: check with"
        " ai-spine executions list '--flow=two words'"
    )
    assert "it may run" not in run("execute", "echo", "--local").stderr


def test_an_id_in_a_printed_command_is_quoted(run, interrupted):
    interrupted("wait_for_execution")
    printed = run("wait", "--", "-x; rm\x1b[2J").stderr.splitlines()
    assert printed[1] == "To wait for it: ai-spine wait -- '-x; rm [2J'"


@pytest.mark.parametrize("option", ["--follow", "--cancel-on-interrupt"])
def test_wait_options_with_no_wait_are_a_usage_error(run, client, option):
    outcome = run("execute", "echo", "--no-wait", option)
    assert outcome.exit_code == 2
    assert f"--no-wait and {option} exclude each other" in outcome.error
    assert client.list_executions() == []
