"""Tests of how far a subscription has come."""

import pytest

from ai_spine.policy.subscriptions import Progress, StreamEvent


def test_an_id_is_new_once():
    progress = Progress()
    assert progress.is_new("1") and not progress.is_new("1")
    assert progress.is_new(None) and progress.is_new(None)
    assert progress.last_id == "1"


def test_the_event_to_begin_after_is_known():
    assert not Progress("7").is_new("7")


@pytest.mark.parametrize("odd", ["a\nb", "ü", "x" * 201, " "])
def test_an_id_that_no_header_can_hold_is_new_once_and_not_sent_back(odd):
    progress = Progress()
    progress.is_new("1")
    assert progress.is_new(odd) and not progress.is_new(odd)
    assert progress.last_id == "1"


def test_an_empty_id_takes_the_last_one_back():
    progress = Progress("7")
    assert progress.is_new("") and progress.is_new("")
    assert progress.last_id is None


def test_old_ids_are_forgotten_in_the_end():
    progress = Progress()
    for number in range(10_001):
        progress.is_new(str(number))
    assert progress.is_new("0") and not progress.is_new("10000")


def test_data_that_are_no_json_say_so():
    with pytest.raises(ValueError):
        StreamEvent(None, "message", "{").json()
