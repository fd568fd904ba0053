"""The local server's engine without HTTP: `python -m benchmarks.batch_engine COUNT`."""

import json
import sys
import time

from ai_spine import Flow
from ai_spine.local.engine.engine import Engine
from ai_spine.local.store.store import Store
from benchmarks.batch_ours import CONCURRENCY, SECONDS
from benchmarks.local import PAUSE, pause


def main() -> None:
    count = int(sys.argv[1])
    store = Store()
    engine = Engine(store, {"pause": pause}.get, CONCURRENCY)
    flow, given = Flow.from_wire(PAUSE), {"seconds": SECONDS}
    plan = engine.plan(flow)
    started = time.perf_counter()
    for _ in range(count):
        engine.start(store.create_execution("pause", given, {}), plan, given)
    while store.metrics()["successful_executions"] < count:
        time.sleep(0.005)
    took = time.perf_counter() - started
    engine.close()
    store.close()
    print(json.dumps({"seconds": took}))


if __name__ == "__main__":
    main()
