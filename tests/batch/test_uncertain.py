"""Tests of inputs that may have been executed: no later refusal makes anybody forget the doubt."""

import concurrent.futures

import pytest

from ai_spine.batch.checkpoint import Checkpoint
from ai_spine.exceptions import ConflictError, NotFoundError
from tests.batch.conftest import journal_of, lines, numbers, until

pytestmark = pytest.mark.every_client

POST = ("POST", "/flows/execute")


@pytest.fixture
def lost(rig, client, path):
    """A run whose one input was executed, though its answer was lost."""
    rig.server.faults.add(*POST, drop_after_commit=True)
    client.execute_batch("work", numbers(1), checkpoint=path)


@pytest.fixture
def sure(client):
    """A client whose server honours keys; it tries each request once."""
    return client.with_options(retry_writes=True, max_retries=0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500])
def test_a_refusal_of_what_is_sent_again_leaves_the_doubt(
    rig, client, lost, path, status
):
    once = client.with_options(max_retries=0)
    rig.server.faults.add(*POST, status=status)
    more = {"checkpoint": path, "retry_uncertain": True}
    (item,) = once.execute_batch("work", numbers(1), **more)
    assert (item.status, item.maybe_executed) == ("unknown", True)
    assert item.error.status_code == status
    assert f"(idempotency key {item.idempotency_key})" in str(item.error)
    assert lines(path) == []
    (asked,) = client.execute_batch("work", numbers(1), checkpoint=path)
    assert (asked.maybe_executed, rig.posts()) == (True, 2)
    assert asked.idempotency_key == item.idempotency_key
    settled = client.execute_batch("work", numbers(1), **more)
    assert (settled.succeeded, rig.inputs_executed()) == (1, [0])


def test_a_conflict_on_a_server_that_honours_keys_is_not_the_end(rig, sure, lost, path):
    words = {"detail": "a request with this key is still in progress"}
    rig.server.faults.add(*POST, status=409, body=words)
    (item,) = sure.execute_batch("work", numbers(1), checkpoint=path)
    assert isinstance(item.error, ConflictError)
    assert (item.status, item.maybe_executed, lines(path)) == ("unknown", True, [])
    result = sure.execute_batch("work", numbers(1), checkpoint=path)
    assert (result.succeeded, result.is_complete) == (1, True)
    assert rig.inputs_executed() == [0]


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_honours_keys_may_refuse_an_input_for_good(
    rig, sure, lost, path, status
):
    rig.server.faults.add(*POST, status=status)
    (item,) = sure.execute_batch("work", numbers(1), checkpoint=path)
    assert (item.status, item.maybe_executed) == ("refused", False)
    assert not journal_of(path).exists()


def test_a_server_that_cannot_be_reached_leaves_the_doubt(rig, client, lost, path):
    rig.server.close()
    once = client.with_options(max_retries=0)
    more = {"checkpoint": path, "retry_uncertain": True}
    (item,) = once.execute_batch("work", numbers(1), **more)
    assert (item.status, item.maybe_executed) == ("unknown", True)
    (item,) = once.execute_batch("work", numbers(1), checkpoint=path)
    assert "it was sent in an earlier run" in str(item.error)


def test_an_input_that_nobody_can_send_is_refused_whatever_was_noted(client, path):
    killed = Checkpoint(
        str(path), "work", server="http://h", retry_failed=False, resend=False
    )
    killed.note_sending(0, killed.plan(0, "no mapping"))
    killed.close(is_complete=False)
    more = {"checkpoint": path, "retry_uncertain": True}
    (item,) = client.execute_batch("work", ["no mapping"], **more)
    assert (item.status, item.maybe_executed) == ("refused", False)


def test_a_refusal_without_doubt_stays_one(rig, client, path):
    rig.server.faults.add(*POST, status=409)
    (item,) = client.execute_batch("work", numbers(1), checkpoint=path)
    assert (item.status, item.maybe_executed) == ("refused", False)


class Twice(concurrent.futures.ThreadPoolExecutor):
    """An executor whose first worker dies after its work was done."""

    def submit(self, function, *args):
        first, self.is_used = not getattr(self, "is_used", False), True

        def work():
            outcome = function(*args)
            if first:
                raise OSError("the worker is gone")
            return outcome

        return super().submit(work)


@pytest.mark.only_sync("only it has executors")
def test_a_refusal_of_what_a_second_worker_sends_leaves_the_doubt(rig, sure, path):
    with Twice(1) as executor:
        rig.server.faults.add(*POST, drop_after_commit=True)
        rig.server.faults.add(*POST, status=409)
        more = {"checkpoint": path, "executor": executor}
        (item,) = sure.execute_batch("work", numbers(1), **more)
    assert (item.status, item.maybe_executed) == ("unknown", True)
    assert sure.execute_batch("work", numbers(1), checkpoint=path).succeeded == 1
    assert rig.inputs_executed() == [0]


