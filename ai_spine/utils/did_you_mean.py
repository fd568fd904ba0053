"""Finds the word that a misspelt one was meant to be. Pure."""

from __future__ import annotations

import itertools
from typing import Iterable, Optional

from ai_spine.utils import one_line

_LONGEST = 100  # characters; comparing takes time, and longer words are not typos
_MOST = 2000  # words


def closest(word: str, known: Iterable[str]) -> Optional[str]:
    """Return the known word that is most like another one; `None` if none is close.

    Example:
        >>> closest("credit_analisys", ["sentiment-analysis", "credit_analysis"])
        'credit_analysis'
    """
    import difflib  # only when something is misspelt

    if len(word) > _LONGEST:
        return None
    near = [each for each in itertools.islice(known, _MOST) if len(each) <= _LONGEST]
    same = [each for each in near if each.lower() == word.lower()]
    found = same or difflib.get_close_matches(word, near, 1)
    return found[0] if found and found[0] != word else None


def hint(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that suggests the right word; mostly empty.

    Example:
        >>> hint("tiemout", ["timeout", "output"])
        "; is 'timeout' meant?"
    """
    found = closest(word, known)
    return "" if found is None else f"; is {one_line(repr(found), _LONGEST)} meant?"
