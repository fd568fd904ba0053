"""Writes the body of a request: one value of bytes, so that the request may be sent again."""

from collections.abc import Iterable, Mapping
from typing import (
    Any,
    Callable,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    get_origin,
)

from ai_spine.exceptions import ValidationError
from ai_spine.policy.json_encoding import encode_json, kind_of
from ai_spine.sdk_sync.runtime.files import (
    OCTETS,
    File,
    file_type,
    is_file,
    read_file,
)
from ai_spine.sdk_sync.runtime.forms import Encoding, encode_form
from ai_spine.sdk_sync.runtime.headers import header_value
from ai_spine.sdk_sync.runtime.json_lines import encode_json_lines
from ai_spine.sdk_sync.runtime.media_types import (
    MediaType,
    match_media_type,
    parse_media_type,
)
from ai_spine.sdk_sync.runtime.multipart import encode_multipart
from ai_spine.sdk_sync.runtime.values import ToJSON, as_is, plain, text_of
from ai_spine.sdk_sync.unset import UNSET
from ai_spine.utils import one_line

# What a value is sent as, best first, where a request may have several media types.
_FOR_FILES = ("bytes", "text")
_FOR_TEXT = ("text", "json", "bytes")
_FOR_LISTS = ("json", "lines", "multipart", "text")
_FOR_FIELDS_WITH_FILES = ("multipart", "json", "form")
_FOR_OTHERS = ("json", "form", "multipart", "text", "bytes")


class Body(NamedTuple):
    """A body that a request may have, in one media type.

    Example:
        >>> encode_body([Body("application/json")], {"name": "Ada"})
        EncodedBody(content=b'{"name": "Ada"}', content_type='application/json')
    """

    content_type: str
    """The media type, or a range such as `image/*`."""
    kind: Optional[Callable[[], Any]] = None
    """Returns the type of the value; it says which of several media types a model is."""
    encoding: "Mapping[str, Encoding]" = {}
    """How fields of a form are written, by their names."""


class EncodedBody(NamedTuple):
    """A body as it is sent."""

    content: Optional[bytes]
    """The bytes; `None` if there is no body."""
    content_type: Optional[str]
    """Its media type, with a boundary or a charset."""


def encode_body(
    bodies: Sequence[Body],
    value: Any,
    *,
    content_type: Optional[str] = None,
    to_json: ToJSON = as_is,
    boundary: Optional[str] = None,
) -> EncodedBody:
    """Return the body of a request as it is sent.

    Where there are several media types, what the value is decides: mappings and models are JSON,
    else a form, else parts (parts first if there are files in them); text is text, else JSON; and
    bytes, paths and files are binary.

    Args:
        bodies: The bodies that the request may have.
        value: The value: a model, a mapping, a list, text, bytes, a path, an open file, a `File`,
            or an iterable of bytes. `UNSET` is no body.
        content_type: The media type to send, where there are several.
        to_json: Writes models as JSON; it must leave files and other values as they are.
        boundary: What separates the parts of a multipart body, instead of random text.

    Raises:
        ValidationError: The value cannot be sent as the body.
    """
    if value is UNSET:
        return EncodedBody(None, None)
    if content_type is None and isinstance(value, File):
        content_type = value.content_type
    body = _choose(bodies, value, content_type)
    sent = header_value(_sent_type(body.content_type, content_type, value))
    kind = _group(parse_media_type(sent))
    if kind == "json":
        return EncodedBody(_encode_json(value, to_json), sent)
    if kind == "form":
        return EncodedBody(encode_form(value, body.encoding, to_json), sent)
    if kind == "multipart":
        content, used = encode_multipart(value, body.encoding, to_json, boundary)
        return EncodedBody(content, f"{sent.partition(';')[0]}; boundary={used}")
    if kind == "lines":
        return EncodedBody(_encode_lines(value, sent, to_json), sent)
    return _encode_raw(value, sent, to_json)


def _choose(bodies: Sequence[Body], value: Any, content_type: Optional[str]) -> Body:
    """Return the body that a value is sent as."""
    if content_type is not None:
        actual = parse_media_type(content_type)
        fits = [
            match_media_type(parse_media_type(each.content_type), actual)
            for each in bodies
        ]
        if not any(fits):
            shown = one_line(content_type, 80)
            raise ValidationError(
                f"the body cannot be {shown}: it is {_listed(bodies)}"
            )
        return bodies[fits.index(max(fits))]
    if len(bodies) == 1:
        return bodies[0]
    typed = [each for each in bodies if _is_of_type(value, each)]
    found = _first_fit(typed or bodies, value)
    if found is None:
        raise ValidationError(
            f"the body cannot be {kind_of(value)}: it is {_listed(bodies)}"
        )
    return found