class Rerun(concurrent.futures.Executor):
    """An executor that does its work, and may have done it before."""

    def submit(self, function, *args):
        future = concurrent.futures.Future()
        future.set_result(function(*args))
        return future


@pytest.mark.only_sync("only it has executors")
def test_a_conflict_that_a_rerun_task_may_have_met_leaves_the_doubt(rig, sure, path):
    rig.server.faults.add(*POST, status=409)
    more = {"checkpoint": path, "executor": Rerun()}
    (item,) = sure.execute_batch("work", numbers(1), **more)
    assert (item.status, item.maybe_executed) == ("unknown", True)
    assert sure.execute_batch("work", numbers(1), **more).succeeded == 1


@pytest.fixture
def forgotten(rig, client, path):
    """A run whose one execution was started, and is then not known to the server."""
    held = numbers(1, hold=True)
    client.execute_batch("work", held, checkpoint=path, timeout=0.5)
    rig.gate.set()
    # A request that the first run has given up may come to the server later than expected.
    rig.server.faults.add("GET", "/executions/*", status=404, times=None)
    (item,) = client.execute_batch("work", held, checkpoint=path)
    assert isinstance(item.error, NotFoundError)
    rig.server.faults.clear()
    return held


def test_an_execution_that_was_forgotten_is_asked_about_without_consent(
    rig, client, forgotten, path
):
    result = client.execute_batch("work", forgotten, checkpoint=path)
    assert (result.succeeded, rig.posts()) == (1, 1)


@pytest.mark.parametrize("how", ["retry_uncertain", "retry_writes"])
def test_an_execution_that_was_forgotten_is_sent_again_with_consent(
    rig, client, forgotten, path, how
):
    again = client.with_options(retry_writes=how == "retry_writes")
    more = {"retry_uncertain": True} if how == "retry_uncertain" else {}
    first = lines(journal_of(path))[-1]["key"]
    (item,) = again.execute_batch("work", forgotten, checkpoint=path, **more)
    assert (item.status, item.idempotency_key) == ("completed", first)
    assert rig.posts() == 2
    assert not journal_of(path).exists()


def test_an_execution_that_is_found_again_is_not_sent_with_consent_later(
    rig, client, path
):
    held = numbers(1, hold=True)
    client.execute_batch("work", held, checkpoint=path, timeout=0.1)
    rig.server.faults.add("GET", "/executions/*", status=404, times=None)
    client.execute_batch("work", held, checkpoint=path)
    rig.server.faults.clear()

    def is_found():
        client.execute_batch("work", held, checkpoint=path, timeout=0.2)
        return not lines(journal_of(path))[-1]["is_uncertain"]

    until(is_found, "an answer within the timeout")
    rig.gate.set()
    more = {"checkpoint": path, "retry_uncertain": True}
    assert client.execute_batch("work", held, **more).succeeded == 1
    assert rig.posts() == 1


def test_an_uncertain_input_is_sent_again_once_the_server_echoes_a_key(
    rig, client, lost, path
):
    rig.echoes_keys = True
    result = client.execute_batch("work", numbers(2), checkpoint=path)
    assert (result.succeeded, result.is_complete) == (2, True)
    assert (rig.posts(), rig.inputs_executed()) == (3, [0, 1])


def test_an_uncertain_input_alone_is_not_sent_again_on_trust(rig, client, lost, path):
    rig.echoes_keys = True
    (item,) = client.execute_batch("work", numbers(1), checkpoint=path)
    assert (item.maybe_executed, rig.posts()) == (True, 1)
    assert "its response was not seen; it may have run" in str(item.error)


def test_the_journal_remembers_that_the_server_echoes_keys(rig, path):
    rig.echoes_keys = True
    with rig.server.client(max_retries=0) as first:
        first.execute_flow("work", {"n": 0})  # the response echoes its key
        rig.server.faults.add(*POST, drop_after_commit=True)
        (item,) = first.execute_batch("work", numbers(1), checkpoint=path)
        assert item.maybe_executed
    with rig.server.client() as later:
        (item,) = later.execute_batch("work", numbers(1), checkpoint=path)
    assert (item.succeeded, rig.inputs_executed()) == (True, [0, 0])


def test_the_journal_of_one_server_says_nothing_about_another(rig, client, path):
    killed = Checkpoint(
        str(path), "work", server="http://other", retry_failed=False, resend=False
    )
    killed.note_keys_honoured()
    killed.note_sending(0, killed.plan(0, {"n": 0}))
    killed.close(is_complete=False)
    (item,) = client.execute_batch("work", numbers(1), checkpoint=path)
    assert (item.maybe_executed, rig.posts()) == (True, 0)


def test_a_lost_response_costs_nothing_where_the_server_echoes_keys(rig, client, path):
    rig.echoes_keys = True
    client.execute_flow("work", {"n": 9})
    rig.server.faults.add(*POST, drop_after_commit=True)
    result = client.execute_batch("work", numbers(3), checkpoint=path)
    assert (result.succeeded, rig.inputs_executed()) == (3, [0, 1, 2, 9])
