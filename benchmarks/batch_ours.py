"""`execute_batch`, timed in a process of its own: `python -m benchmarks.batch_ours URL COUNT`.

A third argument is `counted`, to count its requests, or `async`, for the async client.
"""

import asyncio
import json
import sys
import time
from typing import Any, List

from ai_spine import AISpine, AsyncAISpine

CONCURRENCY = 64
SECONDS = 0.05


def main() -> None:
    url, inputs = sys.argv[1], [{"seconds": SECONDS}] * int(sys.argv[2])
    asked: List[Any] = []
    if "async" in sys.argv:
        took = asyncio.run(_awaited(url, inputs))
    else:
        took = _called(url, inputs, asked)
    print(json.dumps({"seconds": took, "requests": len(asked)}))


def _called(url: str, inputs: List[Any], asked: List[Any]) -> float:
    # A hook for each request costs time, so requests are counted in a run that is not timed.
    hooks = {"request": asked.append} if "counted" in sys.argv else None
    with AISpine(base_url=url, event_hooks=hooks) as client:
        client.health_check()
        asked.clear()
        started = time.perf_counter()
        done = client.execute_batch("pause", inputs, concurrency=CONCURRENCY)
        done.raise_for_errors()
        return time.perf_counter() - started


async def _awaited(url: str, inputs: List[Any]) -> float:
    async with AsyncAISpine(base_url=url) as client:
        await client.health_check()
        started = time.perf_counter()
        done = await client.execute_batch("pause", inputs, concurrency=CONCURRENCY)
        done.raise_for_errors()
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
