"""What an awaited call costs, against the libraries below it, and what a wait holds in memory."""

import asyncio
import json
import sys
from contextlib import ExitStack
from typing import Any, Awaitable, Callable, Dict

import aiohttp
import httpx

from ai_spine import AsyncAISpine
from benchmarks.harness import Contender, Report, interleave, median, ratio
from benchmarks.processes import measured, serving
from benchmarks.raw import EXECUTION

ABOUT = "awaited calls on one event loop, to a raw server in another process"
IN_FLIGHT = 64
OURS, BARE, HTTPX = (
    "get_execution",
    "aiohttp with json.loads",
    "httpx get().json()",
)
OVER_HTTPX = "get_execution over httpx"
_ID = str(EXECUTION["execution_id"])
_Call = Callable[[], Awaitable[Any]]


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("async", ABOUT)
    with ExitStack() as undo:
        url = undo.enter_context(serving("raw"))
        loop = asyncio.new_event_loop()
        undo.callback(loop.close)
        calls = loop.run_until_complete(_calls(url, undo, loop))
        sizes = {"rounds": 2, "calls": 1} if quick else {"rounds": 30, "calls": 2}
        count = 4 if quick else 64
        for in_flight in (1, IN_FLIGHT):
            contenders = {
                name: _contender(loop, call, in_flight, max(count, in_flight))
                for name, call in calls.items()
            }
            times = interleave(contenders, **sizes)
            where = "one at a time" if in_flight == 1 else f"{in_flight} in flight"
            for name in contenders:
                took = median(times, name) / max(count, in_flight)
                report.add(f"{name}, {where}", 1e6 * took, "µs")
            bound = 1.5 if in_flight == 1 else 1.6
            report.at_most(f"{where}, to aiohttp", ratio(times, OURS, BARE), bound)
            if in_flight > 1:
                report.at_most(f"{where}, to httpx", ratio(times, OURS, HTTPX), 0.15)
    _memory(report, 20 if quick else 1000)
    return report


async def _calls(
    url: str, undo: ExitStack, loop: asyncio.AbstractEventLoop
) -> Dict[str, _Call]:
    path = f"{url}/executions/{_ID}"
    # What a tracer costs is measured by `overhead`.
    options: Dict[str, Any] = {"pool_size": IN_FLIGHT, "tracing": False}
    ours = AsyncAISpine("sk_benchmark", url, **options)
    over_httpx = AsyncAISpine("sk_benchmark", url, transport="httpx", **options)
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT))
    limits = httpx.Limits(
        max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT
    )
    client = httpx.AsyncClient(limits=limits, trust_env=False)
    for close in (ours.aclose, over_httpx.aclose, session.close, client.aclose):
        undo.callback(_run, loop, close)

    async def bare() -> Any:
        async with session.get(path) as response:
            return json.loads(await response.read())

    async def plain_httpx() -> Any:
        return (await client.get(path)).json()

    return {
        OURS: lambda: ours.get_execution(_ID),
        BARE: bare,
        HTTPX: plain_httpx,
        OVER_HTTPX: lambda: over_httpx.get_execution(_ID),
    }


def _run(loop: asyncio.AbstractEventLoop, close: _Call) -> None:
    loop.run_until_complete(_awaited(close))


async def _awaited(call: _Call) -> Any:
    return await call()


def _contender(
    loop: asyncio.AbstractEventLoop, call: _Call, in_flight: int, count: int
) -> Contender:
    """Return a function that makes so many calls, so many of them at once."""

    async def worker() -> None:
        for _ in range(count // in_flight):
            await call()

    async def work() -> None:
        await asyncio.gather(*(worker() for _ in range(in_flight)))

    return lambda: loop.run_until_complete(work())


def _memory(report: Report, count: int) -> None:
    what = f"memory for each of {count:,} waits over streams"
    if not sys.platform.startswith("linux"):
        report.leave_out(what, "it is read from /proc")
        return
    with serving("streams") as url:
        figures = measured("-m", "benchmarks.async_memory", url, str(count))
    report.at_most(what, figures["kB"], 60, "kB")
