"""What a caller's own session and the pool of connections must not break."""

import asyncio
import gzip
import json
import ssl
import time

import aiohttp
import httpx
import pytest
from urllib3.util.ssl_ import create_urllib3_context

from ai_spine import (
    AsyncAISpine,
    ConfigurationError,
    NetworkError,
    NotFoundError,
)
from ai_spine.transport.environment import tls_context
from tests.asynchronous import open_sockets, until
from tests.raw_server import RawServer, answer

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("way", ["httpx"])
async def test_a_post_over_an_application_in_the_process_runs_once(way):
    runs = []

    async def app(scope, receive, send):
        runs.append(scope["path"])
        await asyncio.sleep(30)

    session = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
    async with session:
        client = AsyncAISpine(base_url="http://app", session=session, timeout=0.1)
        with pytest.raises(NetworkError) as caught:
            await client.execute_flow("f", {})
    assert caught.value.maybe_executed and runs == ["/flows/execute"]


@pytest.mark.parametrize("way", ["aiohttp"])
async def test_an_ordinary_session_reads_gzip_and_leaves_errors_to_the_client(way):
    body = gzip.compress(json.dumps({"status": "healthy"}).encode())
    script = answer(200, body, content_encoding="gzip"), answer(404, {"detail": "no"})
    with RawServer(*script) as raw:
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            client = AsyncAISpine(base_url=raw.url, session=session)
            assert (await client.health_check()).is_healthy
            with pytest.raises(NotFoundError):
                await client.get_flow("f")


async def test_the_session_of_a_client_can_be_used_by_others(server, transport):
    async with AsyncAISpine(base_url=server.url, transport=transport) as client:
        response = await client.session.get(f"{server.url}/health")
        assert getattr(response, "status_code", None) or response.status == 200
        if transport == "aiohttp":
            response.release()


async def test_a_connection_closed_while_the_loop_was_busy_is_replaced(transport):
    alive = answer(200, {"status": "healthy"}, connection="keep-alive")
    started = answer(200, {"execution_id": "e", "status": "pending"})
    with RawServer(alive, started) as raw:
        options = {"transport": transport, "max_retries": 0}
        async with AsyncAISpine(base_url=raw.url, **options) as client:
            await client.health_check()
            time.sleep(0.05)  # the server closes, and the loop does not see it
            assert (await client.execute_flow("f", {})).execution_id == "e"


async def test_a_cancelled_hook_of_a_stream_frees_its_connection(server, transport):
    async def wait(event):
        if event.path.endswith("/stream"):
            reached.set()
            await asyncio.sleep(30)

    reached = asyncio.Event()
    options = {"transport": transport, "pool_size": 2}
    hooks = {"response": wait}
    async with AsyncAISpine(
        base_url=server.url, event_hooks=hooks, **options
    ) as client:
        held = await client.execute_flow("held", {})
        for _ in range(3):
            reached.clear()
            task = asyncio.ensure_future(client.wait_for_execution(held))
            await reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert client._transport._state.free._value == 2
        await until(lambda: open_sockets(server) <= 2)


async def test_a_batch_ends_if_its_inputs_were_cancelled(server, transport):
    async def inputs():
        yield {}
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async with AsyncAISpine(base_url=server.url, transport=transport) as client:
        with pytest.raises(asyncio.CancelledError):
            await client.execute_batch("quick", inputs())


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4"])
async def test_a_socks_proxy_is_refused_in_one_sentence(transport, scheme):
    proxies = {"http": f"{scheme}://user:hunter2@127.0.0.1:9"}
    with pytest.raises(ConfigurationError) as caught:
        AsyncAISpine(base_url="http://a.test", transport=transport, proxies=proxies)
    assert str(caught.value) == (
        f"AsyncAISpine cannot use a {scheme} proxy: use an http proxy, or AISpine"
    )


def test_certificates_are_checked_like_those_of_requests():
    checked = AsyncAISpine(base_url="https://a.test")._api.settings
    ours, usual = tls_context(checked), create_urllib3_context()
    assert ours.verify_mode is ssl.CERT_REQUIRED and ours.check_hostname
    assert ours.hostname_checks_common_name is False
    assert ours.verify_flags & usual.verify_flags == usual.verify_flags
    assert ours.options & usual.options == usual.options
