"""The values of the app plane as JSON has them: integers of 64 bits, moments and bytes. Pure."""

import base64
import binascii
import re
from datetime import datetime, timezone
from typing import Any, Tuple

from ai_spine.policy.json_encoding import kind_of
from ai_spine.ron.errors import RonValidationError
from ai_spine.utils import format_timestamp, one_line, parse_timestamp

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,19}")
_U64 = ("u64", 0, 2**64 - 1)
_I64 = ("i64", -(2**63), 2**63 - 1)


def read_u64(value: Any) -> int:
    """Return a number from 0 to 2**64-1, which JSON has as text, since floats are less exact.

    Raises:
        RonValidationError: It is no such number.

    Example:
        >>> read_u64("18446744073709551615")
        18446744073709551615
    """
    return _read(value, _U64)


def write_u64(value: int) -> str:
    """Return a number from 0 to 2**64-1 as text.

    Raises:
        RonValidationError: It is no such number.
    """
    return str(_checked(value, _U64))


def read_i64(value: Any) -> int:
    """Return a number from -2**63 to 2**63-1, which JSON has as text.

    Raises:
        RonValidationError: It is no such number.
    """
    return _read(value, _I64)


def write_i64(value: int) -> str:
    """Return a number from -2**63 to 2**63-1 as text.

    Raises:
        RonValidationError: It is no such number.
    """
    return str(_checked(value, _I64))


def read_time(value: Any) -> datetime:
    """Return an ISO 8601 text with an offset as an aware `datetime` in UTC.

    Raises:
        RonValidationError: It is no such text.

    Example:
        >>> read_time("2026-11-20T11:50:42+01:00").isoformat()
        '2026-11-20T10:50:42+00:00'
    """
    has_offset = isinstance(value, str) and re.search(
        r"T.*(Z|[+-]\d\d(:?\d\d)?)$", value
    )
    moment = parse_timestamp(value) if has_offset else None
    if not isinstance(moment, datetime):
        shown = one_line(repr(value), 60)
        raise RonValidationError(f"a time must be ISO 8601 with an offset, not {shown}")
    return moment


def write_time(moment: datetime) -> str:
    """Return an aware `datetime` as ISO 8601 text in UTC.

    Raises:
        RonValidationError: It has no offset.
    """
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise RonValidationError(
            "a time must be an aware datetime, such as datetime.now(timezone.utc)"
        )
    return format_timestamp(moment.astimezone(timezone.utc))


def read_bytes(text: Any) -> bytes:
    """Return the bytes of a base64url text, with padding or without.

    Raises:
        RonValidationError: It is no such text.

    Example:
        >>> read_bytes("-_8")
        b'\\xfb\\xff'
    """
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*={0,2}", text):
        raise RonValidationError("bytes must be base64url text")
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        raise RonValidationError("bytes must be base64url text") from None


def write_bytes(data: bytes) -> str:
    """Return bytes as base64url text without padding."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def wire_default(value: Any) -> Any:
    """Return bytes as base64url text: the `json_default` of a client.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(value, (bytes, bytearray)):
        return write_bytes(bytes(value))
    raise TypeError(f"a {type(value).__name__} is no JSON")


def _read(value: Any, limits: Tuple[str, int, int]) -> int:
    is_text = isinstance(value, str) and _INTEGER.fullmatch(value)
    return _checked(int(value) if is_text else value, limits)


def _checked(value: Any, limits: Tuple[str, int, int]) -> int:
    name, least, most = limits
    if isinstance(value, bool) or not isinstance(value, int):
        shown = one_line(value, 40) if isinstance(value, str) else kind_of(value)
        raise RonValidationError(f"{name} must be a whole number, not {shown!r}")
    if not least <= value <= most:
        raise RonValidationError(f"{name} must be from {least} to {most}")
    return value
