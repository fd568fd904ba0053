"""Tests of the MCP server without a process of its own: what it makes of other servers."""

import asyncio
import json

import pytest

pytest.importorskip("mcp")
pytest.importorskip("aiohttp")

from mcp import Client  # noqa: E402
from mcp.shared.exceptions import MCPError  # noqa: E402

from ai_spine import APIError, AsyncAISpine, Flow, NodeResult  # noqa: E402
from ai_spine.cli.mcp_server import FlowTools, Progress  # noqa: E402
from ai_spine.local import LocalServer  # noqa: E402
from ai_spine.models import NodeProgress  # noqa: E402
from ai_spine.policy.execution_events import ExecutionEvent  # noqa: E402
from tests.local import LIMIT, flow, node, single  # noqa: E402
from tests.raw_server import RawServer, answer  # noqa: E402

NUMBER = {"type": "object", "properties": {"n": {"type": "number"}}}


def with_client(url, use, key=""):
    """Return what an async function returns for an MCP client, in this process."""

    async def connect():
        async with AsyncAISpine(key, url, max_retries=0) as client:
            tools = FlowTools(client)
            async with Client(tools.server()) as mcp_client:
                return await asyncio.wait_for(use(mcp_client), LIMIT)

    return asyncio.run(connect())


def call(url, name, arguments=None, key=""):
    async def use(mcp_client):
        await mcp_client.list_tools()
        return await mcp_client.call_tool(name, arguments)

    return with_client(url, use, key)


def listed(url):
    async def use(mcp_client):
        return {tool.name: tool for tool in (await mcp_client.list_tools()).tools}

    return with_client(url, use)


def text_of(result):
    assert result.is_error
    return result.content[0].text


def test_a_schema_that_only_metadata_has_is_checked_before_anything_is_sent():
    found = {"flow_id": "f", "nodes": [], "metadata": {"input_schema": NUMBER}}
    responses = [answer(200, [found]), answer(200, found)]
    with RawServer(*responses) as server:
        result = call(server.url, "f", {"n": "a lot"})
        assert [request.method for request in server.requests] == ["GET", "GET"]
    assert text_of(result) == "the arguments do not fit: n: must be a number"


def test_what_the_server_itself_refuses_is_named_in_one_sentence():
    found = {"flow_id": "f", "nodes": []}
    wrong = {"loc": ["body", "input_data", "n"], "msg": "no number", "type": "x"}
    refused = answer(422, {"detail": [wrong]})
    responses = [answer(200, [found]), answer(200, found), refused]
    with RawServer(*responses) as server:
        result = call(server.url, "f", {"n": "a lot"})
    assert "input_data.n: no number" in text_of(result)


def test_a_key_that_the_server_repeats_does_not_reach_the_client():
    found = {"flow_id": "f", "nodes": []}
    refused = answer(403, {"detail": "the key sk-secret may not do this"})
    responses = [answer(200, [found]), answer(200, found), refused]
    with RawServer(*responses) as server:
        result = call(server.url, "f", {}, key="sk-secret")
        keys = {request.headers["authorization"] for request in server.requests}
    assert keys == {"Bearer sk-secret"} and "sk-secret" not in repr(result)
    assert "the key *** may not do this" in text_of(result)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"n": {"type": "numbr"}}},
        {"type": "object", "properties": {"n": {"$ref": "http://127.0.0.1:9/x"}}},
        {"type": "object", "properties": {"n": {"$ref": "#/$defs/none"}}},
        {"type": "object", "allOf": [{"$ref": 3}]},
        {"type": "object", "allOf": [{"$ref": "#"}]},
    ],
    ids=["wrong", "elsewhere", "nowhere", "no text", "endless"],
)
def test_a_schema_that_cannot_be_used_is_left_out(schema):
    found = {"flow_id": "f", "input_schema": schema, "output_schema": schema}
    with RawServer(answer(200, [found])) as server:
        tool = listed(server.url)["f"]
    assert tool.input_schema == {"type": "object"} and tool.output_schema is None


def test_a_schema_with_definitions_of_its_own_is_kept():
    schema = {**NUMBER, "$defs": {"a/b": NUMBER}, "allOf": [{"$ref": "#/$defs/a~1b"}]}
    found = {"flow_id": "f", "input_schema": schema, "output_schema": schema}
    with RawServer(answer(200, [found])) as server:
        tool = listed(server.url)["f"]
    assert tool.input_schema == tool.output_schema == schema


