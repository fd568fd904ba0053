"""Tests of batches whose work is done by an executor's workers."""

import concurrent.futures
import contextlib
import gc
import multiprocessing
import os
import signal

import pytest

from ai_spine.exceptions import (
    ConfigurationError,
    ExecutionError,
    NetworkError,
    ValidationError,
)
from tests.batch.conftest import finish, journal_of, lines, numbers, until

INPUTS = [{"n": 0}, {"n": 1, "bad": True}, "no mapping", {"n": 3, "seconds": 0.05}]


@contextlib.contextmanager
def threads():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield pool


@contextlib.contextmanager
def processes(workers=2):
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, context) as pool:
        yield pool


@contextlib.contextmanager
def dask():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 4, "processes": True}
    with distributed.LocalCluster(**options, dashboard_address=":0") as cluster:
        with distributed.Client(cluster) as scheduler:
            yield scheduler.get_executor()
    gc.collect()  # what Dask has left open is to be told of here, not in another test


class Elsewhere(concurrent.futures.Executor):
    """An executor of which nothing is known."""


@pytest.fixture
def sure(client):
    """A client whose server honours keys."""
    return client.with_options(retry_writes=True)


# Dask leaves sockets and processes to the garbage collector, and has its own opinions of time.
lenient = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize("kind", [threads, processes])
def test_an_executor_returns_the_same_results_and_executes_each_input_once(
    rig, sure, path, kind
):
    inputs = INPUTS + numbers(30)[4:]
    mine = [item.status for item in sure.execute_batch("other", inputs)]
    with kind() as executor:
        result = sure.execute_batch("work", inputs, checkpoint=path, executor=executor)
    assert [item.status for item in result] == mine
    assert [item.index for item in result] == list(range(30))
    assert [type(item.error) for item in result.failed] == [
        ExecutionError,
        ValidationError,
    ]
    assert result[3].output == {"out": {"n": 3}}
    with rig.server.client() as client:
        executed = [e.input_data["n"] for e in client.iter_executions("work")]
    assert sorted(executed) == [n for n in range(30) if n != 2]
    assert len(lines(path)) == 30
    assert result.is_complete and not journal_of(path).exists()


def kill(executor):
    """Kill a worker of a pool of processes."""
    os.kill(next(iter(executor._processes)), signal.SIGKILL)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_worker_that_is_killed_leaves_inputs_uncertain_and_the_next_run_settles_them(
    rig, sure, path
):
    inputs = numbers(3, hold=True)
    with processes(workers=1) as executor:
        items = sure.iter_batch("work", inputs, checkpoint=path, executor=executor)
        got = []

        def take():
            until(lambda: rig.begun)
            kill(executor)

        with concurrent.futures.ThreadPoolExecutor(1) as side:
            killing = side.submit(take)
            got = list(items)
            killing.result()
    assert [type(item.error) for item in got] == [NetworkError] * 3
    assert {(item.status, item.maybe_executed) for item in got} == {("unknown", True)}
    assert "the worker returned nothing (BrokenProcessPool" in str(got[0].error)
    assert (rig.inputs_executed(), lines(path)) == ([0], [])
    rig.gate.set()
    with processes() as executor:
        result = sure.execute_batch("work", inputs, checkpoint=path, executor=executor)
    assert (result.succeeded, result.is_complete) == (3, True)
    assert rig.inputs_executed() == [0, 1, 2]
    assert sorted(line["index"] for line in lines(path)) == [0, 1, 2]


@lenient
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_dask_does_the_work_of_a_killed_worker_again_and_nothing_is_executed_twice(
    rig, sure, path
):
    inputs = numbers(40, seconds=0.05)
    inputs[5]["hold"] = inputs[6]["bad"] = True
    inputs[7] = "no mapping"
    with dask() as executor:
        workers = executor._client.run(os.getpid)

        def at(item):
            if item.index == 0:
                os.kill(next(iter(workers.values())), signal.SIGKILL)
                rig.gate.set()

        result = sure.execute_batch(
            "work", inputs, checkpoint=path, executor=executor, on_result=at
        )
    errors = [(item.index, type(item.error)) for item in result.failed]
    assert errors == [(6, ExecutionError), (7, ValidationError)]
    assert (len(result), result.is_complete) == (40, True)
    assert result[8].output == {"out": {"n": 8}}
    assert rig.inputs_executed() == [n for n in range(40) if n != 7]
    assert sorted(line["index"] for line in lines(path)) == list(range(40))


