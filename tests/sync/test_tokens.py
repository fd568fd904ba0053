"""Tests of keys that a function or a file provides, and that change."""

import asyncio
import pickle
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ai_spine import (
    AISpine,
    AuthenticationError,
    ConfigurationError,
    ServerError,
)
from ai_spine._sync.api import ApiClient
from ai_spine.policy.messages import Credential
from ai_spine.transport.requests import RequestsTransport
from tests.local import wait_until
from tests.raw_server import RawServer, answer

pytestmark = pytest.mark.every_transport
FLOW = answer(200, {"flow_id": "f", "nodes": []})
STARTED = answer(200, {"execution_id": "e", "status": "pending"})
REFUSED = answer(401, {"detail": "no such key"})
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


class Keys:
    """A function that returns other keys one after the other, and counts its calls."""

    def __init__(self, *values):
        self.values = list(values)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, Exception):
            raise value
        return value


class CountingLock:
    """A lock that knows how many threads hold it or wait for it."""

    def __init__(self):
        self.count, self._lock = 0, threading.Lock()

    def __enter__(self):
        self.count += 1
        self._lock.acquire()

    def __exit__(self, *_):
        self._lock.release()


@pytest.fixture
def serve():
    servers = []

    def start(*script):
        servers.append(RawServer(*script))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def make_client():
    made = []

    def make(server, key, **options):
        made.append(AISpine(key, server.url, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def keys_of(server):
    sent = [request.headers.get("authorization") for request in server.requests]
    return [text and text[len("Bearer ") :] for text in sent]


def test_a_function_is_asked_once_and_its_key_is_kept(serve, make_client):
    server, keys = serve(FLOW, FLOW), Keys("sk-1", "sk-2")
    client = make_client(server, keys)
    assert keys.calls == 0
    client.get_flow("f")
    client.with_options(timeout=9).get_flow("f")
    assert (keys_of(server), keys.calls) == (["sk-1", "sk-1"], 1)


@pytest.mark.parametrize("retries", [0, 3])
def test_a_refused_key_is_asked_for_again_and_the_request_repeated_once(
    serve, make_client, retries
):
    server = serve(FLOW, REFUSED, FLOW, FLOW)
    keys = Keys("sk-1", "sk-2")
    client = make_client(server, keys, max_retries=retries)
    for _ in range(3):
        client.get_flow("f")
    assert keys_of(server) == ["sk-1", "sk-1", "sk-2", "sk-2"]
    assert keys.calls == 2


def test_a_post_is_repeated_with_the_same_idempotency_key(serve, make_client):
    server = serve(REFUSED, STARTED)
    client = make_client(server, Keys("sk-1", "sk-2"), max_retries=0)
    assert client.execute_flow("f", {"a": 1}).execution_id == "e"
    assert keys_of(server) == ["sk-1", "sk-2"]
    first, second = server.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.json == second.json


def test_a_key_that_is_refused_twice_is_reported(serve, make_client):
    server = serve(REFUSED, REFUSED, REFUSED)
    client = make_client(server, Keys("sk-1", "sk-2"))
    with pytest.raises(AuthenticationError) as caught:
        client.execute_flow("f", {})
    error = caught.value
    assert (error.status_code, len(error.attempts)) == (401, 2)
    assert (error.maybe_executed, len(server.requests)) == (False, 2)
    assert "sk-" not in str(error)


def test_a_fixed_key_is_not_sent_again(serve, make_client):
    server = serve(REFUSED, FLOW)
    with pytest.raises(AuthenticationError):
        make_client(server, "sk-1").get_flow("f")
    assert len(server.requests) == 1


def test_the_repetition_takes_no_retry_away(serve, make_client):
    broken = answer(503, headers={"Retry-After": "0"})
    server = serve(broken, REFUSED, broken, FLOW)
    client = make_client(server, Keys("sk-1", "sk-2"), max_retries=2)
    assert client.get_flow("f").flow_id == "f"
    server = serve(REFUSED, broken, broken)
    with pytest.raises(ServerError) as caught:
        make_client(server, Keys("sk-1", "sk-2"), max_retries=1).get_flow("f")
    assert len(caught.value.attempts) == 3


def test_a_stream_is_opened_again_with_another_key(serve, make_client):
    event = b'id: 1\nevent: execution\ndata: {"execution_id": "e", "status": "completed"}\n\n'
    server = serve(REFUSED, EVENTS + event)
    client = make_client(server, Keys("sk-1", "sk-2"))
    events = list(client.stream_execution("e"))
    assert events[-1].execution.status == "completed"
    assert keys_of(server)[:2] == ["sk-1", "sk-2"]


@pytest.mark.parametrize(
    "values, problem",
    [
        ((OSError("sk-secret is on the disk"),), "raised OSError"),
        ((7,), "must return text, not of type int"),
        ((None,), "must return text, not None"),
        (("",), "must return text that is not empty"),
        (("sk-secret\n",), "must return text that a header can hold"),
    ],
)
@pytest.mark.parametrize("name", ["api_key", "access_token"])
def test_a_function_without_a_key_is_reported_and_nothing_is_sent(
    serve, make_client, values, problem, name
):
    server = serve(FLOW)
    keys = {"api_key": None, name: Keys(*values)}
    client = make_client(server, keys.pop("api_key"), **keys)
    call = client.get_user_profile if name == "access_token" else client.list_flows
    with pytest.raises(AuthenticationError) as caught:
        call()
    error = caught.value
    assert error.message == f"the function given as {name} {problem}"
    cause = values[0] if isinstance(values[0], Exception) else None
    assert (error.__cause__, error.status_code) == (cause, None)
    assert server.requests == []
    if cause is None:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        ours = [frame for frame in told.stack if "/ai_spine/" in frame.filename]
        assert ours and "sk-secret" not in str([frame.locals for frame in ours])


def test_a_function_is_asked_again_after_it_failed(serve, make_client):
    server = serve(FLOW)
    client = make_client(server, Keys(OSError("no"), "sk-1"))
    with pytest.raises(AuthenticationError):
        client.get_flow("f")
    client.get_flow("f")
    assert keys_of(server) == ["sk-1"]


def test_no_key_that_a_function_returned_is_shown(serve, make_client):
    answers = [answer(400, {"detail": f"{name} is bad"}) for name in ("sk-a", "sk-b")]
    server = serve(REFUSED, *answers)
    client = make_client(server, Keys("sk-a", "sk-b"))
    for _ in range(2):
        with pytest.raises(Exception, match=r"\*\*\* is bad"):
            client.get_flow("f")
    for key in ("sk-a", "sk-b"):
        assert key not in repr(vars(client._api.transport))


@pytest.mark.only_sync("tasks have a test of their own")
def test_threads_at_once_ask_once(serve, make_client):
    server, asked, go = serve(*[FLOW] * 4), [], threading.Event()

    def ask():
        asked.append(1)
        assert go.wait(30)
        return "sk-1"

    client = make_client(server, ask)
    lock = CountingLock()
    client._api.transport.tokens[Credential.API_KEY].lock = lock
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(client.get_flow, "f") for _ in range(4)]
        wait_until(lambda: lock.count == 4)
        go.set()
        assert {call.result(30).flow_id for call in calls} == {"f"}
    assert (keys_of(server), len(asked)) == (["sk-1"] * 4, 1)


@pytest.mark.only_sync("tasks have a test of their own")
def test_threads_that_wait_for_a_function_share_its_failure(serve, make_client):
    server, go, asked = serve(FLOW), threading.Event(), []

    def ask():
        asked.append(1)
        assert go.wait(30)
        raise OSError("no vault")

    client = make_client(server, ask)
    lock = CountingLock()
    client._api.transport.tokens[Credential.API_KEY].lock = lock
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(client.get_flow, "f") for _ in range(4)]
        wait_until(lambda: lock.count == 4)
        go.set()
        errors = [each.exception(30) for each in calls]
    assert {type(error) for error in errors} == {AuthenticationError}
    assert {type(error.__cause__) for error in errors} == {OSError}
    assert len(asked) == 1
    with pytest.raises(AuthenticationError):
        client.get_flow("f")
    assert len(asked) == 2


