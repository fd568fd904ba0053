"""Writes forms: `application/x-www-form-urlencoded`. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, List, NamedTuple, Optional
from urllib.parse import quote_plus

from ai_spine.exceptions import ValidationError
from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.runtime.files import is_file
from ai_spine.sdk_sync.runtime.media_types import parse_media_type
from ai_spine.sdk_sync.runtime.styles import Pair, Quote, pairs_of, quote_reserved
from ai_spine.sdk_sync.runtime.values import ToJSON, json_text, plain
from ai_spine.sdk_sync.unset import UNSET
from ai_spine.utils import one_line


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
    headers: "Mapping[str, str]" = {}
    """Headers of its part that have one value."""

    @property
    def has_style(self) -> bool:
        """Whether it says how lists and objects are written."""
        return self.style is not None or self.explode is not None or self.allow_reserved

    @property
    def is_json(self) -> bool:
        """Whether the field is written as JSON."""
        kind = self.content_type
        return (
            not self.has_style and kind is not None and parse_media_type(kind).is_json
        )


def encode_form(
    value: Any, encoding: "Mapping[str, Encoding]", to_json: ToJSON
) -> bytes:
    """Return a form as `application/x-www-form-urlencoded`.

    Lists are written as repeated names, unless the encoding of their field says otherwise.

    Args:
        value: A mapping or a model; fields that are `UNSET` or `None` are left out.
        encoding: How fields are written, by their names.
        to_json: Writes models as JSON.

    Raises:
        ValidationError: It has no fields, or one of them cannot be written.

    Example:
        >>> deep = {"metadata": Encoding(style="deepObject")}
        >>> encode_form({"metadata": {"a": 1}, "ids": [1, 2]}, deep, lambda value: value)
        b'metadata%5Ba%5D=1&ids=1&ids=2'
    """
    pairs: List[Pair] = []
    for name, each in fields_of(value, to_json).items():
        try:
            pairs += field_pairs(
                name, each, encoding.get(name, Encoding()), to_json, quote_plus
            )
        except (ValidationError, UnicodeError) as error:
            raise refused_field(name, error) from None
    return "&".join(f"{name}={text}" for name, text in pairs).encode("ascii")


def field_pairs(
    name: str, value: Any, encoding: Encoding, to_json: ToJSON, quoted: Quote
) -> "Iterator[Pair]":
    """Yield the names and values that a field is written as.

    Raises:
        ValidationError: It cannot be written.
    """
    if is_file(value):
        raise ValidationError("is a file, which only multipart bodies can hold")
    value = plain(value, to_json)
    if encoding.is_json:
        value = json_text(value)
    style = encoding.style or "form"
    explode = style == "form" if encoding.explode is None else encoding.explode
    if encoding.allow_reserved and quoted is quote_plus:
        quoted = quote_reserved
    yield from pairs_of(name, value, style, explode, quoted)


def fields_of(value: Any, to_json: ToJSON) -> "Mapping[str, Any]":
    """Return the fields of a mapping or a model that are neither `UNSET` nor `None`.

    Raises:
        ValidationError: It has no fields.
    """
    found = value if isinstance(value, Mapping) else to_json(value)
    if not isinstance(found, Mapping):
        raise ValidationError(
            f"the body is a form: pass a mapping or a model, not {kind_of(value)}"
        )
    return {
        str(name): each
        for name, each in found.items()
        if each is not UNSET and each is not None
    }


def refused_field(name: str, error: Exception) -> ValidationError:
    """Return the error of a field that cannot be written."""
    problem = getattr(error, "message", "contains half of a character")
    return ValidationError(f"the field {one_line(repr(name), 100)}: {problem}")
