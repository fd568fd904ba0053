"""Small pure helpers: parsing a timestamp, quoting an id, redacting a secret."""

from __future__ import annotations

import ipaddress
import os
import re
from datetime import datetime, timezone
from typing import Any, Mapping, Optional
from urllib.parse import quote, urlsplit

# The bits of a UUID that say how it was made, by the digit that they replace.
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~-"
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+"
# These characters reverse the direction of the text after them; it is a range of a pattern.
TURNING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
FRAMING = ("connection", "content-length", "host", "transfer-encoding", "upgrade")
"""Headers that say where a request goes, or where its body ends."""
_HEADER_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Shorter digits are dates, such as 20261127.
_EPOCH = r"\d{9,13}(\.\d+)?"
_FIRST_MILLISECONDS = 1e11
_UTC, _from_iso = timezone.utc, datetime.fromisoformat


def parse_timestamp(value: Any) -> Any:
    """Parse a timestamp in any form that servers send.

    Args:
        value: ISO 8601 text (without an offset it is UTC), or seconds or milliseconds since the
            epoch, as a number or as text. Numbers from 1e11 on are milliseconds: as seconds they
            would lie beyond the year 5000.

    Returns:
        An aware UTC `datetime`; `value` itself where it is not a timestamp.

    Example:
        >>> parse_timestamp("2026-11-20T11:50:42+01:00").isoformat()
        '2026-11-20T10:50:42+00:00'
        >>> parse_timestamp(1795171842000) == parse_timestamp("1795171842")
        True
    """
    try:
        moment = _from_iso(value)  # the forms that C can read, and all since 3.11
    except (TypeError, ValueError, IndexError):  # the last one only on PyPy
        return _parse_rare(value)
    # Digits alone may be seconds, and PyPy reads digits of other scripts.
    if "-" in value and value.isascii():
        if moment.tzinfo is _UTC:
            return moment
        if moment.tzinfo is None:
            return moment.replace(tzinfo=_UTC)
    return _parse_rare(value)


def _parse_rare(value: Any) -> Any:
    try:
        if isinstance(value, str) and value.isascii():
            if "-" not in value and re.fullmatch(_EPOCH, value):
                return _from_epoch(float(value))
            moment = _parse_iso(value)
            if moment.tzinfo is None:
                return moment.replace(tzinfo=_UTC)
            return moment.astimezone(_UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _from_epoch(value)
    except (ValueError, OverflowError, OSError):
        pass
    return value


def _from_epoch(number: float) -> datetime:
    seconds = number / 1000 if abs(number) >= _FIRST_MILLISECONDS else number
    return datetime.fromtimestamp(seconds, _UTC)


def _parse_iso(text: str) -> datetime:
    try:
        return _from_iso(text)
    except (ValueError, IndexError):
        from dateutil import parser  # it takes time to import, and few servers need it

        return parser.isoparse(text)


def format_timestamp(moment: datetime) -> str:
    """Return a moment as ISO 8601 text in UTC, which `parse_timestamp` reads back."""
    return moment.astimezone(_UTC).isoformat().replace("+00:00", "Z")


def random_id() -> str:
    """Return a random UUID as text, in a third of the time that `uuid` takes.

    Example:
        >>> import uuid
        >>> uuid.UUID(random_id()).version
        4
    """
    digits = os.urandom(16).hex()
    variant = _VARIANTS[digits[16]]
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}"
        f"-{variant}{digits[17:20]}-{digits[20:]}"
    )


class QuotedSegment(str):
    """A part of a path that is quoted already, such as `;ids=1,2`."""

    __slots__ = ()


def quote_segment(value: str) -> str:
    """Quote an id for a path; a `QuotedSegment` stays as it is.

    Example:
        >>> quote_segment("a/b c"), quote_segment(QuotedSegment(";ids=1,2"))
        ('a%2Fb%20c', ';ids=1,2')
    """
    # Nothing is left of what has no other characters.
    if not value.strip(_UNRESERVED) or isinstance(value, QuotedSegment):
        return value
    return quote(value, safe="")


def fill_in(template: str, ids: Mapping[str, str]) -> str:
    """Return a path with ids in the place of their names in braces.

    Example:
        >>> fill_in("/flows/{flow_id}", {"flow_id": "a b"})
        '/flows/a%20b'
    """
    for name, value in ids.items():
        # The last one, since the server's own path may hold anything.
        head, found, tail = template.rpartition("{%s}" % name)
        if found:
            template = head + quote_segment(value) + tail
    return template


def has_control_characters(text: str) -> bool:
    """Return whether a text has characters that no id or header can have."""
    return not text.isprintable() and re.search(_CONTROL, text) is not None


def one_line(text: str, limit: Optional[int] = None) -> str:
    """Fold white space and control characters, so that foreign text fits in one sentence.

    Halves of surrogate pairs, which no file and no terminal accepts, become question marks.
    """
    if limit is not None:
        text = text[: 20 * limit]  # folding more would only take time
    text = text.encode("utf-8", "replace").decode("utf-8")
    folded = " ".join(re.sub(_CONTROL, " ", text).split())
    if limit is not None and len(folded) > limit:
        return folded[: limit - 1] + "…"
    return folded


def origin(url: str) -> str:
    """Return scheme, host and port of a URL; the port is never left out.

    Example:
        >>> origin("https://API.example.com/flows")
        'https://api.example.com:443'
    """
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, without looking it up.

    Example:
        >>> is_loopback("127.0.0.2"), is_loopback("LOCALHOST"), is_loopback("10.0.0.1")
        (True, True, False)
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_unicode(text: str) -> bool:
    """Return whether a text can be encoded: half of a surrogate pair fits in no URL and no file."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_header_name(text: str) -> bool:
    """Return whether a text can be the name of a header."""
    return re.fullmatch(_HEADER_NAME, text) is not None


def is_header_value(text: str) -> bool:
    """Return whether a header can hold a text as it is."""
    return bool(text) and text == text.strip() and text.isprintable() and text.isascii()


class Secret:
    """A text that is only shown by an explicit call.

    Example:
        >>> Secret("sk-123")
        Secret('***')
        >>> Secret("sk-123").reveal()
        'sk-123'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret('***')"
