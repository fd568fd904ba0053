"""What becomes a header."""

import pytest

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.headers import header_name, header_value


def test_a_header_has_a_name_of_letters_and_a_few_other_characters():
    assert header_name("X-Trace_1") == "X-Trace_1"
    for name in ("", "X Y", "X:", "X\r\n", "é"):
        with pytest.raises(ValidationError, match="is no name of a header$"):
            header_name(name)


def test_the_value_of_a_header_stays_as_it_is():
    for text in ("", "a, b", 'caf\xe9; q="1"'):
        assert header_value(text) == text
    for text in ("a\rb", "a\nb", "a\x00", "a\tb", "\u2028", "日", " a", "a\xa0"):
        with pytest.raises(ValidationError):
            header_value(text)
