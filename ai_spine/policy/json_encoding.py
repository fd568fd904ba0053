"""Encodes Python values as JSON: one encoder for every body that the SDK writes. Pure.

Beyond what `json` knows it accepts, anywhere in a value: dates and times (ISO 8601), `timedelta`
(seconds), `UUID`, `Enum` (its value), `Decimal` and paths (text), dataclasses, pydantic models,
attrs classes, mappings (the SDK's models among them) and sequences of any class, numpy scalars and
arrays, and pandas timestamps. Named tuples become lists, as in `json`. Sets, bytes, generators,
NaN, infinities and cycles are refused, with the path of the value. No library is imported for it.
"""

import json
import math
import os
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple
from uuid import UUID

from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.exceptions import ValidationError
from ai_spine.utils import one_line

Default = Callable[[Any], Any]
_CONTAINERS = (dict, list, tuple)
_TEXT_LIKE = (bytes, bytearray, memoryview)


class _KeyCollision(ValueError):
    """Two keys of a mapping become one in JSON."""


def encode_json(body: Mapping[str, Any], default: Optional[Default] = None) -> bytes:
    """Encode the body of a request.

    Args:
        body: The body; its keys are the names of the arguments.
        default: Called with a value that the encoder does not know; it returns one that it knows,
            or raises `TypeError`.

    Raises:
        ValidationError: Something in it is not JSON; the message names the path of the value.

    Example:
        >>> encode_json({"input_data": {"day": date(2026, 11, 27), "id": UUID(int=1)}})
        b'{"input_data": {"day": "2026-11-27", "id": "00000000-0000-0000-0000-000000000001"}}'
    """
    convert = json_default if default is None else partial(_convert, default=default)
    try:
        # The C encoder decides; only what it refuses is walked to find the path.
        text = json.dumps(body, allow_nan=False, default=convert)
        _check_keys(body)
        return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as refusal:
        raise _problem(body, refusal, convert) from None


def json_default(value: Any) -> Any:
    """Return a value that `json` can encode in place of one that it cannot.

    Raises:
        TypeError: The value cannot become JSON.

    Example:
        >>> execution = client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
        >>> json.loads(json.dumps(execution, default=json_default))["status"]
        'completed'
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date, time)):
        if value != value:  # NaT, of pandas
            raise TypeError("is NaT, which JSON cannot hold")
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID) or _library_of(value) == "decimal":
        return str(value)
    if isinstance(value, os.PathLike) and isinstance(os.fspath(value), str):
        return os.fspath(value)
    fields = _fields_of(value)
    if fields is not None:
        _check_keys(fields)
        return fields
    if _library_of(value) == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, _TEXT_LIKE):
        return list(value)
    raise TypeError(f"is {kind_of(value)}, which JSON cannot hold")


def _library_of(value: Any) -> str:
    """Return the top-level package of a value's class, which need not be imported here."""
    return type(value).__module__.partition(".")[0]


def _fields_of(value: Any) -> Optional[Dict[Any, Any]]:
    """Return a value with named parts as a dict; `None` if it has none."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, type):
        return None
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if hasattr(value, "__pydantic_fields__") and hasattr(value, "model_dump"):
        dumped: Dict[Any, Any] = value.model_dump(mode="json")
        return dumped
    if hasattr(value, "__attrs_attrs__"):
        return {
            field.name: getattr(value, field.name) for field in value.__attrs_attrs__
        }
    return None


def _convert(value: Any, default: Default) -> Any:
    """Return what `json` can encode, with the caller's function for what the SDK does not know."""
    try:
        return json_default(value)
    except TypeError as refusal:
        try:
            return default(value)
        except TypeError:
            raise refusal from None


def _check_keys(value: Any) -> None:
    """Check that no two keys of a mapping in a value become one in JSON.

    Only keys of several types can: 1 and "1" are two keys in Python. So a mapping whose keys are
    all text costs one join in C.

    Raises:
        _KeyCollision: Two do.
    """
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            try:
                "".join(item)
            except TypeError:
                if _colliding_key(item) is not None:
                    raise _KeyCollision from None
            item = item.values()
        left += [part for part in item if isinstance(part, _CONTAINERS)]


def _colliding_key(mapping: Mapping[Any, Any]) -> Optional[str]:
    """Return the text that two keys of a mapping become; `None` if all stay apart."""
    seen = set()
    for key in mapping:
        text = key if isinstance(key, str) else _key_text(key)
        if text in seen:
            return text
        seen.add(text)
    return None


def _key_text(key: Any) -> str:
    try:
        return json.dumps(
            key
        )  # a number, a boolean or null, as `json` writes such a key
    except (TypeError, ValueError):
        return text_of(key)


def _problem(
    body: Mapping[str, Any], refusal: Exception, convert: Default
) -> ValidationError:
    """Return the error of a body that is not JSON: the path of the value, and what is wrong."""
    try:
        for path, complaint in _key_complaints("the body", body):
            return ValidationError(f"{path} {complaint}")
        for name, value in body.items():
            for path, complaint in _complaints(str(name), value, (), convert):
                return ValidationError(
                    one_line(f"{path} {complaint}", MAX_MESSAGE_LENGTH)
                )
    except (RecursionError, ValueError):  # a number that is too long to write
        pass
    names = one_line(", ".join(map(str, body)), MAX_MESSAGE_LENGTH)
    if isinstance(refusal, RecursionError):
        return ValidationError(f"{names}: nested too deeply for JSON")
    return ValidationError(one_line(f"{names}: not JSON: {refusal}"))


def _complaints(
    path: str, value: Any, parents: Tuple[int, ...], convert: Default
) -> Iterator[Tuple[str, str]]:
    """Yield the paths of values that JSON cannot hold, and what is wrong with them."""
    if value is None or isinstance(value, (str, bool, int)):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            yield path, f"is {value}, which JSON cannot hold"
        return
    if id(value) in parents:
        yield path, "contains itself, which JSON cannot hold"
        return
    parents = (*parents, id(value))
    if isinstance(value, dict):
        yield from _key_complaints(path, value)
    if isinstance(value, _CONTAINERS):
        for step, part in _parts_of(value):
            yield from _complaints(path + step, part, parents, convert)
        return
    try:
        converted = _fields_of(value)
        if converted is None:
            converted = convert(value)
    except TypeError as refusal:
        yield path, str(refusal)
        return
    yield from _complaints(path, converted, parents, convert)


def _key_complaints(path: str, value: Mapping[Any, Any]) -> Iterator[Tuple[str, str]]:
    for key in value:
        if key is not None and not isinstance(key, (str, int, float, bool)):
            yield path, f"has a key that is {kind_of(key)}; JSON's keys are text"
            return
    collision = _colliding_key(value)
    if collision is not None:
        yield path, f"has two keys that become {collision!r} in JSON"


def _parts_of(value: Any) -> List[Tuple[str, Any]]:
    """Return the parts of a container, each with its step in a path."""
    if isinstance(value, dict):
        return [(f".{text_of(key)}", part) for key, part in value.items()]
    return [(f"[{position}]", part) for position, part in enumerate(value)]


def text_of(value: Any) -> str:
    """Return a value as text; Python refuses to write numbers of thousands of digits."""
    try:
        return str(value)
    except ValueError:
        return "a number of too many digits"


def kind_of(value: Optional[object]) -> str:
    """Return what a value is, for a message."""
    return "None" if value is None else f"of type {type(value).__name__}"
