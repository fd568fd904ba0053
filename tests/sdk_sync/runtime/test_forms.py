"""Forms as browsers send them without files."""

import datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.forms import Encoding, encode_form
from ai_spine.sdk_sync.runtime.unset import UNSET
from ai_spine.sdk_sync.runtime.values import as_is

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


def form_of(value, to_json=as_is, **encoding):
    text = encode_form(value, encoding, to_json).decode("ascii")
    return parse_qsl(text, keep_blank_values=True)


def refusal_of(value):
    with pytest.raises(ValidationError) as caught:
        encode_form(value, {}, as_is)
    return caught.value.message


def test_fields_are_names_and_values():
    value = {"Body": "a b&c", "Sent.At": datetime.date(2026, 11, 29), "ok": True}
    assert form_of(value) == [
        ("Body", "a b&c"),
        ("Sent.At", "2026-11-29"),
        ("ok", "true"),
    ]
    assert encode_form({"a": "b c"}, {}, as_is) == b"a=b+c"


def test_absent_fields_and_nulls_are_left_out():
    assert form_of({"a": UNSET, "b": None, "c": ""}) == [("c", "")]


def test_lists_are_repeated_names():
    assert form_of({"a": [1, 2]}) == [("a", "1"), ("a", "2")]


def test_the_encoding_of_a_field_says_how_it_is_written():
    value = {"a": {"b": [1, {"c": 2}]}}
    deep = Encoding(style="deepObject", explode=True)
    assert form_of(value, a=deep) == [("a[b][0]", "1"), ("a[b][1][c]", "2")]
    assert form_of({"a": [1, 2]}, a=Encoding(explode=False)) == [("a", "1,2")]
    piped = Encoding(style="pipeDelimited")
    assert form_of({"a": [1, 2]}, a=piped) == [("a", "1|2")]
    as_json = Encoding("application/json")
    assert form_of({"a": {"b": [1]}}, a=as_json) == [("a", '{"b": [1]}')]
    assert form_of({"a": {"b": 1}}) == [("b", "1")]


def test_reserved_characters_stay_where_the_encoding_says_so():
    reserved = {"a": Encoding(allow_reserved=True)}
    assert encode_form({"a": "/x?y&z"}, reserved, as_is) == b"a=/x?y%26z"


def test_a_model_is_a_form():
    assert form_of(object(), lambda value: {"a": 1}) == [("a", "1")]


def test_what_a_form_cannot_hold_is_refused():
    assert refusal_of([1]) == (
        "the body is a form: pass a mapping or a model, not of type list"
    )
    assert refusal_of({"a": b"x"}) == (
        "the field 'a': is a file, which only multipart bodies can hold"
    )
    assert refusal_of({"a": {1}}) == "the field 'a': is of type set, which has no text"
    assert refusal_of({"a": "\ud800"}) == "the field 'a': contains half of a character"


@given(st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=3), max_size=4))
@settings(deadline=None, max_examples=50)
def test_a_form_is_read_as_it_was_written(value):
    assert form_of(value) == [
        (name, text)
        for name, each in value.items()
        for text in ([each] if isinstance(each, str) else each)
    ]
