"""Fixtures of the command's tests: a server with odd flows, and two ways to run the command."""

import contextlib
import inspect
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from ai_spine.cli.main import cli
from ai_spine.flows.definitions import read_file
from ai_spine.local import LocalServer
from ai_spine.local.samples import agents as sample_agents
from ai_spine.local.server import SAMPLES

COMMAND = [sys.executable, "-m", "ai_spine"]
WARM = Path(__file__).with_name("warm.py")
ROOT = WARM.parents[2]
LIMIT = 60  # seconds until a process that hangs is killed
UNKNOWN_ID = "11111111-2222-3333-4444-555555555555"


class Outcome(NamedTuple):
    """The exit code and output of a finished command."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The content of stdout, which must be JSON and nothing else."""
        return json.loads(self.stdout, parse_constant=_refuse)

    @property
    def rows(self) -> Any:
        """The cells of the table on stdout."""
        return [re.split(r"\s{2,}", line) for line in self.stdout.splitlines()]

    @property
    def fields(self) -> Any:
        """The names and values on stdout."""
        lines = [re.split(r"\s+", line, 1) for line in self.stdout.splitlines()]
        return {line[0]: "".join(line[1:]) for line in lines}

    @property
    def error(self) -> str:
        """The one line that says what went wrong; only progress may precede it."""
        assert self.stdout == ""
        *progress, last = self.stderr.splitlines()
        assert [line for line in progress if not line.startswith("execution ")] == []
        if last.startswith("{"):  # --output json
            return f"Error: {self.json_error['message']}"
        assert last.startswith("Error: ")
        return last

    @property
    def json_error(self) -> Any:
        """The error in the last line of stderr, which is JSON."""
        (found,) = json.loads(self.stderr.splitlines()[-1]).items()
        assert found[0] == "error" and found[1]["exit_code"] == self.exit_code
        return found[1]


def _refuse(name):
    raise AssertionError(f"{name} is not JSON")


def _flow(flow_id, agent_id=None, nodes=("out",)):
    return {
        "flow_id": flow_id,
        "nodes": [{"id": "in", "type": "input"}]
        + [
            {"id": node, "type": "output", "agent_id": agent_id, "depends_on": ["in"]}
            for node in nodes
        ],
        "entry_point": "in",
        "exit_points": list(nodes),
    }


def _break(input, config):
    raise ValueError("the scale\nis broken")


# Read once: to read YAML takes longer than all else that starts a server.
_SAMPLE_FLOWS = [read_file(path) for path in sorted(SAMPLES.glob("*.yaml"))]
_LINE = _break.__code__.co_firstlineno + 1
BROKEN = f"ValueError: the scale is broken (conftest.py:{_LINE})"
"""Why the flow `broken` fails."""


@contextlib.contextmanager
def odd_server():
    """Start a server with the samples, and flows that echo, fail, get stuck or have two exits."""
    gate = threading.Event()

    def wait(input, config):
        """Work until the test is over."""
        gate.wait(LIMIT)
        return {}

    samples = vars(sample_agents).values()
    agents = {a.agent_id: a for a in samples if hasattr(a, "agent_id")}
    flows = [
        *_SAMPLE_FLOWS,
        _flow("echo"),
        _flow("pair", nodes=("left", "right")),
        _flow("broken", "breaker"),
        _flow("stuck", "waiter"),
    ]
    with LocalServer(flows, {**agents, "breaker": _break, "waiter": wait}) as local:
        yield local
        gate.set()


@pytest.fixture
def server():
    """A server with the samples and odd flows."""
    with odd_server() as local:
        yield local


@pytest.fixture
def client(server):
    """A client of the server, to set up and check what the command does."""
    with server.client() as made:
        yield made


@pytest.fixture
def invoke():
    """Run the command in this process; an uncaught exception fails the test."""
    separate = (
        "mix_stderr" in inspect.signature(CliRunner).parameters
    )  # until click 8.1
    runner = CliRunner(mix_stderr=False) if separate else CliRunner()
    log = logging.getLogger("ai_spine")
    handlers, level = list(log.handlers), log.level

    def call(*args, input=None):
        words = [str(arg) for arg in args]
        result = runner.invoke(
            cli, words, input=input, prog_name="ai-spine", catch_exceptions=False
        )
        return Outcome(result.exit_code, result.stdout, result.stderr)

    yield call
    log.handlers[:] = handlers  # --debug adds one, for the stderr of its process
    log.setLevel(level)


@pytest.fixture
def run(invoke, server, monkeypatch):
    """Run the command in this process against the server, without retries."""
    monkeypatch.setenv("AI_SPINE_BASE_URL", server.url)
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", "0")
    return invoke


@contextlib.contextmanager
def launching(limit=LIMIT, command=COMMAND):
    """Yield what starts the command as a process; at the end it is killed if it still runs."""
    started = []

    def start(*args, command=command, cwd=None, encoding="utf-8", **env):
        process = _popen([*command, *map(str, args)], cwd, encoding, env)
        watchdog = threading.Timer(limit, process.kill)
        watchdog.daemon = True
        watchdog.start()
        started.append((process, watchdog))
        return process

    yield start
    for process, watchdog in started:
        if process.poll() is None:
            process.kill()
        if not process.stdin.closed:
            process.communicate()
        watchdog.cancel()
        watchdog.join()
        for stream in (process.stdout, process.stderr):
            stream.close()


@pytest.fixture
def program():
    """The words that start the command; a module with many processes has those of `warm`."""
    return COMMAND


@pytest.fixture
def launch(program):
    """Start the command as a process; at the end it is killed if it still runs."""
    with launching(command=program) as start:
        yield start


def _popen(command, cwd, encoding, env):
    previous = signal.getsignal(signal.SIGINT)
    if (
        previous == signal.SIG_IGN
    ):  # set in a shell's background job; children would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding=encoding,
            cwd=cwd,
            env={**os.environ, **env},
        )
    finally:
        signal.signal(signal.SIGINT, previous)


def finish(process, input=None):
    """Wait for a process and return its outcome."""
    stdout, stderr = process.communicate(input, timeout=LIMIT)
    return Outcome(process.returncode, stdout, stderr)


@pytest.fixture(scope="session")
def warm():
    """The words that start the command without its imports; see `tests.cli.warm`."""
    if not hasattr(socket, "send_fds") or not hasattr(os, "waitstatus_to_exitcode"):
        yield COMMAND
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket(
        socket.AF_UNIX
    ) as listener:
        place = os.path.join(folder, "warm")
        listener.bind(place)
        listener.listen(100)
        number = listener.fileno()
        words = [sys.executable, "-m", "tests.cli.warm", str(number)]
        # In a session of its own, since Ctrl-C is for those that run the tests.
        given = {"pass_fds": [number], "start_new_session": True}
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, cwd=ROOT, **given
        ) as process:
            yield [sys.executable, "-I", "-S", str(WARM), place]
            process.terminate()


@pytest.fixture
def run_process(launch):
    """Run the command as a process."""

    def call(*args, input=None, **options):
        return finish(launch(*args, **options), input)

    return call


@pytest.fixture
def serve(launch):
    """Start `local start` on a free port, and return the process and its URL."""

    def start(*args, **options):
        process = launch("local", "start", "--port", "0", *args, **options)
        line = process.stdout.readline()
        found = re.search(r" (http://\S+);", line)
        assert found, line + process.stderr.read()
        return process, found.group(1)

    return start
