"""Reads JSON that others have written, strictly: no NaN, no infinities, and not nested deeply."""

import json
import math
from typing import Any

from ai_spine.flows.definitions import MAX_DEPTH, is_too_deep

_BYTE_ORDER_MARK = "\ufeff"


class TooDeep(ValueError):
    """JSON that is valid, but nested too deeply."""

    def __init__(self) -> None:
        super().__init__(f"nested too deeply, more than {MAX_DEPTH} levels")


def parse_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: It is not JSON, or nested too deeply.
    """
    if text.startswith(_BYTE_ORDER_MARK):
        raise ValueError("it begins with a byte order mark: send UTF-8 without one")
    try:
        body = _decode(text)
    except RecursionError:
        raise TooDeep() from None
    # With few brackets, it cannot be nested too deeply.
    if text.count("[") + text.count("{") > MAX_DEPTH and is_too_deep(body):
        raise TooDeep()
    return body


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):  # it would be sent as Infinity, which is not JSON
        raise ValueError(f"{text} is too large a number")
    return value


_decode = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse_constant).decode
