"""Tests of the clients of the app plane, both of them, against a node."""

import asyncio
import pickle
import threading
import time
import warnings

import pytest

from ai_spine.ron import (
    AmnesiaWarning,
    RonAuthError,
    RonClient,
    RonClientSync,
    RonError,
    RonNetworkError,
    RonProblem,
    RonTimeoutError,
    RonValidationError,
)
from ai_spine.ron import client as client_module
from ai_spine.ron.testing import RonNode
from tests.needs import needs
from tests.raw_server import STALL, RawServer, answer

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def client(node):
    with RonClientSync(node.url) as client:
        client._api.sleep = lambda seconds: None
        yield client


@pytest.mark.parametrize(
    "path, sent",
    [
        ("/hello", "/app/hello"),
        ("/hello?x=1", "/app/hello"),
        ("/app/hello", "/app/hello"),
        ("/healthz", "/healthz"),
        ("/application", "/app/application"),
        ("/facets/a/b", "/facets/a/b"),
        ("/v1/app/hello", "/v1/app/hello"),
    ],
)
def test_a_path_is_below_the_app_plane_unless_it_is_whole(client, node, path, sent):
    try:
        client.get(path)
    except RonProblem:
        pass  # not every plane is there
    assert node.requests == [("GET", sent)]


def test_the_prefix_can_be_another_or_none(node):
    with RonClientSync(node.url, app_prefix=None) as bare:
        assert bare.get("/app/hello") == {"hello": "world"}
    with RonClientSync(node.url, app_prefix="api/v1") as other:
        assert other.get("/status")["engine"] == "mem"


@pytest.mark.parametrize(
    "shape, code, detail",
    [
        ("canonical", "not_found", "no such thing"),
        ("gateway", "busy", "try later"),
        ("rfc9457", "about:blank", "it is gone"),
        ("code", "forbidden", "forbidden"),
    ],
)
def test_a_problem_of_each_shape(client, shape, code, detail):
    with pytest.raises(RonProblem) as caught:
        client.get(f"/problems/{shape}")
    assert (caught.value.code, caught.value.detail) == (code, detail)


def test_a_problem_that_the_node_does_not_have_is_not_found(client):
    with pytest.raises(RonProblem, match="404"):
        client.get("/problems/none")


def test_the_gateway_says_how_often_to_come_back(client, node):
    with pytest.raises(RonProblem) as caught:
        client.get("/problems/gateway", query={"status": 429})
    assert len(caught.value.attempts) == 4 and caught.value.retry_after == 0.001


def test_what_the_client_refuses_is_an_error_of_the_app_plane(client):
    for path in ("/a/../b", "https://evil.example.com/", "a", 7):
        with pytest.raises(RonValidationError):
            client.get(path)
        with pytest.raises(RonValidationError):
            client.subscribe(path)
    with pytest.raises(RonError):
        client.add_middleware(7)


def test_no_gateway_and_no_name_are_told_apart(monkeypatch):
    with RonClientSync(NOWHERE, max_retries=0) as client:
        with pytest.raises(RonNetworkError) as refused:
            client.get("/x")
    with RonClientSync("https://node.invalid", max_retries=0) as client:
        with pytest.raises(RonNetworkError) as unknown:
            client.get("/x")
    assert (refused.value.unresolved, unknown.value.unresolved) == (False, True)


def test_a_gateway_that_fails_is_a_problem(client, node):
    node.faults.add("GET", "/hello", status=502, times=None)
    with pytest.raises(RonProblem) as caught:
        client.get("/hello")
    assert caught.value.status == 502


def test_a_timeout_has_its_own_error():
    with RawServer(STALL) as server, RonClientSync(
        server.url, timeout=0.1, max_retries=0
    ) as client:
        with pytest.raises(RonTimeoutError):
            client.get("/x")


def test_a_refused_token_is_an_auth_error_that_says_why():
    with RonNode("t-right-one") as node, RonClientSync(
        node.url, "t-other-one"
    ) as client:
        with pytest.raises(RonAuthError, match="401: who are you?") as caught:
            client.get("/hello")
        assert (
            isinstance(caught.value, RonProblem) and caught.value.code == "unauthorized"
        )
        with pytest.raises(RonAuthError):
            next(client.subscribe("/events/x"))


