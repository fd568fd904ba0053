"""Tests of what lasts as long as a call."""

import gc

import pytest

from ai_spine.policy.request_events import current_call
from ai_spine.policy.telemetry import CallScope


class Call:
    """A call, which refers to its scope."""


@pytest.mark.skipif(not hasattr(gc, "freeze"), reason="references are not counted")
def test_a_call_that_is_over_is_freed_without_the_garbage_collector():
    gc.collect()
    call = Call()
    with CallScope(call) as call.scope:
        assert current_call.get() is call
    assert current_call.get() is None
    del call
    assert gc.collect() == 0
