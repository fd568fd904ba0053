"""Chooses how a response is read: by its status, then by its media type. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ai_spine.policy.decoding import decode_text, parse_json
from ai_spine.sdk_sync.runtime.media_types import (
    MediaType,
    match_media_type,
    parse_media_type,
)
from ai_spine.utils import one_line

Contents = Mapping[str, Any]
Responses = Mapping[str, Contents]
_NO_CONTENT = (204, 205, 304)
_JSON_OF_ANOTHER_NAME = 3  # fits better than `*/*`, and no better than `application/*`
_STREAMS = ("events", "lines")


class Choice(NamedTuple):
    """How a response is read."""

    kind: str
    """`json`, `text`, `bytes`, `events`, `lines` or `nothing`."""
    type: Any = None
    """What the document declares for it, such as a function that returns a class."""
    content_type: str = ""
    """The header `Content-Type` of the response."""
    declared: Optional[str] = None
    """The media type that the document declares; `None` if it declares none that fits."""

    def read(self, body: bytes) -> Any:
        """Return a body as JSON, text, bytes or `None`.

        Raises:
            ValueError: It is not the JSON that it should be; the message is one sentence.
        """
        if self.kind == "nothing":
            return None
        if self.kind == "text":
            return decode_text(body, self.content_type)
        if self.kind != "json":
            return body
        try:
            return parse_json(body, self.content_type)
        except (ValueError, RecursionError):
            raise ValueError(
                f"the body is {_named(self.content_type)} and no JSON"
            ) from None


def choose_response(
    responses: "Responses", status: int, content_type: str, body: Optional[bytes] = None
) -> Choice:
    """Return how a response is read.

    Args:
        responses: What the document declares: for statuses such as `200`, ranges such as `2XX`, or
            `default`, what there is for each media type. The exact status goes before the range,
            and the range before `default`.
        status: The HTTP status.
        content_type: The header `Content-Type`; empty if there is none.
        body: The body, if it has been read; without `Content-Type`, it is JSON if it parses.

    Returns:
        How to read it. A response that is of no declared media type is read as the first declared
        one that is no stream; where there is none, as its own media type, without a `type`.

    Example:
        >>> choose_response({"2XX": {"application/json": dict}}, 201, "application/hal+json").type
        <class 'dict'>
        >>> choose_response({}, 200, "text/csv").kind, choose_response({}, 204, "").kind
        ('text', 'nothing')
    """
    if status in _NO_CONTENT or (body is not None and not body):
        return Choice("nothing", content_type=content_type)
    contents = find_response(responses, status)
    if content_type in contents:  # as it nearly always is
        kind = kind_of_media(parse_media_type(content_type))
        return Choice(kind, contents[content_type], content_type, content_type)
    actual = parse_media_type(content_type)
    declared = _best(contents, actual) if actual.essence else None
    if declared is None:
        return _undeclared(contents, content_type, body)
    kind = kind_of_media(actual)
    return Choice(kind, contents[declared], content_type, declared)


def find_response(responses: "Responses", status: int) -> "Contents":
    """Return what is declared for a status, by media types; nothing if it is not declared.

    Example:
        >>> find_response({"2XX": {"a/b": 1}, "default": {"c/d": 2}}, 404)
        {'c/d': 2}
    """
    for name in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if name in responses:
            return responses[name]
    return {}


def kind_of_media(media_type: MediaType) -> str:
    """Return what reads a media type.

    Example:
        >>> names = ["application/problem+json", "text/csv", "image/png", "application/x-ndjson"]
        >>> [kind_of_media(parse_media_type(name)) for name in names]
        ['json', 'text', 'bytes', 'lines']
    """
    if media_type.is_json:
        return "json"
    if media_type.is_events:
        return "events"
    if media_type.is_json_lines:
        return "lines"
    return "text" if media_type.is_text else "bytes"


def _best(contents: "Contents", actual: MediaType) -> Optional[str]:
    best, found = 0, None
    for name in contents:
        declared = parse_media_type(name)
        fit = match_media_type(declared, actual)
        if not fit and declared.is_json and actual.is_json:
            fit = _JSON_OF_ANOTHER_NAME
        if fit > best:
            best, found = fit, name
    return found


def _undeclared(
    contents: "Contents", content_type: str, body: Optional[bytes]
) -> Choice:
    """Return how a response is read whose media type is missing or not declared."""
    declared = {name: parse_media_type(name) for name in contents}
    if not content_type and body is not None and _is_json(body):
        for name, media_type in declared.items():
            if media_type.is_json or media_type.is_range:
                return Choice("json", contents[name], content_type, name)
        return Choice("json", content_type=content_type)
    for name, media_type in declared.items():
        kind = kind_of_media(media_type)
        is_open = body is None and not content_type  # nothing says that it is no stream
        if not media_type.is_range and (is_open or kind not in _STREAMS):
            return Choice(kind, contents[name], content_type, name)
    return Choice(kind_of_media(parse_media_type(content_type)), None, content_type)


def _is_json(body: bytes) -> bool:
    try:
        parse_json(body)
    except (ValueError, RecursionError):
        return False
    return True


def _named(content_type: str) -> str:
    return one_line(content_type, 80) or "of no media type"
