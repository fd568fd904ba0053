"""Tests that run each example against a server of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ai_spine.local import LocalServer
from tests.needs import skip_without

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
LIMIT = 60  # seconds until an example that hangs is killed


def test_the_required_examples_exist():
    names = [path.name for path in EXAMPLES]
    wanted = {"basic_usage.py", "batch_processing.py", "error_handling.py"}
    assert wanted <= set(names)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs_without_errors(path, tmp_path):
    skip_without(path.read_text(encoding="utf-8"))
    with LocalServer() as server:
        done = subprocess.run(
            [sys.executable, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=tmp_path,
            env={**os.environ, "AI_SPINE_BASE_URL": server.url},
            timeout=LIMIT,
        )
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert done.stdout
    for left in tmp_path.iterdir():  # files that an example leaves are printed
        assert str(left.resolve()) in done.stdout
