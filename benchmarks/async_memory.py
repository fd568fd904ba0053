"""The memory of waits over streams: `python -m benchmarks.async_memory URL COUNT`."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Dict

from ai_spine import AsyncAISpine
from benchmarks.processes import allow_many_files
from benchmarks.raw import EXECUTION

_ID = str(EXECUTION["execution_id"])


def resident() -> float:
    """Return the memory that this process has now, in kB."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return float(status.split("VmRSS:")[1].split()[0])


async def measure(url: str, count: int) -> Dict[str, Any]:
    """Return the kB for each of so many waits on one loop, and how many came to their end."""
    async with AsyncAISpine("sk_benchmark", url, pool_size=2 * count) as client:
        await client.get_execution(_ID)
        before = resident()
        wait = client.wait_for_execution
        waits = [asyncio.ensure_future(wait(_ID, timeout=600)) for _ in range(count)]
        await asyncio.wait_for(_all_stream(client, count), 60)
        after = resident()
        await client.request("GET", "/finish")
        done = await asyncio.gather(*waits)
    return {"kB": (after - before) / count, "done": sum(e.is_done for e in done)}


async def _all_stream(client: AsyncAISpine, count: int) -> None:
    while (await client.request("GET", "/count"))["streams"] < count:
        await asyncio.sleep(0.05)


def main() -> None:
    allow_many_files()
    url, count = sys.argv[1], int(sys.argv[2])
    figures = asyncio.run(measure(url, count))
    assert figures["done"] == count
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
