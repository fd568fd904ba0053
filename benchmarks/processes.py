"""Servers and measurements that run in processes of their own."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Optional

ROOT = Path(__file__).parent.parent
INCUMBENT = "AI_SPINE_BENCH_INCUMBENT"
"""The variable that names the Python of a venv with ai-spine-sdk 2.3.1."""


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Run a module that prints its URL and serves until its input ends; yield the URL."""
    with subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"benchmarks.{module} did not start")
            yield url
        finally:
            process.stdin.close()
            process.wait(60)


def measured(
    *arguments: str, python: str = sys.executable, isolated: bool = False
) -> Any:
    """Run Python with arguments, and return the JSON that it prints.

    Args:
        *arguments: What follows the interpreter.
        python: The interpreter.
        isolated: Whether our own package must not be found, since another is to be imported.
    """
    options = ["-P"] if isolated and sys.version_info >= (3, 11) else []
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" or not isolated}
    done = subprocess.run(
        [python, *options, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=None if isolated else ROOT,
        env=environ,
        check=True,
    )
    return json.loads(done.stdout)


def allow_many_files() -> None:
    """Let this process have as many connections open as the system allows it to."""
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def incumbent() -> Optional[str]:
    """Return the Python that has the incumbent, if there is one."""
    named = os.environ.get(INCUMBENT) or str(ROOT / ".venv/incumbent/bin/python")
    return named if os.path.exists(named) else None
