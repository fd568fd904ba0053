"""Tests of batches that are interrupted or killed, and gone on with."""

import os
import random
import signal
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.batch.conftest import LIMIT, finish, journal_of, lines, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

FINISHING = "finishing what is in flight; press Ctrl-C again to end now\n"


def indexes(path):
    return sorted(line["index"] for line in lines(path))


@pytest.fixture
def interrupted(rig, program, path):
    """A run of two executions that are held, told by Ctrl-C to finish."""
    process = program(checkpoint=path, count=6, concurrency=2, hold=True)
    journal = journal_of(path)
    answered = b'"execution_id": "'
    until(lambda: journal.exists() and journal.read_bytes().count(answered) == 2)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == FINISHING
    return process


@pytest.fixture
def resume(rig, program, path):
    """Go on with the run, to its end."""

    def run():
        rig.gate.set()
        told = "BatchResult(succeeded=6, failed=0) True\n"
        again = program(checkpoint=path, count=6, concurrency=2, hold=True)
        assert finish(again) == (0, told, "")
        assert indexes(path) == rig.inputs_executed() == list(range(6))
        assert not journal_of(path).exists()

    return run


def test_ctrl_c_finishes_what_is_in_flight_and_starts_nothing(
    rig, interrupted, resume, path
):
    rig.gate.set()
    code, stdout, stderr = finish(interrupted)
    told = f"the batch was stopped; run it again with the checkpoint {path} to resume\n"
    assert (code, stdout, stderr) == (130, "", told)
    assert indexes(path) == rig.inputs_executed() == [0, 1]
    assert journal_of(path).exists()
    resume()


def test_ctrl_c_again_leaves_at_once(rig, interrupted, resume, path):
    interrupted.send_signal(signal.SIGINT)
    code, stdout, stderr = finish(interrupted)
    told = f"the batch was stopped; run it again with the checkpoint {path} to resume\n"
    assert (code, stdout, stderr) == (130, "", told)
    assert not rig.gate.is_set()
    assert (indexes(path), rig.inputs_executed()) == ([], [0, 1])
    resume()


needs_spawn = pytest.mark.skipif(
    hasattr(ProcessPoolExecutor, "_adjust_process_count_cpython"),
    reason="the pools of PyPy 3.9 fail where workers are to be spawned",
)


@pytest.mark.parametrize("context", ["fork", pytest.param("spawn", marks=needs_spawn)])
def test_ctrl_c_of_a_terminal_lets_the_workers_of_a_pool_finish(
    rig, program, path, context
):
    options = {"checkpoint": path, "count": 40, "concurrency": 2, "workers": 2}
    process = program(**options, context=context, hold="first")
    until(lambda: len(rig.begun) == 2)
    os.killpg(process.pid, signal.SIGINT)
    assert process.stderr.readline() == FINISHING
    rig.first_gate.set()
    code, stdout, stderr = finish(process)
    told = f"the batch was stopped; run it again with the checkpoint {path} to resume\n"
    assert (code, stdout, stderr) == (130, "", told)
    assert indexes(path) == rig.inputs_executed() == [0, 1]


def test_a_run_that_is_killed_again_and_again_executes_each_input_once(
    rig, program, path
):
    count, kills = 40, 0
    options = {"checkpoint": path, "count": count, "seconds": 0.03}
    while True:
        process = program(**options, retry_writes=True)
        goal = len(rig.requests) + random.randint(1, 40)
        until(lambda: process.poll() is not None or len(rig.requests) >= goal)
        if kills == 3 or process.poll() is not None:
            break
        process.kill()
        process.wait()
        kills += 1
    code, stdout, _ = finish(process)
    assert (code, stdout) == (0, f"BatchResult(succeeded={count}, failed=0) True\n")
    assert indexes(path) == rig.inputs_executed() == list(range(count))
    assert not journal_of(path).exists()


def test_a_run_that_was_killed_sends_nothing_twice_without_retry_writes(
    rig, program, path
):
    options = {"checkpoint": path, "count": 30, "seconds": 0.03}
    process = program(**options)
    until(lambda: rig.posts() >= 12)
    process.kill()
    process.wait()
    code, stdout, _ = finish(program(**options))
    assert code == 0
    executed = rig.inputs_executed()
    assert len(executed) == len(set(executed))
    uncertain = set(range(30)) - set(indexes(path))
    assert stdout == (
        f"BatchResult(succeeded={30 - len(uncertain)}, failed={len(uncertain)}) "
        f"{not uncertain}\n"
    )


def test_only_what_was_being_sent_is_uncertain_after_a_kill(rig, program, path):
    post = ("POST", "/flows/execute")
    rig.server.faults.add(*post, delay=LIMIT, drop=True, times=2)
    options = {"checkpoint": path, "count": 12, "concurrency": 8, "pool_size": 2}
    process = program(**options)
    until(lambda: rig.posts() == 2)
    process.kill()
    process.wait()
    code, stdout, _ = finish(program(**options))
    assert (code, stdout) == (0, "BatchResult(succeeded=10, failed=2) False\n")
    assert rig.inputs_executed() == list(range(2, 12))


def test_the_workers_of_a_killed_run_do_not_keep_its_file(rig, program, path):
    options = {"checkpoint": path, "count": 4, "retry_writes": True}
    first = program(**options, hold=True, workers=2, context="fork")
    try:
        until(lambda: len(rig.begun) == 2)
        first.kill()
        first.wait()
        rig.gate.set()
        code, stdout, stderr = finish(program(**options, hold=True))
    finally:
        os.killpg(first.pid, signal.SIGKILL)  # its workers
    told = "BatchResult(succeeded=4, failed=0) True\n"
    assert (code, stdout, stderr) == (0, told, "")
    assert indexes(path) == rig.inputs_executed() == list(range(4))
