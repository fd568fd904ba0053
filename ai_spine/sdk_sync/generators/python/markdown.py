"""Texts of others as Markdown that is nothing but text."""

import re

from ai_spine.utils import TURNING, one_line

_LONGEST = 300
_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")
# They would let a reader see something else than is there.
_TURNS = re.compile(f"[{TURNING}]")


def plain(text: str) -> str:
    """Return a text as one line that Markdown does not read as anything else.

    Example:
        >>> print(plain("a\\n<b> `c`\\u202e"))
        a \\<b\\> \\`c\\`
    """
    return _MARKS.sub(r"\\\1", one_line(_TURNS.sub("", text), _LONGEST))
