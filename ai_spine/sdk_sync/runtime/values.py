"""Values of parameters and of forms as text. Pure."""

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, Callable

from ai_spine.exceptions import ValidationError
from ai_spine.policy.json_encoding import encode_json, json_default, kind_of
from ai_spine.sdk_sync.unset import UNSET

ToJSON = Callable[[Any], Any]
"""Writes models as JSON, and returns every other value as it is."""
_PLAIN = frozenset({str, int, float, bool, type(None)})


def as_is(value: Any) -> Any:
    """Return a value as it is: what writes models where there are none."""
    return value


def plain(value: Any, to_json: ToJSON) -> Any:
    """Return a value as text, numbers, booleans, lists and dictionaries.

    Args:
        value: Any value that JSON can hold, or a model. Dates, UUIDs, enums and decimals are what
            they are in JSON; fields and items that are `UNSET` are left out.
        to_json: Writes models.

    Raises:
        ValidationError: It is of a type that cannot be written.

    Example:
        >>> import datetime
        >>> plain({"on": datetime.date(2026, 11, 29), "ids": (1, UNSET)}, as_is)
        {'on': '2026-11-29', 'ids': [1]}
    """
    if type(value) in _PLAIN:
        return value
    value = to_json(value)
    if isinstance(value, Mapping):
        return {
            _key(name): plain(each, to_json)
            for name, each in value.items()
            if each is not UNSET
        }
    if isinstance(value, (list, tuple)):
        return [plain(each, to_json) for each in value if each is not UNSET]
    if type(value) in _PLAIN:
        return value
    if isinstance(value, str) and not isinstance(value, Enum):
        return str(value)
    try:
        return plain(json_default(value), to_json)
    except (TypeError, ValueError):
        raise ValidationError(f"is {kind_of(value)}, which has no text") from None


def text_of(value: Any) -> str:
    """Return a plain value as text: `true`, `5`, `0.5`; lists and objects are JSON.

    Raises:
        ValidationError: It is a number that has no text.

    Example:
        >>> text_of(True), text_of(0.5), text_of([1])
        ('true', '0.5', '[1]')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValidationError(f"is {value}, which has no text")
    if isinstance(value, (int, float)):
        try:
            return repr(value)
        except ValueError:  # Python writes no numbers of thousands of digits
            raise ValidationError("is a number of too many digits") from None
    return json_text(value)


def json_text(value: Any) -> str:
    """Return a plain value as JSON."""
    return encode_json(value).decode("ascii")


def _key(name: Any) -> str:
    found = plain(name, as_is)
    return text_of(found)
