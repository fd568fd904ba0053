"""ai-spine-sdk 2.3.1 in a pool of threads; run by a Python that has that, as a plain script."""

import json
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import List

import requests

from ai_spine import AISpine

CONCURRENCY, SECONDS = 64, 0.05  # as in batch_ours, which cannot be imported here
asked: List[None] = []
send = requests.Session.send


def counted(self, request, **settings):  # type: ignore[no-untyped-def]
    asked.append(None)
    return send(self, request, **settings)


def main() -> None:
    url, count = sys.argv[1], int(sys.argv[2])
    warnings.simplefilter("ignore")
    requests.Session.send = counted  # type: ignore[method-assign]
    client = AISpine("sk_benchmark", url)

    def execute(_: int) -> None:
        started = client.execute_flow("pause", {"seconds": SECONDS})
        client.wait_for_execution(started["execution_id"])

    started = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(execute, range(count)))
    took = time.perf_counter() - started
    print(json.dumps({"seconds": took, "requests": len(asked)}))


if __name__ == "__main__":
    main()
