"""Writes `multipart/form-data` and other bodies of parts. Pure, but for the files that it reads."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Dict, List, NamedTuple, Optional

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.files import (
    OCTETS,
    File,
    file_name,
    file_type,
    is_file,
    read_file,
)
from ai_spine.sdk_sync.runtime.forms import (
    Encoding,
    field_pairs,
    fields_of,
    refused_field,
)
from ai_spine.sdk_sync.runtime.headers import header_name, header_value
from ai_spine.sdk_sync.runtime.media_types import match_media_type, parse_media_type
from ai_spine.sdk_sync.runtime.values import ToJSON, json_text, plain, text_of

_JSON = "application/json"
# Browsers escape quotes and line ends so. No name should have other control characters.
_UNSAFE = r'["\x00-\x1f\x7f]'


class _Part(NamedTuple):
    headers: "Mapping[str, str]"
    content: bytes

    def written(self) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{lines}\r\n".encode() + self.content


def encode_multipart(
    value: Any,
    encoding: "Mapping[str, Encoding]",
    to_json: ToJSON,
    boundary: Optional[str] = None,
) -> "tuple[bytes, str]":
    """Return a body of parts, and its boundary.

    A file is a part with a name, objects are JSON, each item of a list is a part of its own, and
    anything else is text, unless the encoding of its field says otherwise.

    Args:
        value: A mapping or a model; fields that are `UNSET` or `None` are left out. A list is
            parts without names.
        encoding: How fields are written, by their names.
        to_json: Writes models as JSON; it must leave files as they are.
        boundary: What separates the parts, instead of random text; it is only used if no part has
            it.

    Raises:
        ValidationError: A part cannot be written.

    Example:
        >>> body, _ = encode_multipart({"a": 5}, {}, lambda value: value, "xyz")
        >>> body.decode().splitlines()
        ['--xyz', 'Content-Disposition: form-data; name="a"', '', '5', '--xyz--']
    """
    if isinstance(value, (list, tuple)):
        found = [_part(None, each, Encoding(), to_json) for each in value]
    else:
        found = []
        for name, each in fields_of(value, to_json).items():
            try:
                found += _parts(name, each, encoding.get(name, Encoding()), to_json)
            except (ValidationError, UnicodeError) as error:
                raise refused_field(name, error) from None
    written = [each.written() for each in found]
    boundary = boundary or os.urandom(16).hex()
    while any(boundary.encode() in each for each in written):
        boundary = os.urandom(16).hex()
    start = f"--{boundary}\r\n".encode()
    body = b"".join(start + each + b"\r\n" for each in written)
    return body + f"--{boundary}--\r\n".encode(), boundary


def _parts(
    name: str, value: Any, encoding: Encoding, to_json: ToJSON
) -> "Iterator[_Part]":
    if encoding.has_style and not is_file(value):
        for key, text in field_pairs(name, value, encoding, to_json, str):
            yield _part(key, text, encoding, to_json)
    elif isinstance(value, (list, tuple)) and not encoding.is_json:
        _refuse_triple(value)
        for each in value:
            yield _part(name, each, encoding, to_json)
    else:
        yield _part(name, value, encoding, to_json)


def _refuse_triple(value: Any) -> None:
    """Refuse what other libraries take for a file: its name, its content and its media type.

    Raises:
        ValidationError: It is that; each would be a part of its own here.
    """
    is_text = [isinstance(each, str) for each in value]
    if isinstance(value, tuple) and any(is_text) and any(map(is_file, value)):
        raise ValidationError(
            "a file with a name is no tuple but File(content, filename, content_type) of "
            "ai_spine.sdk_sync.runtime.files"
        )


def _part(
    name: Optional[str], value: Any, encoding: Encoding, to_json: ToJSON
) -> _Part:
    filename: Optional[str] = None
    kind: Optional[str] = None
    if is_file(value):
        content = read_file(value)
        is_text = isinstance(value, File) and isinstance(value.content, str)
        filename = file_name(value) or (None if is_text else name)
        kind = _file_kind(value, encoding.content_type)
    else:
        value = plain(value, to_json)
        is_json = encoding.is_json or isinstance(value, (Mapping, list))
        content = (json_text(value) if is_json else text_of(value)).encode()
        kind = _first_type(encoding.content_type) or (_JSON if is_json else None)
    headers = {
        "Content-Disposition": _disposition(name, filename),
        "Content-Type": kind,
    }
    more = {**encoding.headers, **getattr(value, "headers", {})}
    return _Part(_merged(headers, more), content)


def _disposition(name: Optional[str], filename: Optional[str]) -> Optional[str]:
    if name is None and filename is None:
        return None
    text = "attachment" if name is None else f'form-data; name="{_escaped(name)}"'
    return text if filename is None else f'{text}; filename="{_escaped(filename)}"'


def _escaped(text: str) -> str:
    return re.sub(_UNSAFE, lambda found: f"%{ord(found[0]):02X}", text)


def _merged(
    headers: "Mapping[str, Optional[str]]", more: "Mapping[str, str]"
) -> "Dict[str, str]":
    """Return the headers of a part; those that the caller says replace ours."""
    others = {name.lower() for name in more}
    merged = {
        name: value
        for name, value in headers.items()
        if value is not None and name.lower() not in others
    }
    for name, value in more.items():
        merged[header_name(name)] = header_value(value)
    return merged


def _file_kind(value: Any, allowed: Optional[str]) -> str:
    """Return the media type of a file: as it says, or as its name does where that is allowed."""
    if isinstance(value, File) and value.content_type:
        return header_value(value.content_type)
    guessed = file_type(value)
    if guessed is None or not _is_allowed(guessed, allowed):
        return _first_type(allowed) or guessed or OCTETS
    return guessed


def _is_allowed(kind: str, allowed: Optional[str]) -> bool:
    actual = parse_media_type(kind)
    return allowed is None or any(
        match_media_type(parse_media_type(each), actual) for each in allowed.split(",")
    )


def _first_type(allowed: Optional[str]) -> Optional[str]:
    """Return the first media type of a list that is no range."""
    kinds: List[str] = [each.strip() for each in (allowed or "").split(",")]
    return next((each for each in kinds if each and "*" not in each), None)
