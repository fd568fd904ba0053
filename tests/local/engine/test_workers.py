"""Tests of the thread pool."""

import threading

import pytest

from ai_spine.local.engine.workers import Workers
from tests.local import LIMIT, wait_until

NAME = "ai-spine-workers-test"


def threads():
    return [t for t in threading.enumerate() if t.name.startswith(NAME)]


@pytest.fixture
def pool():
    """Create pools, and close them after the test."""
    made = []

    def make(max_workers):
        made.append(Workers(max_workers, NAME))
        return made[-1]

    yield make
    for workers in made:
        workers.close()
    wait_until(lambda: not threads())


def test_jobs_run_at_the_same_time_up_to_the_limit(pool):
    workers, barrier, met = pool(3), threading.Barrier(3), threading.Semaphore(0)

    def job():
        barrier.wait(LIMIT)
        met.release()

    for _ in range(3):
        workers.submit(job)
    assert all(met.acquire(timeout=LIMIT) for _ in range(3))


def test_no_more_jobs_than_the_limit_run_at_once(pool, gate):
    workers, lock = pool(2), threading.Lock()
    seen = {"now": 0, "most": 0, "done": 0}

    def job():
        with lock:
            seen["now"] += 1
            seen["most"] = max(seen["most"], seen["now"])
        gate.wait(LIMIT)
        with lock:
            seen["now"] -= 1
            seen["done"] += 1

    for _ in range(10):
        workers.submit(job)
    wait_until(lambda: seen["now"] == 2)
    assert len(threads()) == 2
    gate.set()
    wait_until(lambda: seen["done"] == 10)
    assert seen["most"] == 2


def test_threads_are_created_on_demand(pool):
    workers, done = pool(8), threading.Event()
    assert threads() == []
    workers.submit(done.set)
    assert done.wait(LIMIT)
    assert len(threads()) == 1


def test_an_idle_thread_is_reused(pool):
    workers, names = pool(8), []
    for count in range(1, 6):
        wait_until(lambda: workers._idle == len(threads()))
        workers.submit(lambda: names.append(threading.current_thread().name))
        wait_until(lambda: len(names) == count)
    assert len(set(names)) == 1


def test_a_thread_survives_a_job_that_raises(pool, caplog):
    workers, done = pool(1), threading.Event()

    def break_down():
        raise RuntimeError("out of order")

    workers.submit(break_down)
    workers.submit(done.set)
    assert done.wait(LIMIT)
    assert "out of order" in caplog.text


def test_threads_are_daemons(pool, gate):
    pool(1).submit(lambda: gate.wait(LIMIT))
    assert all(thread.daemon for thread in wait_until(threads))


def test_close_ends_threads_after_their_current_job(pool, gate):
    workers, started, ended = pool(2), threading.Event(), threading.Event()

    def job():
        started.set()
        gate.wait(LIMIT)
        ended.set()

    workers.submit(job)
    assert started.wait(LIMIT)
    workers.close()
    assert threads()
    gate.set()
    assert ended.wait(LIMIT)
    wait_until(lambda: not threads())


def test_nothing_runs_after_close(pool):
    workers, ran = pool(1), threading.Event()
    workers.submit(lambda: None)
    workers.close()
    workers.submit(ran.set)
    wait_until(lambda: not threads())
    assert not ran.is_set()
