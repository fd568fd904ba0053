"""Tests of when to poll again and when to stop waiting, with a fake clock."""

import itertools

import pytest

from ai_spine.exceptions import (
    AuthenticationError,
    CallInfo,
    ExecutionCancelledError,
    ExecutionError,
    NetworkError,
    NotFoundError,
    RequestTimeoutError,
    ServerError,
    TimeoutError,
    ValidationError,
)
from ai_spine.models import Execution
from ai_spine.policy.waiting import (
    FlowDurations,
    Wait,
    check_outcome,
    intervals_around,
    poll_intervals,
)

TRANSIENT = CallInfo(transient=True)


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def wait_for(clock, timeout=10.0, interval=2.0, rand=lambda: 0.5):
    return Wait("e", timeout, interval, clock=clock, rand=rand)


def execution_with(status):
    return Execution.from_wire({"execution_id": "e", "flow_id": "f", "status": status})


def test_delays_grow_up_to_the_interval():
    waits = list(itertools.islice(poll_intervals(1.0, rand=lambda: 0.5), 12))
    assert waits[:6] == pytest.approx([0.05, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert waits[6] == pytest.approx(0.42 * 0.55)
    assert waits == sorted(waits)
    assert waits[-1] == 1.0


def test_jitter_does_not_make_long_waits_poll_more_often():
    waits = list(itertools.islice(poll_intervals(2.0, rand=lambda: 0.0), 40))
    assert waits[0] == pytest.approx(0.045)
    assert waits[20:] == [2.0] * 20


@pytest.mark.parametrize("rand, factor", [(0.0, 0.9), (0.5, 1.0), (1.0, 1.1)])
def test_delays_vary_by_a_tenth(rand, factor):
    assert next(poll_intervals(2.0, rand=lambda: rand)) == pytest.approx(0.05 * factor)


def test_no_delay_is_longer_than_the_interval():
    waits = itertools.islice(poll_intervals(0.01), 50)
    assert all(0 < wait <= 0.01 for wait in waits)


def polls_around(clock, usual, *, longest=2.0, until):
    """Return when polls of a flow of a known duration come, in seconds."""
    began = clock.now
    polls = []
    for interval in intervals_around(usual, longest, clock, rand=lambda: 0.5):
        assert 0 < interval <= longest
        clock.now += interval
        polls.append(clock.now - began)
        if polls[-1] >= until:
            return polls


def test_where_the_duration_is_known_polls_come_closest_around_it(clock):
    polls = polls_around(clock, 10.0, until=14.0)
    gaps = [later - earlier for earlier, later in zip(polls, polls[1:])]
    shortest = gaps.index(min(gaps[2:]))
    assert polls[:2] == [pytest.approx(0.05), pytest.approx(0.5)]
    assert polls[shortest] <= 10.4 and polls[shortest + 1] >= 9.6
    assert gaps[shortest] == pytest.approx(0.4)
    assert max(gaps) == 2.0


def test_a_flow_that_is_known_to_be_short_is_not_polled_without_a_pause(clock):
    polls = polls_around(clock, 0.0, until=1.0)
    assert len(polls) < 9


def test_an_execution_that_ends_long_before_its_usual_time_is_noticed_soon(clock):
    polls = polls_around(clock, 3600.0, until=100.0, longest=600.0)
    gaps = [later - earlier for earlier, later in zip(polls, polls[1:])]
    assert all(gap <= 4.4 * polls[n] for n, gap in enumerate(gaps) if n)
    assert len(polls) < 7


def test_the_time_that_polls_take_does_not_delay_later_ones(clock):
    intervals = intervals_around(10.0, 2.0, clock, rand=lambda: 0.5)
    clock.now += next(intervals)
    clock.now += 0.25  # the poll
    assert next(intervals) == pytest.approx(0.2)


def done_after(seconds, **known):
    times = {"created_at": 1795171842, "completed_at": 1795171842 + seconds}
    told = {"flow_id": "f", "status": "completed", **times, **known}
    return Execution.from_wire(told)


def test_the_usual_duration_follows_the_last_ones():
    durations = FlowDurations()
    durations.note(done_after(10.0))
    assert durations.usual("f") == 10.0
    for _ in range(20):
        durations.note(done_after(4.0))
    assert durations.usual("f") == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(
    "known",
    [
        {"status": "failed"},
        {"completed_at": None},
        {"completed_at": "soon"},
        {"created_at": None},
        {"flow_id": None},
        {"flow_id": ["f"]},
    ],
)
def test_what_says_nothing_about_a_flow_is_not_learned(known):
    durations = FlowDurations()
    durations.note(done_after(10.0, **known))
    assert durations.usual("f") is None


def test_a_server_without_times_of_creation_is_learned_from_by_its_other_times():
    durations = FlowDurations()
    durations.note(done_after(10.0, created_at=None, started_at=1795171842))
    assert durations.usual("f") == 10.0


def test_the_time_before_the_first_node_counts_too():
    durations = FlowDurations()
    durations.note(done_after(10.0, started_at=1795171842 + 8))
    assert durations.usual("f") == 10.0


def test_an_end_before_the_beginning_counts_as_no_time():
    durations = FlowDurations()
    durations.note(done_after(-5.0))
    assert durations.usual("f") == 0.0


def test_the_durations_of_few_flows_are_kept():
    durations = FlowDurations()
    for number in (*range(1000), 999):
        durations.note(done_after(1.0, flow_id=f"f{number}"))
    assert durations.usual("f0") == 1.0
    durations.note(done_after(1.0, flow_id="f1000"))
    assert durations.usual("f1000") == 1.0 and durations.usual("f0") is None


def test_the_remaining_time_shrinks_with_the_clock(clock):
    wait = wait_for(clock, timeout=10)
    clock.now += 7
    assert wait.remaining() == 3


def test_a_delay_never_passes_the_deadline(clock):
    wait = wait_for(clock, timeout=10)
    clock.now += 9.99
    assert wait.delay() == pytest.approx(0.01)


def test_the_delays_of_a_wait_add_up_to_its_timeout(clock):
    wait = wait_for(clock, timeout=10)
    with pytest.raises(TimeoutError):
        while True:
            clock.now += wait.delay()
    assert clock.now == pytest.approx(110)


def test_a_timeout_error_names_the_execution_and_its_last_status(clock):
    wait = wait_for(clock, timeout=10)
    wait.note_state(execution_with("running"))
    clock.now += 10
    with pytest.raises(TimeoutError) as caught:
        wait.delay()
    assert (
        str(caught.value)
        == "execution e was not done within 10 s; its last status was running"
    )
    assert (caught.value.execution_id, caught.value.last_status) == ("e", "running")


def test_an_execution_that_was_never_seen_has_no_last_status(clock):
    wait = wait_for(clock, timeout=0.5)
    clock.now += 1
    with pytest.raises(
        TimeoutError, match="within 0.5 s; its status was never seen$"
    ) as caught:
        wait.remaining()
    assert caught.value.last_status is None


@pytest.mark.parametrize(
    "error",
    [
        NetworkError("lost", call=TRANSIENT),
        RequestTimeoutError("late", call=TRANSIENT),
        ServerError("busy", status_code=503, call=TRANSIENT),
    ],
)
def test_a_transient_failure_of_a_poll_does_not_end_the_wait(clock, error):
    wait = wait_for(clock)
    wait.note_state(execution_with("running"))
    wait.note_failure(error)
    clock.now += 10
    with pytest.raises(TimeoutError) as caught:
        wait.delay()
    assert caught.value.last_status == "running"
    assert str(caught.value).endswith(f"running, and the last request failed: {error}")


def test_a_successful_poll_clears_an_earlier_failure(clock):
    wait = wait_for(clock)
    wait.note_failure(NetworkError("lost", call=TRANSIENT))
    wait.note_state(execution_with("running"))
    clock.now += 10
    with pytest.raises(TimeoutError, match="its last status was running$"):
        wait.remaining()


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("none", status_code=404),
        AuthenticationError("no", status_code=401),
        NetworkError("untrusted certificate"),
        ValidationError("bad id"),
        ExecutionError("failed"),
    ],
)
def test_a_permanent_failure_of_a_poll_is_raised(clock, error):
    with pytest.raises(type(error)) as caught:
        wait_for(clock).note_failure(error)
    assert caught.value is error