@pytest.mark.only_sync("it is about tasks, over one library")
def test_tasks_that_wait_for_a_function_share_its_failure(serve):
    pytest.importorskip("aiohttp")
    from ai_spine import AsyncAISpine

    server, asked = serve(FLOW), []

    async def ask():
        asked.append(1)
        for _ in range(10):
            await asyncio.sleep(0)
        raise OSError("no vault")

    async def main():
        async with AsyncAISpine(ask, server.url) as client:
            calls = (client.get_flow("f") for _ in range(4))
            return await asyncio.gather(*calls, return_exceptions=True)

    errors = asyncio.run(main())
    assert {type(error) for error in errors} == {AuthenticationError}
    assert len(asked) == 1


@pytest.mark.only_sync("tasks have a test of their own")
def test_a_function_that_calls_its_own_client_is_reported(serve, make_client):
    made = []
    made.append(make_client(serve(FLOW), lambda: made[0].get_flow("f") and "sk-1"))
    with pytest.raises(AuthenticationError) as caught:
        made[0].get_flow("f")
    assert "calls this client, which waits for it" in str(caught.value.__cause__)


@pytest.mark.only_sync("it is about tasks, over one library")
def test_an_async_function_that_calls_its_own_client_is_reported(serve):
    pytest.importorskip("aiohttp")
    from ai_spine import AsyncAISpine

    server, made = serve(FLOW), []

    async def ask():
        return await made[0].get_flow("f") and "sk-1"

    async def main():
        async with AsyncAISpine(ask, server.url) as client:
            made.append(client)
            await client.get_flow("f")

    with pytest.raises(AuthenticationError) as caught:
        asyncio.run(main())
    assert "calls this client, which waits for it" in str(caught.value.__cause__)


