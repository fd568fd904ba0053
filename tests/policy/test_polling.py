"""Tests of what counts as a loop without a pause."""

from ai_spine.policy.polling import PollWatch


def requests(watch, number, *, path="/q", pause=0.0, takes=0.001, now=0.0):
    """Make requests one after the other; return how often they were warned of."""
    warned = 0
    for _ in range(number):
        warned += watch.is_busy(path, now)
        now += takes
        watch.note_end(path, now)
        now += pause
    return warned


def test_more_than_fifty_in_a_row_are_warned_of_once():
    watch = PollWatch()
    assert requests(watch, 50) == 0
    assert requests(watch, 100, now=0.05) == 1


def test_a_pause_makes_it_no_loop():
    assert requests(PollWatch(), 500, pause=0.02) == 0


def test_slow_requests_make_no_busy_loop():
    assert requests(PollWatch(), 500, takes=0.2) == 0


def test_each_path_counts_alone():
    watch = PollWatch()
    for number in range(200):
        assert requests(watch, 1, path=f"/jobs/{number}", now=number / 1000) == 0


def test_requests_at_once_are_no_loop():
    watch = PollWatch()
    assert not any(watch.is_busy("/q", 0.0) for _ in range(64))
    for _ in range(64):
        watch.note_end("/q", 0.1)
    watch.note_end("/unknown", 0.1)
    assert not watch.is_busy("/q", 0.1)
