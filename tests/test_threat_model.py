"""Tests that each promise of the threat model names tests, and that these exist."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MODEL = (TESTS.parent / "docs" / "threat-model.md").read_text(encoding="utf-8")
PROMISES = [
    tuple(cell.strip() for cell in row.strip("|").split(" | "))
    for table in re.findall(
        r"^\| promise \| held by \|\n.*\n((?:\|.*\n)+)", MODEL, re.M
    )
    for row in table.splitlines()
]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", MODEL)))


@lru_cache(maxsize=None)
def functions_of(path):
    """Return the names of the functions of a file, which is not imported."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize("path, name", NAMED, ids=["::".join(each) for each in NAMED])
def test_each_named_test_exists(path, name):
    assert name.startswith("test_") and name in functions_of(path)


def test_each_promise_names_a_test():
    assert len(PROMISES) > 30
    for promise, held_by in PROMISES:
        assert promise and re.fullmatch(
            r"`[\w/]+\.py::\w+`(, `[\w/]+\.py::\w+`)*", held_by
        )


def test_tests_are_named_for_promises_alone():
    assert MODEL.count(".py::") == sum(row.count(".py::") for _, row in PROMISES)
