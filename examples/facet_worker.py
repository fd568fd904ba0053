"""A worker of a facet: it takes jobs from a queue until it is to stop, and ends in order.

Run it as it is, and it serves a node of its own; `RON_APP_URL` and `RON_APP_TOKEN` name another.
"""

import asyncio
import contextlib
import os
import signal
from typing import Any

from ai_spine.ron import RonClient, RonNetworkError
from ai_spine.ron.testing import RonNode

PAUSE = 0.05  # seconds between two looks at an empty queue


async def handle(client: RonClient, job: Any) -> None:
    """Do one job, and report it; the key makes it safe to send the report again."""
    result = {"job": job["id"], "sum": sum(job["numbers"])}
    await client.post("/echo", json=result, idempotency_key=f"job-{job['id']}")
    print("done", result)


async def work(client: RonClient, stop: asyncio.Event) -> None:
    """Take jobs until it is to stop; the job in hand is finished first."""
    while not stop.is_set():
        try:
            job = await client.get("/queue/next")
        except RonNetworkError as error:
            print("no node for now:", error.message)
            job = None
        if job is not None:
            await handle(client, job)
            continue
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE)


async def main(url: str) -> None:
    """Work until Ctrl-C, or until the system says to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # on Windows
            loop.add_signal_handler(number, stop.set)
    if "RON_APP_URL" not in os.environ:
        loop.call_later(0.5, stop.set)  # the example ends by itself
    async with RonClient(url) as client:
        await work(client, stop)
    print("stopped")


if __name__ == "__main__":
    if "RON_APP_URL" in os.environ:
        asyncio.run(main(os.environ["RON_APP_URL"]))
    else:
        with RonNode() as node:
            node.queue.extend({"id": n, "numbers": [n, n + 1]} for n in range(3))
            asyncio.run(main(node.url))
