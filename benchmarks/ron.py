"""What a request of any API costs, over raw httpx, and how many events of a stream it reads."""

import asyncio
import time
from contextlib import ExitStack
from typing import Any, Awaitable, Callable, Dict

import httpx

from ai_spine.policy.event_streams import EventParser
from ai_spine.ron import RonClient
from benchmarks.harness import Contender, Report, interleave, median, ratio
from benchmarks.processes import serving
from benchmarks.raw import EXECUTION

ABOUT = "RonClient.get, to a raw server in another process, and its events"
IN_FLIGHT = 64
OURS, HTTPX = "RonClient.get", "httpx get().json()"
_PATH = f"/executions/{EXECUTION['execution_id']}"
_PIECE = 2**16  # bytes that come at once
_Call = Callable[[], Awaitable[Any]]


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("ron", ABOUT)
    count = 4 if quick else 64
    sizes = {"rounds": 2, "calls": 1} if quick else {"rounds": 30, "calls": 2}
    with ExitStack() as undo:
        url = undo.enter_context(serving("raw"))
        loop = asyncio.new_event_loop()
        undo.callback(loop.close)
        calls = loop.run_until_complete(_calls(url, undo, loop))
        for in_flight, bound in ((1, 0.95), (IN_FLIGHT, 0.2)):
            total = max(count, in_flight)
            contenders = {
                name: _contender(loop, call, in_flight, total)
                for name, call in calls.items()
            }
            times = interleave(contenders, **sizes)
            where = "one at a time" if in_flight == 1 else f"{in_flight} in flight"
            for name in contenders:
                took = median(times, name) / total
                report.add(f"{name}, {where}", 1e6 * took, "µs")
            rate = total / median(times, OURS)
            report.add(f"{OURS}, {where}", rate, "requests/s")
            report.at_most(f"{where}, to httpx", ratio(times, OURS, HTTPX), bound)
    _events(report, 1000 if quick else 200_000)
    return report


async def _calls(
    url: str, undo: ExitStack, loop: asyncio.AbstractEventLoop
) -> Dict[str, _Call]:
    # What a tracer costs is measured by `overhead`; nobody sleeps between two requests here.
    ours = RonClient(url, app_prefix=None, pool_size=IN_FLIGHT, tracing=False)
    ours._polls.is_busy = lambda path, now: False  # type: ignore[method-assign]
    limits = httpx.Limits(
        max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT
    )
    client = httpx.AsyncClient(limits=limits, trust_env=False)
    for close in (ours.aclose, client.aclose):
        undo.callback(_run, loop, close)

    async def plain_httpx() -> Any:
        return (await client.get(url + _PATH)).json()

    return {OURS: lambda: ours.get(_PATH), HTTPX: plain_httpx}


def _run(loop: asyncio.AbstractEventLoop, close: _Call) -> None:
    loop.run_until_complete(close())


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


def _events(report: Report, count: int) -> None:
    """Parse a stream of small events."""
    lines = (f'id: {number}\ndata: {{"n": {number}}}\n\n' for number in range(count))
    data, parser = "".join(lines).encode(), EventParser()
    began = time.perf_counter()
    found = sum(
        len(parser.feed(data[place : place + _PIECE]))
        for place in range(0, len(data), _PIECE)
    )
    rate = found / (time.perf_counter() - began)
    report.at_least("small events", rate, 100_000, "events/s")