def _listed(bodies: Sequence[Body]) -> str:
    return " or ".join(one_line(each.content_type, 80) for each in bodies)


def _is_of_type(value: Any, body: Body) -> bool:
    kind = None if body.kind is None else body.kind()
    return (
        isinstance(kind, type) and get_origin(kind) is None and isinstance(value, kind)
    )


def _first_fit(bodies: Sequence[Body], value: Any) -> Optional[Body]:
    kinds = [parse_media_type(each.content_type) for each in bodies]
    guessed = file_type(value) if is_file(value) else None
    if guessed is not None:
        actual = parse_media_type(guessed)
        fits = [match_media_type(each, actual) for each in kinds]
        if any(fits):
            return bodies[fits.index(max(fits))]
    groups = [_group(each) for each in kinds]
    for group in _groups_for(value):
        if group in groups:
            return bodies[groups.index(group)]
    return None


def _groups_for(value: Any) -> Tuple[str, ...]:
    if _is_raw(value):
        return _FOR_FILES
    if isinstance(value, str):
        return _FOR_TEXT
    if isinstance(value, (list, tuple)):
        return _FOR_LISTS
    if isinstance(value, Mapping):
        items = [
            item
            for each in value.values()
            for item in (each if isinstance(each, (list, tuple)) else [each])
        ]
        if any(map(is_file, items)):
            return _FOR_FIELDS_WITH_FILES
    return _FOR_OTHERS


def _is_raw(value: Any) -> bool:
    """Return whether a value is a file, or the pieces of one."""
    if isinstance(value, (list, tuple)):
        return bool(value) and isinstance(value[0], bytes)
    return is_file(value) or hasattr(value, "__next__")


def _group(media_type: MediaType) -> str:
    """Return what writes a media type."""
    if media_type.is_json:
        return "json"
    if media_type.is_form:
        return "form"
    if media_type.is_multipart:
        return "multipart"
    if media_type.is_json_lines:
        return "lines"
    return "text" if media_type.is_text else "bytes"


def _sent_type(declared: str, asked: Optional[str], value: Any) -> str:
    """Return the media type that is sent, which is no range."""
    if asked is not None and "*" not in asked:
        return asked
    media_type = parse_media_type(declared)
    if not media_type.is_range:
        return declared
    for each in _types_of(value):
        if match_media_type(media_type, parse_media_type(each)):
            return each
    raise ValidationError(
        f"the body is {declared}: pass content_type= with one of them"
    )


def _types_of(value: Any) -> List[str]:
    """Return the media types that a value may be sent as where any is allowed."""
    if _is_raw(value):
        guessed = file_type(value)
        return [OCTETS] if guessed is None else [guessed, OCTETS]
    return ["text/plain", OCTETS] if isinstance(value, str) else ["application/json"]


def _encode_json(value: Any, to_json: ToJSON) -> bytes:
    written = encode_json(to_json(value))
    if b'"UNSET"' in written:  # in a mapping of the caller's own
        return encode_json(plain(value, to_json))
    return written


def _encode_lines(value: Any, sent: str, to_json: ToJSON) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if is_file(value):
        return read_file(value)
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise _refuse_raw(value, sent, "a list")
    values = list(value)
    if _is_raw(values):
        return read_file(values)
    return encode_json_lines(values, to_json)


def _refuse_raw(value: Any, sent: str, wanted: str) -> ValidationError:
    shown = one_line(sent, 80)
    words = f"the body is {shown}: pass {wanted}, bytes, a path or an open file"
    return ValidationError(f"{words}, not {kind_of(value)}")


def _encode_raw(value: Any, sent: str, to_json: ToJSON) -> EncodedBody:
    """Return text or bytes as a body."""
    if _is_raw(value):
        return EncodedBody(read_file(value), sent)
    media_type = parse_media_type(sent)
    if not isinstance(value, str) and media_type.is_text:
        scalar = plain(value, to_json)
        if scalar is not None and not isinstance(scalar, (Mapping, list)):
            value = text_of(scalar)
    if not isinstance(value, str):
        raise _refuse_raw(value, sent, "text")
    try:
        content = value.encode(media_type.charset or "utf-8")
    except (UnicodeError, LookupError):
        raise ValidationError(
            f"the body contains a character that {one_line(sent, 80)} cannot hold"
        ) from None
    if sent.startswith("text/") and media_type.charset is None and not value.isascii():
        sent += "; charset=utf-8"
    return EncodedBody(content, sent)