def make_key():
    return "sk-1"


def test_a_copy_of_a_client_in_another_process_has_the_function(serve, make_client):
    server = serve(FLOW)
    with pickle.loads(pickle.dumps(make_client(server, make_key))) as copied:
        copied.get_flow("f")
    assert keys_of(server) == ["sk-1"]


def test_the_key_of_a_file_is_read_again_when_it_is_refused(
    serve, make_client, monkeypatch, tmp_path
):
    path = tmp_path / "key"
    path.write_bytes(b"sk-1\r\n")
    monkeypatch.setenv("AI_SPINE_API_KEY_FILE", str(path))
    server = serve(FLOW, REFUSED, FLOW)
    client = make_client(server, None)
    client.get_flow("f")
    path.write_text("sk-2\n")
    client.get_flow("f")
    assert keys_of(server) == ["sk-1", "sk-1", "sk-2"]


def test_a_file_that_is_gone_when_the_key_is_refused_is_reported(
    serve, make_client, monkeypatch, tmp_path
):
    path = tmp_path / "key"
    path.write_text("sk-1\n")
    monkeypatch.setenv("AI_SPINE_API_KEY_FILE", str(path))
    client = make_client(serve(REFUSED, FLOW), None)
    with pytest.raises(AuthenticationError) as caught:
        path.unlink()
        client.get_flow("f")
    assert isinstance(caught.value.__cause__, ConfigurationError)
    told = "AI_SPINE_API_KEY_FILE: the file cannot be read"
    assert caught.value.message.startswith(told)


# What differs between the clients


async def make_key_later():
    return "sk-1"


@pytest.mark.parametrize("name", ["api_key", "access_token"])
@pytest.mark.not_over("aiohttp", "it awaits them")
@pytest.mark.not_over("httpx", "it awaits them")
def test_async_functions_are_refused_by_the_synchronous_client(name):
    reason = f"{name} must be a plain function: AsyncAISpine takes async ones"
    with pytest.raises(ConfigurationError, match=reason):
        AISpine(**{name: make_key_later})
    client = AISpine(base_url="http://127.0.0.1:1", **{name: lambda: make_key_later()})
    call = client.get_user_profile if name == "access_token" else client.list_flows
    with pytest.raises(
        AuthenticationError, match="must return text, not of type coroutine, which"
    ):
        call()


@pytest.mark.not_over("requests", "it cannot await")
def test_async_functions_are_awaited_and_tasks_ask_once(serve, make_client):
    server, asked = serve(*[FLOW] * 3), []

    async def ask():
        asked.append(1)
        await asyncio.sleep(0)
        return "sk-1"

    client = make_client(server, ask)
    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(client.get_flow, "f") for _ in range(3)]
        assert {call.result(30).flow_id for call in calls} == {"f"}
    assert (keys_of(server), len(asked)) == (["sk-1"] * 3, 1)
    later = make_client(serve(FLOW), partial(ask))
    assert later.get_flow("f").flow_id == "f"


@pytest.mark.only_sync("only threads can hold a lock while another forks")
def test_a_fork_while_a_thread_asks_leaves_the_lock_free():
    settings = AISpine(base_url="http://127.0.0.1:1", api_key=make_key)._api.settings
    api = ApiClient(settings, RequestsTransport(settings))
    tokens = list(api.transport.tokens.values())
    for token in tokens:
        assert token.lock.acquire(blocking=False)
    api.state.after_fork()
    assert [token.lock.acquire(blocking=False) for token in tokens] == [True] * 3
