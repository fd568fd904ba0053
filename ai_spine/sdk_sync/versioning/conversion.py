"""Converts values to other types, if nothing is lost."""

import json
import math
import re
from typing import Any, Collection, Optional

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST = 400  # digits; more would take long to read
_FLAGS = {"true": True, "false": False}
Kinds = Collection[str]


class CannotConvert(Exception):
    """A value cannot be one of another type."""


def convert(value: Any, kinds: Kinds, items: Optional[Kinds] = None) -> Any:
    """Return a value as one of some types; null stays null.

    Args:
        value: The value.
        kinds: The types, named as JSON Schema names them.
        items: The types of the items, if it becomes an array.

    Raises:
        CannotConvert: It cannot be one.

    Example:
        >>> convert("5", ["integer"]), convert(True, ["string"]), convert(5, ["array"])
        (5, 'true', [5])
    """
    if value is None or _is_of(value, kinds):
        return value
    if isinstance(value, list):
        return _only_item(value, kinds)
    if not isinstance(value, dict):
        for kind in ("integer", "number", "boolean", "string"):
            if kind in kinds:
                try:
                    return _scalar(value, kind)
                except CannotConvert:
                    pass
    if "array" in kinds:
        return [value if items is None else convert(value, items)]
    raise CannotConvert()


def _is_of(value: Any, kinds: Kinds) -> bool:
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, (int, float)):
        is_whole = isinstance(value, int)
        return "number" in kinds or ("integer" in kinds and is_whole)
    names = ((str, "string"), (list, "array"), (dict, "object"))
    return any(isinstance(value, cls) and name in kinds for cls, name in names)


def _only_item(values: Any, kinds: Kinds) -> Any:
    if len(values) != 1:
        raise CannotConvert()
    return convert(values[0], kinds)


def _scalar(value: Any, kind: str) -> Any:
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, str):
        return _from_text(value, kind)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    raise CannotConvert()


def _from_text(text: str, kind: str) -> Any:
    if kind == "boolean" and text in _FLAGS:
        return _FLAGS[text]
    pattern = {"integer": _INTEGER, "number": _NUMBER}.get(kind)
    if pattern is None or len(text) > _LONGEST or not pattern.fullmatch(text):
        raise CannotConvert()
    number = json.loads(text)
    if isinstance(number, float) and not math.isfinite(number):
        raise CannotConvert()
    return number
