"""Tests of the list of tests that need no tracer, and of the script that writes it."""

import re
import runpy
import sqlite3
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LISTED = (HERE / "unmeasured.txt").read_text(encoding="utf-8").split()


@pytest.fixture
def script():
    return runpy.run_path(str(HERE.parent / "scripts" / "unmeasured.py"))


def test_each_test_of_the_list_exists():
    defined = {}
    for place in LISTED:
        file, _, function = place.partition("::")
        if file not in defined:
            text = (HERE / file).read_text(encoding="utf-8")
            defined[file] = set(re.findall(r"^ *(?:async )?def (test_\w+)", text, re.M))
        assert function.rpartition("::")[2] in defined[file], place
    assert LISTED == sorted(set(LISTED))


def test_a_test_is_left_out_only_while_others_reach_all_that_it_reaches(script):
    steps = {"slow": {1, 2}, "same": {1, 2}, "part": {2}, "own": {3}}
    assert script["unneeded"](steps, ["slow", "same", "part", "own"]) == [
        "slow",
        "part",
    ]


def test_what_all_parameters_reach_is_of_their_function(script, tmp_path):
    with sqlite3.connect(tmp_path / "data") as data:
        data.execute("CREATE TABLE context (id, context)")
        data.execute("CREATE TABLE arc (file_id, context_id, fromno, tono)")
        names = ("tests/a.py::test_b[1]|run", "tests/a.py::test_b[2]|setup", "")
        data.executemany("INSERT INTO context VALUES (?, ?)", enumerate(names))
        rows = [(7, 0, 1, 2), (7, 1, 2, 3), (7, 2, 3, 4)]
        data.executemany("INSERT INTO arc VALUES (?, ?, ?, ?)", rows)
    data.close()
    assert script["reached"](tmp_path / "data") == {
        "a.py::test_b": {(7, 1, 2), (7, 2, 3)},
        "": {(7, 3, 4)},
    }


def test_the_seconds_of_a_function_are_those_of_its_parameters(script, tmp_path):
    case = '<testcase classname="tests.a" name="test_b[{}]" time="0.5"/>'
    (tmp_path / "r.xml").write_text(f"<t>{case.format(1)}{case.format('[')}</t>")
    assert script["seconds"](tmp_path / "r.xml") == {"tests.a.test_b": 1.0}
