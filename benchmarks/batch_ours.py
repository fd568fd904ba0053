"""`execute_batch`, timed in a process of its own: `python -m benchmarks.batch_ours URL COUNT`."""

import json
import sys
import time
from typing import Any, List

from ai_spine import AISpine

CONCURRENCY = 64
SECONDS = 0.05


def main() -> None:
    url, count = sys.argv[1], int(sys.argv[2])
    asked: List[Any] = []
    # A hook for each request costs time, so requests are counted in a run that is not timed.
    hooks = {"request": asked.append} if "counted" in sys.argv else None
    with AISpine(base_url=url, event_hooks=hooks) as client:
        client.health_check()
        asked.clear()
        started = time.perf_counter()
        inputs = [{"seconds": SECONDS}] * count
        client.execute_batch(
            "pause", inputs, concurrency=CONCURRENCY
        ).raise_for_errors()
        took = time.perf_counter() - started
    print(json.dumps({"seconds": took, "requests": len(asked)}))


if __name__ == "__main__":
    main()
