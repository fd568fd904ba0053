"""Tests that each property in the table of shares exists, exactly once."""

import importlib
from pathlib import Path

from tests.fuzz.shares import SHARES, TOTAL, examples_of


def test_all_properties_together_run_at_least_the_requested_examples():
    names = [path.stem for path in Path(__file__).parent.glob("test_*.py")]
    modules = [importlib.import_module(f"tests.fuzz.{name}") for name in names]
    found = [name for module in modules for name in vars(module) if name in SHARES]
    assert sorted(found) == sorted(SHARES)
    assert sum(examples_of(name) for name in found) >= TOTAL