def test_a_function_that_fails_is_an_auth_error(node):
    def provide():
        raise KeyError("no token")

    with RonClientSync(node.url, token_provider=provide) as client:
        with pytest.raises(RonAuthError, match="raised KeyError"):
            client.get("/hello")


@pytest.mark.parametrize(
    "version, fails", [("0.2", False), ("v0.1", False), ("0.1.9", False), ("1.0", True)]
)
def test_another_major_version_of_the_protocol_is_refused(version, fails):
    response = answer(200, {"a": 1}, x_ron_protocol=version)
    with RawServer(response) as server, RonClientSync(server.url) as client:
        if not fails:
            assert client.get("/x") == {"a": 1}
            return
        with pytest.raises(RonProblem, match="protocol 1.0, while this SDK speaks 0.1"):
            client.get("/x")


@pytest.mark.parametrize("amnesia, words", [(True, ["memory only"]), (False, [])])
def test_a_node_that_forgets_is_warned_of_once(amnesia, words):
    with RonNode(amnesia=amnesia) as node, RonClientSync(node.url) as client:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            client.get("/hello")
            client.put("/storage/a", {"b": 1})
            client.put("/storage/a", {"b": 2})
        assert client.get("/storage/a") == {"b": 2}
        asked = [path for _, path in node.requests].count("/api/v1/status")
    found = [str(each.message) for each in caught if each.category is AmnesiaWarning]
    assert asked == 1 and len(found) == len(words)


def test_nobody_asks_where_amnesia_is_ignored_or_nothing_tells(node):
    with RonClientSync(node.url, amnesia="ignore") as client:
        client.put("/storage/a", 1)
    assert ("GET", "/api/v1/status") not in node.requests
    node.faults.add("GET", "*/status", status=404)
    with RonClientSync(node.url) as client:
        client.put("/storage/a", 1)


def test_a_node_that_does_not_tell_is_not_waited_for_long(node, monkeypatch):
    monkeypatch.setitem(client_module._BRIEFLY, "deadline", 0.2)
    with RonClientSync(node.url, timeout=60) as client:
        node.faults.add("GET", "*/status", delay=30)
        began = time.monotonic()
        client.put("/storage/a", 1)
        assert time.monotonic() - began < 10 and node.storage == {"a": 1}
        with pytest.raises(RonProblem, match="404: nothing is stored there"):
            client.get("/storage/b")


def test_a_client_is_pickled_with_its_settings(node):
    with RonClientSync(node.url, timeout=9) as client:
        again = pickle.loads(pickle.dumps(client))
        assert again.get("/hello") == {"hello": "world"} and again.timeout == 9
        again.close()


def test_threads_share_a_client(client):
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(client.get("/hello")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [{"hello": "world"}] * 8


@needs("aiohttp")
def test_the_async_client_does_the_same(node):
    node.publish("logs", {"n": 1})
    node.publish("logs", {"n": 2})
    seen = []

    async def stop(event):
        seen.append(event.json())
        if len(seen) == 2:
            raise KeyError("enough")

    async def main():
        async with RonClient(node.url, token_provider=provide) as client:
            assert await client.get("/hello") == {"hello": "world"}
            assert [each["id"] async for each in client.items("/things")][-1] == "4"
            async with client.subscribe("/events/logs") as events:
                async for event in events:
                    assert event.json() == {"n": 1}
                    break
            with pytest.raises(KeyError, match="enough"):
                await client.subscribe("/events/logs", stop)
            with pytest.raises(RonProblem, match="no such thing"):
                await client.get("/problems/canonical")
            with pytest.warns(AmnesiaWarning):
                await client.put("/storage/x", 1)
            async with RonClient(NOWHERE, max_retries=0) as other:
                with pytest.raises(RonNetworkError):
                    await other.get("/x")
            await client.close()

    async def provide():
        return "t-1"

    asyncio.run(main())
    assert seen == [{"n": 1}, {"n": 2}]


@needs("aiohttp")
def test_an_async_client_restricts_the_token_of_an_async_function():
    from ai_spine.utils.macaroons import Macaroon

    token = Macaroon.mint(b"k", "id").to_text()

    async def provide():
        return token

    async def main():
        async with RonClient(node.url, token_provider=provide) as client:
            async with client.with_caveat(readonly=True) as narrow:
                await narrow.get("/hello")
                with pytest.raises(RonAuthError, match="only reads"):
                    await narrow.post("/echo")

    with RonNode(key=b"k") as node:
        asyncio.run(main())
