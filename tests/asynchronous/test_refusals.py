"""What either client refuses of the other's kind: one sentence each, before anything is sent."""

import asyncio
import importlib
import subprocess
import sys

import aiohttp
import httpx
import pytest
import requests

from ai_spine import AISpine, AISpineError, AsyncAISpine, ConfigurationError
from ai_spine import ValidationError
from tests.local import is_one_sentence


async def coroutine(*_):
    return "quick"


def refusal_of(error, call):
    """Return the sentence with which a call is refused."""
    with pytest.raises(error) as caught:
        call()
    assert is_one_sentence(caught.value)
    return str(caught.value)


@pytest.fixture
def pending():
    """A coroutine that nobody has awaited."""
    made = coroutine()
    yield made
    made.close()


@pytest.mark.parametrize(
    "call",
    [
        lambda client, value: client.get_flow(value),
        lambda client, value: client.execute_flow("quick", value),
        lambda client, value: client.execute_flow("quick", {"a": [value]}),
        lambda client, value: client.wait_for_execution(value),
        lambda client, value: client.wait_for_execution("e", timeout=value),
        lambda client, value: client.request("GET", value),
        lambda client, value: client.create_agent(value),
        lambda client, value: client.execute_batch("quick", value),
    ],
)
def test_a_coroutine_in_the_place_of_a_value_is_refused(server, pending, call):
    async def awaited():
        async with AsyncAISpine(base_url=server.url) as client:
            await call(client, pending)

    sentence = refusal_of(ValidationError, lambda: asyncio.run(awaited()))
    assert "coroutine" in sentence and "await" in sentence
    with AISpine(base_url=server.url) as client:
        assert "coroutine" in refusal_of(ValidationError, lambda: call(client, pending))
    assert server.executions() == []


@pytest.mark.parametrize("name", ["request", "response", "retry"])
def test_an_async_hook_is_refused_by_the_synchronous_client(name):
    hooks = {name: coroutine}
    sentence = refusal_of(ConfigurationError, lambda: AISpine(event_hooks=hooks))
    assert "AsyncAISpine" in sentence and name in sentence


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.wait_for_execution("e", on_progress=coroutine),
        lambda c: c.execute_and_wait("quick", {}, on_progress=coroutine),
        lambda c: c.execute_batch("quick", [{}], on_result=coroutine),
        lambda c: c.execute_batch("quick", [{}], progress=coroutine),
    ],
)
def test_an_async_callback_is_refused_by_the_synchronous_client(server, call):
    with server.client() as client:
        sentence = refusal_of(ValidationError, lambda: call(client))
    assert "AsyncAISpine" in sentence
    assert server.executions() == []


def test_an_async_on_credits_low_is_refused_by_the_synchronous_client():
    make = lambda: AISpine(on_credits_low=coroutine)  # noqa: E731
    assert "on_credits_low" in refusal_of(ConfigurationError, make)


@pytest.mark.parametrize("client", [AISpine, AsyncAISpine])
def test_an_async_json_default_is_refused_by_both(client):
    make = lambda: client(json_default=coroutine)  # noqa: E731
    assert "json_default" in refusal_of(ConfigurationError, make)


def test_a_session_of_the_other_client_is_refused():
    async def swapped():
        async with aiohttp.ClientSession() as session, httpx.AsyncClient() as client:
            for other in (session, client):
                sentence = refusal_of(
                    ConfigurationError, lambda: AISpine(session=other)
                )
                assert "requests.Session" in sentence
        with requests.Session() as plain, httpx.Client() as blocking:
            for other in (plain, blocking):
                sentence = refusal_of(
                    ConfigurationError, lambda: AsyncAISpine(session=other)
                )
                assert "aiohttp.ClientSession or an httpx.AsyncClient" in sentence

    asyncio.run(swapped())


def test_an_unknown_transport_is_refused():
    sentence = refusal_of(ConfigurationError, lambda: AsyncAISpine(transport="curl"))
    assert sentence == "transport must be aiohttp or httpx, not 'curl'"


@pytest.mark.parametrize("library, extra", [("aiohttp", "async"), ("httpx", "httpx")])
def test_a_library_that_is_missing_is_asked_for(monkeypatch, library, extra):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"ai_spine.transport.{library}", raising=False)
    sentence = refusal_of(ConfigurationError, lambda: AsyncAISpine(transport=library))
    assert sentence == (
        f"AsyncAISpine needs {library}: pip install 'ai-spine-sdk[{extra}]'"
    )
    monkeypatch.undo()
    importlib.import_module(f"ai_spine.transport.{library}")


@pytest.mark.parametrize("statement", ["import ai_spine", "ai_spine.AISpine()"])
def test_the_synchronous_client_imports_nothing_async(statement):
    script = (
        f"import sys, ai_spine; {statement}\n"
        "print([m for m in ('asyncio', 'aiohttp', 'httpx') if m in sys.modules])\n"
    )
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "[]\n"


BAD = [
    lambda c: c.get_flow(""),
    lambda c: c.execute_flow("quick", [1]),
    lambda c: c.execute_flow("quick", {"a": {1, 2}}),
    lambda c: c.wait_for_execution("e", timeout=-1),
    lambda c: c.list_executions(limit=0),
    lambda c: c.request("FETCH", "/health"),
    lambda c: c.create_flow({}),
    lambda c: c.execute_batch("quick", [{}], concurrency=0),
]


@pytest.mark.parametrize("call", BAD)
def test_both_clients_refuse_bad_input_with_the_same_error(call):
    async def awaited():
        async with AsyncAISpine(base_url="http://127.0.0.1:9") as client:
            await call(client)

    with pytest.raises(AISpineError) as theirs:
        asyncio.run(awaited())
    with pytest.raises(AISpineError) as ours, AISpine(
        base_url="http://127.0.0.1:9"
    ) as c:
        call(c)
    assert (type(ours.value), str(ours.value)) == (
        type(theirs.value),
        str(theirs.value),
    )
