"""Makes the response that an operation declares."""

import json
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from ai_spine.sdk_sync.examples import Example, example_of_field
from ai_spine.sdk_sync.ir import IREndpoint, IRField, IRParameter, IRResponse, IRSpec
from ai_spine.sdk_sync.verifying.messages import Request, Response

EVENTS = "text/event-stream"
LINES = (
    *("application/x-ndjson", "application/ndjson", "application/jsonl"),
    *("application/jsonlines", "application/json-lines", "application/x-jsonlines"),
)
BINARY = b"\x00\x01 bytes \xfe\xff"
_RANGES = {"text/*": "text/plain", "image/*": "image/png", "audio/*": "audio/mpeg"}
_BODILESS = (204, 205, 304)
_REPEATED = 2  # events, and lines
_NOT_SENT = ("content-type", "content-length", "transfer-encoding", "connection")


class Choice(NamedTuple):
    """Which of the declared responses an operation sends."""

    status: Optional[str] = None
    """A status such as `200`, a range such as `4XX`, or `default`."""
    content_type: Optional[str] = None


class Answer(NamedTuple):
    """A response, and where it is in the document."""

    response: Response
    kind: Optional[str] = None
    """The media type in the document that its body is of; `None` if it has no body."""
    values: Optional[List[Any]] = None
    """What its body holds as JSON: one value, or those of all events or lines."""
    unchecked: Optional[str] = None
    """Why it may not fit the document."""


def answer_to(
    spec: IRSpec, endpoint: IREndpoint, request: Request, choice: Choice
) -> Answer:
    """Return a response that an operation declares.

    Args:
        spec: The specification.
        endpoint: The operation.
        request: What was asked; its `Accept` decides between the media types.
        choice: What was chosen for the operation.
    """
    response = _response_of(endpoint, choice.status)
    if response is None:
        return Answer(Response(204, {}))
    status = _status_of(response.status, choice.status, endpoint)
    headers = _headers_of(spec, response)
    accepted = choice.content_type or request.header("Accept") or "*/*"
    kind = _kind_of(list(response.content), accepted)
    if kind is None or status in _BODILESS:
        return Answer(Response(status, headers))
    schema = response.content[kind]
    sent_kind = _sent_kind(kind, schema)
    body = _body_of(spec, response, kind, sent_kind)
    sent = Response(status, {"Content-Type": sent_kind, **headers}, body.content)
    if request.method == "HEAD":
        sent = sent._replace(body=b"")
    return Answer(sent, kind, body.values, body.unchecked)


def is_json(kind: str) -> bool:
    """Return whether a media type is JSON.

    Example:
        >>> is_json("application/problem+json; charset=utf-8"), is_json("text/plain")
        (True, False)
    """
    plain = plain_kind(kind)
    return plain in ("application/json", "text/json") or plain.endswith("+json")


def plain_kind(kind: str) -> str:
    """Return a media type without its parameters."""
    return kind.partition(";")[0].strip().lower()


def _response_of(endpoint: IREndpoint, wanted: Optional[str]) -> Optional[IRResponse]:
    """Return the response that is wanted, or else the first that says that all went well."""
    known = {each.status: each for each in endpoint.responses}
    if wanted is not None:
        names = (wanted, f"{wanted[0]}XX", "default")
        return next((known[name] for name in names if name in known), None)
    good = [each for name, each in known.items() if name.startswith("2")]
    found = [*good, *(known[n] for n in ("default",) if n in known), *known.values()]
    return found[0] if found else None


def _status_of(declared: str, wanted: Optional[str], endpoint: IREndpoint) -> int:
    """Return a status that the response is for, and no other response."""
    for text in (wanted or "", declared):
        if text.isdecimal():
            return int(text)
    known = {each.status for each in endpoint.responses}
    first = int(declared[0]) * 100 if declared[0].isdecimal() else 0
    likely = [first + n for n in range(100)] if first else [200, *range(500, 600)]
    free = (n for n in likely if str(n) not in known)
    if not first:
        free = (n for n in free if f"{n // 100}XX" not in known)
    return next(free, likely[0])


def _kind_of(kinds: List[str], accepted: str) -> Optional[str]:
    """Return the first media type that is accepted, or else the first, if there is any."""
    for each in accepted.split(","):
        wanted = plain_kind(each)
        pattern = re.escape(wanted).replace(r"\*", ".*")
        for kind in sorted(kinds, key=lambda kind: not is_json(kind)):
            plain = plain_kind(kind)
            declared = re.escape(plain).replace(r"\*", ".*")
            if re.fullmatch(pattern, plain) or re.fullmatch(declared, wanted):
                return kind
    return kinds[0] if kinds else None


def _sent_kind(kind: str, schema: Optional[IRField]) -> str:
    """Return the media type that is sent where a range is declared."""
    plain = plain_kind(kind)
    if "*" not in plain:
        return kind
    if schema is None or schema.constraints.get("format") == "binary":
        others = "application/octet-stream"
    else:
        is_text = schema.type.value == "string"
        others = "text/plain" if is_text else "application/json"
    return _RANGES.get(plain, others)


class _Body(NamedTuple):
    content: bytes
    values: Optional[List[Any]] = None
    unchecked: Optional[str] = None


def _body_of(spec: IRSpec, response: IRResponse, kind: str, sent_kind: str) -> _Body:
    schema = response.content[kind]
    plain = plain_kind(sent_kind)
    example = _example(spec, schema)
    if plain == EVENTS or plain in LINES:
        return _stream(plain, example)
    if is_json(plain):
        if example is None:
            return _Body(b"null", None, "no example fits the schema of the response")
        return _Body(_dumped(example.value), [example.value])
    if plain.startswith("text/"):
        is_text = example is not None and isinstance(example.value, str)
        text = example.value if example is not None and is_text else "text"
        return _Body(str(text).encode())
    return _Body(b"<value/>" if plain.endswith("xml") else BINARY)


def _example(spec: IRSpec, schema: Optional[IRField]) -> Optional[Example]:
    if schema is None:
        return Example({"a": 1})
    return example_of_field(spec, schema, without="writeOnly", full=True)


def _stream(plain: str, example: Optional[Example]) -> _Body:
    if example is None:
        return _Body(b"", [], "no example fits the schema of the events")
    text = _dumped(example.value)
    if plain == EVENTS:
        is_text = isinstance(example.value, str)
        text = b"data: " + (example.value.encode() if is_text else text) + b"\n"
    return _Body((text + b"\n") * _REPEATED, [example.value] * _REPEATED)


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _headers_of(spec: IRSpec, response: IRResponse) -> Dict[str, str]:
    made = {}
    for name, header in response.headers.items():
        value = None if name.lower() in _NOT_SENT else _header_value(spec, header)
        if value is not None:
            made[name] = value
    return made


def _header_value(spec: IRSpec, header: IRParameter) -> Optional[str]:
    example = example_of_field(spec, header.schema)
    if example is None:
        return None
    if header.content_type is not None:
        return json.dumps(example.value)
    text = _simple(example.value, header.get_explode())
    is_sendable = text.isascii() and text.isprintable()
    return text.strip() if is_sendable else None


def _simple(value: Any, explode: bool) -> str:
    """Return a value in the style `simple`."""
    if isinstance(value, Mapping):
        sign = "=" if explode else ","
        pairs = (f"{key}{sign}{_simple(each, False)}" for key, each in value.items())
        return ",".join(pairs)
    if isinstance(value, list):
        return ",".join(_simple(each, False) for each in value)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return str(value)
