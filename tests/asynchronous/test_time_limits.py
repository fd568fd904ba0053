"""Tests of the time limits that share one timer."""

import asyncio
import time

import pytest

from ai_spine.utils.timeouts import TimeLimits
from tests.asynchronous import until
from tests.local import LIMIT

pytestmark = pytest.mark.anyio
TIMEOUTS = (asyncio.TimeoutError, TimeoutError)


@pytest.fixture
def limits():
    return lambda: TimeLimits(asyncio.get_running_loop())


async def sleep(limits, limit, seconds):
    """Return how long a sleep took, and whether its limit has ended it."""
    began = time.monotonic()
    try:
        with limits.of(limit):
            await asyncio.sleep(seconds)
    except TIMEOUTS:
        return time.monotonic() - began, True
    return time.monotonic() - began, False


async def test_each_limit_ends_what_it_is_for_and_nothing_else(limits):
    here = limits()
    given = [(0.3, LIMIT), (0.1, LIMIT), (LIMIT, 0.2), (0.2, LIMIT), (0.1, 0), (0, 1)]
    results = await asyncio.gather(*(sleep(here, *each) for each in given))
    assert [ended for _, ended in results] == [True, True, False, True, False, True]
    for (limit, seconds), (took, _) in zip(given, results):
        assert min(limit, seconds) - 0.01 <= took < LIMIT / 2


async def test_a_limit_made_after_the_timer_was_set_is_kept(limits):
    here = limits()
    assert (await sleep(here, 0.05, LIMIT))[1]
    assert not (await sleep(here, 0.2, 0))[1]
    await asyncio.sleep(0.3)  # the timer is over, and nothing was left to end
    assert (await sleep(here, 0.05, LIMIT))[1]


async def test_who_cancels_a_task_before_its_time_is_over_is_not_mistaken(limits):
    here = limits()
    task = asyncio.ensure_future(sleep(here, LIMIT, LIMIT))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_passes_through_a_limit(limits):
    with pytest.raises(KeyError):
        with limits().of(LIMIT):
            raise KeyError("x")


async def test_the_inner_of_two_limits_ends_first(limits):
    here = limits()
    with here.of(LIMIT):
        assert (await sleep(here, 0.01, LIMIT))[1]
    with pytest.raises(TIMEOUTS):
        with here.of(0.05):
            await sleep(here, LIMIT, LIMIT)


async def test_limits_that_have_ended_are_forgotten(limits):
    here = limits()
    for _ in range(20):
        await asyncio.gather(*(sleep(here, LIMIT, 0) for _ in range(50)))
        assert len(here._heap) <= 250
    assert (await sleep(here, 0.01, LIMIT))[1]
    waiting = [asyncio.ensure_future(sleep(here, 0.05, LIMIT)) for _ in range(500)]
    await until(lambda: all(task.done() for task in waiting))
    assert all(task.result()[1] for task in waiting)
