"""Tests of what lasts as long as a call."""

import gc
import weakref

import pytest

from ai_spine.policy.request_events import current_call
from ai_spine.policy.telemetry import CallScope


class Call:
    """A call, which refers to its scope."""


@pytest.fixture
def no_collector():
    """Nothing that refers to itself is freed."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.skipif(not hasattr(gc, "freeze"), reason="references are not counted")
@pytest.mark.usefixtures("no_collector")
def test_a_call_that_is_over_is_freed_without_the_garbage_collector():
    call = Call()
    with CallScope(call) as call.scope:
        assert current_call.get() is call
    assert current_call.get() is None
    parts = [weakref.ref(call), weakref.ref(call.scope)]
    del call
    assert [each() for each in parts] == [None, None]
