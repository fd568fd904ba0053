"""The memory that a long batch takes: `python -m benchmarks.batch_memory URL COUNT`."""

import json
import sys
from pathlib import Path
from typing import Optional

from ai_spine import AISpine


def peak() -> Optional[float]:
    """Return the most memory that this process has had, in MB; `None` if the system cannot say.

    On Linux not by `resource`, which goes on from the peak of the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.split("VmHWM:")[1].split()[0]) / 2**10
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    url, count = sys.argv[1], int(sys.argv[2])
    with AISpine(base_url=url) as client:
        client.execute_flow("pause", {})
        idle = peak()
        done = sum(
            1 for _ in client.iter_batch("pause", ({"n": n} for n in range(count)))
        )
        most = peak()
    assert done == count
    known = idle is not None and most is not None
    print(json.dumps({"megabytes": most - idle} if known else None))  # type: ignore[operator]


if __name__ == "__main__":
    main()
