"""Checks arguments before anything is sent; each error says what was wrong, and where. Pure."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, Callable, Mapping, Optional, Type, Union
from uuid import UUID

from ai_spine.constants import MAX_SECONDS
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models import Agent, Execution, Flow, Tool, ToolExecution, ToolResult
from ai_spine.models.base import Model
from ai_spine.policy.json_encoding import kind_of, text_of
from ai_spine.utils import (
    has_control_characters,
    is_header_value,
    is_unicode,
    one_line,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ErrorClass = Union[Type[ConfigurationError], Type[ValidationError]]
Duration = Union[float, timedelta]
"""Seconds, or a `timedelta`."""
AgentId = Union[str, UUID, Agent]
ExecutionId = Union[str, UUID, Execution]
FlowId = Union[str, UUID, Flow]
ToolId = Union[str, UUID, Tool]
ToolExecutionId = Union[str, UUID, ToolResult, ToolExecution]
# The models that have an id of their own, by the name of the argument that takes it.
_MODELS = {
    "agent_id": Agent,
    "execution_id": Execution,
    "flow_id": Flow,
    "tool_id": Tool,
}


def check_id(name: str, value: Any) -> str:
    """Return an id as text that can be one segment of a path.

    Args:
        name: The name of the argument, such as `execution_id`.
        value: The id: text, a `UUID`, or the model that has such an id.

    Raises:
        ValidationError: It is something else, empty, `.` or `..`, or has control characters. An
            `Execution` is no `flow_id`, although it has one.

    Example:
        >>> check_id("flow_id", Flow("credit")), check_id("flow_id", UUID(int=1))
        ('credit', '00000000-0000-0000-0000-000000000001')
    """
    if isinstance(value, UUID):
        return str(value)
    if not isinstance(value, str) and isinstance(value, Model):
        value = _id_of(name, value)
    text = check_text(name, value)
    if not text.strip():
        raise ValidationError(f"{name} must not be empty")
    if text in (".", ".."):
        raise ValidationError(
            f"{name} must not be {text!r}: it would name another path"
        )
    if text.isascii() and text.isprintable():  # as nearly all are
        return text
    if has_control_characters(text) or not is_unicode(text):
        raise ValidationError(f"{name} has characters that no id can have: {text!r}")
    return text


def _id_of(name: str, model: Model) -> str:
    """Return the id of a model, which must be of the class that the argument takes."""
    wanted = _MODELS.get(name)
    if wanted is None or not isinstance(model, wanted):
        allowed = "text" if wanted is None else f"text or of type {wanted.__name__}"
        raise ValidationError(f"{name} must be {allowed}, not {kind_of(model)}")
    found: Optional[str] = getattr(model, name)
    if found is None:
        raise ValidationError(f"{name} is missing: the {wanted.__name__} has none")
    return found


def check_text(name: str, value: Any) -> str:
    """Return a value if it is text.

    Raises:
        ValidationError: It is not.
    """
    if not isinstance(value, str):
        raise ValidationError(f"{name} must be text, not {kind_of(value)}")
    return value


def check_mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return a value if it is a mapping.

    Raises:
        ValidationError: It is not.
    """
    if not isinstance(value, Mapping):
        raise ValidationError(
            f"{name} must be a mapping of names to values, not {kind_of(value)}"
        )
    return value


def check_seconds(name: str, value: Any, error: ErrorClass = ValidationError) -> float:
    """Return a duration above zero in seconds.

    Args:
        name: The name of the argument.
        value: Seconds, or a `timedelta`.
        error: The class of the error to raise.

    Raises:
        ValidationError: It is not a number, NaN, zero, negative or beyond 1e9 (or `error`, if
            given).

    Example:
        >>> check_seconds("timeout", timedelta(minutes=2))
        120.0
    """
    seconds = _seconds(name, value, error)
    if not 0 < seconds <= MAX_SECONDS:  # NaN is neither
        raise error(f"{name} must be a number of seconds above zero, up to 1e9")
    return seconds


def check_wait_timeout(value: Any) -> Optional[float]:
    """Return the timeout of a wait in seconds; `None` waits without a limit.

    Raises:
        ValidationError: It is neither `None`, nor a number of seconds above zero, nor a
            `timedelta`.
    """
    return None if value is None else check_seconds("timeout", value)


