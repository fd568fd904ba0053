"""Tests of what a generated client sends and returns."""

import asyncio
import inspect
import io
import sys
import traceback

import pytest

import ai_spine
from tests.sdk_sync.generators.python.endpoints.shop import SHOP
from tests.sdk_sync.generators.python.endpoints.support import forget, generate
from tests.sdk_sync.runtime.server import Reply, reply, serving

RUN = {"id": "r1", "workflowId": "w1", "status": "done"}
EVENTS = b'data: {"id": "r1"}\n\ndata: {"id": "r2"}\n\n'


@pytest.fixture(scope="module", params=["attrs", "pydantic"])
def shop(request, tmp_path_factory):
    """The package of the document, with models of each kind."""
    folder = tmp_path_factory.mktemp(request.param)
    generate(folder, SHOP, models=request.param)
    sys.path.insert(0, str(folder / "out"))
    import shop

    yield shop
    sys.path.remove(str(folder / "out"))
    forget("shop")


@pytest.fixture
def connect(shop):
    """Make a server of a function, and a client of it."""
    opened = []

    def make(respond, **options):
        serve = serving(respond)
        server = serve.__enter__()
        client = shop.AuthenticatedClient(server.url, "t-1", max_retries=0, **options)
        opened.append((client, serve))
        return client, server

    yield make
    for client, serve in opened:
        client.close()
        serve.__exit__(None, None, None)


def test_fields_of_a_body_are_arguments_unless_all_methods_have_one_of_the_name(
    connect,
):
    client, server = connect(lambda _: reply(201, RUN))
    run = client.runs.start_run(workflow_id="w1", note="hi", timeout=5)
    assert (run.id, run.workflow_id, run.status) == ("r1", "w1", "done")
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/runs")
    assert request.json == {"workflowId": "w1", "note": "hi"}
    assert request.headers["authorization"] == "Bearer t-1"


def test_a_body_is_a_model_or_a_mapping(shop, connect):
    client, server = connect(lambda _: reply(201, RUN))
    client.runs.start_run(shop.StartRun(workflow_id="w2"), idempotency_key="k-1")
    client.runs.start_run({"workflowId": "w3"})
    assert [each.json["workflowId"] for each in server.requests] == ["w2", "w3"]
    assert server.requests[0].headers["idempotency-key"] == "k-1"


def test_the_response_as_it_came_is_there_too(connect):
    client, _ = connect(lambda _: reply(200, RUN, x_left="4"))
    raw = client.runs.get_run.raw("r1")
    assert (raw.status, raw.headers["X-Left"], raw.parsed().id) == (200, "4", "r1")


def test_nothing_is_returned_where_there_is_no_body(connect):
    client, server = connect(lambda _: reply(204))
    assert client.runs.delete_run("a/b") is None
    assert server.requests[0].path == "/v1/runs/a%2Fb"


def test_pages_are_walked(shop, connect):
    def respond(request):
        if "cursor" in request.query:
            return reply(200, {"items": [{"id": "c"}]})
        return reply(200, {"items": [{"id": "a"}, {"id": "b"}], "nextCursor": "2"})

    client, server = connect(respond, workspace_id="w-1")
    items = list(client.runs.iter_runs(limit=2))
    assert [each.id for each in items] == ["a", "b", "c"]
    assert isinstance(items[0], shop.models.Run)
    assert [each.headers["x-workspace-id"] for each in server.requests] == [
        "w-1",
        "w-1",
    ]


def test_an_error_has_the_body_as_it_is_declared(shop, connect):
    problem = {"title": "No such run", "status": 404, "hint": "look again"}
    kind = {"content-type": "application/problem+json"}
    client, _ = connect(lambda _: reply(404, problem)._replace(headers=kind))
    with pytest.raises(shop.errors.NotFoundError) as caught:
        client.runs.get_run("r1")
    assert isinstance(caught.value, (shop.APIError, ai_spine.NotFoundError))
    assert caught.value.body.hint == "look again"
    assert caught.value.problem.title == "No such run"


def test_texts_and_files_are_returned(connect, tmp_path):
    plain = {"content-type": "text/plain"}
    client, _ = connect(lambda _: Reply(200, b"a log", plain))
    assert client.files.get_log("r1") == "a log"
    client, _ = connect(lambda _: Reply(200, b"\x00\x01", {}))
    with client.files.get_file("r1") as download:
        assert download.read() == b"\x00\x01"


