"""Tests of dates, times and ids: read from text, and written as they came."""

import copy
import pickle
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from ai_spine.sdk_sync.runtime.formats import (
    datetime_text,
    read_date,
    read_datetime,
    read_uuid,
)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026-11-29T05:00:00Z", datetime(2026, 11, 29, 5, tzinfo=timezone.utc)),
        (
            "2026-11-29T05:00:00.5Z",
            datetime(2026, 11, 29, 5, 0, 0, 500000, timezone.utc),
        ),
        (
            "2026-11-29T05:00:00,123456789+0200",
            datetime(2026, 11, 29, 5, 0, 0, 123456, timezone(timedelta(hours=2))),
        ),
        ("2026-11-29T05:00", datetime(2026, 11, 29, 5)),
    ],
)
def test_a_time_is_the_instant_that_its_text_says_and_keeps_the_text(text, expected):
    read = read_datetime(text)
    assert read == expected and datetime_text(read) == text


@pytest.mark.parametrize(
    "text", ["", "2026-11-29", "2026-13-29T05:00:00Z", "x" * 20, "2026-11-29T05:00:0xZ"]
)
def test_what_is_no_time_stays_text(text):
    assert read_datetime(text) is text


def test_a_kept_text_survives_copies_and_is_lost_by_sums():
    read = read_datetime("2026-11-29T05:00:00.000Z")
    for each in (copy.deepcopy(read), pickle.loads(pickle.dumps(read))):
        assert datetime_text(each) == "2026-11-29T05:00:00.000Z"
    later = read + timedelta(hours=1)
    assert datetime_text(later) == "2026-11-29T06:00:00Z"
    assert pickle.loads(pickle.dumps(later)) == later
    assert read.isoformat(timespec="hours") == "2026-11-29T05+00:00"


@pytest.mark.parametrize("text", ["", "20261129", "2026-W48-1", "2026-13-01"])
def test_what_is_no_date_stays_text(text):
    assert read_date(text) is text
    assert read_date("2026-11-29") == date(2026, 11, 29)


def test_a_uuid_keeps_its_text():
    lower = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
    upper = read_uuid(lower.upper())
    assert type(read_uuid(lower)) is UUID and upper == UUID(lower)
    assert str(pickle.loads(pickle.dumps(upper))) == lower.upper()
    for text in ("a", "z" * 36, "{" + lower[:34] + "}"):
        assert read_uuid(text) is text
