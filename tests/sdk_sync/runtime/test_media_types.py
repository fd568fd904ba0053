"""Media types: how they are read, and which of them match."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.runtime.media_types import (
    match_media_type,
    parse_media_type,
)


@pytest.mark.parametrize(
    "text, essence, parameters",
    [
        ("application/json", "application/json", {}),
        ("Application/JSON ;Charset=UTF-8", "application/json", {"charset": "UTF-8"}),
        ('text/a; x="a;b"; y=2', "text/a", {"x": "a;b", "y": "2"}),
        ('text/a; x="a\\"b"', "text/a", {"x": 'a"b'}),
        ("text/a;", "text/a", {}),
        ("text/a; ; x", "text/a", {}),
        ("", "", {}),
    ],
)
def test_a_media_type_has_an_essence_and_parameters(text, essence, parameters):
    assert parse_media_type(text) == (essence, parameters)


@pytest.mark.parametrize(
    "text, kind",
    [
        ("application/json", "is_json"),
        ("text/json", "is_json"),
        ("application/vnd.api+json; v=1", "is_json"),
        ("application/x-ndjson", "is_json_lines"),
        ("application/jsonl", "is_json_lines"),
        ("application/json-seq", "is_json_lines"),
        ("application/x-www-form-urlencoded", "is_form"),
        ("multipart/mixed", "is_multipart"),
        ("text/event-stream", "is_events"),
        ("text/csv", "is_text"),
        ("application/xml", "is_text"),
        ("application/atom+xml", "is_text"),
        ("application/sdp", "is_text"),
        ("image/png", None),
        ("application/octet-stream", None),
    ],
)
def test_a_media_type_is_of_one_kind(text, kind):
    kinds = ("json", "json_lines", "form", "multipart", "events", "text")
    media_type = parse_media_type(text)
    found = [f"is_{each}" for each in kinds if getattr(media_type, f"is_{each}")]
    assert found == ([] if kind is None else [kind])


def fit(declared, actual):
    return match_media_type(parse_media_type(declared), parse_media_type(actual))


def test_the_most_exact_of_those_that_match_fits_best():
    actual = "text/csv; header=present; charset=utf-8"
    declared = (
        *("text/csv; header=present", "text/csv", "text/c*", "text/*", "*/*"),
        *("text/csv; header=absent", "image/*", "text/html"),
    )
    fits = [fit(each, actual) for each in declared]
    assert fits == sorted(fits, reverse=True)
    assert fits[-3:] == [0, 0, 0] and all(fits[:-3])


def test_the_charset_and_parameters_that_a_response_lacks_do_not_matter():
    assert fit("text/html; charset=utf-8", "text/html; charset=latin-1")
    assert fit("text/html; version=1", "text/html")
    assert not fit("application/*", "application")


@given(st.text(max_size=40), st.text(max_size=20))
@settings(deadline=None, max_examples=50)
def test_no_text_is_too_odd(text, other):
    found = parse_media_type(text)
    assert found.essence == found.essence.lower().strip()
    assert isinstance(match_media_type(parse_media_type(other), found), int)
