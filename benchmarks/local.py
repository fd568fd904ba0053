"""The local server in a process of its own: `python -m benchmarks.local [DB]`.

It prints its URL, and serves until its input ends.
"""

import sys
import time
from typing import Any, Dict

from ai_spine.local import LocalServer, agent


@agent("pause")
def pause(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    """Sleep for the seconds of the input."""
    time.sleep(input.get("seconds", 0))
    return {"paused": input.get("seconds", 0)}


PAUSE: Dict[str, Any] = {
    "flow_id": "pause",
    "nodes": [{"id": "pause", "agent_id": "pause"}],
    "entry_point": "pause",
    "exit_points": ["pause"],
}


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else ":memory:"
    with LocalServer([PAUSE], [pause], db=path, max_workers=64) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
