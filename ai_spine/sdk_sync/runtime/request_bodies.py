"""Writes the body of a request from what a caller has given. Pure, but for files that it reads."""

from collections.abc import Mapping
from typing import Any, Optional, Tuple

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.errors import ValidationError as Misfit
from ai_spine.sdk_sync.runtime.bodies import Body, encode_body
from ai_spine.sdk_sync.runtime.endpoints import Endpoint
from ai_spine.sdk_sync.runtime.files import is_file
from ai_spine.sdk_sync.runtime.media_types import parse_media_type
from ai_spine.sdk_sync.runtime.reading import Codec, name_of
from ai_spine.sdk_sync.runtime.values import plain
from ai_spine.sdk_sync.unset import UNSET
from ai_spine.utils import one_line

_NOTHING = (None, None)
_SCALARS = (str, int, float, type(None))


class BodyWriter:
    """Writes the bodies of an endpoint's requests.

    Args:
        endpoint: The endpoint, which has bodies.
        codec: Writes models, and checks mappings against them.
    """

    def __init__(self, endpoint: Endpoint[Any], codec: Codec) -> None:
        self._endpoint = endpoint
        self._codec = codec
        self._checked_as = next(filter(_is_checked, endpoint.bodies), None)
        # Where another media type is possible, a text may be sent as that.
        self._checks_all = all(map(_is_checked, endpoint.bodies))

    def write(
        self,
        body: Any,
        fields: "Optional[Mapping[str, Any]]",
        content_type: Optional[str] = None,
    ) -> Tuple[Optional[bytes], Optional[str]]:
        """Return a body and its media type; nothing where there is none.

        Args:
            body: The body; `UNSET` if it was not given.
            fields: The fields of the body by their names in JSON; `UNSET` ones are left out.
            content_type: The media type, where there are several.

        Raises:
            ValidationError: It is missing, given twice, or does not fit.
        """
        value = self._given(body, fields)
        if value is UNSET:
            if self._endpoint.body_required:
                words = "pass body=" + (", or its fields" if fields else "")
                raise ValidationError(f"{self._endpoint.name} needs a body: {words}")
            return _NOTHING
        is_scalar = self._checks_all and isinstance(value, _SCALARS)
        if is_scalar or isinstance(value, (Mapping, list, tuple)):
            value = self._checked(value, content_type)
        more = self._endpoint.body_fields
        if more:
            if not isinstance(value, Mapping):
                value = self._codec.to_json(value)
            if isinstance(value, Mapping):
                value = {**value, **more}
        return encode_body(
            self._endpoint.bodies,
            value,
            content_type=content_type,
            to_json=self._codec.to_json,
        )

    def _given(self, body: Any, fields: "Optional[Mapping[str, Any]]") -> Any:
        """Return the body, or the mapping that its fields are."""
        if not fields:
            return body
        given = {name: each for name, each in fields.items() if each is not UNSET}
        if not given:
            return body
        if body is not UNSET:
            names = ", ".join(map(repr, given))
            raise ValidationError(
                f"{self._endpoint.name} takes a body or its fields, not both: "
                f"{one_line(names, 100)} came with body="
            )
        return given

    def _checked(self, value: Any, content_type: Optional[str]) -> Any:
        """Return a value that fits the declared type.

        Raises:
            ValidationError: It does not fit.
        """
        body = self._checked_as
        if body is None or body.kind is None or _has_files(value):
            return value
        if content_type not in (None, body.content_type):
            return value
        kind = body.kind()
        written = plain(value, self._codec.to_json)
        try:
            self._codec.from_json(kind, written)
        except Misfit as error:
            problem = one_line(error.message, 300)
        else:
            return written
        name = self._endpoint.name
        raise ValidationError(f"the body of {name} is no {name_of(kind)}: {problem}")


def _is_checked(body: Body) -> bool:
    """Return whether bodies of a media type hold what their type says: parts may be files."""
    media_type = parse_media_type(body.content_type)
    return media_type.is_json or media_type.is_form


def _has_files(value: Any) -> bool:
    """Return whether a field is a file, or a list of files."""
    if isinstance(value, _SCALARS):
        return False
    fields = value.values() if isinstance(value, Mapping) else value
    return any(
        is_file(item)
        for each in fields
        for item in (each if isinstance(each, (list, tuple)) else [each])
    )