class Forgetful(concurrent.futures.ThreadPoolExecutor):
    """An executor that does the work, and forgets what some of the first results were."""

    def __init__(self, forgets):
        super().__init__(2)
        self.forgets = forgets
        self.submits = 0

    def submit(self, function, *args):
        self.submits += 1
        forget = self.submits <= self.forgets

        def work():
            outcome = function(*args)
            if forget:
                raise OSError("the result is gone")
            return outcome

        return super().submit(work)


def test_an_input_whose_worker_died_is_sent_again_with_the_same_key(rig, sure):
    with Forgetful(2) as executor:
        result = sure.execute_batch("work", numbers(6), executor=executor)
    assert (result.succeeded, executor.submits) == (6, 8)
    assert rig.inputs_executed() == list(range(6))


def test_an_input_whose_workers_all_died_is_uncertain(rig, sure):
    with Forgetful(9) as executor:
        (item,) = sure.execute_batch("work", numbers(1), executor=executor)
    assert item.maybe_executed
    assert "the worker returned nothing (OSError: the result is gone)" in str(
        item.error
    )
    assert (executor.submits, rig.inputs_executed()) == (2, [0])


def test_without_retry_writes_nothing_is_given_to_a_worker_twice(rig, client):
    with Forgetful(1) as executor:
        result = client.execute_batch("work", numbers(2), executor=executor)
    assert sorted(item.status for item in result) == ["completed", "unknown"]
    assert (executor.submits, rig.posts()) == (2, 2)


def test_an_executor_that_may_rerun_tasks_needs_retry_writes(rig, client):
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("work", numbers(2), executor=Elsewhere())
    told = "an executor that may run a task again when a worker dies could execute"
    assert str(caught.value).startswith(told)
    assert "use a client with retry_writes=True" in str(caught.value)
    assert rig.requests == []


def test_an_executor_that_was_shut_down_is_reported_in_one_sentence(rig, client, path):
    with threads() as executor:
        pass
    with pytest.raises(ConfigurationError) as caught:
        client.execute_batch("work", numbers(3), executor=executor, checkpoint=path)
    told = (
        "the executor accepts no more work: cannot schedule new futures after shutdown"
    )
    assert str(caught.value) == told
    assert rig.requests == []
    assert client.execute_batch("work", numbers(3), checkpoint=path).succeeded == 3


def test_to_leave_a_loop_calls_off_what_no_worker_has_begun(rig, client, path):
    inputs = [{"n": 0}, *numbers(20, hold=True)[1:]]
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        more = {"executor": executor, "checkpoint": path, "ordered": False}
        items = client.iter_batch("work", inputs, **more)
        next(items)
        until(lambda: len(rig.begun) == 2)  # the one worker has taken the next
        items.close()
        rig.gate.set()
    assert rig.inputs_executed() == [0, 1]
    result = client.execute_batch("work", inputs, checkpoint=path)
    assert [item.index for item in result.failed] == [1]  # its answer was not awaited
    again = client.with_options(retry_writes=True)
    assert again.execute_batch("work", inputs, checkpoint=path).is_complete
    assert rig.inputs_executed() == list(range(20))


def test_what_cannot_be_sent_to_a_worker_is_reported_with_the_reason(client):
    inputs = [{"n": 0}, {"n": 1, "f": lambda: None}]
    with processes(workers=1) as executor:
        result = client.execute_batch("work", inputs, executor=executor)
    assert result[0].succeeded
    assert "pickle" in str(result[1].error)


@pytest.mark.skipif(os.name == "nt", reason="needs fork")
def test_a_checkpoint_is_free_when_a_run_with_forked_workers_is_over(
    rig, program, path
):
    options = {"checkpoint": path, "count": 3, "workers": 2, "context": "fork"}
    told = "BatchResult(succeeded=3, failed=0) True\n"
    assert finish(program(**options, times=2)) == (0, told + told, "")
    assert rig.inputs_executed() == [0, 1, 2]


def test_an_execution_that_was_started_is_asked_about_by_a_worker(rig, client, path):
    inputs = numbers(2, hold=True)
    with threads() as executor:
        more = {"checkpoint": path, "executor": executor}
        first = client.execute_batch("work", inputs, timeout=0.2, **more)
        assert [item.status for item in first] == ["unknown"] * 2
        rig.gate.set()
        result = client.execute_batch("work", inputs, **more)
    assert (result.succeeded, rig.posts()) == (2, 2)
