"""What drawings share: the words, signs and colours of types and statuses, and fitting names."""

import unicodedata
from typing import Dict, NamedTuple, Optional

from ai_spine.utils import one_line

MISSING = "missing"
# These marks reverse the direction of the text after them, and so of the drawing.
_TURNING = dict.fromkeys(
    (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
_LONGEST = 1000  # characters; longer texts are not measured to their end


class Look(NamedTuple):
    """How a status looks."""

    sign: str
    plain_sign: str
    """The sign in ASCII."""
    ink: str
    """Its colour on white."""


# White reads well on each of these, and each stands out from white and from black.
FILLS = {
    "input": "#1a6bc4",
    "processor": "#5c6470",
    "output": "#1d7a46",
    "conditional": "#a04b9c",
    MISSING: "#b04a1c",
}
LOOKS: Dict[str, Look] = {
    "completed": Look("✓", "+", "#1a6b3c"),
    "failed": Look("✗", "!", "#b3261e"),
    "running": Look("▸", ">", "#0b57b0"),
    "pending": Look("○", ".", "#57606a"),
    "cancelled": Look("■", "x", "#8a4b00"),
    "skipped": Look("–", "-", "#57606a"),
}
_OTHER = Look("•", "*", "#57606a")


def look_of(state: Optional[str]) -> Look:
    """Return how a status looks; an unknown one looks like no other."""
    return LOOKS.get(state or "", _OTHER)


def printable(text: str) -> str:
    """Return a text in one line, without what would turn or hide the rest of a drawing."""
    return one_line(text.translate(_TURNING), _LONGEST)


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Example:
        >>> columns("ab"), columns("流程")
        (2, 4)
    """
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """Return a text in one line of so many columns at most, with an ellipsis where it is cut.

    Example:
        >>> shorten("applicant", 6), shorten("流程图", 5)
        ('appli…', '流程…')
    """
    line = printable(text)
    if columns(line) <= width:
        return line
    left, kept = width - len(ellipsis), []
    for character in line:
        left -= _columns_of(character)
        if left < 0:
            break
        kept.append(character)
    return ("".join(kept) + ellipsis)[: max(width, 0)]


def pad(text: str, width: int) -> str:
    """Fill a text with spaces up to so many columns, the text in the middle."""
    free = max(width - columns(text), 0)
    return " " * (free // 2) + text + " " * (free - free // 2)
