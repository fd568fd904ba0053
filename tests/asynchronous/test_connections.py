"""How many connections a client has open, however many calls are in flight."""

import asyncio

import pytest

from ai_spine import AsyncAISpine
from tests.asynchronous import open_sockets, until
from tests.local import LIMIT

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("way", ["aiohttp"])  # both transports share what limits them
async def test_hundreds_of_executions_share_the_connections_of_the_pool(server):
    async with AsyncAISpine(base_url=server.url) as client:
        calls = [client.execute_and_wait("quick", {"n": n}) for n in range(300)]
        work, most = asyncio.ensure_future(asyncio.gather(*calls)), 0
        while not work.done():
            most = max(most, open_sockets(server))
            await asyncio.sleep(0.02)
        assert [done.output["n"]["n"] for done in await work] == list(range(300))
    assert 1 < most <= client._api.settings.pool_size


async def test_streams_leave_connections_for_requests(server, transport):
    async with AsyncAISpine(
        base_url=server.url, transport=transport, pool_size=4
    ) as client:
        held = [await client.execute_flow("held", {"n": n}) for n in range(9)]
        waits = [asyncio.ensure_future(client.wait_for_execution(h)) for h in held]
        await until(lambda: server._site.publisher.count == 2)
        await asyncio.wait_for(client.list_flows(), LIMIT)
        assert open_sockets(server) <= 4
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def test_a_client_with_one_connection_polls(server, transport):
    async with AsyncAISpine(
        base_url=server.url, transport=transport, pool_size=1
    ) as client:
        done = await client.execute_and_wait("quick", {}, interval=0.05)
        assert done.succeeded and server._site.publisher.count == 0
