"""Tests of the values of the app plane."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.policy.json_encoding import encode_json
from ai_spine.ron.errors import RonValidationError
from ai_spine.ron.wire import (
    i64,
    read_bytes,
    read_time,
    u64,
    wire_default,
    write_bytes,
    write_time,
)

MOMENTS = st.datetimes(timezones=st.timezones() | st.just(timezone.utc))


@pytest.mark.parametrize("kind", [u64, i64])
@given(data=st.data())
def test_integers_go_there_and_back(kind, data):
    value = data.draw(st.integers(kind.least, kind.most))
    assert kind.read(kind.write(value)) == kind.read(value) == value
    assert json.loads(json.dumps(kind.write(value))) == str(value)


@pytest.mark.parametrize("kind", [u64, i64])
@pytest.mark.parametrize(
    "odd", ["", "1.0", "1e3", "01", "+1", " 1", "٣", "1" * 5000, 1.5, True, None, b"1"]
)
def test_what_is_no_integer_is_refused(kind, odd):
    with pytest.raises(RonValidationError, match=f"{kind.name} must be"):
        kind.read(odd)


@pytest.mark.parametrize(
    "kind, value", [(u64, -1), (u64, 2**64), (i64, 2**63), (i64, -(2**63) - 1)]
)
def test_an_integer_out_of_range_is_refused(kind, value):
    for odd in (value, str(value)):
        with pytest.raises(RonValidationError, match="must be from"):
            kind.read(odd)
    with pytest.raises(RonValidationError):
        kind.write(value)


@settings(max_examples=40, deadline=None)
@given(MOMENTS)
def test_times_go_there_and_back_as_utc(moment):
    if not datetime(2, 1, 1) < moment.replace(tzinfo=None) < datetime(9998, 1, 1):
        return
    again = read_time(write_time(moment))
    assert again == moment.astimezone(timezone.utc) and again.utcoffset() == timedelta(
        0
    )


@pytest.mark.parametrize(
    "odd",
    ["2026-11-20T11:50:42", "2026-11-20", "now", "", None, 7, "T Z", "x" * 500 + "TZ"],
)
def test_a_time_without_an_offset_is_refused(odd):
    with pytest.raises(
        RonValidationError, match="a time must be ISO 8601 with an offset"
    ):
        read_time(odd)


@pytest.mark.parametrize("odd", [datetime(2026, 1, 1), "2026-11-20T11:50:42Z", None])
def test_only_an_aware_datetime_is_written(odd):
    with pytest.raises(RonValidationError, match="with an offset"):
        write_time(odd)


@given(st.binary(max_size=60))
def test_bytes_go_there_and_back(data):
    text = write_bytes(data)
    assert read_bytes(text) == data and not set(text) & set("+/=")
    assert (
        encode_json({"a": [data]}, wire_default) == json.dumps({"a": [text]}).encode()
    )


@pytest.mark.parametrize("odd", ["+/", "a", None, 7, b"aa"])
def test_other_text_is_no_bytes(odd):
    with pytest.raises(RonValidationError, match="bytes must be base64url"):
        read_bytes(odd)


def test_what_no_json_can_hold_is_said():
    with pytest.raises(TypeError, match="a set is no JSON"):
        wire_default(set())
