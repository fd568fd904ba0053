"""Bytes as base64url text. Pure."""

import base64
import binascii
import re

_TEXT = re.compile(r"[A-Za-z0-9_-]*={0,2}")


def from_base64url(text: str) -> bytes:
    """Return the bytes of a base64url text, with padding or without.

    Raises:
        ValueError: It is no such text.

    Example:
        >>> from_base64url("-_8")
        b'\\xfb\\xff'
    """
    if not _TEXT.fullmatch(text):
        raise ValueError("it is not base64url")
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        raise ValueError("it is not base64url") from None


def to_base64url(data: bytes) -> str:
    """Return bytes as base64url text without padding."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
