"""Tests of `mcp`, with the official client: over stdio and HTTP, and when it disappears."""

import asyncio
import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from typing import NamedTuple

import pytest

pytest.importorskip("mcp")
pytest.importorskip("aiohttp")

from mcp import Client  # noqa: E402
from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: E402

from ai_spine import AISpine  # noqa: E402
from ai_spine.cli import mcp  # noqa: E402
from tests.cli.conftest import (  # noqa: E402
    COMMAND,
    finish,
    launching,
    odd_server,
)
from tests.local import LIMIT, wait_until  # noqa: E402

needs_signals = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
MODES = ("auto", "legacy")
APPLICANT = {"name": "Ana", "income": 52000, "amount": 15000, "term_months": 24}
# Calls the flow that gets stuck, until the process is killed.
CALL_AND_HANG = """
import asyncio, json, os, sys
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

async def main(target, mode):
    if isinstance(target, list):
        command, *args = target
        environ = dict(os.environ)
        target = StdioServerParameters(command=command, args=args, env=environ)
        target = stdio_client(target)
    async with Client(target, mode=mode) as client:
        await client.call_tool("stuck", {})

asyncio.run(main(json.loads(sys.argv[1]), sys.argv[2]))
"""
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}


@pytest.fixture
def program(warm):
    return warm


def over_stdio(program, *words):
    environ, (command, *args) = dict(os.environ), [*program, "mcp", *words]
    parameters = StdioServerParameters(command=command, args=args, env=environ)
    return stdio_client(parameters)


def in_loop(target, use, mode="auto"):
    """Return what an async function returns for a client of an MCP server."""

    async def connect():
        async with Client(target, mode=mode) as mcp_client:
            return await asyncio.wait_for(use(mcp_client), LIMIT)

    return asyncio.run(connect())


async def until(predicate):
    """Wait for a condition without blocking the event loop."""
    return await asyncio.to_thread(wait_until, predicate)


def started(client):
    """Return the execution of the flow that is stuck, once it runs."""
    (found,) = wait_until(lambda: client.list_executions("stuck", "running"))
    return found.execution_id


def has_status(client, execution_id, status):
    return lambda: client.get_execution(execution_id).status == status


async def exercise(mcp_client):
    """List the tools, call one with progress, and call some wrongly."""
    tools = {tool.name: tool for tool in (await mcp_client.list_tools()).tools}
    reported = []

    async def report(done, total, message):
        reported.append((done, total, message))

    result = await mcp_client.call_tool(
        "credit_analysis", APPLICANT, progress_callback=report
    )
    errors = [
        await mcp_client.call_tool("credit_analysis", {"amount": "a lot"}),
        await mcp_client.call_tool("sentiment-analysis", {}),
        await mcp_client.call_tool("sentiment-analysis", {"text": ""}),
        await mcp_client.call_tool("credit_analisys", {}),
    ]
    return tools, result, reported, errors


def check(tools, result, reported, errors):
    tool = tools["credit_analysis"]
    assert tool.title == "Credit analysis"
    assert tool.input_schema["properties"]["amount"]["type"] == "number"
    assert "decision" in tool.output_schema["properties"]
    assert not result.is_error
    assert result.structured_content["decision"]["decision"] == "approved"
    assert json.loads(result.content[0].text) == result.structured_content
    assert [done for done, _, _ in reported] == [1, 2, 3, 4]
    assert {total for _, total, _ in reported} == {4}
    assert reported[0][2] == "applicant: completed"
    assert reported[-1][2] == "decision: completed"
    assert all(error.is_error and len(error.content) == 1 for error in errors)
    words = [error.content[0].text for error in errors]
    assert words[0] == "the arguments do not fit: amount: must be a number"
    assert words[1] == "the arguments do not fit: text: is required"
    assert "Node 'sentiment' failed: ValueError: text must not be empty" in words[2]
    assert words[3].endswith("; is 'credit_analysis' meant?")
    assert not any("\n" in text for text in words)


@pytest.fixture
def serve_http(launch, server):
    """Start `mcp --http` for the server with odd flows, and return the process and its URL."""

    return lambda: start_http(launch, server)


def start_http(launch, server, *words):
    words = ("--http", "--port", "0", "--base-url", server.url, *words)
    process = launch("mcp", *words)
    line = process.stderr.readline()
    found = re.match(r"MCP is served at (http://\S+/mcp)$", line)
    assert found, line + process.stderr.read()
    return process, found.group(1)


class Shared(NamedTuple):
    """A server, and where `mcp --http` serves it, for tests that leave both as they are."""

    client: AISpine
    url: str


@pytest.fixture(scope="module")
def shared_by_tests():
    """What tests have started for those after them, and what ends it."""
    with contextlib.ExitStack() as stack:
        yield [], stack


