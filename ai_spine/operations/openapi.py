"""Makes an OpenAPI 3.1 document of the operations and the models; the same one each time."""

import ast
import dataclasses
import functools
import inspect
import re
import textwrap
import typing

from typing import Any, Dict, List, Mapping, Tuple, Type

from ai_spine.__version__ import __version__
from ai_spine.constants import (
    DEFAULT_BASE_URL,
    EVENT_STREAM,
    IDEMPOTENCY_KEY_HEADER,
    LAST_EVENT_ID_HEADER,
    REQUEST_ID_HEADER,
    TENANT_HEADER,
    WORKSPACE_HEADER,
)
from ai_spine.models.base import Model
from ai_spine.models.statuses import KNOWN_STATUSES, read_status
from ai_spine.operations import OPERATIONS, Operation, Query
from ai_spine.policy.messages import Credential
from ai_spine.utils import parse_timestamp

Json = Dict[str, Any]

_KINDS = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
}
_SECURITY: Mapping[Credential, List[Json]] = {
    Credential.API_KEY: [{"apiKey": []}],
    Credential.ACCESS_TOKEN: [{"accessToken": []}],
    Credential.NONE: [],
}
_NOUNS = ("executions", "flows", "agents", "account", "tools", "marketplace")
_ERRORS = {
    "400": "The request is wrong.",
    "401": "The key is missing or wrong.",
    "403": "The key does not allow this, or there are too few credits.",
    "404": "There is no such thing.",
    "409": "It exists already, or the idempotency key came with another body.",
    "422": "A field of the request is wrong.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
    "500": "The server failed.",
}
# The headers that the client sends, by the name of their parameter.
_HEADERS = {
    "RequestId": (REQUEST_ID_HEADER, "The id of the request in the server's log."),
    "Tenant": (TENANT_HEADER, "The tenant that the request is for."),
    "Workspace": (WORKSPACE_HEADER, "The tenant's workspace."),
    "IdempotencyKey": (
        IDEMPOTENCY_KEY_HEADER,
        "Requests with the same key are executed once, if the server honours keys.",
    ),
    "LastEventId": (
        LAST_EVENT_ID_HEADER,
        "The id of the event after which the stream begins.",
    ),
}


def openapi_document(server_url: str = DEFAULT_BASE_URL) -> Json:
    """Return the document.

    Args:
        server_url: The URL of the server.

    Example:
        >>> document = openapi_document()
        >>> document["paths"]["/flows/{flow_id}"]["get"]["operationId"]
        'get_flow'
    """
    components = _Components()
    paths: Json = {}
    for operation in OPERATIONS:
        item = paths.setdefault(operation.path, {})
        item[operation.method.lower()] = _operation(operation, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AI Spine",
            "version": __version__,
            "description": "The operations of `ai-spine-sdk`: run flows of AI agents.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server_url}],
        "tags": [{"name": name} for name in dict.fromkeys(map(_tag, OPERATIONS))],
        "paths": paths,
        "components": {
            "schemas": components.sorted(),
            "parameters": {name: _header(*header) for name, header in _HEADERS.items()},
            "responses": {
                status: _response(words, components.reference("Error", _ERROR))
                for status, words in _ERRORS.items()
            },
            "securitySchemes": {
                "apiKey": _bearer("The API key."),
                "accessToken": _bearer("The token of the account."),
            },
        },
    }


class _Components:
    """The named schemas that a document refers to."""

    def __init__(self) -> None:
        self._schemas: Json = {"Error": _ERROR}

    def sorted(self) -> Json:
        """Return them by name."""
        return dict(sorted(self._schemas.items()))

    def reference(self, name: str, schema: Json) -> Json:
        """Add a schema, and return a reference to it."""
        self._schemas[name] = schema
        return {"$ref": f"#/components/schemas/{name}"}

    def schema_of(self, shape: Any) -> Json:
        """Return the JSON schema of a shape, as `Operation` describes it."""
        if isinstance(shape, dict):
            return self._object(shape)
        if isinstance(shape, list):
            return {"type": "array", "items": self.schema_of(shape[0])}
        if isinstance(shape, type) and issubclass(shape, Model):
            if shape.__name__ not in self._schemas:
                self._schemas[shape.__name__] = {}  # it may contain itself
                self._schemas[shape.__name__] = self._model(shape)
            return {"$ref": f"#/components/schemas/{shape.__name__}"}
        return {"type": _KINDS[shape]} if shape in _KINDS else {}

    def _object(self, fields: Mapping[str, Any]) -> Json:
        properties = {
            name.rstrip("?"): (
                _nullable(self.schema_of(shape))
                if name.endswith("?")
                else self.schema_of(shape)
            )
            for name, shape in fields.items()
        }
        required = [name for name in fields if not name.endswith("?")]
        return {"type": "object", "properties": properties, "required": required}

    def _model(self, model: Type[Model]) -> Json:
        hints, docs = typing.get_type_hints(model), _field_docs(model)
        properties, required = {}, []
        for field in dataclasses.fields(model):
            schema = self._field(field, hints[field.name])
            if docs.get(field.name):
                schema = {**schema, "description": docs[field.name]}
            properties[field.name] = schema
            if field.default is dataclasses.MISSING:
                required.append(field.name)
        made: Json = {"type": "object", "description": _first_line(model)}
        made["properties"] = properties
        return {**made, "required": required} if required else made

    def _field(self, field: Any, hint: Any) -> Json:
        read = field.metadata.get("read")
        if read is parse_timestamp:  # ISO 8601, with or without an offset, or an epoch
            return {"type": ["string", "number", "null"]}
        if read is read_status:
            return {
                "type": "string",
                "examples": list(KNOWN_STATUSES),
            }
        return self._hinted(hint)

    def _hinted(self, hint: Any) -> Json:
        """Return the schema of a type hint."""
        origin: Any = getattr(hint, "__origin__", None)
        inner: Any = getattr(hint, "__args__", ())
        if origin is typing.Union:
            return _nullable(self._hinted(inner[0]))
        if origin is list:
            return {"type": "array", "items": self._hinted(inner[0])}
        if origin is dict:
            values = self._hinted(inner[1])
            return {
                "type": "object",
                **({"additionalProperties": values} if values else {}),
            }
        return self.schema_of(hint)


