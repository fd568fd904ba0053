"""Finding the word that a misspelt one was meant to be. Pure."""

import itertools
from typing import Iterable, Optional

from ai_spine.utils import one_line

_LONGEST = 100  # characters; to compare takes time, and longer words are no slips
_MOST = 2000  # words


def closest(word: str, known: Iterable[str]) -> Optional[str]:
    """Gives the known word that is most like one, if any is.

    Example:
        >>> closest("credit_analisys", ["sentiment-analysis", "credit_analysis"])
        'credit_analysis'
    """
    import difflib  # only where something is misspelt

    if len(word) > _LONGEST:
        return None
    near = [each for each in itertools.islice(known, _MOST) if len(each) <= _LONGEST]
    same = [each for each in near if each.lower() == word.lower()]
    found = same or difflib.get_close_matches(word, near, 1)
    return found[0] if found and found[0] != word else None


def hint(word: str, known: Iterable[str]) -> str:
    """Gives the end of a sentence that asks whether another word is meant; mostly empty.

    Example:
        >>> hint("tiemout", ["timeout", "output"])
        "; is 'timeout' meant?"
    """
    found = closest(word, known)
    return "" if found is None else f"; is {one_line(repr(found), _LONGEST)} meant?"