def test_files_are_sent(connect):
    client, server = connect(lambda _: reply(204))
    client.files.put_file("r1", io.BytesIO(b"\x02"))
    client.files.upload(file=b"\x03", note="a note")
    first, second = server.requests
    assert (first.body, first.headers["content-type"]) == (
        b"\x02",
        "application/octet-stream",
    )
    assert second.headers["content-type"].startswith("multipart/form-data")
    assert b"\x03" in second.body and b"a note" in second.body


def test_a_body_of_several_media_types_is_sent_as_the_one_that_takes_it(connect):
    client, server = connect(lambda _: reply(204))
    client.files.put_note(text="hi")
    client.files.put_note("hi")
    client.files.put_note("hi", content_type="text/plain")
    found = [each.headers["content-type"].split(";")[0] for each in server.requests]
    assert found == ["application/json", "text/plain", "text/plain"]


def test_events_are_an_iterator_of_what_they_hold(connect):
    kind = {"content-type": "text/event-stream"}
    client, server = connect(lambda _: Reply(200, EVENTS, kind))
    with client.chat.stream_events() as events:
        assert [each.id for each in events] == ["r1", "r2"]
    with client.chat.create_chat_stream(text="hi") as events:
        assert [each.id for each in events] == ["r1", "r2"]
    assert server.requests[1].json == {"text": "hi", "stream": True}
    assert server.requests[1].headers["accept"] == "text/event-stream"


def test_the_other_method_of_an_operation_with_a_stream_asks_for_json(connect):
    client, server = connect(lambda _: reply(200, RUN))
    assert client.chat.create_chat(text="hi").id == "r1"
    assert server.requests[0].headers["accept"] == "application/json"
    assert server.requests[0].json == {"text": "hi"}
    assert "stream" not in inspect.signature(client.chat.create_chat).parameters


def test_the_query_of_a_path_and_other_credentials_are_sent(connect):
    client, server = connect(lambda _: reply(200, [RUN]), key="k-1")
    assert [each.id for each in client.chat.search("x")] == ["r1"]
    assert server.requests[0].query == {"v": ["2"], "q": ["x"], "api_key": ["k-1"]}


def test_all_of_it_can_be_awaited(shop):
    async def call(url):
        async with shop.AsyncAuthenticatedClient(url, "t-1", max_retries=0) as client:
            run = await client.runs.start_run(workflow_id="w1")
            items = [each.id async for each in client.runs.iter_runs()]
            raw = await client.runs.get_run.raw("r1")
        return run.id, items, raw.status

    def respond(request):
        if request.method == "GET" and request.path == "/v1/runs":
            return reply(200, {"items": [RUN]})
        return reply(201 if request.method == "POST" else 200, RUN)

    with serving(respond) as server:
        assert asyncio.run(call(server.url)) == ("r1", ["r1"], 200)


def test_the_server_of_the_document_is_the_default_one(shop):
    with shop.Client() as client:
        assert client.base_url == "http://eu.localhost:1/v1"
    with shop.Client(server_variables={"host": "us"}) as client:
        assert client.base_url == "http://us.localhost:1/v1"
    with pytest.raises(
        ai_spine.ConfigurationError, match="host must be one of: eu, us"
    ):
        shop.Client(server_variables={"host": "elsewhere"})


@pytest.mark.parametrize("kind", ["AuthenticatedClient", "AsyncAuthenticatedClient"])
def test_no_traceback_shows_a_secret(shop, kind):
    with pytest.raises(ai_spine.ConfigurationError) as caught:
        getattr(shop, kind)(
            "ftp://x", "t-secret", key="k-secret", proxies={"a": "p-secret"}
        )
    own = caught.value.__traceback__.tb_next
    summary = traceback.StackSummary.extract(
        traceback.walk_tb(own), capture_locals=True
    )
    assert "-secret" not in "".join(summary.format())


def test_methods_are_documented(connect):
    client, _ = connect(lambda _: reply(204))
    assert "Deprecated" in inspect.getdoc(client.runs.delete_run)
    words = inspect.getdoc(client.runs.start_run)
    assert words.startswith("Send POST /v1/runs.\n\nArgs:\n    body: ")
    assert "APIError: No such run" in words
    assert inspect.getdoc(client.runs.list_runs).startswith("List runs.\n")
