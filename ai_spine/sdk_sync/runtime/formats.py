"""Dates, times and UUIDs as JSON has them: as text, which is kept where it would be lost.

Text that is not what its format says stays text.
"""

import re
from datetime import date, datetime
from typing import Any, Optional, Union
from uuid import UUID

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


class _Time(datetime):
    """A time that was written in another way than ours, such as in nanoseconds."""

    _text: Optional[str] = None

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        """Return the text that was read."""
        if self._text is not None and (sep, timespec) == ("T", "auto"):
            return self._text
        return super().isoformat(sep, timespec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._text is None:
            return super().__reduce_ex__(protocol)
        return read_datetime, (self._text,)


class _UUID(UUID):
    """A UUID that was written in another way than ours, such as in capitals."""

    _text: str

    def __init__(self, text: str) -> None:
        super().__init__(text)
        object.__setattr__(self, "_text", text)

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> Any:
        return _UUID, (self._text,)


def read_datetime(text: str) -> Union[datetime, str]:
    """Return a text as a time, or as it is if it is none.

    Example:
        >>> read_datetime("2026-11-29T05:00:00Z").hour, read_datetime("tomorrow")
        (5, 'tomorrow')
    """
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        return text
    day, clock, fraction, zone = found.groups()
    micro = f".{fraction[:6]:<06}" if fraction else ""
    offset = "+00:00" if zone in ("Z", "z") else zone or ""
    if offset and ":" not in offset:
        offset = f"{offset[:3]}:{offset[3:]}"
    try:
        time = _Time.fromisoformat(f"{day}T{clock}{micro}{offset}")
    except ValueError:
        return text
    if text != datetime_text(time):
        time._text = text
        return time
    return datetime.fromisoformat(f"{day}T{clock}{micro}{offset}")


def datetime_text(time: datetime) -> str:
    """Return a time as JSON has it: as it was read, or in ISO 8601.

    Example:
        >>> from datetime import timezone
        >>> datetime_text(datetime(2026, 11, 29, tzinfo=timezone.utc))
        '2026-11-29T00:00:00Z'
    """
    text = time.isoformat()
    if text[-6:] == "+00:00" and not _is_kept(time):
        return f"{text[:-6]}Z"
    return text


def read_date(text: str) -> Union[date, str]:
    """Return a text as a date, or as it is if it is none.

    Example:
        >>> read_date("2026-11-29").day, read_date("20261129")
        (29, '20261129')
    """
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def read_uuid(text: str) -> Union[UUID, str]:
    """Return a text as a UUID, or as it is if it is none.

    Example:
        >>> read_uuid("A" * 8 + "-aaaa-aaaa-aaaa-" + "a" * 12), read_uuid("a-1")
        (_UUID('AAAAAAAA-aaaa-aaaa-aaaa-aaaaaaaaaaaa'), 'a-1')
    """
    if len(text) != 36:
        return text
    try:
        found = UUID(text)
    except ValueError:
        return text
    return found if str(found) == text else _UUID(text)


def _is_kept(time: datetime) -> bool:
    return isinstance(time, _Time) and time._text is not None
