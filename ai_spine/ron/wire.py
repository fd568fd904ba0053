"""The values of the app plane as JSON has them: integers of 64 bits, moments and bytes. Pure."""

import re
from datetime import datetime
from typing import Any, NamedTuple

from ai_spine.policy.json_encoding import kind_of
from ai_spine.ron.errors import RonValidationError
from ai_spine.utils import format_timestamp, one_line, parse_timestamp
from ai_spine.utils.base64url import from_base64url, to_base64url

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,19}")
_OFFSET = re.compile(r"T.*(Z|[+-]\d\d(:?\d\d)?)$")


class Integer(NamedTuple):
    """Whole numbers that JSON has as text, since its own numbers may be less exact.

    Example:
        >>> u64.read("18446744073709551615"), u64.write(7)
        (18446744073709551615, '7')
    """

    name: str
    least: int
    most: int

    def read(self, value: Any) -> int:
        """Return the number that a text is; a number is taken as it is.

        Raises:
            RonValidationError: It is no whole number, or out of range.
        """
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            shown = one_line(value, 40) if isinstance(value, str) else kind_of(value)
            raise RonValidationError(f"{self.name} must be a whole number, not {shown}")
        if not self.least <= value <= self.most:
            limits = f"from {self.least} to {self.most}"
            raise RonValidationError(f"{self.name} must be {limits}")
        return value

    def write(self, value: int) -> str:
        """Return a number as text, checked as `read` does."""
        return str(self.read(value))


u64 = Integer("u64", 0, 2**64 - 1)
i64 = Integer("i64", -(2**63), 2**63 - 1)


def read_time(value: Any) -> datetime:
    """Return an ISO 8601 text with an offset as an aware `datetime` in UTC.

    Raises:
        RonValidationError: It is no such text.
    """
    has_offset = isinstance(value, str) and _OFFSET.search(value)
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
        raise RonValidationError("a time must be a datetime with an offset")
    return format_timestamp(moment)


def read_bytes(text: Any) -> bytes:
    """Return the bytes of a base64url text.

    Raises:
        RonValidationError: It is no such text.
    """
    try:
        return from_base64url(text)
    except (ValueError, TypeError):
        raise RonValidationError("bytes must be base64url text") from None


write_bytes = to_base64url


def wire_default(value: Any) -> Any:
    """Return bytes as base64url text: the `json_default` of a client.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(value, (bytes, bytearray)):
        return to_base64url(bytes(value))
    raise TypeError(f"a {type(value).__name__} is no JSON")
