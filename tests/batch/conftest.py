"""What the tests of batches share: a server whose work can be held, and that counts requests."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ai_spine.local import LocalServer, agent

ROOT = Path(__file__).parents[2]
LIMIT = 60  # seconds until a test that hangs fails


def until(condition, what="it"):
    """Wait for a condition, and gives what it gave."""
    ends = time.monotonic() + LIMIT
    while time.monotonic() < ends:
        held = condition()
        if held:
            return held
        time.sleep(0.005)
    raise AssertionError(f"{what} did not happen")


def flow(flow_id, agent_id="worker"):
    """Return a flow of one node."""
    return {
        "flow_id": flow_id,
        "nodes": [{"id": "out", "agent_id": agent_id}],
        "entry_point": "out",
        "exit_points": ["out"],
    }


class Rig:
    """A server; its worker waits at the gate if the input says so, breaks, or takes its time."""

    def __init__(self):
        self.gate, self.first_gate = threading.Event(), threading.Event()
        self.looks = threading.Event()
        self.looks.set()
        """Whether questions about executions are answered."""
        self.requests = []
        """The method and path of each request."""
        self.begun = []
        """The number of each input that the worker has taken up."""
        worker = agent("worker")(self._work)
        self.server = LocalServer([flow("work"), flow("other")], [worker])
        http = self.server._http._server
        self._application, http.application = http.application, self._count
        self.echoes_keys = False
        """Whether responses repeat the `Idempotency-Key` of their request."""

    def _count(self, environ, start_response):
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if "/executions/" in environ["PATH_INFO"]:
            self.looks.wait(LIMIT)

        def start(status, headers, *more):
            if not self.echoes_keys:
                headers = [(n, v) for n, v in headers if n != "Idempotency-Key"]
            return start_response(status, headers, *more)

        return self._application(environ, start)

    def _work(self, input, config):
        self.begun.append(input.get("n"))
        if input.get("hold"):
            first = input["hold"] == "first"
            (self.first_gate if first else self.gate).wait(LIMIT)
        if input.get("bad"):
            raise ValueError("no good")
        time.sleep(input.get("seconds", 0))
        return {"n": input.get("n")}

    def executions(self):
        """Return all executions that the server has, as a list."""
        with self.server.client() as client:
            return list(client.iter_executions())

    def inputs_executed(self):
        """Return the number of each execution's input, in order."""
        return sorted(execution.input_data["n"] for execution in self.executions())

    def posts(self):
        """Return how many executions were asked for."""
        return sum(method == "POST" for method, _ in self.requests)

    def close(self):
        for event in (self.first_gate, self.gate, self.looks):
            event.set()
        self.server.close()


@pytest.fixture
def rig():
    """A server for batches."""
    made = Rig()
    yield made
    made.close()


@pytest.fixture
def client(rig):
    """A client of it."""
    with rig.server.client() as made:
        yield made


@pytest.fixture
def path(tmp_path):
    """Where a checkpoint may stand."""
    return tmp_path / "run.jsonl"


def numbers(count, **more):
    """Return inputs, each with its number."""
    return [{"n": n, **more} for n in range(count)]


def lines(path):
    """Return the objects of a file of JSON lines, each of which must be whole."""
    content = path.read_bytes()
    assert content == b"" or content.endswith(b"\n")
    return [json.loads(line) for line in content.splitlines()]


def journal_of(path):
    """Return where the journal of a checkpoint stands."""
    return path.with_name(path.name + ".journal")


@pytest.fixture
def program(rig):
    """Start a process that runs a batch; see `program`. What still runs at the end is killed."""
    started = []

    def start(**options):
        words = json.dumps({"url": rig.server.url, **options}, default=str)
        given = signal.getsignal(signal.SIGINT)
        if given == signal.SIG_IGN:  # a shell's background job; children inherit it
            signal.signal(signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.batch.program", words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        signal.signal(signal.SIGINT, given)
        started.append(process)
        return process

    yield start
    rig.gate.set()
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finish(process):
    """Wait for a process; gives its exit code and what it wrote to stdout and stderr."""
    stdout, stderr = process.communicate(timeout=LIMIT)
    return process.returncode, stdout, stderr
