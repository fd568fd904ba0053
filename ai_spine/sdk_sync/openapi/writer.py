"""Writes a specification as an OpenAPI 3.1 document."""

import re
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import quote

from ai_spine.sdk_sync.errors import ExportError
from ai_spine.sdk_sync.ir import (
    IREndpoint,
    IRField,
    IRModel,
    IRParameter,
    IRResponse,
    IRSpec,
    IRTool,
)
from ai_spine.sdk_sync.ir.bundling import with_references
from ai_spine.sdk_sync.ir.fields import METADATA
from ai_spine.sdk_sync.ir.references import escaped, name_referred_to
from ai_spine.utils import one_line

VERSION = "3.1.0"
_JSON = "application/json"
_NAME = "x-name"
_NO_KEY = re.compile(r"[^A-Za-z0-9._-]")
_TITLE = "API"


def write_openapi(spec: IRSpec) -> Dict[str, Any]:
    """Return a specification as an OpenAPI 3.1 document.

    Models are in `components/schemas`, endpoints in `paths`, and each tool is the endpoint that
    executes it, as in `POST /api/tools/search/execute`. `read_openapi` returns the same models and
    endpoints.

    Args:
        spec: The specification.

    Raises:
        ExportError: Two endpoints have one method and one path.

    Example:
        >>> from ai_spine.sdk_sync.ir import SchemaVersion
        >>> spec = IRSpec(SchemaVersion(1), models={"User": IRModel("User")}, title="Users")
        >>> list(write_openapi(spec)["components"]["schemas"])
        ['User']
    """
    return _Writer(spec).document()


class _Writer:
    """Writes the parts of a document."""

    def __init__(self, spec: IRSpec) -> None:
        self._spec = spec
        self._keys = _keys_of(spec.models)

    def document(self) -> Dict[str, Any]:
        spec = self._spec
        made: Dict[str, Any] = {"openapi": VERSION, "info": self._info()}
        if spec.servers:
            made["servers"] = [dict(each) for each in spec.servers]
        made["paths"] = self._paths()
        schemas = {
            self._keys[name]: self._model(model) for name, model in spec.models.items()
        }
        schemes = {name: dict(each) for name, each in spec.security_schemes.items()}
        parts = {"schemas": schemas, "securitySchemes": schemes}
        components = {name: part for name, part in parts.items() if part}
        if components:
            made["components"] = components
        if spec.security:
            made["security"] = [dict(each) for each in spec.security]
        for key, value in spec.metadata.items():
            is_known = key in ("tags", "externalDocs") or key.startswith("x-")
            if is_known and spec.metadata.get("source") == "openapi":
                made[key] = value
        return made

    def _info(self) -> Dict[str, Any]:
        spec = self._spec
        more = spec.metadata.get("info")
        return {
            "title": spec.title or _TITLE,
            "version": spec.api_version,
            **(more if isinstance(more, Mapping) else {}),
        }

    def _model(self, model: IRModel) -> Dict[str, Any]:
        key = self._keys[model.name]
        schema: Dict[str, Any] = self._linked(model.to_json_schema(), model)
        return {**schema, _NAME: model.name} if key != model.name else schema

    def _schema(self, field: IRField) -> Dict[str, Any]:
        schema: Dict[str, Any] = self._linked(field.to_json_schema(), None)
        return schema

    def _linked(self, schema: Any, owner: Optional[IRModel]) -> Any:
        """Return a schema whose references lead to the components."""

        def target(reference: str) -> str:
            name = name_referred_to(reference)
            if name is not None and owner is not None and name in owner.definitions:
                key = self._keys[owner.name]
                part = quote(escaped(name), safe="~")
                return f"#/components/schemas/{key}/$defs/{part}"
            if name is None or name not in self._keys:
                return reference
            return f"#/components/schemas/{self._keys[name]}"

        return _with_mappings(with_references(schema, target), target)

    def _paths(self) -> Dict[str, Any]:
        paths: Dict[str, Any] = {}
        ids = {each.operation_id for each in self._spec.endpoints.values()}
        for name, endpoint in self._spec.endpoints.items():
            operation = self._operation(endpoint)
            _add(paths, endpoint.path, endpoint.method, operation, name)
        for name, tool in self._spec.tools.items():
            operation = self._tool(tool)
            while operation["operationId"] in ids:
                operation["operationId"] += "_"
            ids.add(operation["operationId"])
            path = f"/api/tools/{quote(name, safe='')}/execute"
            _add(paths, path, "POST", operation, name)
        return paths

    def _operation(self, endpoint: IREndpoint) -> Dict[str, Any]:
        made: Dict[str, Any] = {
            "operationId": endpoint.operation_id,
            "summary": endpoint.summary,
            "description": endpoint.description or None,
            "tags": list(endpoint.tags) or None,
            "parameters": [self._parameter(each) for each in endpoint.parameters],
            "requestBody": self._body(endpoint),
            "responses": self._responses(endpoint),
            "deprecated": endpoint.deprecated or None,
            "servers": [dict(each) for each in endpoint.servers] or None,
        }
        made["parameters"] = made["parameters"] or None
        if endpoint.security is not None:
            made["security"] = [dict(each) for each in endpoint.security]
        made = {key: value for key, value in made.items() if value is not None}
        return {**made, **_allowed(endpoint.metadata, "externalDocs")}

    def _parameter(self, parameter: IRParameter) -> Dict[str, Any]:
        place = {"name": parameter.name, "in": parameter.location}
        return {**place, **self._header(parameter)}

    def _header(self, parameter: IRParameter) -> Dict[str, Any]:
        schema = self._schema(parameter.schema)
        made: Dict[str, Any] = {
            "description": parameter.description,
            "required": parameter.required or None,
            "deprecated": parameter.deprecated or None,
            "style": parameter.style,
            "explode": parameter.explode,
            "allowReserved": parameter.allow_reserved or None,
        }
        if parameter.content_type is None:
            made["schema"] = schema
        else:
            made["content"] = {parameter.content_type: {"schema": schema}}
        made = {key: value for key, value in made.items() if value is not None}
        return {**made, **_allowed(parameter.metadata, "example", "examples")}

    def _body(self, endpoint: IREndpoint) -> Optional[Dict[str, Any]]:
        content: Dict[str, Any] = {}
        for body in endpoint.bodies:
            media: Dict[str, Any] = {}
            if body.schema is not None:
                media["schema"] = self._schema(body.schema)
            if body.encoding:
                media["encoding"] = dict(body.encoding)
            media.update(_allowed(body.metadata, "example", "examples"))
            content[body.content_type] = media
        if not endpoint.bodies and endpoint.request_schema is not None:
            schema = endpoint.request_schema.to_json_schema()
            return {"required": True, "content": self._json(schema)}
        if not content:
            return None
        made: Dict[str, Any] = {"content": content}
        if any(body.required for body in endpoint.bodies):
            made["required"] = True
        texts = [body.description for body in endpoint.bodies if body.description]
        return {**made, "description": texts[0]} if texts else made

    def _responses(self, endpoint: IREndpoint) -> Optional[Dict[str, Any]]:
        if not endpoint.responses and endpoint.response_schema is not None:
            schema = endpoint.response_schema.to_json_schema()
            return {"200": {"description": "", "content": self._json(schema)}}
        found = {each.status: self._response(each) for each in endpoint.responses}
        return found or None

    def _response(self, response: IRResponse) -> Dict[str, Any]:
        made: Dict[str, Any] = {"description": response.description}
        more: Any = response.metadata.get("content", {})
        if response.content:
            made["content"] = {
                kind: {
                    **({} if schema is None else {"schema": self._schema(schema)}),
                    **_allowed(more.get(kind, {}), "example", "examples", "encoding"),
                }
                for kind, schema in response.content.items()
            }
        if response.headers:
            headers = response.headers.items()
            made["headers"] = {name: self._header(each) for name, each in headers}
        own = {k: v for k, v in response.metadata.items() if k != "content"}
        return {**made, **_allowed(own, "links")}

    def _tool(self, tool: IRTool) -> Dict[str, Any]:
        taken = tool.input_schema.to_json_schema()
        result = tool.output_schema.to_json_schema()
        made: Dict[str, Any] = {
            "operationId": f"execute_{tool.name}",
            "description": tool.description,
            "requestBody": {"required": True, "content": self._json(taken)},
            "responses": {
                "200": {"description": "Its output.", "content": self._json(result)}
            },
        }
        return {**made, "tags": list(tool.tags)} if tool.tags else made

    def _json(self, schema: Dict[str, Any]) -> Dict[str, Any]:
        """Return the content of a body in JSON."""
        return {_JSON: {"schema": self._linked(schema, None)}}


