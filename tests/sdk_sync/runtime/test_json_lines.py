"""JSON lines, written and read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.json_lines import JSONLinesParser, encode_json_lines

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(VALUES, max_size=6), st.integers(1, 9))
@settings(deadline=None, max_examples=50)
def test_what_was_written_is_read_wherever_it_is_cut(values, size):
    data = encode_json_lines(values)
    parser = JSONLinesParser()
    found = []
    for start in range(0, len(data), size):
        found += parser.feed(data[start : start + size])
    assert found + parser.close() == values


def test_blank_lines_other_line_ends_and_record_marks_are_passed_over():
    parser = JSONLinesParser()
    assert parser.feed(b'\r\n{"a": 1}\r\n\n  \n\x1e[2]\n') == [{"a": 1}, [2]]
    assert parser.close() == []


def test_the_last_line_needs_no_end():
    parser = JSONLinesParser()
    assert parser.feed(b"1\n2") == [1]
    assert parser.close() == [2]
    assert parser.close() == []


def test_a_line_that_is_not_json_is_refused():
    with pytest.raises(ValueError, match="^a line is no JSON$"):
        JSONLinesParser().feed(b"{}\n<html>\n")
    parser = JSONLinesParser()
    parser.feed(b'{"a"')
    with pytest.raises(ValueError, match="^a line is no JSON$"):
        parser.close()


@pytest.mark.parametrize("pieces", [[b"123456"], [b"123", b"456"], [b"123", b"456\n"]])
def test_a_line_that_is_too_long_is_refused(pieces):
    parser = JSONLinesParser(limit=5)
    with pytest.raises(ValueError, match="^a line has more than 5 bytes$"):
        for piece in pieces:
            parser.feed(piece)


def test_many_short_lines_are_within_the_limit():
    assert JSONLinesParser(limit=5).feed(b"12345\n" * 3) == [12345] * 3


def test_a_value_that_json_cannot_hold_is_refused():
    with pytest.raises(ValidationError, match="of type set"):
        encode_json_lines([{"a": {1}}])
