"""Tests that a missed target fails the command only with --check."""

import pytest

from benchmarks import __main__ as command
from benchmarks.harness import Report


@pytest.fixture
def missed(monkeypatch):
    report = Report("parse", "a target out of reach")
    report.at_most("time", 2.0, 1.0)
    monkeypatch.setattr(command, "_measure", lambda name, quick: report)


@pytest.mark.parametrize("options, code", [([], 0), (["--check"], 1)])
def test_a_missed_target_is_reported_and_fails_only_with_check(
    missed, capsys, options, code
):
    assert command.main(["parse", *options]) == code
    assert "MISSED" in capsys.readouterr().out
