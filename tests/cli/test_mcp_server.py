"""Tests of the MCP server without a process of its own: what it makes of other servers."""

import asyncio
import json

import pytest

pytest.importorskip("mcp")
pytest.importorskip("aiohttp")

from mcp import Client  # noqa: E402
from mcp.shared.exceptions import MCPError  # noqa: E402

from ai_spine import AsyncAISpine  # noqa: E402
from ai_spine.cli.mcp_server import FlowTools  # noqa: E402
from ai_spine.local import LocalServer  # noqa: E402
from tests.local import LIMIT, flow, node, single  # noqa: E402
from tests.raw_server import RawServer, answer  # noqa: E402

NUMBER = {"type": "object", "properties": {"n": {"type": "number"}}}


def with_client(url, use):
    """Return what an async function returns for an MCP client, in this process."""

    async def connect():
        async with AsyncAISpine("", url, max_retries=0) as client:
            tools = FlowTools(client)
            async with Client(tools.server()) as mcp_client:
                return await asyncio.wait_for(use(mcp_client), LIMIT)

    return asyncio.run(connect())


def call(url, name, arguments=None):
    async def use(mcp_client):
        await mcp_client.list_tools()
        return await mcp_client.call_tool(name, arguments)

    return with_client(url, use)


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


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"n": {"type": "numbr"}}},
        {"type": "object", "properties": {"n": {"$ref": "http://127.0.0.1:9/x"}}},
        {"type": "object", "properties": {"n": {"$ref": "#/$defs/none"}}},
        {"type": "object", "allOf": [{"$ref": 3}]},
    ],
    ids=["wrong", "elsewhere", "nowhere", "no text"],
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


def test_a_stream_that_cannot_be_read_does_not_end_the_call():
    with LocalServer([single()], {"work": lambda i, c: i}, streams=False) as server:
        assert call(server.url, "f", {"a": 1}).structured_content == {"n": {"a": 1}}
