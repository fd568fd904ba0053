"""A cancelled task leaves nothing behind, whatever it was awaiting."""

import asyncio
import logging
import random
import signal
import subprocess
import sys
import time

import pytest

from ai_spine import AsyncAISpine, TimeoutError
from ai_spine.utils.timeouts import time_limit
from tests.asynchronous import open_sockets, until
from tests.local import LIMIT

pytestmark = pytest.mark.anyio
CANCELLATIONS = 210
AT_ONCE = 25
LONGEST = 0.15  # seconds until a task is cancelled
INPUTS = 5


async def cancelled(coroutine, seconds=0.0):
    """Run a coroutine in a task, cancel that, and return whether it ended so."""
    task = asyncio.ensure_future(coroutine)
    await asyncio.sleep(seconds)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


async def last_of(items):
    async for item in items:
        last = item
    return last


class Cancellations:
    """Starts all kinds of calls, and cancels each after a while.

    Args:
        client: Sends them.
        held: An execution that runs.
        folder: Where checkpoints go.
    """

    def __init__(self, client, held, folder):
        self.client, self.held, self.folder = client, held, folder
        self.random = random.Random(14)
        self.batches = []
        self.hits = 0
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self):
        """Cancel as many calls as there are to be, many at once."""
        await asyncio.gather(*(self._one(n) for n in range(CANCELLATIONS)))

    async def _one(self, number):
        client = self.client
        kinds = [
            lambda: client.get_flow("quick"),
            lambda: client.execute_flow("quick", {}),
            lambda: client.execute_and_wait("quick", {}, interval=0.01),
            lambda: client.wait_for_execution(self.held),
            lambda: last_of(client.stream_execution(self.held)),
            lambda: self.batch(client, number),
            lambda: last_of(client.iter_batch("quick", self.inputs(number))),
        ]
        async with self._room:
            call = kinds[number % len(kinds)]
            hit = await cancelled(call(), self.random.random() * LONGEST)
        self.hits += hit

    def inputs(self, number):
        return [{"batch": number, "n": n} for n in range(INPUTS)]

    async def batch(self, client, number):
        """Run a batch with a checkpoint."""
        self.batches.append(number)
        path = self.folder / f"{number}.jsonl"
        return await client.execute_batch(
            "quick", self.inputs(number), concurrency=2, checkpoint=path
        )


@pytest.mark.parametrize("way", ["aiohttp", "httpx"])
async def test_hundreds_of_random_cancellations_leave_nothing_behind(
    server, transport, tmp_path
):
    before = asyncio.all_tasks()
    client = AsyncAISpine(base_url=server.url, transport=transport)
    held = await client.execute_flow("held", {})
    calls = Cancellations(client, held, tmp_path)
    await calls.run()
    assert (
        calls.hits > CANCELLATIONS / 4
    )  # at least the calls that wait for what is held

    await until(lambda: asyncio.all_tasks() == before)
    here = client._transport._state
    assert here.free._value == client._api.settings.pool_size
    assert client._api.state._free_streams._value == client._transport.max_streams
    assert (await client.get_flow("quick")).flow_id == "quick"

    batches = set(calls.batches)
    resumed = await asyncio.gather(*(calls.batch(client, n) for n in batches))
    assert all(result.is_complete for result in resumed)
    ran = [dict(execution.input_data) for execution in server.executions("quick")]
    for value in (value for number in batches for value in calls.inputs(number)):
        assert ran.count(value) == 1
    assert {path.suffix for path in tmp_path.iterdir()} == {".jsonl"}
    await client.aclose()
    await until(lambda: asyncio.all_tasks() == before)
    await until(lambda: open_sockets(server) == 0)


