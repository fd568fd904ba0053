"""Tests that no share of the examples is lost: what is in the table is run, once."""

import importlib
from pathlib import Path

from tests.fuzz.shares import SHARES, TOTAL, examples_of


def test_the_properties_together_try_at_least_as_many_examples_as_asked_for():
    names = [path.stem for path in Path(__file__).parent.glob("test_*.py")]
    modules = [importlib.import_module(f"tests.fuzz.{name}") for name in names]
    found = [name for module in modules for name in vars(module) if name in SHARES]
    assert sorted(found) == sorted(SHARES)
    assert sum(examples_of(name) for name in found) >= TOTAL
