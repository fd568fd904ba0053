"""Tests of the event loop of async agents."""

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from ai_spine.local.engine import event_loop
from ai_spine.local.engine.event_loop import EventLoop
from tests.local import LIMIT, wait_until


@pytest.fixture
def loop():
    """An event loop that is closed after the test."""
    made = EventLoop()
    yield made
    made.close()


async def name_of_thread():
    return threading.current_thread().name


def test_the_first_coroutine_starts_the_thread(loop):
    assert loop._thread is None
    assert loop.submit(name_of_thread()).result(LIMIT) == "ai-spine-agents"
    assert loop._thread.daemon
    loop.close()
    assert not loop._thread.is_alive()


def test_after_the_end_nothing_runs(loop):
    loop.close()
    with pytest.raises(CancelledError):
        loop.submit(name_of_thread()).result(LIMIT)
    loop.close()


def test_an_agent_that_does_not_end_is_left_behind(loop, monkeypatch):
    monkeypatch.setattr(event_loop, "_GRACE", 0.01)
    reached, gate = threading.Event(), threading.Event()

    async def block():
        reached.set()
        gate.wait(LIMIT)

    loop.submit(block())
    assert reached.wait(LIMIT)
    loop.close()
    gate.set()
    wait_until(lambda: not loop._thread.is_alive())


def test_the_loop_may_be_closed_by_what_runs_on_it(loop):
    async def close():
        loop.close()
        await asyncio.sleep(0)

    loop.submit(close()).result(LIMIT)
    wait_until(lambda: not loop._thread.is_alive())
