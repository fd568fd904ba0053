"""Tests of statuses in any spelling."""

import pytest

from ai_spine.models import Execution


@pytest.mark.parametrize(
    "text, expected",
    [
        ("COMPLETED", "completed"),
        ("Running", "running"),
        (" Success ", "completed"),
        ("CANCELED", "cancelled"),
        ("ERROR", "failed"),
        ("archived", "archived"),
    ],
)
def test_a_status_is_read_in_any_case(text, expected):
    assert Execution.from_wire({"execution_id": "e", "status": text}).status == expected


def test_an_unknown_status_with_a_completion_time_is_final():
    running = {"execution_id": "e", "status": "expired"}
    assert not Execution.from_wire(running).is_done
    ended = {**running, "completed_at": "2026-11-27T10:00:00Z"}
    assert Execution.from_wire(ended).is_done