def _seconds(name: str, value: Any, error: ErrorClass) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise error(
            f"{name} must be a number of seconds or a timedelta, not {kind_of(value)}"
        )
    return float(value) if abs(value) <= MAX_SECONDS else math.inf


def check_flag(name: str, value: Any, error: ErrorClass = ValidationError) -> bool:
    """Return whether a value is true.

    Raises:
        ValidationError: It has no truth value, as arrays have none (or `error`, if given).
    """
    try:
        return bool(value)
    except Exception:
        raise error(f"{name} must be True or False") from None


def check_bool(name: str, value: Any, error: ErrorClass = ValidationError) -> bool:
    """Return a value that is `True` or `False`, and nothing else.

    Raises:
        ValidationError: It is something else (or `error`, if given).
    """
    if not isinstance(value, bool):
        raise error(f"{name} must be True or False, not {kind_of(value)}")
    return value


def check_callable(
    name: str, value: Any, error: ErrorClass = ValidationError
) -> Optional[Callable[..., Any]]:
    """Return a value if it is `None` or can be called.

    Raises:
        ValidationError: It is neither (or `error`, if given).
    """
    if value is not None and not callable(value):
        raise error(f"{name} must be a callable, not {kind_of(value)}")
    return value  # type: ignore[no-any-return]


def is_async(function: Any) -> bool:
    """Return whether a function, or an object that can be called, must be awaited."""
    if not callable(function):
        return False
    # It takes as long to import as all policies, and most clients are given no function.
    from inspect import iscoroutinefunction

    return iscoroutinefunction(function) or iscoroutinefunction(function.__call__)


def check_amount(
    name: str, value: Any, unit: str = "", error: ErrorClass = ValidationError
) -> float:
    """Return an amount from 0 up, perhaps of a unit.

    Raises:
        ValidationError: It is not such a number (or `error`, if given).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        of_unit = f" of {unit}" if unit else ""
        raise error(f"{name} must be a number{of_unit} from 0 up")
    return value


def check_count(
    name: str,
    value: Any,
    *,
    least: int = 0,
    most: Optional[int] = None,
    error: ErrorClass = ValidationError,
) -> int:
    """Return a whole number from `least` to `most`.

    Raises:
        ValidationError: It is not a whole number, too small or too large (or `error`, if given).
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise error(f"{name} must be a whole number, not {kind_of(value)}")
    if value < least:
        raise error(f"{name} must be at least {least}, not {text_of(value)}")
    if most is not None and value > most:
        raise error(f"{name} must be at most {most}, not {text_of(value)}")
    return int(value)


def check_header_value(
    name: str, value: Any, error: ErrorClass = ValidationError
) -> str:
    """Return a text that a header can hold.

    Raises:
        ValidationError: It is not text, is empty, or has characters that no header can have (or
            `error`, if given). The message does not repeat the value, which may be a secret.
    """
    if not isinstance(value, str):
        raise error(f"{name} must be text, not {kind_of(value)}")
    if not is_header_value(value):
        raise error(
            f"{name} must be printable ASCII text without spaces around it, and not be empty"
        )
    return value


def check_method(value: Any) -> str:
    """Return an HTTP method in capitals.

    Raises:
        ValidationError: It is not one that the API uses.
    """
    method = value.upper() if isinstance(value, str) else None
    if method not in METHODS:
        raise ValidationError(f"method must be one of {', '.join(METHODS)}")
    return method


def check_path(name: str, value: Any) -> str:
    """Return a path that starts at the server's root.

    Raises:
        ValidationError: It is not, or has `.` or `..` as a part, or a query.
    """
    text = check_text(name, value)
    if not text.startswith("/") or text.startswith("//"):
        raise ValidationError(f"{name} must be a path that starts with one slash")
    if has_control_characters(text) or set(text) & set(" ?#\\") or not is_unicode(text):
        raise ValidationError(
            f"{name} must have neither spaces nor a query: {one_line(text)!r}"
        )
    if {".", ".."} & set(text.replace("%2e", ".").replace("%2E", ".").split("/")):
        raise ValidationError(f"{name} must not have . or .. as a part")
    return text
