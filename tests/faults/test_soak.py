"""A short soak: every execution over a bad connection has run exactly once."""

import pytest

from tests.faults.soak import Soak


@pytest.mark.parametrize("by_hand", [False, True], ids=["retry_writes", "by hand"])
def test_each_execution_through_bad_weather_runs_once_and_is_known(by_hand):
    soak = Soak(60, 7, by_hand=by_hand)
    report = soak.run()
    assert soak.errors == []
    assert str(report).startswith("executions 60, lost 0, duplicated 0, unknown 0\n")
    assert sum(report.failures.values()) > 0
