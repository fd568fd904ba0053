"""Tests of the pure helpers."""

import copy
import pickle
from datetime import datetime, timedelta, timezone

import pytest

from ai_spine.utils import (
    QuotedSegment,
    Secret,
    fill_in,
    format_timestamp,
    has_control_characters,
    one_line,
    origin,
    parse_timestamp,
    quote_segment,
)

MOMENT = datetime(2026, 11, 20, 10, 50, 42, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026-11-20T10:50:42", MOMENT),
        ("2026-11-20 10:50:42", MOMENT),
        ("2026-11-20T10:50:42Z", MOMENT),
        ("2026-11-20T11:50:42+01:00", MOMENT),
        ("2026-11-20T05:50:42-0500", MOMENT),
        ("20261120T105042Z", MOMENT),
        ("2026-11-20T10:50:42.5Z", MOMENT + timedelta(milliseconds=500)),
        ("2026-11-20T10:50:42.123456", MOMENT + timedelta(microseconds=123456)),
        ("2026-11-20T10:50:42.123456789Z", MOMENT + timedelta(microseconds=123456)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=timezone.utc)),
        (1795171842, MOMENT),
        (1795171842.5, MOMENT + timedelta(milliseconds=500)),
    ],
)
def test_a_timestamp_in_any_format_becomes_an_aware_utc_datetime(text, expected):
    moment = parse_timestamp(text)
    assert moment == expected
    assert moment.tzinfo is timezone.utc


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-13-45T00:00:00",
        "0001-01-01T00:00:00+23:00",
        "９",
        "1 ",
        True,
        None,
        10**20,
        -(10**20),
        float("inf"),
        [],
        {},
    ],
)
def test_an_invalid_timestamp_is_returned_unchanged(value):
    assert parse_timestamp(value) is value


def test_nan_is_not_a_timestamp():
    nan = float("nan")
    assert parse_timestamp(nan) is nan


def test_a_formatted_timestamp_can_be_parsed():
    local = MOMENT.astimezone(timezone(timedelta(hours=-7)))
    assert format_timestamp(local) == "2026-11-20T10:50:42Z"
    assert parse_timestamp(format_timestamp(local)) == MOMENT


@pytest.mark.parametrize(
    "value, quoted",
    [
        ("plain-id_1.2~", "plain-id_1.2~"),
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("100%", "100%25"),
        ("%2e%2e", "%252e%252e"),
        ("a b+c", "a%20b%2Bc"),
        ("ñ", "%C3%B1"),
    ],
)
def test_a_quoted_value_stays_one_segment(value, quoted):
    assert quote_segment(value) == quoted


@pytest.mark.parametrize("character", "\x00\n\r\t\x1f\x7f\x85\u2028\u2029")
def test_control_characters_are_found_and_replaced(character):
    text = f"a{character}b"
    assert has_control_characters(text)
    assert one_line(text) == "a b"


def test_text_without_control_characters_is_accepted():
    assert not has_control_characters("naïve café ☕")


def test_long_text_is_truncated_to_the_limit():
    assert one_line("x" * 100, 10) == "x" * 9 + "…"
    assert one_line("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize(
    "url, expected",
    [
        ("https://API.example.com/flows", "https://api.example.com:443"),
        ("http://api.example.com", "http://api.example.com:80"),
        ("http://api.example.com:8080/x?y", "http://api.example.com:8080"),
        ("HTTP://user@h/", "http://h:80"),
        ("ftp://h", "ftp://h:0"),
        ("", "://:0"),
    ],
)
def test_an_origin_has_scheme_host_and_port(url, expected):
    assert origin(url) == expected


def test_an_origin_with_an_invalid_port_is_refused():
    with pytest.raises(ValueError):
        origin("http://h:99999")


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%s".__mod__])
def test_a_secret_is_redacted_in_its_repr_and_str(show):
    assert show(Secret("hush")) == "Secret('***')"


def test_secrets_compare_by_their_text():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_a_secret_survives_copying(clone):
    assert clone(Secret("hush")).reveal() == "hush"


@pytest.mark.parametrize(
    "timestamp", [1795171842, 1795171842.0, "1795171842", 1795171842000]
)
def test_a_timestamp_in_seconds_or_milliseconds_since_the_epoch_is_parsed(timestamp):
    assert parse_timestamp(timestamp) == MOMENT


def test_a_segment_that_is_quoted_stays_as_it_is():
    segment = QuotedSegment(";ids=1,2%20")
    assert quote_segment(segment) == segment
    assert fill_in("/a/{ids}/b", {"ids": segment}) == "/a/;ids=1,2%20/b"