@pytest.fixture
def shared(shared_by_tests):
    """What is started once: in a test, whose environment is clean."""
    made, stack = shared_by_tests
    if not made:
        server = stack.enter_context(odd_server())
        client = stack.enter_context(server.client())
        launch = stack.enter_context(launching(limit=10 * LIMIT))
        url = start_http(launch, server, "--allowed-host", "spine.test")[1]
        made.append(Shared(client, url))
    return made[0]


def test_the_samples_are_listed_and_called_over_stdio():
    check(*in_loop(over_stdio(COMMAND, "--local"), exercise))


@pytest.mark.parametrize("mode", MODES)
def test_flows_are_listed_and_called_over_http(shared, mode):
    tools, *others = in_loop(shared.url, exercise, mode)
    check(tools, *others)
    assert {"echo", "pair", "broken", "stuck"} < set(tools)


def test_tools_are_those_that_the_server_has_now(program, server, client):
    async def use(mcp_client):
        async def names():
            return {tool.name for tool in (await mcp_client.list_tools()).tools}

        before = await names()
        definition = {"flow_id": "new one", "nodes": [{"id": "n", "type": "input"}]}
        definition = {**definition, "entry_point": "n", "exit_points": ["n"]}
        await asyncio.to_thread(client.create_flow, definition)
        (name,) = await names() - before
        result = await mcp_client.call_tool(name, {"a": 1})
        return name, result.structured_content

    name, output = in_loop(over_stdio(program, "--base-url", server.url), use)
    assert re.fullmatch("new_one_[0-9a-f]{8}", name) and output == {"n": {"a": 1}}


async def call_and_cancel(mcp_client, client):
    """Call a flow that gets stuck, cancel the call, and return the execution."""
    call = asyncio.ensure_future(mcp_client.call_tool("stuck", {}))
    execution_id = await asyncio.to_thread(started, client)
    call.cancel()
    await until(has_status(client, execution_id, "cancelled"))
    return (await mcp_client.call_tool("echo", {"a": 1})).structured_content


def test_a_call_that_is_cancelled_cancels_its_execution(program, server, client):
    target = over_stdio(program, "--base-url", server.url)
    output = in_loop(target, lambda each: call_and_cancel(each, client))
    assert output == {"out": {"a": 1}}


@pytest.mark.parametrize("mode", MODES)
def test_a_call_over_http_that_is_cancelled_cancels_its_execution(shared, mode):
    output = in_loop(
        shared.url, lambda each: call_and_cancel(each, shared.client), mode
    )
    assert output == {"out": {"a": 1}}


