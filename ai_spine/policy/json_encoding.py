"""Encoding as JSON: one encoder for everything that the SDK writes. Pure.

Types of other libraries are recognised by name, so that no library is imported for them.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.exceptions import ValidationError
from ai_spine.utils import one_line

JsonDefault = Callable[[Any], Any]

_CONTAINERS = (dict, list, tuple)
# Matches the end of a key that may have been a number, a boolean or `None`. Keys are compared only
# if the encoded text has such a key, which costs far less than visiting every dict.
_MAYBE_NOT_TEXT = '": (?:(?<=[0-9]": )|(?<=true": )|(?<=false": )|(?<=null": ))'
_SCALARS = frozenset({str, int, float, bool, type(None)})
# They are sequences of numbers, but their users mean text or files.
_BINARY = (bytes, bytearray, memoryview)


def json_default(value: Any) -> Any:
    """Convert a value that `json` cannot encode, for `json.dumps(…, default=json_default)`.

    The client encodes what it sends in the same way.

    Args:
        value: One of the following.

            - A `datetime`, `date` or `time` becomes ISO 8601 text, without an offset if it has
              none; a `timedelta` becomes a number of seconds.
            - A `UUID`, `Decimal` or path becomes text, and an `Enum` its value.
            - A dataclass, an attrs class or a pydantic model becomes an object of its fields.
            - A model of this SDK becomes the JSON that the server sent. Any other `Mapping`
              becomes an object, and any other `Sequence` a list.
            - A NumPy scalar or array becomes a number or a list, and a pandas `Timestamp` text.

            `json` itself turns a named tuple into a list, like any other tuple.

    Returns:
        A value that `json` can encode, or that it passes to this function again.

    Raises:
        TypeError: The type is not one of these; sets, bytes and generators are not.
        ValueError: The value is `NaT`, or a `Decimal` that is not finite.

    Example:
        >>> import json, uuid
        >>> json.dumps({"id": uuid.UUID(int=7)}, default=json_default)
        '{"id": "00000000-0000-0000-0000-000000000007"}'
    """
    convert = _converter_of(value)
    if convert is None:
        raise TypeError(
            f"Object of type {type(value).__name__} is not JSON serializable"
        )
    return convert(value)


def encode_json(body: Any, default: Optional[JsonDefault] = None) -> bytes:
    """Encode a request's body, or an agent's output.

    Args:
        body: The body, usually a mapping whose keys are the arguments' names.
        default: Converts values of types that `json_default` does not know.

    Raises:
        ValidationError: A value cannot be encoded. The message names its path.
    """
    converted = [body]

    def convert(value: Any) -> Any:
        plain = _convert(value, default)
        converted.append(plain)
        return plain

    try:
        # The C encoder decides. Python code only checks the keys, and explains a refusal.
        text = json.JSONEncoder(allow_nan=False, default=convert).encode(body)
        if not (re.search(_MAYBE_NOT_TEXT, text) and _has_merging_keys(converted)):
            return text.encode("ascii")
        refusal: Exception = ValueError("two keys become one")
    except (TypeError, ValueError, RecursionError) as error:
        refusal = error
    raise _describe_problem(body, default, refusal) from None


def _convert(value: Any, default: Optional[JsonDefault]) -> Any:
    if default is None or _converter_of(value) is not None:
        return json_default(value)
    return default(value)


def _converter_of(value: Any) -> Optional[Callable[[Any], Any]]:
    """Return the function that converts a value; `None` if there is none."""
    kind: Any = type(value)
    return _find_converter(kind)


@functools.lru_cache(maxsize=256)
def _find_converter(kind: type) -> Optional[Callable[[Any], Any]]:
    if issubclass(kind, Enum):
        return _enum_value
    names = (f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__)
    named = next((_BY_NAME[name] for name in names if name in _BY_NAME), None)
    if named is not None:
        return named
    if issubclass(kind, Mapping):
        return dict
    if hasattr(kind, "__dataclass_fields__"):
        return _dataclass_fields
    if hasattr(kind, "__attrs_attrs__"):
        return _attrs_fields
    if hasattr(kind, "__fspath__"):
        return os.fspath
    if issubclass(kind, Sequence) and not issubclass(kind, _BINARY):
        return list
    return None


def _enum_value(value: Enum) -> Any:
    return value.value


def _dataclass_fields(value: Any) -> Dict[str, Any]:
    from dataclasses import fields  # whoever has a dataclass has imported it

    return {field.name: getattr(value, field.name) for field in fields(value)}


def _attrs_fields(value: Any) -> Dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in value.__attrs_attrs__}


def _pydantic_fields(value: Any) -> Any:
    if hasattr(type(value), "model_dump"):
        return value.model_dump(mode="json")
    return value.dict()  # pydantic 1


def _time_text(value: Any) -> str:
    return str(_require_time(value).isoformat())


def _duration_seconds(value: Any) -> float:
    return float(_require_time(value).total_seconds())


def _decimal_text(value: Any) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} has no JSON form")
    return str(value)


def _numpy_datetime_text(value: Any) -> str:
    return str(_require_time(value))


def _numpy_duration_seconds(value: Any) -> float:
    one_second = type(value)(1, "s")
    return float(_require_time(value) / one_second)


def _numpy_list(value: Any) -> Any:
    if value.dtype.kind in "mM":  # `tolist` may convert times to whole numbers
        return list(value) if value.ndim else value[()]
    return value.tolist()


def _require_time(value: Any) -> Any:
    if value != value:  # only `NaT` is not equal to itself
        raise ValueError("NaT has no JSON form")
    return value


_BY_NAME: Dict[str, Callable[[Any], Any]] = {
    "collections.UserString": str,
    "datetime.date": _time_text,
    "datetime.time": _time_text,
    "datetime.timedelta": _duration_seconds,
    "decimal.Decimal": _decimal_text,
    "numpy.bool": bool,
    "numpy.bool_": bool,
    "numpy.datetime64": _numpy_datetime_text,
    "numpy.floating": float,
    "numpy.integer": int,
    "numpy.ndarray": _numpy_list,
    "numpy.timedelta64": _numpy_duration_seconds,
    "pydantic.main.BaseModel": _pydantic_fields,
    "pydantic.v1.main.BaseModel": _pydantic_fields,
    "uuid.UUID": str,
}


def _has_merging_keys(value: Any) -> bool:
    """Return whether any dict inside has keys that are the same key in JSON.

    The value has been encoded before, so it contains no cycle.
    """
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str:
                if _merging_key(value) is not None:
                    return True
                break
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return False
    for part in value:
        if type(part) not in _SCALARS and _has_merging_keys(part):
            return True
    return False


def _merging_key(mapping: Dict[Any, Any]) -> Optional[str]:
    """Return the first key that would occur twice in JSON, quoted; `None` if there is none."""
    seen = set()
    for key in mapping:
        text = json.dumps({key: 0})[1:-4]
        if text in seen:
            return text
        seen.add(text)
    return None


def _describe_problem(
    body: Any, default: Optional[JsonDefault], refusal: Exception
) -> ValidationError:
    try:
        for path, complaint in _find_problems("", body, (), default):
            place = path[1:] if path.startswith(".") else path
            text = f"{place or 'the body'} {complaint}"
            return ValidationError(one_line(text, MAX_MESSAGE_LENGTH))
    except (RecursionError, ValueError):  # a number that is too long to be written
        pass
    names = ", ".join(map(str, body)) if isinstance(body, Mapping) else "the body"
    names = one_line(names, MAX_MESSAGE_LENGTH)
    if isinstance(refusal, RecursionError):
        return ValidationError(f"{names}: nested too deeply for JSON")
    return ValidationError(one_line(f"{names}: not JSON: {refusal}"))


def _find_problems(
    path: str, value: Any, above: Tuple[int, ...], default: Optional[JsonDefault]
) -> Iterator[Tuple[str, str]]:
    """Yield the path of each value that JSON cannot hold, and why it cannot."""
    if isinstance(value, float):
        if not math.isfinite(value):
            yield path, f"is {value}, which JSON cannot hold"
    elif value is None or isinstance(value, (str, int)):
        return
    elif id(value) in above:
        yield path, "contains itself, which JSON cannot hold"
    elif isinstance(value, _CONTAINERS):
        for step, child in _children(value):
            yield from _find_problems(path + step, child, (*above, id(value)), default)
        if isinstance(value, dict):
            yield from ((path, complaint) for complaint in _find_bad_keys(value))
    elif default is None and _converter_of(value) is None:
        yield path, f"is {kind_of(value)}, which JSON cannot hold"
    else:
        try:
            plain = _convert(value, default)
        except (TypeError, ValueError) as error:
            yield path, f"cannot be encoded as JSON: {error}"
        else:
            yield from _find_problems(path, plain, (*above, id(value)), default)


def _children(value: Any) -> Iterator[Tuple[str, Any]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield f".{text_of(key)}", child
    else:
        for position, child in enumerate(value):
            yield f"[{position}]", child


def _find_bad_keys(mapping: Dict[Any, Any]) -> Iterator[str]:
    for key in mapping:
        if key is not None and not isinstance(key, (str, int, float)):
            yield f"has a key that is {kind_of(key)}; JSON's keys are text"
            return
        if isinstance(key, float) and not math.isfinite(key):
            yield f"has the key {key}, which JSON cannot hold"
            return
    merging = _merging_key(mapping)
    if merging is not None:
        yield f"has two keys that both become {merging} in JSON"


def text_of(value: Any) -> str:
    """Return a value as text; Python refuses to write numbers of thousands of digits."""
    try:
        return str(value)
    except ValueError:
        return "a number of too many digits"


def kind_of(value: Optional[object]) -> str:
    """Return what a value is, for a message."""
    if value is None:
        return "None"
    later = ", which must be awaited first" if hasattr(value, "__await__") else ""
    return f"of type {type(value).__name__}{later}"
