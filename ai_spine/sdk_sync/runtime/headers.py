"""Checks what becomes a header of a request or of a part. Pure."""

import re

from ai_spine.exceptions import ValidationError
from ai_spine.utils import has_control_characters, one_line

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"


def header_name(name: str) -> str:
    """Return the name of a header.

    Raises:
        ValidationError: It is none.
    """
    if not re.fullmatch(_NAME, name):
        raise ValidationError(f"{one_line(repr(name), 60)} is no name of a header")
    return name


def header_value(text: str) -> str:
    """Return a text that is the value of a header.

    Raises:
        ValidationError: No header can have it.
    """
    if has_control_characters(text):
        raise ValidationError("contains a control character, which no header can hold")
    try:
        text.encode("latin-1")
    except UnicodeError:
        raise ValidationError(
            "contains a character outside Latin-1, which no header can hold"
        ) from None
    if text != text.strip():
        raise ValidationError("cannot begin or end with white space in a header")
    return text