def _keys_of(models: Mapping[str, IRModel]) -> Dict[str, str]:
    """Return the key of each model among the components, whose letters are few."""
    keys = {name: name for name in models if not _NO_KEY.search(name)}
    taken = set(keys)
    for name in models:
        wanted = key = _NO_KEY.sub("_", name)
        number = 1
        while name not in keys:
            if key not in taken:
                keys[name] = key
                taken.add(key)
            number += 1
            key = f"{wanted}_{number}"
    return keys


def _add(
    paths: Dict[str, Any], path: str, method: str, operation: Any, name: str
) -> None:
    item = paths.setdefault(path, {})
    if method.lower() in item:
        shown = one_line(f"{method} {path}", 200)
        named = one_line(repr(name), 100)
        raise ExportError(f"a document has one {shown}, but {named} is another")
    item[method.lower()] = operation


def _allowed(metadata: Mapping[str, Any], *names: str) -> Dict[str, Any]:
    """Return metadata under the keys that a document may have, the rest as an extension."""
    made: Dict[str, Any] = {}
    more: Dict[str, Any] = {}
    for key, value in metadata.items():
        is_known = key in names or (key.startswith("x-") and key != METADATA)
        (made if is_known else more)[key] = value
    return {**made, METADATA: more} if more else made


def _with_mappings(schema: Any, change: Any) -> Any:
    """Return a schema with the references of its discriminators changed as well."""
    if isinstance(schema, list):
        return [_with_mappings(each, change) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {key: _with_mappings(value, change) for key, value in schema.items()}
    found: Any = schema.get("discriminator")
    mapping: Any = found.get("mapping") if isinstance(found, Mapping) else None
    if isinstance(mapping, Mapping):
        changed: List[Any] = [
            change(each) if isinstance(each, str) else each for each in mapping.values()
        ]
        made["discriminator"] = {**found, "mapping": dict(zip(mapping, changed))}
    return made
