"""Arguments are checked here, before anything is sent; each check says what was wrong and where."""

import json
import math
from typing import Any, Callable, Iterator, Mapping, Optional, Tuple, Type, Union

from ai_spine.constants import MAX_MESSAGE_LENGTH, MAX_SECONDS
from ai_spine.exceptions import AISpineError, ConfigurationError, ValidationError
from ai_spine.utils import has_control_characters, is_unicode, one_line

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Problem = Union[Type[ConfigurationError], Type[ValidationError]]


def check_id(name: str, value: Any) -> str:
    """Gives the id back if it can stand as one segment of a path.

    Raises:
        ValidationError: It is no text, or empty, or `.` or `..`, or holds control characters.
    """
    if not isinstance(value, str):
        raise ValidationError(f"{name} must be text, not {_kind(value)}")
    if not value.strip():
        raise ValidationError(f"{name} must not be empty")
    if value in (".", ".."):
        raise ValidationError(
            f"{name} must not be {value!r}: it would name another path"
        )
    if has_control_characters(value) or not is_unicode(value):
        raise ValidationError(f"{name} holds characters that no id can have: {value!r}")
    return value


def check_mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Gives the value back if it is a mapping.

    Raises:
        ValidationError: It is none.
    """
    if not isinstance(value, Mapping):
        raise ValidationError(
            f"{name} must be a mapping of names to values, not {_kind(value)}"
        )
    return value


def check_seconds(name: str, value: Any, error: Problem = ValidationError) -> float:
    """Gives a number of seconds above zero as a float.

    Raises:
        ValidationError: It is no number, NaN, zero, negative or beyond 1e9 (or `error`, if given).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise error(f"{name} must be a number of seconds, not {_kind(value)}")
    if not 0 < value <= MAX_SECONDS:  # which NaN is not, either
        raise error(f"{name} must be a number of seconds above zero, up to 1e9")
    return float(value)


def check_flag(name: str, value: Any, error: Problem = ValidationError) -> bool:
    """Gives a value's truth.

    Raises:
        ValidationError: It is neither true nor false, as arrays are (or `error`, if given).
    """
    try:
        return bool(value)
    except Exception:
        raise error(f"{name} must be True or False") from None


def check_callable(
    name: str, value: Any, error: Problem = ValidationError
) -> Optional[Callable[..., Any]]:
    """Gives the value back if it is `None` or can be called.

    Raises:
        ValidationError: It is neither (or `error`, if given).
    """
    if value is not None and not callable(value):
        raise error(f"{name} must be a callable")
    return value  # type: ignore[no-any-return]


def check_amount(
    name: str, value: Any, unit: str, error: Problem = ValidationError
) -> float:
    """Gives a number from zero up back.

    Raises:
        ValidationError: It is none (or `error`, if given).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise error(f"{name} must be a number of {unit} from 0 up")
    return value


def check_count(
    name: str,
    value: Any,
    *,
    least: int = 0,
    most: Optional[int] = None,
    error: Problem = ValidationError,
) -> int:
    """Gives a whole number from `least` to `most` back.

    Raises:
        ValidationError: It is no whole number, too small or too large (or `error`, if given).
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise error(f"{name} must be a whole number, not {_kind(value)}")
    if value < least:
        raise error(f"{name} must be at least {least}, not {_told(value)}")
    if most is not None and value > most:
        raise error(f"{name} must be at most {most}, not {_told(value)}")
    return int(value)


def check_header_value(name: str, value: Any, error: Problem = ValidationError) -> str:
    """Gives the text back if it can travel in a header.

    Raises:
        ValidationError: It is no text, empty, or holds what headers cannot (or `error`, if given).
            The message does not repeat the value, which may be a secret.
    """
    if not isinstance(value, str):
        raise error(f"{name} must be text, not {_kind(value)}")
    if not fits_header(value):
        raise error(
            f"{name} must be printable ASCII text without spaces around it, and not be empty"
        )
    return value


def check_method(value: Any) -> str:
    """Gives an HTTP method in capitals.

    Raises:
        ValidationError: It is none that the API uses.
    """
    method = value.upper() if isinstance(value, str) else None
    if method not in METHODS:
        raise ValidationError(f"method must be one of {', '.join(METHODS)}")
    return method


def check_path(name: str, value: Any) -> str:
    """Gives the path back if it is one from the root.

    Raises:
        ValidationError: It is none, or leads elsewhere, or holds a query.
    """
    if (
        not isinstance(value, str)
        or not value.startswith("/")
        or value.startswith("//")
    ):
        raise ValidationError(f"{name} must be a path that starts with one slash")
    if (
        has_control_characters(value)
        or set(value) & set(" ?#\\")
        or not is_unicode(value)
    ):
        raise ValidationError(
            f"{name} must hold neither spaces nor a query: {one_line(value)!r}"
        )
    if {".", ".."} & set(value.replace("%2e", ".").replace("%2E", ".").split("/")):
        raise ValidationError(f"{name} must not hold . or .. as a part")
    return value


def fits_header(text: str) -> bool:
    """Tells whether a text can travel in a header as it is."""
    return bool(text) and text == text.strip() and text.isprintable() and text.isascii()


def encode_json(body: Mapping[str, Any]) -> bytes:
    """Writes a request's body.

    Args:
        body: The body; its keys are the arguments' names.

    Raises:
        ValidationError: Something in it is not JSON; the message names the path of the value.
    """
    try:
        # The C encoder decides; only what it refuses is walked to find the culprit.
        return json.dumps(body, allow_nan=False, default=_plain).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as refusal:
        raise _json_problem(body, refusal) from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{_kind(value)} is not JSON")


def _json_problem(body: Mapping[str, Any], refusal: Exception) -> AISpineError:
    try:
        for name, value in body.items():
            for path, complaint in _walk(str(name), value, ()):
                return ValidationError(
                    one_line(f"{path} {complaint}", MAX_MESSAGE_LENGTH)
                )
    except (RecursionError, ValueError):  # a number that is too long to be told
        pass
    names = one_line(", ".join(map(str, body)), MAX_MESSAGE_LENGTH)
    if isinstance(refusal, RecursionError):
        return ValidationError(f"{names}: nested too deeply for JSON")
    return ValidationError(one_line(f"{names}: not JSON: {refusal}"))


def _walk(path: str, value: Any, above: Tuple[int, ...]) -> Iterator[Tuple[str, str]]:
    """Finds the values that JSON cannot hold, with their paths."""
    if isinstance(value, (Mapping, list, tuple)):
        if id(value) in above:
            yield path, "contains itself, which JSON cannot hold"
            return
        for step, child in _children(value):
            yield from _walk(path + step, child, above + (id(value),))
        if isinstance(value, Mapping):
            for key in value:
                if key is not None and not isinstance(key, (str, int, float, bool)):
                    yield path, f"has a key that is {_kind(key)}; JSON's keys are text"
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield path, f"is {value}, which JSON cannot hold"
    elif value is not None and not isinstance(value, (str, int, bool)):
        yield path, f"is {_kind(value)}, which JSON cannot hold"


def _children(value: Any) -> Iterator[Tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield f".{_told(key)}", child
    else:
        for position, child in enumerate(value):
            yield f"[{position}]", child


def _told(value: Any) -> str:
    """Gives a value as text; Python refuses to write whole numbers of thousands of digits."""
    try:
        return str(value)
    except ValueError:
        return "a number of too many digits"


def _kind(value: Optional[object]) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"