CALLS = {
    "list_flows": lambda client, held: client.list_flows(),
    "execute_and_wait": lambda client, held: client.execute_and_wait("held", {}),
    "wait_for_execution": lambda client, held: client.wait_for_execution(held),
    "stream_execution": lambda client, held: last_of(client.stream_execution(held)),
    "execute_batch": lambda client, held: client.execute_batch("held", [{}]),
    "iter_batch": lambda client, held: last_of(client.iter_batch("held", [{}])),
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_time_limit_around_any_call_ends_it(server, transport, name):
    async with AsyncAISpine(base_url=server.url, transport=transport) as client:
        held = await client.execute_flow("held", {})
        server.faults.add("GET", "/flows", delay=LIMIT)
        with pytest.raises((asyncio.TimeoutError, TimeoutError)) as caught:
            async with time_limit(0.1):
                await CALLS[name](client, held)
        assert not hasattr(caught.value, "execution_id")  # it is the caller's own
        assert (await client.get_execution(held)).status == "running"


async def test_a_cancelled_request_is_not_sent_again(server, transport):
    async with AsyncAISpine(base_url=server.url, transport=transport) as client:
        fault = server.faults.add("GET", "/flows", delay=LIMIT, times=None)
        task = asyncio.ensure_future(client.list_flows())
        await until(lambda: fault.met)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.faults.clear()
        await client.list_agents()
        assert fault.met == 1


async def test_a_call_that_waits_for_retry_after_can_be_cancelled(server, transport):
    async with AsyncAISpine(base_url=server.url, transport=transport) as client:
        busy = {"status": 503, "headers": {"Retry-After": "30"}}
        fault = server.faults.add("GET", "/flows", **busy)
        first = asyncio.ensure_future(client.list_flows())
        await until(lambda: fault.met)
        await until(lambda: client._api.state.cooldown.until > time.monotonic())
        assert await cancelled(client.list_agents(), 0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_a_call_that_waits_for_a_connection_can_be_cancelled(server, transport):
    options = {"transport": transport, "pool_size": 1}
    async with AsyncAISpine(base_url=server.url, **options) as client:
        fault = server.faults.add("GET", "/flows", delay=LIMIT)
        first = asyncio.ensure_future(client.list_flows())
        await until(lambda: fault.met)
        assert await cancelled(client.list_agents(), 0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await client.list_agents()


async def test_a_cancelled_wait_logs_which_execution_goes_on(server, transport, caplog):
    caplog.set_level(logging.DEBUG, "ai_spine")
    async with AsyncAISpine(base_url=server.url, transport=transport) as client:
        held = await client.execute_flow("held", {})
        task = asyncio.ensure_future(client.wait_for_execution(held))
        await until(lambda: any("/stream" in line for line in caplog.messages))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert f"stopped waiting for execution {held.execution_id}, which continues" in (
        caplog.messages
    )


async def test_a_cancelled_hook_cancels_the_call(server, transport):
    async def slow(event):
        begun.set()
        await asyncio.sleep(LIMIT)

    begun = asyncio.Event()
    options = {"transport": transport, "event_hooks": {"request": slow}}
    async with AsyncAISpine(base_url=server.url, **options) as client:
        task = asyncio.ensure_future(client.list_flows())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


INTERRUPTED = """
import asyncio, logging, sys
from ai_spine import AsyncAISpine

async def main(url, library):
    async with AsyncAISpine(base_url=url, transport=library) as client:
        held = await client.execute_flow("held", {})
        print("started", flush=True)
        await client.wait_for_execution(held)

logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(message)s")
try:
    asyncio.run(main(*sys.argv[1:]))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.run has no SIGINT then")
async def test_ctrl_c_ends_a_program_like_a_cancellation(server, transport):
    command = [sys.executable, "-X", "dev", "-c", INTERRUPTED, server.url, transport]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        lines = []
        while not any(b"/stream -> 200" in line for line in lines):
            lines.append(await asyncio.to_thread(program.stdout.readline))
        program.send_signal(signal.SIGINT)
        printed, errors = await asyncio.to_thread(program.communicate, None, LIMIT)
    assert printed.decode().splitlines()[-1] == "interrupted"
    assert "which continues" in printed.decode()
    assert errors == b""
