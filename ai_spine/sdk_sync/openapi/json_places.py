"""Finds the lines of the values of a JSON text, which a parser does not keep."""

import json
import re
from bisect import bisect_right
from typing import Dict, List, Optional, Set, Tuple

from ai_spine.sdk_sync.ir.references import escaped

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s{}\[\],:"]+')


class _Level:
    """An object or a list, and which of its values comes next."""

    def __init__(self, pointer: str, is_list: bool) -> None:
        self.pointer = pointer
        self.keys: Set[str] = set()
        self.index = 0 if is_list else -1
        self.key: Optional[str] = None

    def is_before_key(self) -> bool:
        return self.index < 0 and self.key is None

    def place(self) -> str:
        part = self.index if self.index >= 0 else escaped(self.key or "")
        return f"{self.pointer}/{part}"

    def advance(self) -> None:
        self.key = None
        if self.index >= 0:
            self.index += 1


def places_in(text: str) -> Tuple[Dict[str, int], List[str]]:
    """Return the line of each value of a JSON text, and the keys that are there twice.

    Args:
        text: A text that is known to be JSON.

    Returns:
        The lines, counted from 1, and the duplicate keys, both by JSON Pointers.

    Example:
        >>> places_in('{"a": [1,\\n 2], "a": 3}')
        ({'': 1, '/a': 2, '/a/0': 1, '/a/1': 2}, ['/a'])
    """
    breaks = [found.start() for found in re.finditer("\n", text)]
    lines, duplicates = {"": 1}, []
    levels: List[_Level] = []
    for found in _TOKEN.finditer(text):
        word, level = found[0], levels[-1] if levels else None
        if word == ",":
            levels[-1].advance()
        elif word in "]}":
            levels.pop()
        elif level is not None and level.is_before_key():
            level.key = json.loads(word)
            if level.key in level.keys:
                duplicates.append(level.place())
            level.keys.add(str(level.key))
            lines[level.place()] = bisect_right(breaks, found.start()) + 1
        else:
            place = level.place() if level else ""
            lines.setdefault(place, bisect_right(breaks, found.start()) + 1)
            if word in "[{":
                levels.append(_Level(place, word == "["))
    return lines, duplicates
