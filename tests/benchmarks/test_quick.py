"""Tests that each benchmark runs, with small sizes and without a network."""

import json
from typing import NamedTuple

import pytest

from benchmarks.__main__ import NAMES, main
from benchmarks.processes import INCUMBENT
from tests.needs import needs


class Done(NamedTuple):
    """What a run of the command has returned and printed."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def bench(monkeypatch, capsys):
    """Run the command in this process, which has imported most of what it measures."""
    monkeypatch.setenv(INCUMBENT, "nowhere")

    def run(*arguments):
        try:
            code = main(arguments)
        except SystemExit as refusal:
            code = refusal.code
        return Done(code, *capsys.readouterr())

    return run


LIBRARIES = {
    "async": ["aiohttp", "httpx"],
    "batch": ["aiohttp"],
    "generator": ["pydantic"],
    "generated": ["pydantic"],
    "ron": ["aiohttp", "httpx"],
}
PARAMETERS = [
    pytest.param(name, marks=[needs(each) for each in LIBRARIES.get(name, ())])
    for name in NAMES
]


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_benchmark_reports_its_ratios_and_targets(bench, name):
    done = bench(name, "--quick", "--json")
    assert done.code == 0, done.stderr
    (report,) = json.loads(done.stdout)["reports"]
    assert report["benchmark"] == name
    measured = [line for line in report["ratios"] if line["value"] is not None]
    assert measured
    assert all(line["value"] >= 0 and line["target"] for line in measured)
    if name == "batch":
        (left_out,) = report["left_out"]
        assert left_out.startswith("the incumbent is left out: it is not installed")


def test_an_unknown_name_is_refused_with_a_list_of_the_known_names(bench):
    done = bench("speed")
    assert done.code == 2
    assert "overhead" in done.stderr and "Traceback" not in done.stderr


def test_a_file_without_markers_is_refused_in_one_sentence(bench, tmp_path):
    guide = tmp_path / "guide.md"
    guide.write_text("nothing")
    done = bench("parse", "--quick", "--into", str(guide))
    assert done.code == 2
    assert "must have the lines" in done.stderr and "Traceback" not in done.stderr
