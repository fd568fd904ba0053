"""Tests of how many executions may be in flight, and of when to poll them."""

import itertools

import pytest

from ai_spine.policy.throttle import Concurrency, Durations


def test_a_limit_is_halved_when_the_server_pushes_back():
    limit = Concurrency(16)
    limit.pushed_back(now=1.0)
    assert limit.now == 8


def test_a_burst_of_rate_limit_errors_counts_once():
    limit = Concurrency(16)
    for now in (1.0, 1.01, 1.2):
        limit.pushed_back(now, sent_at=0.9)
    assert limit.now == 8


def test_a_rate_limit_error_after_the_limit_was_halved_counts_again():
    limit = Concurrency(16)
    limit.pushed_back(1.0, sent_at=0.9)
    limit.pushed_back(2.0, sent_at=1.1)
    assert limit.now == 4


def test_a_limit_is_never_below_one():
    limit = Concurrency(4)
    for now in range(20):
        limit.pushed_back(float(now))
    assert limit.now == 1


def test_a_limit_recovers_with_each_success_up_to_its_maximum():
    limit = Concurrency(8)
    limit.pushed_back(1.0)
    for _ in range(4):  # one round of executions
        limit.note_completed()
    assert limit.now == 4  # almost five
    limit.note_completed()
    assert limit.now == 5
    for _ in range(100):
        limit.note_completed()
    assert limit.now == 8


def test_without_known_durations_delays_start_short_and_grow():
    delays = list(itertools.islice(Durations().delays(2.0), 12))
    assert delays[0] == pytest.approx(0.05)
    assert delays == sorted(delays)
    assert delays[-1] == 2.0


def test_the_first_poll_comes_when_most_are_done():
    durations = Durations()
    for _ in range(50):
        durations.note(0.5)
    delays = durations.delays(2.0)
    assert 0.5 <= next(delays) < 0.55
    assert next(delays) < 0.2


def test_the_first_poll_comes_later_if_durations_vary():
    durations = Durations()
    for n in range(100):
        durations.note(0.2 if n % 2 else 0.8)
    assert 0.7 < next(durations.delays(2.0)) < 1.0


def test_the_first_poll_of_a_long_execution_comes_within_half_a_minute():
    durations = Durations()
    durations.note(3600.0)
    delays = durations.delays(2.0)
    assert next(delays) == 30.0
    assert next(delays) == 2.0
