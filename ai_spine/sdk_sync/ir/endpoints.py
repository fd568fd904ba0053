"""Endpoints of an HTTP API: their parameters, bodies and responses."""

import re
from dataclasses import dataclass, field, replace
from typing import Any, Dict, List, Mapping, Optional, Tuple
from urllib.parse import parse_qsl

from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ConfigError, ImportError
from ai_spine.sdk_sync.ir.fields import IRField, IRType
from ai_spine.sdk_sync.ir.models import IRModel
from ai_spine.sdk_sync.ir.parts import BRIEF, IRPart
from ai_spine.sdk_sync.ir.reading import check_object, field_from_schema
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.utils import one_line

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
LOCATIONS = ("path", "query", "header", "cookie")
_DEFAULT_STYLES = {
    "path": "simple",
    "query": "form",
    "header": "simple",
    "cookie": "form",
}
_STATUS = re.compile("[1-5][0-9][0-9]|[1-5]XX|default")
_VERSION_SEGMENT = re.compile(r"v[0-9]+([._-]?[0-9a-z]+)*|api", re.IGNORECASE)
_BODY = "body"  # the name of a schema that belongs to no field


@dataclass(frozen=True)
class IRParameter(IRPart):
    """A parameter of a request, or a header of a response.

    Attributes:
        name: Its name on the wire.
        location: `path`, `query`, `header` or `cookie`.
        schema: What its values are; it has the name of the parameter.
        required: Whether it may not be absent.
        style: How lists and objects are written, as OpenAPI names it; `None` is the default.
        explode: Whether each item is written on its own; `None` is the default of the style.
        allow_reserved: Whether reserved characters are sent as they are.
        content_type: The media type that the value is written in, if it has one.
        description: What it means.
        deprecated: Whether it should no longer be used.
        metadata: What else is said of it.

    Raises:
        ConfigError: It has no name, or the location is none.

    Example:
        >>> limit = IRParameter("limit", "query", IRField("", IRType.INTEGER))
        >>> limit.get_style(), limit.get_explode()
        ('form', True)
    """

    name: str
    location: str
    schema: IRField = field(default_factory=lambda: IRField("", IRType.ANY))
    required: bool = field(default=False, metadata=BRIEF)
    style: Optional[str] = field(default=None, metadata=BRIEF)
    explode: Optional[bool] = field(default=None, metadata=BRIEF)
    allow_reserved: bool = field(default=False, metadata=BRIEF)
    content_type: Optional[str] = field(default=None, metadata=BRIEF)
    description: Optional[str] = field(default=None, metadata=BRIEF)
    deprecated: bool = field(default=False, metadata=BRIEF)
    metadata: Mapping[str, Any] = field(default_factory=dict, metadata=BRIEF)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ConfigError("a parameter needs a name")
        if self.location not in LOCATIONS:
            shown = one_line(repr(self.location), 60)
            raise ConfigError(f"a parameter is in {', '.join(LOCATIONS)}, not {shown}")
        named = replace(self.schema, name=self.name, required=self.required)
        object.__setattr__(self, "schema", named)

    def get_style(self) -> str:
        """Return how lists and objects are written."""
        return self.style or _DEFAULT_STYLES[self.location]

    def get_explode(self) -> bool:
        """Return whether each item of a list or an object is written on its own."""
        return self.get_style() == "form" if self.explode is None else self.explode

    @classmethod
    def _read_value(cls, name: str, data: Mapping[str, Any], place: str) -> Any:
        if name == "schema":
            return _read_schema(data[name], place)
        return super()._read_value(name, data, place)


@dataclass(frozen=True)
class IRBody(IRPart):
    """A body that a request may have, in one media type.

    Attributes:
        content_type: The media type.
        schema: What it holds; `None` if nothing is said of it.
        required: Whether a request needs a body.
        encoding: How the parts of a form are written, by their names, as OpenAPI says it.
        description: What it means.
        metadata: What else is said of it.
    """

    content_type: str
    schema: Optional[IRField] = field(default=None, metadata=BRIEF)
    required: bool = field(default=False, metadata=BRIEF)
    encoding: Mapping[str, Any] = field(default_factory=dict, metadata=BRIEF)
    description: Optional[str] = field(default=None, metadata=BRIEF)
    metadata: Mapping[str, Any] = field(default_factory=dict, metadata=BRIEF)

    def __post_init__(self) -> None:
        if self.schema is not None:
            named = replace(self.schema, name=_BODY, required=False)
            object.__setattr__(self, "schema", named)

    @classmethod
    def _read_value(cls, name: str, data: Mapping[str, Any], place: str) -> Any:
        if name == "schema":
            return None if data[name] is None else _read_schema(data[name], place)
        return super()._read_value(name, data, place)