def test_an_output_that_does_not_fit_its_schema_is_an_error_that_has_it():
    schema = {"type": "object", "properties": {"n": NUMBER}, "required": ["n"]}
    definition = flow(node("n", "work"), output_schema=schema)
    with LocalServer([definition], {"work": lambda i, c: i}) as server:
        fits = call(server.url, "f", {"n": 1})
        assert (fits.is_error, fits.structured_content) == (False, {"n": {"n": 1}})
        result = call(server.url, "f", {"n": "x"})
    assert text_of(result).endswith("output_schema: n.n: must be a number")
    assert json.loads(result.content[1].text) == {"n": {"n": "x"}}


def test_a_server_that_cannot_be_reached_is_an_error_of_the_list_and_of_a_call():
    with RawServer() as server:
        url = server.url

    async def use(mcp_client):
        with pytest.raises(MCPError, match="Could not connect|connect"):
            await mcp_client.list_tools()
        return await mcp_client.call_tool("f", {})

    assert url in text_of(with_client(url, use))


def reported(so_far, **wire):
    """Return what is reported of an event: of a progress, or of a node's status."""
    if "status" in wire:
        event = ExecutionEvent(None, "node", node=NodeResult.from_wire(wire))
    else:
        event = ExecutionEvent(None, "progress", progress=NodeProgress.from_wire(wire))
    return so_far.note(event), so_far.done, so_far.total


def test_progress_only_grows_and_counts_what_agents_report():
    progress = Progress(Flow.from_wire(flow(node("a"), node("b", "work", ["a"]))))
    assert reported(progress, node_id="a", status="running") == (None, 0, 2)
    done = reported(progress, node_id="a", status="completed")
    assert done == ("a: completed", 1, 2)
    half = reported(progress, node_id="b", progress=0.5, message="reading")
    assert half == ("b: reading", 1.5, 2)
    assert reported(progress, node_id="b", progress=0.25) == (None, 1.5, 2)
    assert reported(progress, node_id="b", progress="x") == (None, 1.5, 2)
    assert reported(progress, node_id="b", progress=0.75) == ("b: 75%", 1.75, 2)
    assert reported(progress, node_id="b", progress=7)[1:] == (2, 2)
    assert reported(progress, node_id="c", status="skipped") == ("c: skipped", 3, 3)


def test_what_an_agent_reports_reaches_the_client(gate):
    seen = []

    def work(input, config, context):
        context.report(0.5, "half")
        gate.wait(LIMIT)
        return {}

    async def use(mcp_client):
        async def report(*progress):
            seen.append(progress)
            gate.set()

        await mcp_client.call_tool("f", {}, progress_callback=report)

    with LocalServer([single()], {"work": work}) as server:
        with_client(server.url, use)
    assert seen == [(0.5, 1.0, "n: half"), (1.0, 1.0, "n: completed")]


def test_a_server_without_streams_is_polled():
    with LocalServer([single()], {"work": lambda i, c: i}, streams=False) as server:
        assert call(server.url, "f", {"a": 1}).structured_content == {"n": {"a": 1}}


def test_a_stream_that_cannot_be_read_does_not_end_the_call(monkeypatch):
    async def fail(*_, **__):
        raise APIError("no such stream")
        yield

    monkeypatch.setattr(AsyncAISpine, "stream_execution", fail)
    with LocalServer([single()], {"work": lambda i, c: i}) as server:
        assert call(server.url, "f", {"a": 1}).structured_content == {"n": {"a": 1}}


def test_an_execution_that_cannot_be_cancelled_is_reported(monkeypatch, caplog, gate):
    async def fail(*_, **__):
        raise APIError("not now")

    monkeypatch.setattr(AsyncAISpine, "cancel_execution", fail)

    async def use(server):
        async with AsyncAISpine("", server.url) as client:
            tools = FlowTools(client)
            async with Client(tools.server()) as mcp_client:
                call = asyncio.ensure_future(mcp_client.call_tool("f", {}))
                while not await client.list_executions("f", "running"):
                    await asyncio.sleep(0)
                call.cancel()
            await tools.aclose()

    with LocalServer([single()], {"work": lambda i, c: gate.wait(LIMIT)}) as server:
        asyncio.run(use(server))
        gate.set()
    own = "ai_spine.cli.mcp_server"  # waitress may say that it drops a request
    (record,) = [each for each in caplog.records if each.name == own]
    assert record.getMessage().endswith("may go on: not now")