def test_a_completed_execution_is_returned():
    execution = execution_with("success")
    assert check_outcome(execution) is execution


@pytest.mark.parametrize(
    "wire, kind, text",
    [
        ({"status": "failed"}, ExecutionError, "execution e failed"),
        (
            {"status": "error", "flow_id": "f", "error": "boom"},
            ExecutionError,
            "execution e of flow f failed: boom",
        ),
        ({"status": "failed", "error": {"a": 1}}, ExecutionError, "execution e failed"),
        (
            {"status": "canceled", "flow_id": "f"},
            ExecutionCancelledError,
            "execution e of flow f was cancelled",
        ),
        (
            {"status": "cancelled", "error": "by user"},
            ExecutionCancelledError,
            "execution e was cancelled: by user",
        ),
    ],
)
def test_an_unsuccessful_execution_raises_an_error_with_the_execution(wire, kind, text):
    execution = Execution.from_wire({"execution_id": "e", **wire})
    with pytest.raises(ExecutionError) as caught:
        check_outcome(execution)
    assert type(caught.value) is kind
    assert str(caught.value) == text
    assert caught.value.execution is execution


def test_a_long_error_message_of_the_server_is_shortened_to_one_line():
    wire = {
        "execution_id": "e",
        "status": "failed",
        "error": "Traceback:\n  boom\n" * 1000,
    }
    with pytest.raises(ExecutionError) as caught:
        check_outcome(Execution.from_wire(wire))
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 1000


def test_an_unknown_status_with_a_completion_time_raises_an_error_with_its_name():
    wire = {"execution_id": "e", "status": "expired", "finishedAt": 1795171842}
    with pytest.raises(ExecutionError, match="expired"):
        check_outcome(Execution.from_wire(wire))