@dataclass(frozen=True)
class IRResponse(IRPart):
    """A response that an endpoint may send.

    Attributes:
        status: A status such as `200`, a range such as `2XX`, or `default`.
        description: What it means.
        content: What its body holds, by media types; `None` where nothing is said of it.
        headers: Its headers, by their names.
        metadata: What else is said of it.

    Raises:
        ConfigError: The status is none.
    """

    status: str
    description: str = field(default="", metadata=BRIEF)
    content: Mapping[str, Optional[IRField]] = field(
        default_factory=dict, metadata=BRIEF
    )
    headers: Mapping[str, IRParameter] = field(default_factory=dict, metadata=BRIEF)
    metadata: Mapping[str, Any] = field(default_factory=dict, metadata=BRIEF)

    def __post_init__(self) -> None:
        if not isinstance(self.status, str) or not _STATUS.fullmatch(self.status):
            shown = one_line(repr(self.status), 60)
            raise ConfigError(f"a status is 200, 2XX or default, not {shown}")
        content = {
            kind: schema and replace(schema, name=_BODY, required=False)
            for kind, schema in self.content.items()
        }
        object.__setattr__(self, "content", content)

    @classmethod
    def _read_value(cls, name: str, data: Mapping[str, Any], place: str) -> Any:
        if name == "content":
            return {
                key: None if each is None else _read_schema(each, at)
                for key, each, at in _entries(data[name], place)
            }
        if name == "headers":
            return {
                key: IRParameter.from_dict(each, place=at)
                for key, each, at in _entries(data[name], place)
            }
        return super()._read_value(name, data, place)


@dataclass(frozen=True)
class IREndpoint(IRPart):
    """An endpoint of an HTTP API.

    Attributes:
        path: Its path, such as `/users/{id}`; it may end with a fixed query, as in `/users?v=2`.
        method: Its HTTP method.
        description: What it does.
        request_schema: What goes in, where that is one model.
        response_schema: What comes out, where that is one model.
        auth_required: Whether it needs a key.
        tags: Words to find it by.
        metadata: What programs of yours want to know of it.
        operation_id: Its name in an OpenAPI document.
        summary: What it does, in a few words.
        parameters: What is sent in the path, the query, headers and cookies.
        bodies: The bodies that a request may have, one for each media type.
        responses: What it may send.
        security: The schemes that authenticate a request: all of one of these mappings of names
            to scopes. `None` is what the specification says; an empty list is no scheme.
        servers: The servers that it is on, if not those of the specification.
        deprecated: Whether it should no longer be used.

    Raises:
        ConfigError: The path or the method is none.

    Example:
        >>> endpoint = IREndpoint("/v1/users/{id}?v=2", "GET", "")
        >>> endpoint.get_group(), endpoint.get_url_path(), endpoint.get_fixed_query()
        ('users', '/v1/users/{id}', [('v', '2')])
    """

    path: str
    method: str
    description: str
    request_schema: Optional[IRModel] = None
    response_schema: Optional[IRModel] = None
    auth_required: bool = False
    tags: List[str] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    operation_id: Optional[str] = field(default=None, metadata=BRIEF)
    summary: Optional[str] = field(default=None, metadata=BRIEF)
    parameters: List[IRParameter] = field(default_factory=list, metadata=BRIEF)
    bodies: List[IRBody] = field(default_factory=list, metadata=BRIEF)
    responses: List[IRResponse] = field(default_factory=list, metadata=BRIEF)
    security: Optional[List[Mapping[str, Any]]] = field(default=None, metadata=BRIEF)
    servers: List[Mapping[str, Any]] = field(default_factory=list, metadata=BRIEF)
    deprecated: bool = field(default=False, metadata=BRIEF)

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            shown = one_line(repr(self.path), 100)
            raise ConfigError(f"a path begins with /, unlike {shown}")
        if self.method not in METHODS:
            shown = one_line(repr(self.method), 60)
            raise ConfigError(f"a method is one of {', '.join(METHODS)}, not {shown}")

    def get_url_path(self) -> str:
        """Return the path without the fixed query."""
        return re.split("[?#]", self.path, maxsplit=1)[0]

    def get_fixed_query(self) -> List[Tuple[str, str]]:
        """Return the names and values that are always in the query, because the path has them."""
        _, _, query = self.path.partition("#")[0].partition("?")
        return parse_qsl(query, keep_blank_values=True)

    def get_group(self) -> str:
        """Return the first tag, or without tags the first segment of the path that has a name."""
        if self.tags:
            return self.tags[0]
        segments = [part for part in self.get_url_path().split("/") if part]
        named = [part for part in segments if not part.startswith("{")]
        telling = [part for part in named if not _VERSION_SEGMENT.fullmatch(part)]
        return (telling or named or ["default"])[0]

    @classmethod
    def _read_value(cls, name: str, data: Mapping[str, Any], place: str) -> Any:
        part = _PARTS_OF_ENDPOINTS.get(name)
        if part is None:
            return super()._read_value(name, data, place)
        if not isinstance(data[name], list):
            raise ImportError(f"{place} cannot be {kind_of(data[name])}")
        return [
            part.from_dict(each, place=f"{place}/{number}")
            for number, each in enumerate(data[name])
        ]


_PARTS_OF_ENDPOINTS: Mapping[str, Any] = {
    "parameters": IRParameter,
    "bodies": IRBody,
    "responses": IRResponse,
}


def _read_schema(schema: Any, place: str) -> IRField:
    return field_from_schema(_BODY, schema, place=place)


def _entries(data: Any, place: str) -> List[Tuple[str, Any, str]]:
    check_object(data, place)
    found: Dict[str, Any] = dict(data)
    return [(key, each, f"{place}/{escaped(key)}") for key, each in found.items()]
