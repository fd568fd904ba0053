"""Reads the bodies of responses in the shapes that an operation declares. Pure."""

import json
import types
from typing import (
    Any,
    Callable,
    Dict,
    Literal,
    Mapping,
    Protocol,
    Tuple,
    Union,
    get_args,
    get_origin,
)

from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.decoding import decode_text, parse_json
from ai_spine.policy.event_streams import ServerEvent
from ai_spine.policy.messages import Response
from ai_spine.sdk_sync.errors import ValidationError
from ai_spine.sdk_sync.runtime.endpoints import Content, Load
from ai_spine.sdk_sync.runtime.event_decoders import (
    Decoder,
    EventDecoder,
    LinesDecoder,
)
from ai_spine.sdk_sync.runtime.media import Choice, choose_response, find_response
from ai_spine.sdk_sync.runtime.media_types import parse_media_type
from ai_spine.sdk_sync.runtime.responses import RawResponse
from ai_spine.utils import one_line

ReadBody = Callable[[bytes], Any]
_UNIONS = (Union, getattr(types, "UnionType", Union))  # that is `|`, from Python 3.10
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
        >>> reader = BodyReader({"2XX": {"application/json": lambda: int}}, attrs_models)
        >>> reader.read(Response(201, {"Content-Type": "application/json"}, b"7"))
        7
    """

    def __init__(self, responses: Mapping[str, Content], codec: Codec) -> None:
        self._responses = responses
        self._codec = codec
        self._known: Dict[Tuple[int, str], ReadBody] = {}

    def read(self, response: Union[Response, RawResponse[Any]]) -> Any:
        """Return what the body of a response is.

        Raises:
            UnexpectedResponse: It is not what the operation declares.
        """
        status, body = response.status, response.body
        kind = response.headers.get("Content-Type", "")
        read = self._known.get((status, kind)) if body else None
        return (read or self._find(status, kind, body))(body)

    def decoder(self, status: int, content_type: str) -> Decoder[Any]:
        """Return what reads the values of a stream.

        Raises:
            UnexpectedResponse: The response is no stream of values.
        """
        choice = choose_response(self._responses_for(status), status, content_type)
        if choice.kind == "events":
            return EventDecoder(self._event_reader(choice.type))
        if choice.kind == "lines":
            return LinesDecoder(self.value_reader(choice.type, "a line"))
        kind = one_line(content_type, 60) or "a body of unknown type"
        raise UnexpectedResponse(f"{kind}, which is no stream of events or JSON lines")

    def _find(self, status: int, content_type: str, body: bytes) -> ReadBody:
        responses = self._responses_for(status)
        choice = choose_response(responses, status, content_type, body)
        if choice.kind == "nothing":
            return self._reader_of_nothing(responses, status)
        read = self._reader_of(choice)
        if content_type and len(self._known) < _MOST_KNOWN:
            self._known[status, content_type] = read
        return read

    def _responses_for(self, status: int) -> Mapping[str, Content]:
        """Return what is declared; a success that is not is read as the first one that is."""
        declared = self._responses
        if 200 <= status < 300 and not find_response(declared, status):
            if str(status) not in declared:
                first = next((n for n in declared if n[0] == "2"), None)
                return {} if first is None else {str(status): declared[first]}
        return declared

    def _reader_of_nothing(
        self, responses: Mapping[str, Content], status: int
    ) -> ReadBody:
        """Return what reads an empty body, which may be an error."""
        loads = list(find_response(responses, status).values())
        if status == 200 and loads and loads[0] is not None:
            kind = loads[0]()
            if kind in (str, bytes):
                return lambda body: kind()
            return self._checked(kind, lambda body: None, "an empty body")
        return lambda body: None

    def _reader_of(self, choice: Choice) -> ReadBody:
        load: Load = choice.type
        kind = None if load is None else load()
        shown = one_line(choice.content_type, 60) or "a body of unknown type"
        as_json = _as_json(choice.content_type, shown)
        parse = as_json if choice.kind == "json" else choice.read
        if kind is bytes:
            return lambda body: body
        if kind is str and _is_other_text(choice.content_type):
            return lambda body: decode_text(body, choice.content_type)
        if load is None or (kind is str and choice.kind != "json"):
            return parse
        return self._checked(kind, parse if kind is Any else as_json, shown)

    def _checked(self, kind: Any, parse: ReadBody, shown: str) -> ReadBody:
        """Return what parses a body, and reads it as a type."""
        from_json = self._codec.from_json

        def read(body: bytes) -> Any:
            value = parse(body)
            try:
                return from_json(kind, value)
            except ValidationError as error:
                problem = one_line(error.message, 300)
            raise UnexpectedResponse(f"{shown} that is no {name_of(kind)}: {problem}")

        return read

    def value_reader(self, load: Load, what: str) -> Callable[[Any], Any]:
        """Return what reads JSON as a type; it raises `UnexpectedResponse`.

        Args:
            load: Loads the type.
            what: What the JSON is, for messages.
        """
        if load is None:
            return lambda value: value
        kind, from_json = load(), self._codec.from_json

        def read(value: Any) -> Any:
            try:
                return from_json(kind, value)
            except ValidationError as error:
                problem = one_line(error.message, 300)
            raise UnexpectedResponse(f"{what} that is no {name_of(kind)}: {problem}")

        return read

    def _event_reader(self, load: Load) -> Callable[[ServerEvent], Any]:
        """Return what reads an event: as itself where nothing is declared of it."""
        if load is None:
            return lambda event: event
        if load() is str:
            return lambda event: event.data
        read = self.value_reader(load, "an event")
        return lambda event: read_event(event, read)


def read_event(event: ServerEvent, read: Callable[[Any], Any]) -> Any:
    """Return what the data of an event is, or else the event with its id and its name.

    Documents declare either: the JSON in `data`, or an object with `data`, `event` and `id`.

    Args:
        event: The event.
        read: Reads JSON; raises `UnexpectedResponse`.
    """
    data = event.data
    try:
        data = json.loads(data)
        is_json = True
    except (ValueError, RecursionError):
        is_json = False
    try:
        return read(data)
    except UnexpectedResponse as error:
        problem = error
    whole = {"id": event.id, "event": event.type}
    known = {name: value for name, value in whole.items() if value is not None}
    for each in (data, event.data):
        try:
            return read({**known, "data": each})
        except UnexpectedResponse:
            continue
    if not is_json:
        raise UnexpectedResponse("an event whose data is not JSON")
    raise problem


def name_of(kind: Any) -> str:
    """Return how a message names a type.

    Example:
        >>> name_of(int), name_of(Dict[str, Union[int, None]])
        ('int', 'Dict[str, int | None]')
    """
    return one_line(_whole_name_of(kind), 80)


def _whole_name_of(kind: Any) -> str:
    inner = get_args(kind)
    if not inner or get_origin(kind) is Literal:
        is_class = isinstance(kind, type)
        name = kind.__name__ if is_class else str(kind).replace("typing.", "")
        return "None" if kind is type(None) else name
    if hasattr(kind, "__metadata__"):  # what is annotated with how it is read
        return _whole_name_of(inner[0])
    names = [_whole_name_of(each) for each in inner]
    if get_origin(kind) in _UNIONS:
        return " | ".join(names)
    own = getattr(kind, "_name", None) or get_origin(kind).__name__
    return f"{own}[{', '.join(names)}]"


def _is_other_text(content_type: str) -> bool:
    """Return whether a response is not the JSON that it should be, but may be its text."""
    media_type = parse_media_type(content_type)
    return not media_type.is_json and media_type.essence not in ("", "text/html")


def _as_json(content_type: str, shown: str) -> ReadBody:
    def read(body: bytes) -> Any:
        try:
            return parse_json(body, content_type)
        except (ValueError, RecursionError):
            pass
        raise UnexpectedResponse(f"{shown} ({len(body)} bytes), which is not JSON")

    return read


def read_plainly(content_type: str, body: bytes) -> Any:
    """Return a body as the JSON or the text that it is, whatever is declared.

    Example:
        >>> read_plainly("text/html", b'{"a": 1}'), read_plainly("text/html", b"<p>Busy</p>")
        ({'a': 1}, '<p>Busy</p>')
    """
    try:
        return parse_json(body, content_type)
    except (ValueError, RecursionError):
        return decode_text(body, content_type)
