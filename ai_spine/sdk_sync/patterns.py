"""Texts that match a regular expression, for examples of what fits a schema."""

import re
from typing import Callable, List, Optional, Tuple

_ESCAPED = {"d": "0", "D": "a", "w": "a", "W": "-", "s": " ", "S": "a"}
_NOTHING = {"b", "B", "A", "Z", "z"}
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_LIKELY = "a0A_-. /:@x1bZ"
_MOST = 1000  # characters
_REPEATED = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_SKIPPED_GROUPS = ("?=", "?!", "?<=", "?<!")


def text_matching(pattern: str, least: int = 0) -> Optional[str]:
    """Return a text in which a pattern is found, or `None` if none was found.

    Args:
        pattern: The regular expression, as JSON Schema has it.
        least: How long the text should be, if the pattern leaves it open.

    Example:
        >>> text_matching("^run_[a-z0-9]{4}$"), text_matching("^(?!a)a$")
        ('run_aaaa', None)
    """
    try:
        wanted = re.compile(pattern)
        text = _Sampler(pattern, least).sampled()
    except (re.error, ValueError, RecursionError, OverflowError):
        return None
    return text if wanted.search(text) else None


class _Sampler:
    """Reads a pattern from left to right, and writes what its first choices match."""

    def __init__(self, pattern: str, least: int) -> None:
        self._pattern = pattern
        self._at = 0
        self._least = least

    def sampled(self) -> str:
        text = self._choices()
        if self._at < len(self._pattern):
            raise ValueError("a parenthesis is not open")
        return text

    def _choices(self) -> str:
        """Return what the first of several alternatives matches."""
        found = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            found.append(self._sequence())
        return next((each for each in found if each), "")

    def _sequence(self) -> str:
        parts: List[str] = []
        while self._peek() not in ("", "|", ")"):
            once = self._atom()
            parts.append(once * self._times(once))
            if sum(map(len, parts)) > _MOST:
                raise ValueError("the text is too long")
        return "".join(parts)

    def _atom(self) -> str:
        character = self._next()
        if character == "(":
            return self._group()
        if character == "[":
            return self._one_of_class()
        if character == "\\":
            return self._escape()
        if character in "^$":
            return ""
        return "a" if character == "." else character

    def _group(self) -> str:
        start = self._pattern[self._at :]
        is_skipped = start.startswith(_SKIPPED_GROUPS)
        opening = re.match(r"\?(:|P?<\w+>|<?[=!])", start)
        self._at += len(opening[0]) if opening else 0
        text = self._choices()
        if self._next() != ")":
            raise ValueError("a parenthesis is not closed")
        return "" if is_skipped else text

    def _escape(self) -> str:
        character = self._next()
        if character in "ux" and character:
            length = 4 if character == "u" else 2
            digits = self._pattern[self._at : self._at + length]
            self._at += length
            return chr(int(digits, 16))
        if character in _NOTHING:
            return ""
        return {**_ESCAPED, **_CONTROL}.get(character, character)

    def _one_of_class(self) -> str:
        """Return a character that a class has, a likely one if there is one."""
        start = self._at - 1
        if self._peek() == "^":
            self._at += 1
        if self._peek() == "]":
            self._at += 1
        while self._next() != "]":
            if self._pattern[self._at - 1] == "\\":
                self._at += 1
        wanted = re.compile(self._pattern[start : self._at])
        return _first(wanted.fullmatch)

    def _times(self, once: str) -> int:
        """Return how often what precedes is repeated, and pass what says it."""
        least, most = self._quantifier()
        if self._peek() in ("?", "+") and (least, most) != (1, 1):
            self._at += 1
        if most is None and once and self._least:
            return max(least, -(-self._least // len(once)))
        if most is not None and least < most and self._least:
            return min(most, max(least, self._least))
        return least if most == 0 or least else min(1, _MOST if most is None else most)

    def _quantifier(self) -> Tuple[int, Optional[int]]:
        character = self._peek()
        if character and character in "*+?":
            self._at += 1
            return (int(character == "+"), 1 if character == "?" else None)
        found = _REPEATED.match(self._pattern, self._at)
        if found is None:
            return 1, 1
        self._at = found.end()
        least = int(found[1])
        if not found[2]:
            return least, least
        return least, int(found[3]) if found[3] else None

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _next(self) -> str:
        character = self._peek()
        if not character:
            raise ValueError("the pattern ends too early")
        self._at += 1
        return character


def _first(fits: Callable[[str], object]) -> str:
    for each in _LIKELY + "".join(map(chr, range(32, 0x250))):
        if fits(each):
            return each
    raise ValueError("no character is in the class")
