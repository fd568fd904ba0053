"""The formats of texts in JSON Schemas that are checked, each with its words. Pure."""

import ipaddress
import re
import uuid
from datetime import date, time
from typing import Any, Callable, Mapping, NamedTuple
from urllib.parse import urlsplit

from dateutil import parser


class Format(NamedTuple):
    """A format of texts."""

    words: str
    """What a text of this format is."""
    read: Callable[[str], Any]
    """Returns something, unless the text is not of this format: `None`, or a `ValueError`."""


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]{1,64}@([^@\s]+)")
_URI_CHARACTERS = re.compile(r"(?:[^\x00-\x20\x7f<>\"{}|\\^`%]|%[0-9A-Fa-f]{2})*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DAYS = r"(?:\d+Y)?(?:\d+M)?(?:\d+D)?"
_HOURS = r"(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
_DURATION = re.compile(rf"P(?=[\dT])(?:\d+W|{_DAYS}{_HOURS})", re.ASCII)
_JSON_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


def _read_email(text: str) -> Any:
    found = _EMAIL.fullmatch(text)
    return found and _HOSTNAME.fullmatch(found[1].encode("idna").decode("ascii"))


def _read_reference(text: str) -> Any:
    urlsplit(text).port  # both refuse what is no host and no port
    return _URI_CHARACTERS.fullmatch(text)


def _read_uri(text: str) -> Any:
    return _SCHEME.match(text) and _read_reference(text)


def _read_ipv6(text: str) -> Any:
    return None if "%" in text else ipaddress.IPv6Address(text)


def _read_regex(text: str) -> Any:
    try:
        return re.compile(text)
    except re.error:
        return None


FORMATS: Mapping[str, Format] = {
    "date": Format("a date", date.fromisoformat),
    "date-time": Format("a date-time", parser.isoparse),
    "time": Format("a time", time.fromisoformat),
    "duration": Format("a duration such as P1DT2H", _DURATION.fullmatch),
    "uuid": Format("a uuid", uuid.UUID),
    "email": Format("an email address", _read_email),
    "hostname": Format("a hostname", _HOSTNAME.fullmatch),
    "ipv4": Format("an IPv4 address", ipaddress.IPv4Address),
    "ipv6": Format("an IPv6 address", _read_ipv6),
    "uri": Format("a URI", _read_uri),
    "uri-reference": Format("a URI or a part of one", _read_reference),
    "regex": Format("a regular expression", _read_regex),
    "json-pointer": Format("a JSON Pointer", _JSON_POINTER.fullmatch),
}
"""The formats by their names; other formats are not checked."""


def fits(name: str, value: Any) -> bool:
    """Return whether a value is of a format; one that is no text always is.

    Example:
        >>> fits("email", "ada@example.com"), fits("email", "ada"), fits("email", 5)
        (True, False, True)
    """
    if not isinstance(value, str):
        return True
    try:
        return FORMATS[name].read(value) is not None
    except (ValueError, OverflowError):
        return False
