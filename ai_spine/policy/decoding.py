"""Reads the text of a response, in whatever encoding the server chose."""

from __future__ import annotations

import codecs
import json
import re
from functools import lru_cache
from typing import Any, Optional

_MARKS = (
    codecs.BOM_UTF8,
    codecs.BOM_UTF16_LE,  # UTF-32 begins with it as well
    codecs.BOM_UTF16_BE,
    codecs.BOM_UTF32_BE,
)
_decode = json.JSONDecoder().decode  # `json.loads` without its many options
_CHARSET = r"""(?i)charset\s*=\s*["']?([\w.:-]+)"""
# Other charsets take time that grows faster than the text, or do not encode text.
_KNOWN_CHARSETS = r"ascii|utf-8(-sig)?|(utf-(16|32)|iso8859|cp)(-?\w+)?"


def parse_json(body: bytes, content_type: str = "") -> Any:
    """Parse a JSON body.

    Args:
        body: The body; an empty one is `None`.
        content_type: The value of `Content-Type`, whose charset is used where it is known.

    Raises:
        ValueError: The body is not JSON.

    Example:
        >>> parse_json('{"a": 1}'.encode("utf-16"))
        {'a': 1}
    """
    if not body.strip():
        return None
    return _decode(body.decode(_encoding(body, content_type)))


def decode_text(body: bytes, content_type: str = "") -> str:
    """Decode a body as far as it can be read; what cannot becomes U+FFFD.

    Example:
        >>> decode_text(b"caf\\xe9", "text/plain; charset=iso-8859-1")
        'café'
    """
    return body.decode(_encoding(body, content_type), "replace")


def _encoding(body: bytes, content_type: str) -> str:
    """Return the encoding of a body: its byte order mark, its charset, or what JSON may be in."""
    if body.startswith(_MARKS):
        return json.detect_encoding(body)
    charset = _charset(content_type)
    if charset is None:  # only UTF-16 and UTF-32 have such zeros in JSON
        return json.detect_encoding(body) if 0 in body[:2] else "utf-8"
    return charset


@lru_cache(maxsize=16)
def _charset(content_type: str) -> Optional[str]:
    named = re.search(_CHARSET, content_type)
    if named is None:
        return None
    try:
        name = codecs.lookup(named.group(1)).name
    except LookupError:
        return None
    return name if re.fullmatch(_KNOWN_CHARSETS, name) else None
