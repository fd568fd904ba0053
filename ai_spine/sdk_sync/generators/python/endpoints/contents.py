"""What bodies and responses hold, by their media types."""

import fnmatch
from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional, Sequence

from ai_spine.sdk_sync.ir import IRField, IRType

JSON, TEXT, EVENTS, LINES = "json", "text", "events", "lines"
FORM, MULTIPART, BINARY = "form", "multipart", "binary"
_LINES = ("ndjson", "x-ndjson", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines")
_ORDER = (JSON, FORM, MULTIPART, TEXT, BINARY, LINES, EVENTS)


@dataclass(frozen=True)
class Content:
    """What a body or a response holds in one media type.

    Attributes:
        kind: How it is read or written: one of the constants of this module.
        content_type: The media type.
        pointer: The JSON Pointer of its schema.
        schema: Its schema, if it has one.
        encoding: How the parts of a form are written, by their names, as OpenAPI says it.
    """

    kind: str
    content_type: str
    pointer: str
    schema: Optional[IRField] = None
    encoding: Mapping[str, Any] = field(default_factory=dict)


def kind_of_media(content_type: str, schema: Optional[IRField]) -> str:
    """Return how a media type is read or written.

    Example:
        >>> [kind_of_media(each, None) for each in ("application/problem+json", "text/csv")]
        ['json', 'text']
        >>> [kind_of_media(each, None) for each in ("text/event-stream", "image/*")]
        ['events', 'binary']
    """
    plain = content_type.split(";")[0].strip().lower()
    major, _, minor = plain.partition("/")
    if minor == "event-stream":
        return EVENTS
    if minor in _LINES:
        return LINES
    if minor == "json" or minor.endswith("+json"):
        return JSON
    if plain == "application/x-www-form-urlencoded":
        return FORM
    if major == "multipart":
        return MULTIPART
    if is_binary(schema):
        return BINARY
    if major == "text" or minor == "xml" or minor.endswith("+xml"):
        return TEXT
    if plain in ("*/*", "application/*", "*") and schema is not None:
        return JSON
    return BINARY


def is_binary(schema: Optional[IRField]) -> bool:
    """Return whether a schema stands for bytes.

    Example:
        >>> is_binary(IRField("file", IRType.STRING, constraints={"format": "binary"}))
        True
    """
    if schema is None:
        return False
    rules = schema.constraints
    is_raw = "contentMediaType" in rules and "contentEncoding" not in rules
    return schema.type in (IRType.STRING, IRType.ANY) and (
        rules.get("format") == "binary" or is_raw
    )


def in_order_of_preference(
    contents: Sequence[Content], preferred: Sequence[str]
) -> List[Content]:
    """Return contents, the best first: as a user prefers them, then JSON, forms, texts, bytes."""

    def rank(content: Content) -> "tuple[int, int, bool, str]":
        plain = content.content_type.split(";")[0].strip().lower()
        places = (n for n, each in enumerate(preferred) if fnmatch.fnmatch(plain, each))
        is_plain = plain == "application/json"
        wanted = next(places, len(preferred))
        return wanted, _ORDER.index(content.kind), not is_plain, content.content_type

    return sorted(contents, key=rank)


def without_xml(contents: Sequence[Content]) -> List[Content]:
    """Return contents without XML, if there is JSON that says the same."""
    if not any(each.kind == JSON for each in contents):
        return list(contents)
    return [each for each in contents if not is_xml(each.content_type)]


def is_xml(content_type: str) -> bool:
    """Return whether a media type is XML."""
    plain = content_type.split(";")[0].strip().lower()
    return plain.endswith(("/xml", "+xml"))