@pytest.mark.parametrize("transport, mode", [("stdio", "auto"), ("http", "legacy")])
def test_a_client_that_is_killed_leaves_no_execution_running(
    serve_http, program, server, client, transport, mode
):
    if transport == "http":
        target = serve_http()[1]
    else:
        target = [*program, "mcp", "--base-url", server.url]
    words = [sys.executable, "-c", CALL_AND_HANG, json.dumps(target), mode]
    how = {"env": dict(os.environ), "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, **how) as process:
        execution_id = started(client)
        process.kill()
    wait_until(has_status(client, execution_id, "cancelled"))


def send(process, *messages):
    for message in messages:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    process.stdin.flush()


def call_by_hand(process):
    """Shake hands, and call the flow that gets stuck."""
    send(process, INITIALIZE)
    assert json.loads(process.stdout.readline())["id"] == 1
    call = {"method": "tools/call", "params": {"name": "stuck", "arguments": {}}}
    send(process, {"method": "notifications/initialized"}, {"id": 2, **call})


def ends_with(process, stderr):
    """Check that the command ends well, and that stdout has no more than messages."""
    outcome = finish(process)
    assert (outcome.exit_code, outcome.stderr) == (0, stderr)
    for line in outcome.stdout.splitlines():
        assert json.loads(line)["error"]["message"] == "Connection closed"


def test_the_command_ends_when_its_client_closes_stdin(launch, server, client):
    process = launch("mcp", "--base-url", server.url)
    call_by_hand(process)
    execution_id = started(client)
    ends_with(process, "")
    assert client.get_execution(execution_id).status == "cancelled"


def test_the_command_ends_when_its_client_reads_no_more(launch, server, client):
    process = launch("mcp", "--base-url", server.url)
    call_by_hand(process)
    execution_id = started(client)
    process.stdout.close()
    send(process, {"id": 3, "method": "ping"})
    assert process.wait(LIMIT) == 0  # although stdin is open
    assert process.stderr.read() == ""
    assert client.get_execution(execution_id).status == "cancelled"


@needs_signals
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_command_and_cancels_what_it_executes(
    launch, server, client, name
):
    process = launch("mcp", "--base-url", server.url)
    call_by_hand(process)
    execution_id = started(client)
    process.send_signal(getattr(signal, name))
    assert process.wait(LIMIT) == 0  # although stdin is open
    ends_with(process, "stopped\n")
    assert client.get_execution(execution_id).status == "cancelled"


@needs_signals
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_http_too(serve_http, client, name):
    process, url = serve_http()

    async def use(mcp_client):
        call = asyncio.ensure_future(mcp_client.call_tool("stuck", {}))
        execution_id = await asyncio.to_thread(started, client)
        process.send_signal(getattr(signal, name))
        await until(lambda: process.poll() is not None)
        call.cancel()
        return execution_id

    execution_id = in_loop(url, use)
    assert finish(process) == (0, "", "stopped\n")
    assert client.get_execution(execution_id).status == "cancelled"


def test_what_agents_print_does_not_disturb_the_protocol(launch):
    code = (
        "from ai_spine.cli.main import main\n"
        "from ai_spine.cli import mcp_server\n"
        "execute = mcp_server.FlowTools._execute\n"
        "async def loud(*args):\n"
        "    print('loud')\n"
        "    return await execute(*args)\n"
        "mcp_server.FlowTools._execute = loud\n"
        "main()\n"
    )
    process = launch("mcp", "--local", command=[sys.executable, "-c", code])
    send(process, INITIALIZE)
    assert json.loads(process.stdout.readline())["id"] == 1
    arguments = {"text": "Fine."}
    call = {"name": "sentiment-analysis", "arguments": arguments}
    send(process, {"method": "notifications/initialized"})
    send(process, {"id": 2, "method": "tools/call", "params": call})
    assert json.loads(process.stdout.readline())["id"] == 2
    process.stdin.close()
    assert process.wait(LIMIT) == 0
    assert (process.stdout.read(), process.stderr.read()) == ("", "loud\n")


def test_lines_that_are_no_messages_end_nothing(launch, server):
    process = launch("mcp", "--base-url", server.url)
    process.stdin.write('not JSON\n\n{"jsonrpc": "2.0"}\n')
    send(process, INITIALIZE)
    lines = iter(process.stdout.readline, "")
    assert any(json.loads(line).get("id") == 1 for line in lines)
    assert finish(process).exit_code == 0


def status_of(url, **headers):
    """Return the status of a request that initializes a session."""
    kinds = "application/json, text/event-stream"
    headers = {"Content-Type": "application/json", "Accept": kinds, **headers}
    data = json.dumps(INITIALIZE).encode()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data, headers)
        ) as response:
            return response.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_only_known_hosts_and_no_web_pages_may_come(shared):
    url = shared.url
    assert status_of(url) == 200
    assert status_of(url, Host="spine.test:80") == 200
    assert status_of(url, Host="evil.test") == 421
    assert status_of(url, Origin="http://evil.test") == 403
    assert status_of(url, Origin="http://localhost:3000") == 200


def test_a_host_that_others_reach_is_served_with_a_warning(launch, server):
    words = ("--http", "--port", "0", "--host", "0.0.0.0", "--base-url", server.url)
    process = launch("mcp", *words)
    url = process.stderr.readline().split()[-1]
    assert "whoever reaches this address" in process.stderr.readline()
    port = url.rsplit(":", 1)[1]
    assert status_of(f"http://127.0.0.1:{port}") == 200


def test_a_port_in_use_is_an_error_in_one_line(run, server):
    port = server.url.rsplit(":", 1)[1]
    outcome = run("mcp", "--http", "--port", port)
    assert outcome.exit_code == 2
    reason = os.strerror(errno.EADDRINUSE)
    assert outcome.error == f"Error: cannot listen on 127.0.0.1, port {port}: {reason}"


@pytest.mark.parametrize("words", [("--port", "1"), ("--host", "x")])
def test_options_for_http_are_refused_without_it(run, words):
    outcome = run("mcp", *words)
    assert outcome.exit_code == 2
    assert f"{words[0]} is only for --http" in outcome.error


def test_a_missing_sdk_is_an_error_that_says_what_to_install(run, monkeypatch):
    monkeypatch.delitem(sys.modules, "ai_spine.cli.mcp_server", raising=False)
    monkeypatch.delattr("ai_spine.cli.mcp_server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    outcome = run("mcp")
    assert outcome.exit_code == 2
    assert outcome.error.endswith("pip install 'ai-spine-sdk[mcp]'")


def test_an_old_python_is_an_error(run, monkeypatch):
    monkeypatch.setattr(mcp.sys, "version_info", (3, 9))
    outcome = run("mcp")
    assert outcome.exit_code == 2 and "needs Python 3.10" in outcome.error
