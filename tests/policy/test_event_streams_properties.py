"""Property-based tests of the event parser: any bytes, however they are split."""

import pytest

from tests.policy.test_event_streams import EVENTS, TEXT, parsed

given = pytest.importorskip("hypothesis").given
st = pytest.importorskip("hypothesis.strategies")


@given(
    st.lists(st.integers(0, 100), max_size=100), st.sampled_from(["\n", "\r", "\r\n"])
)
def test_events_are_the_same_however_the_stream_is_split(cuts, end):
    assert parsed(TEXT.replace("\n", end).encode("utf-8"), *cuts)[1] == EVENTS


@given(st.binary())
def test_arbitrary_bytes_do_not_break_the_parser(data):
    assert parsed(data)[1] == parsed(data, *range(len(data)))[1]
