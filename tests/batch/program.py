"""A program that runs a batch, for tests that interrupt and kill it; its argument is JSON."""

import atexit
import concurrent.futures
import json
import multiprocessing
import sys

from ai_spine import AISpine
from ai_spine.exceptions import AISpineError


def main(options):
    """Run the batch, and prints what it gave."""
    if "most_bytes" in options:
        import resource

        # Else Python would keep the first bytes of a compiled module as the whole of it.
        sys.dont_write_bytecode = True
        most = options["most_bytes"]
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        # Coverage writes its data when all is over.
        atexit.register(resource.setrlimit, resource.RLIMIT_FSIZE, (hard, hard))
    client = AISpine(
        base_url=options["url"],
        retry_writes=options.get("retry_writes", False),
        pool_size=options.get("pool_size", 10),
    )
    more = {"hold": options.get("hold"), "seconds": options.get("seconds", 0)}
    executor = None
    if "workers" in options:
        context = multiprocessing.get_context(options["context"])
        executor = concurrent.futures.ProcessPoolExecutor(options["workers"], context)
    with client:
        for _ in range(options.get("times", 1)):
            result = client.execute_batch(
                "work",
                ({"n": n, **more} for n in range(options["count"])),
                concurrency=options.get("concurrency", 8),
                checkpoint=options["checkpoint"],
                executor=executor,
            )
            print(repr(result), result.is_complete)


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except KeyboardInterrupt as interrupt:
        print(interrupt, file=sys.stderr)
        sys.exit(130)
    except AISpineError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
