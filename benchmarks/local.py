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


@agent("processor-time")
def processor_time(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    """Return the seconds of processor time that this process has used."""
    return {"seconds": time.process_time()}


PAUSE: Dict[str, Any] = {
    "flow_id": "pause",
    "nodes": [{"id": "pause", "agent_id": "pause"}],
    "entry_point": "pause",
    "exit_points": ["pause"],
}
PROCESSOR_TIME: Dict[str, Any] = {
    "flow_id": "processor-time",
    "nodes": [{"id": "processor", "agent_id": "processor-time"}],
    "entry_point": "processor",
    "exit_points": ["processor"],
}


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else ":memory:"
    flows, agents = [PAUSE, PROCESSOR_TIME], [pause, processor_time]
    with LocalServer(flows, agents, db=path, max_workers=64) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
