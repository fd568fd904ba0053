"""Tests of what generated clients call tools with."""

import asyncio

import pytest
from werkzeug import Response

from ai_spine import AISpine, AsyncAISpine
from ai_spine.exceptions import ConfigurationError, NotFoundError, ServerError
from ai_spine.local import LocalServer
from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.runtime.tools import ToolCaller

FLOW, TEXT = "sentiment-analysis", {"text": "Wonderful!"}


@pytest.fixture(scope="module")
def server():
    with LocalServer() as server:
        yield server


def label_of(output):
    return output["sentiment"]["label"]


@pytest.mark.parametrize("transport", ["auto", "tools", "flows"])
def test_a_flow_is_executed_over_each_transport(server, transport):
    caller = ToolCaller(FLOW, base_url=server.url, flow_id=FLOW, transport=transport)
    with caller:
        assert label_of(caller.execute_sync(TEXT)) == "positive"
        assert (
            label_of(asyncio.run(_closing(caller, caller.execute(TEXT)))) == "positive"
        )


async def _closing(caller, awaitable):
    try:
        return await awaitable
    finally:
        await caller.aclose()


def test_it_can_be_called_where_an_event_loop_runs(server):
    async def inside():
        with ToolCaller(FLOW, base_url=server.url, flow_id=FLOW) as caller:
            return caller.execute_sync(TEXT)

    assert label_of(asyncio.run(inside())) == "positive"


def test_a_backend_without_tools_is_asked_for_them_once(httpserver):
    paths = []

    def respond(request):
        paths.append(request.path)
        if request.path.startswith("/api/tools/"):
            return Response("{}", 404, content_type="application/json")
        body = '{"execution_id": "e", "status": "completed", "output_data": {"n": 1}}'
        return Response(body, content_type="application/json")

    httpserver.expect_request(_any()).respond_with_handler(respond)
    with ToolCaller("a b/c", base_url=httpserver.url_for(""), flow_id="f") as caller:
        assert caller.execute_sync({}) == {"n": 1}
        assert caller.execute_sync({}) == {"n": 1}
    assert [path for path in paths if "tools" in path] == ["/api/tools/a b/c/execute"]


def _any():
    import re

    return re.compile(".*")


def test_an_unknown_tool_that_is_no_flow_is_not_found(server):
    with ToolCaller("nope", base_url=server.url) as caller:
        with pytest.raises(NotFoundError):
            caller.execute_sync({})


def test_another_refusal_executes_nothing_else(httpserver):
    httpserver.expect_request(_any()).respond_with_json({"detail": "no"}, status=500)
    with ToolCaller("t", base_url=httpserver.url_for(""), flow_id="f") as caller:
        with pytest.raises(ServerError):
            caller.execute_sync({})
        with pytest.raises(ServerError):
            asyncio.run(_closing(caller, caller.execute({})))
    assert {request.path for request, _ in httpserver.log} == {"/api/tools/t/execute"}


def test_the_events_of_a_flow_can_be_followed(server):
    async def follow():
        caller = ToolCaller(FLOW, base_url=server.url, flow_id=FLOW)
        try:
            return [event.type async for event in caller.stream(TEXT)]
        finally:
            await caller.aclose()

    with ToolCaller(FLOW, base_url=server.url, flow_id=FLOW) as caller:
        types = [event.type for event in caller.stream_sync(TEXT)]
    assert types and types == asyncio.run(follow())


def test_a_tool_that_is_no_flow_has_no_events(server):
    with ToolCaller("t", base_url=server.url) as caller:
        with pytest.raises(ConfigError, match="only a tool that is a flow"):
            next(caller.stream_sync({}))


def test_a_client_of_the_callers_is_used_and_stays_open(server):
    async def call(mine):
        caller = ToolCaller(FLOW, base_url="http://127.0.0.1:9", async_client=mine)
        await caller.aclose()
        try:
            return await caller.execute(TEXT)
        finally:
            await mine.aclose()

    with AISpine(base_url=server.url) as mine:
        with ToolCaller(FLOW, base_url="http://127.0.0.1:9", client=mine) as caller:
            pass
        assert label_of(caller.execute_sync(TEXT)) == "positive"
    assert label_of(asyncio.run(call(AsyncAISpine(base_url=server.url)))) == "positive"


@pytest.mark.parametrize(
    "given, error, words",
    [
        ({"transport": "carrier"}, ConfigError, "must be one of auto, tools, flows"),
        ({"transport": "flows"}, ConfigError, "'t' is no flow"),
        ({"base_url": "nowhere"}, ConfigurationError, "base_url"),
    ],
)
def test_wrong_settings_are_refused_at_once(given, error, words):
    with pytest.raises(error, match=words):
        ToolCaller("t", **{"base_url": "http://127.0.0.1:9", **given})


def test_the_key_is_in_no_attribute_and_no_text():
    with ToolCaller("t", base_url="http://127.0.0.1:9", api_key="sk-secret") as caller:
        assert "sk-secret" not in repr(vars(caller))
