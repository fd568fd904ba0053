"""Reads the bodies of responses in the shapes that an operation declares. Pure."""

from typing import Any, Callable, Dict, Mapping, Optional, Protocol, Tuple, Union

from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.decoding import decode_text, parse_json
from ai_spine.policy.messages import Response
from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.runtime.endpoints import Content, Load
from ai_spine.sdk_sync.runtime.media_types import MediaType, parse_media_type
from ai_spine.sdk_sync.runtime.responses import RawResponse
from ai_spine.utils import one_line

ReadBody = Callable[[bytes, str], Any]
"""Reads a body, of a content type; raises `UnexpectedResponse`."""
_MOST_KNOWN = 64  # pairs of status and content type: servers may send any


class Codec(Protocol):
    """Reads and writes the models of a package; `runtime.models` and `attrs_models` are two."""

    def from_json(self, kind: Any, value: Any, /) -> Any:
        """Return JSON as a type that generated code names."""

    def to_json(self, value: Any, /) -> Any:
        """Return a model, and all within it, as JSON."""


class BodyReader:
    """Reads the bodies of an operation's responses, by their status and content type.

    Args:
        responses: What the operation declares.
        codec: Reads models.

    Example:
        >>> from ai_spine.sdk_sync.runtime import attrs_models
        >>> reader = BodyReader({"2XX": {"text/plain": None}}, attrs_models)
        >>> reader.read(Response(200, {"Content-Type": "text/plain"}, b"Hello"))
        'Hello'
    """

    def __init__(self, responses: Mapping[str, Content], codec: Codec) -> None:
        self._responses = responses
        self._codec = codec
        self._known: Dict[Tuple[int, str], ReadBody] = {}

    def read(self, response: "Union[Response, RawResponse[Any]]") -> Any:
        """Return what the body of a response is.

        Raises:
            UnexpectedResponse: It is not what the operation declares.
        """
        kind = response.headers.get("Content-Type", "")
        read = self._known.get((response.status, kind))
        if read is None:
            read = self._find(response.status, kind)
        return read(response.body, kind)

    def _find(self, status: int, content_type: str) -> ReadBody:
        content = content_for(self._responses, status)
        media_type, load = choose_content(content, content_type)
        read = _nothing if content == {} else reader_of(media_type, load, self._codec)
        if len(self._known) < _MOST_KNOWN:
            self._known[status, content_type] = read
        return read


def content_for(responses: Mapping[str, Content], status: int) -> Optional[Content]:
    """Return what a response of a status is declared to have.

    A success that is not declared is read as the first one that is.

    Example:
        >>> content_for({"200": {"text/plain": None}, "4XX": {}}, 404)
        {}
    """
    for name in (str(status), f"{status // 100}XX", "default"):
        if name in responses:
            return responses[name]
    if 200 <= status < 300:
        return next((responses[name] for name in responses if name[0] == "2"), None)
    return None


def choose_content(
    content: Optional[Content], content_type: str
) -> Tuple[MediaType, Load]:
    """Return the media type of a body, and what loads its type.

    Where none of the declared media types is that of the body, the first that is JSON is taken:
    many servers name JSON wrongly.
    """
    actual = parse_media_type(content_type)
    declared = {parse_media_type(name): load for name, load in (content or {}).items()}
    for each in sorted(declared, key=lambda each: each.is_range):
        if _matches(each.essence, actual.essence):
            return actual, declared[each]
    json = next((each for each in declared if each.is_json), None)
    if json is not None:
        return json, declared[json]
    if not declared or actual.essence:
        return actual, next(iter(declared.values()), None)
    return next(iter(declared.items()))


def _matches(declared: str, actual: str) -> bool:
    """Return whether a media type is one, or within a range, that is declared."""
    if not actual or declared == "*/*":
        return bool(actual)
    kind, _, subtype = declared.partition("/")
    return declared == actual or (subtype == "*" and actual.startswith(f"{kind}/"))


def reader_of(media_type: MediaType, load: Load, codec: Codec) -> ReadBody:
    """Return what reads bodies of a media type as the type that is loaded."""
    kind = None if load is None else load()
    if kind is bytes:
        return _as_it_is
    if media_type.is_json or not media_type.essence:
        return _as_json if load is None else _json_reader(kind, codec)
    if kind is str or media_type.is_text:
        return decode_text
    return _as_it_is if load is None else _json_reader(kind, codec)


def _json_reader(kind: Any, codec: Codec) -> ReadBody:
    from_json = codec.from_json

    def read(body: bytes, content_type: str) -> Any:
        value = _as_json(body, content_type)
        try:
            return from_json(kind, value)
        except ValidationError as error:
            problem = one_line(error.message, 300)
        if not body.strip():
            raise UnexpectedResponse(f"nothing, instead of {name_of(kind)}")
        shown = _shown(body, content_type)
        raise UnexpectedResponse(f"{shown} that is not {name_of(kind)}: {problem}")

    return read


def name_of(kind: Any) -> str:
    """Return how a message names a type."""
    if isinstance(kind, type):
        return kind.__name__
    return one_line(str(kind).replace("typing.", ""), 80)


def _as_json(body: bytes, content_type: str) -> Any:
    try:
        return parse_json(body, content_type)
    except (ValueError, RecursionError):
        pass
    raise UnexpectedResponse(f"{_shown(body, content_type)} that is not JSON")


def _as_it_is(body: bytes, content_type: str) -> bytes:
    return body


def _nothing(body: bytes, content_type: str) -> None:
    return None


def _shown(body: bytes, content_type: str) -> str:
    kind = one_line(content_type, 60) or "a body of unknown type"
    return f"{kind} ({len(body)} bytes)"
