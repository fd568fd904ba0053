"""Tests of batches that a server lets nothing of in: they end with the reason, and lose nothing."""

import concurrent.futures

import pytest

from ai_spine.exceptions import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    NetworkError,
    PermissionDeniedError,
)
from tests.batch.conftest import journal_of, lines, numbers

pytestmark = pytest.mark.every_client

POST = ("POST", "/flows/execute")


@pytest.fixture
def once(client):
    """A client that tries each request once."""
    return client.with_options(max_retries=0)


@pytest.mark.parametrize(
    "status, kind, concurrency",
    [
        (401, AuthenticationError, 1),
        (403, PermissionDeniedError, 4),
        (401, AuthenticationError, 20),
    ],
)
def test_a_batch_that_is_refused_from_the_beginning_ends_with_the_refusal(
    rig, once, path, status, kind, concurrency
):
    rig.server.faults.add(*POST, status=status, times=None)
    seen = []
    more = {"concurrency": concurrency, "checkpoint": path, "on_result": seen.append}
    with pytest.raises(kind) as caught:
        once.execute_batch("work", numbers(30), **more)
    assert not caught.value.maybe_executed
    assert 1 <= rig.posts() <= max(concurrency, 3)
    assert (seen, path.exists(), journal_of(path).exists()) == ([], False, False)
    rig.server.faults.clear()
    result = once.execute_batch("work", numbers(30), checkpoint=path)
    assert (result.succeeded, result.is_complete) == (30, True)
    assert rig.inputs_executed() == list(range(30))


def test_a_server_that_is_not_there_ends_a_batch(rig, once, path):
    rig.server.close()
    begun = []
    inputs = (begun.append(n) or {"n": n} for n in range(1000))
    with pytest.raises(NetworkError, match="could not connect") as caught:
        once.execute_batch("work", inputs, concurrency=4, checkpoint=path)
    assert not caught.value.maybe_executed
    assert len(begun) <= 8
    assert not path.exists()


def test_a_lazy_batch_raises_the_refusal_from_its_loop(rig, once):
    rig.server.faults.add(*POST, status=401, times=None)
    with pytest.raises(AuthenticationError):
        list(once.iter_batch("work", numbers(100)))


@pytest.mark.only_sync("only it has executors")
def test_an_executor_that_is_refused_from_the_beginning_ends_a_batch(rig, once):
    rig.server.faults.add(*POST, status=401, times=None)
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        with pytest.raises(AuthenticationError):
            once.execute_batch("work", numbers(50), executor=executor, concurrency=2)
    assert rig.posts() <= 4


@pytest.mark.parametrize("status", [401, 403])
def test_refusals_after_something_was_let_in_are_failures_of_their_inputs(
    rig, once, status
):
    def refuse(item):
        if item.index == 0:
            rig.server.faults.add(*POST, status=status, times=None)

    result = once.execute_batch("work", numbers(9), concurrency=1, on_result=refuse)
    assert result[0].succeeded
    assert len(result) == 9
    assert {item.error.status_code for item in result.failed} == {status}


def test_what_was_held_back_is_reported_once_something_is_accepted(rig, once):
    rig.server.faults.add(*POST, status=403, times=2)
    result = once.execute_batch("work", numbers(6), concurrency=1)
    assert [item.status for item in result] == ["unknown"] * 2 + ["completed"] * 4
    assert [item.index for item in result.failed] == [0, 1]


@pytest.mark.parametrize("fault", [{"status": 418}, {"drop": True}], ids=str)
def test_other_failures_are_no_reason_to_end(rig, once, fault):
    rig.server.faults.add(*POST, times=None, **fault)
    result = once.execute_batch("work", numbers(9), concurrency=2)
    assert (len(result), len(result.failed)) == (9, 9)


def test_an_answer_that_was_lost_is_never_called_not_started(rig, once, path):
    rig.server.faults.add(*POST, drop_after_commit=True)
    rig.server.faults.add(*POST, status=403, times=None)
    result = once.execute_batch("work", numbers(6), concurrency=1, checkpoint=path)
    assert [item.maybe_executed for item in result] == [True] + [False] * 5
    assert rig.inputs_executed() == [0]
    _, *notes = lines(journal_of(path))
    doubts = {note["index"]: note["is_uncertain"] for note in notes}
    assert [index for index, is_doubt in doubts.items() if is_doubt] == [0]


def test_a_run_that_is_gone_on_with_keeps_all_when_it_is_refused(rig, once, path):
    once.execute_batch("work", numbers(3), checkpoint=path)
    content = path.read_bytes()
    rig.server.faults.add(*POST, status=401, times=None)
    with pytest.raises(AuthenticationError):
        once.execute_batch("work", numbers(50), checkpoint=path, concurrency=4)
    assert path.read_bytes() == content
    rig.server.faults.clear()
    result = once.execute_batch("work", numbers(50), checkpoint=path)
    assert (result.succeeded, rig.inputs_executed()) == (50, list(range(50)))


def test_a_doubt_stays_when_all_else_is_refused(rig, once, path):
    rig.server.faults.add(*POST, drop_after_commit=True)
    once.execute_batch("work", numbers(1), checkpoint=path)
    rig.server.faults.add(*POST, status=401, times=None)
    told = []
    more = {"checkpoint": path, "on_result": told.append, "retry_uncertain": True}
    with pytest.raises(AuthenticationError):
        once.execute_batch("work", numbers(20), concurrency=1, **more)
    assert [item.maybe_executed for item in told] == [True]
    rig.server.faults.clear()
    result = once.execute_batch("work", numbers(20), checkpoint=path)
    assert [item.index for item in result.failed] == [0]
    assert result.failed[0].maybe_executed
    assert rig.inputs_executed() == list(range(20))


def test_a_refused_question_about_what_was_started_ends_a_run_and_forgets_nothing(
    rig, once, path
):
    held = numbers(4, hold=True)
    once.execute_batch("work", held, checkpoint=path, timeout=0.1)
    rig.server.faults.add("*", "*", status=401, times=None)
    with pytest.raises(AuthenticationError):
        once.execute_batch("work", held, checkpoint=path)
    rig.server.faults.clear()
    rig.gate.set()
    assert once.execute_batch("work", held, checkpoint=path).succeeded == 4
    assert rig.posts() == 4


def test_an_input_that_cannot_be_sent_opens_no_door(rig, once):
    rig.server.faults.add(*POST, status=401, times=None)
    told = []
    inputs = ["no mapping", *numbers(50)]
    with pytest.raises(AuthenticationError):
        once.execute_batch("work", inputs, concurrency=2, on_result=told.append)
    assert [item.status for item in told] == ["refused"]


def test_a_file_that_was_there_before_is_not_taken_away(rig, once, path):
    path.write_bytes(b"")
    rig.server.faults.add(*POST, status=401, times=None)
    with pytest.raises(APIError):
        once.execute_batch("work", numbers(2), checkpoint=path)
    assert path.exists()


def test_inputs_that_raise_at_once_leave_no_files(once, path):
    def broken():
        raise ConfigurationError("no inputs")
        yield

    with pytest.raises(ConfigurationError, match="no inputs"):
        once.execute_batch("work", broken(), checkpoint=path)
    assert list(path.parent.iterdir()) == []
