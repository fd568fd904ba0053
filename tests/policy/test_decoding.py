"""Tests of decoding the text of a response in any encoding."""

import pytest

from ai_spine.policy.decoding import decode_text, parse_json

TEXT = '{"name": "José"}'
VALUE = {"name": "José"}


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"],
)
def test_json_is_decoded_in_every_unicode_encoding(encoding):
    assert parse_json(TEXT.encode(encoding), "application/json") == VALUE


@pytest.mark.parametrize(
    "charset", ["iso-8859-1", '"ISO-8859-1"', "windows-1252", "latin1"]
)
def test_json_is_decoded_in_the_charset_of_the_content_type(charset):
    content_type = f"application/json; charset={charset}"
    assert parse_json(TEXT.encode("latin-1"), content_type) == VALUE


def test_a_byte_order_mark_overrides_a_wrong_charset():
    assert (
        parse_json(TEXT.encode("utf-8-sig"), "application/json; charset=latin-1")
        == VALUE
    )


@pytest.mark.parametrize("charset", ["nonsense", "rot13", "zlib", "idna", "punycode"])
def test_a_charset_that_is_not_a_text_encoding_is_ignored(charset):
    assert parse_json(TEXT.encode(), f"application/json; charset={charset}") == VALUE


def test_an_empty_body_is_none_and_a_broken_one_is_an_error():
    assert parse_json(b" \n") is None
    with pytest.raises(ValueError):
        parse_json(TEXT.encode("latin-1"))


def test_invalid_bytes_are_replaced_in_text():
    assert decode_text(b"caf\xe9") == "caf\ufffd"
    assert decode_text(b"caf\xe9", "text/plain; charset=latin-1") == "café"
