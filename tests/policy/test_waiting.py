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
from ai_spine.policy.waiting import Wait, check_outcome, poll_intervals

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
