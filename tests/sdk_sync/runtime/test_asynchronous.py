"""Tests of what only asynchronous clients do: cancelled tasks leave nothing, tokens are awaited."""

import asyncio
import os

import pytest

from tests.local import wait_until
from tests.sdk_sync.runtime.orders.client import AsyncClient
from tests.sdk_sync.runtime.server import Reply, reply, serving

LIBRARIES = ["aiohttp", "httpx"]
ORDER = {"orderId": "o", "count": 2}
pytestmark = pytest.mark.parametrize("library", LIBRARIES)


@pytest.fixture
def endless(gate):
    """A response whose pieces do not end; `/orders/…` responds at once."""

    def pieces(request):
        while not gate.wait(0.01):
            yield b'data: {"text": "a"}\n\n' if request.path == "/ask" else b"%PDF"

    def respond(request):
        if request.path == "/held/orders" or request.path == "/orders/held":
            gate.wait(30)
        if request.path.startswith("/orders"):
            return reply(value=ORDER)
        kind = "text/event-stream" if request.path == "/ask" else "application/pdf"
        return Reply(200, pieces(request), {"content-type": kind})

    with serving(respond) as server:
        yield server
        gate.set()


async def cancelled(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_cancelled_call_frees_its_connection(library, endless):
    async def main():
        async with AsyncClient(endless.url, transport=library, pool_size=2) as client:
            for number in range(5):
                call = asyncio.create_task(client.orders.get_order("held"))
                while len(endless.requests) <= 2 * number:
                    await asyncio.sleep(0.01)
                await cancelled(call)
                assert (await client.orders.get_order("o", timeout=10)).count == 2

    asyncio.run(main())


def test_a_cancelled_stream_is_closed(library, endless):
    async def main():
        async with AsyncClient(endless.url, transport=library, pool_size=2) as client:
            for _ in range(5):
                stream = await client.orders.ask_stream(text="Hi", timeout=10)
                await stream.__anext__()

                async def drain(stream=stream):
                    async for _ in stream:
                        await asyncio.sleep(0)

                await cancelled_soon(drain())
                await stream.aclose()
            await asyncio.to_thread(wait_until, lambda: endless.open == 0)

    asyncio.run(main())


def test_cancelled_content_leaves_no_file(library, endless, tmp_path):
    async def main():
        async with AsyncClient(endless.url, transport=library, pool_size=2) as client:
            for _ in range(5):
                download = await client.orders.get_invoice(timeout=10)
                await cancelled_soon(download.save(tmp_path / "invoice.pdf"))
                assert os.listdir(tmp_path) == []
            await asyncio.to_thread(wait_until, lambda: endless.open == 0)

    asyncio.run(main())


async def cancelled_soon(coroutine):
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0.05)
    await cancelled(task)


def test_a_token_may_be_awaited(library):
    async def token():
        await asyncio.sleep(0)
        return "t-1"

    async def main(url):
        async with AsyncClient(url, token, transport=library) as client:
            await client.orders.by_key_or_token()

    with serving(lambda request: reply(204)) as server:
        asyncio.run(main(server.url))
        assert server.requests[0].headers["authorization"] == "Bearer t-1"
