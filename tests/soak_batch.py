"""A batch that is killed repeatedly: every input has one result, and was executed once.

`python -m tests.soak_batch [--inputs 2000] [--kills 20] [--seed N] [--bad-weather]`

With --bad-weather, it uses a proxy that breaks one connection in five. The executions are
counted on the server, by the agent and in the list of executions.
"""

import argparse
import collections
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Counter, Dict, Iterator, List, NamedTuple

from ai_spine.local import LocalServer, agent
from tests.faults.proxy import FaultProxy
from tests.faults.soak import BadWeather

_FLOW = {
    "flow_id": "count",
    "nodes": [{"id": "node", "agent_id": "count"}],
    "entry_point": "node",
    "exit_points": ["node"],
}


class Report(NamedTuple):
    """The results of a run."""

    inputs: int
    results: int
    """Inputs with exactly one line of the results file, and the right output."""
    duplicated: int
    """Inputs that were executed more than once."""
    lost: int
    """Inputs that were not executed, or have no result."""
    kills: int
    runs: int
    journal_left: bool
    seconds: float
    seed: int

    @property
    def is_clean(self) -> bool:
        return not (self.duplicated or self.lost or self.journal_left) and (
            self.results == self.inputs
        )

    def __str__(self) -> str:
        left = "left" if self.journal_left else "gone"
        return (
            f"inputs {self.inputs}, results {self.results}, lost {self.lost}, duplicated "
            f"{self.duplicated}, journal {left}\nkilled {self.kills} times in {self.runs} runs, "
            f"{self.seconds:.0f} seconds, seed {self.seed}"
        )


class Counting:
    """An agent that counts its calls with each input."""

    def __init__(self) -> None:
        self.calls: Counter[int] = collections.Counter()
        self._lock = threading.Lock()

    def __call__(self, input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
        with self._lock:
            self.calls[input["n"]] += 1
        time.sleep(0.02)
        return {"square": input["n"] ** 2}


@contextlib.contextmanager
def _served(bad_weather: bool, seed: int, counting: Counting) -> Iterator[Any]:
    count = agent("count")(lambda input, config: counting(input, config))
    with LocalServer([_FLOW], [count], max_workers=64) as server:
        if not bad_weather:
            yield server, server.url
            return
        with FaultProxy(server.url) as proxy:
            proxy.fault(BadWeather(seed), times=None)
            yield server, proxy.url


def soak(inputs: int, kills: int, seed: int, *, bad_weather: bool) -> Report:
    """Run the batch until it is done, and return the report."""
    rng, counting, started = random.Random(seed), Counting(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        results = os.path.join(folder, "results.jsonl")
        with open(os.path.join(folder, "inputs.jsonl"), "w") as file:
            file.writelines(json.dumps({"n": n}) + "\n" for n in range(inputs))
        with _served(bad_weather, seed, counting) as (server, url):
            killed, runs = _run_until_done(folder, url, inputs, kills, rng)
            executed: Counter[int] = collections.Counter(
                execution["input_data"]["n"]
                for execution in server._site.store.executions(
                    "count", limit=100 * inputs
                )
            )
        lines = _lines(results)
        journal_left = os.path.exists(results + ".journal")
    right = {
        line["index"]
        for line in lines
        if line["output"] == {"node": {"square": line["index"] ** 2}}
    }
    once = sum(1 for n in range(inputs) if executed[n] == 1 and counting.calls[n] == 1)
    twice = sum(1 for n in range(inputs) if max(executed[n], counting.calls[n]) > 1)
    return Report(
        inputs,
        len(right) if len(lines) == len(right) else -len(lines),
        twice,
        inputs - once - twice,
        killed,
        runs,
        journal_left,
        time.monotonic() - started,
        seed,
    )


def _run_until_done(
    folder: str, url: str, inputs: int, kills: int, rng: random.Random
) -> Any:
    """Run the command and kill it at random moments, until it completes the results file."""
    command = [sys.executable, "-m", "ai_spine", "--base-url", url, "--timeout", "2"]
    command += ["batch", "count", "inputs.jsonl", "-o", "results.jsonl", "--resume"]
    command += ["--retry-writes", "--concurrency", "16"]
    environment = {
        **os.environ,
        "AI_SPINE_MAX_RETRIES": "20",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    killed, step = 0, max(inputs // (2 * max(kills, 1)), 1)
    for runs in range(1, 10 * kills + 10):
        with open(os.path.join(folder, "stderr"), "w") as stderr:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stderr=stderr
            )
            if killed < kills:
                seen = len(_lines(os.path.join(folder, "results.jsonl")))
                _wait_for_more(folder, process, seen + rng.randrange(step), rng)
                time.sleep(rng.uniform(0, 0.1))
                killed += process.poll() is None
                process.send_signal(signal.SIGKILL)
            if process.wait(300) == 0:
                return killed, runs
    return killed, runs


def _wait_for_more(
    folder: str, process: "subprocess.Popen[bytes]", wanted: int, rng: random.Random
) -> None:
    """Wait until there are enough results, or the process has ended."""
    if rng.random() < 0.2:  # sometimes kill it during its start
        time.sleep(rng.uniform(0, 0.6))
        return
    path = os.path.join(folder, "results.jsonl")
    while process.poll() is None and len(_lines(path)) < wanted:
        time.sleep(0.005)


def _lines(path: str) -> List[Dict[str, Any]]:
    """Return the complete lines of a results file."""
    try:
        with open(path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak_batch")
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--bad-weather", action="store_true")
    arguments = parser.parse_args()
    report = soak(
        arguments.inputs,
        arguments.kills,
        arguments.seed,
        bad_weather=arguments.bad_weather,
    )
    print(report)
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
