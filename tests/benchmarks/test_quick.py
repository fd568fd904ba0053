"""Tests that each benchmark runs, with small sizes and without a network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.processes import INCUMBENT
from tests.needs import needs

ROOT = Path(__file__).parent.parent.parent


def bench(*arguments):
    # The coverage of what they measure would be measured as well.
    environ = {**os.environ, INCUMBENT: "nowhere", "COVERAGE_PROCESS_CONFIG": ""}
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


PARAMETERS = [
    pytest.param(
        name, marks=[needs("aiohttp"), needs("httpx")] * (name in ("async", "ron"))
    )
    for name in NAMES
]


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_benchmark_reports_its_ratios_and_targets(name):
    done = bench(name, "--quick", "--json")
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)["reports"]
    assert report["benchmark"] == name
    measured = [line for line in report["ratios"] if line["value"] is not None]
    assert measured
    assert all(line["value"] >= 0 and line["target"] for line in measured)


def test_a_missing_peer_is_reported():
    done = bench("batch", "--quick")
    assert "the incumbent is left out: it is not installed" in done.stdout
    assert "not measured" in done.stdout


def test_an_unknown_name_is_refused_with_a_list_of_the_known_names():
    done = bench("speed")
    assert done.returncode == 2
    assert "overhead" in done.stderr and "Traceback" not in done.stderr


def test_a_file_without_markers_is_refused_in_one_sentence(tmp_path):
    guide = tmp_path / "guide.md"
    guide.write_text("nothing")
    done = bench("parse", "--quick", "--into", str(guide))
    assert done.returncode == 2
    assert "must have the lines" in done.stderr and "Traceback" not in done.stderr