def _nullable(schema: Json) -> Json:
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _operation(operation: Operation[Any], components: _Components) -> Json:
    names = ["RequestId", "Tenant", "Workspace"]
    changes = operation.method == "POST" and not operation.reads
    names += ["IdempotencyKey"] if changes else []
    names += ["LastEventId"] if operation.streams else []
    made: Json = {
        "operationId": operation.name,
        "tags": [_tag(operation)],
        "summary": operation.summary,
        "parameters": [
            *map(_path_parameter, re.findall(r"{(\w+)}", operation.path)),
            *map(_query_parameter, operation.query),
            *({"$ref": f"#/components/parameters/{name}"} for name in names),
        ],
        "security": _SECURITY[operation.credential],
    }
    if "Deprecated" in operation.summary:
        made["deprecated"] = True
    if operation.body is not None:
        content = _content(components.schema_of(operation.body))
        made["requestBody"] = {"required": True, "content": content}
    schema = components.schema_of(operation.response)
    kind = EVENT_STREAM if operation.streams else "application/json"
    done = {"description": "Done.", "content": _content(schema, kind)}
    errors = {
        status: {"$ref": f"#/components/responses/{status}"} for status in _ERRORS
    }
    made["responses"] = {"200": done, **errors}
    return made


_ERROR: Json = {
    "type": "object",
    "description": "Why a request was refused.",
    "properties": {"detail": {"description": "In words, or a list of wrong fields."}},
}


def _tag(operation: Operation[Any]) -> str:
    """Return the group of an operation: the noun of its path."""
    nouns = {"messages": "executions", "user": "account", "users": "account"}
    parts = operation.path.replace("/api/v1", "").strip("/").split("/")
    noun = nouns.get(parts[0], parts[0])
    if operation.path == "/flows/execute":
        return "executions"
    return noun if noun in _NOUNS else "system"


def _path_parameter(name: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": f"The id of the {name[: -len('_id')]}.",
    }


def _query_parameter(query: Query) -> Json:
    return {
        "name": query.name,
        "in": "query",
        "schema": {"type": query.kind},
        "description": query.description,
    }


def _header(name: str, description: str) -> Json:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "schema": schema, "description": description}


def _content(schema: Json, kind: str = "application/json") -> Json:
    return {kind: {"schema": schema}}


def _response(description: str, schema: Json) -> Json:
    return {"description": description, "content": _content(schema)}


def _bearer(description: str) -> Json:
    return {"type": "http", "scheme": "bearer", "description": description}


def _first_line(model: Type[Model]) -> str:
    return (inspect.getdoc(model) or model.__name__).split("\n")[0]


@functools.lru_cache(maxsize=None)
def _field_docs(model: Type[Model]) -> Dict[str, str]:
    """Return what the source says below each field, of the base classes as well."""
    docs: Dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Model) and base is not Model:
            try:
                docs.update(_docs_in(inspect.getsource(base)))
            except OSError:  # only compiled files are installed
                return {}
    return docs


def _docs_in(source: str) -> Dict[str, str]:
    (made,) = ast.parse(textwrap.dedent(source)).body
    body = made.body if isinstance(made, ast.ClassDef) else []
    pairs: List[Tuple[ast.stmt, ast.stmt]] = list(zip(body, body[1:]))
    return {
        field.target.id: " ".join(
            inspect.cleandoc(ast.literal_eval(text.value)).split()
        )
        for field, text in pairs
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
    }
