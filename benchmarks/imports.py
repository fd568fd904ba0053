"""The time to import the package, and to start the command."""

import compileall
import subprocess
import sys
from typing import Dict, List

from benchmarks.harness import Contender, Report, Times, interleave, median, ratio
from benchmarks.processes import ROOT, measured

ABOUT = "imports, each in a new process that times itself; commands, as whole processes"
_TIMED = (
    "import time; started = time.perf_counter(); {0}; "
    "print(time.perf_counter() - started)"
)
_STATEMENTS = ("import requests", "import ai_spine", "from ai_spine import AISpine")
_CLICK = "python -c 'import click'"
_COMMANDS = {
    _CLICK: ["-c", "import click"],
    "ai-spine --version": ["-m", "ai_spine", "--version"],
    "ai-spine --help": ["-m", "ai_spine", "--help"],
}


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("imports", ABOUT)
    # As pip does when it installs a package, and has done with the peers.
    compileall.compile_dir(ROOT / "ai_spine", quiet=2)
    rounds = 1 if quick else 15
    times = {**_imports(rounds), **_commands(rounds)}
    for name in times:
        report.add(name, 1e3 * median(times, name), "ms")
    plain, bare, whole = _STATEMENTS
    report.at_most(f"{bare}, to {plain}", ratio(times, bare, plain), 0.15)
    report.at_most(f"{whole}, to {plain}", ratio(times, whole, plain), 1.15)
    for name in ("ai-spine --version", "ai-spine --help"):
        report.at_most(f"{name}, to import click", ratio(times, name, _CLICK), 1.25)
    return report


def _imports(rounds: int) -> Times:
    """Return how long each statement takes, without the start of Python around it."""
    times: Dict[str, List[float]] = {name: [] for name in _STATEMENTS}
    for number in range(rounds + 1):
        for name in _STATEMENTS:
            took = measured("-c", _TIMED.format(name))
            if number:
                times[name].append(took)
    return times


def _commands(rounds: int) -> Times:
    return interleave(
        {name: _started(arguments) for name, arguments in _COMMANDS.items()},
        rounds=rounds,
        calls=1,
    )


def _started(arguments: List[str]) -> Contender:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True
    )
