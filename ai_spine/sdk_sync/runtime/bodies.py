"""Writes the body of a request."""

from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence

from ai_spine.sdk_sync.runtime.files import File as File
from ai_spine.sdk_sync.runtime.values import ToJSON, as_is


class Encoding(NamedTuple):
    """How a field of a form is written, as OpenAPI's `encoding` says it."""

    content_type: Optional[str] = None
    """The media types that it may have, with commas between them."""
    style: Optional[str] = None
    """How lists and objects are written."""
    explode: Optional[bool] = None
    """Whether each item is written on its own; `None` is the default of the style."""
    allow_reserved: bool = False
    """Whether reserved characters are sent as they are."""
    headers: Mapping[str, str] = {}
    """Headers of its part that have one value."""


class Body(NamedTuple):
    """A body that a request may have, in one media type."""

    content_type: str
    """The media type, which may be a range such as `image/*`."""
    kind: Optional[Callable[[], Any]] = None
    """Returns the type of the value; it tells bodies of several media types apart."""
    encoding: Mapping[str, Encoding] = {}
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
    """Return the body of a request as it is sent."""
    raise NotImplementedError
