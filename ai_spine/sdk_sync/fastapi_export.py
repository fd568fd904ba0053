"""What the routes of a FastAPI application take and return, as a specification."""

import re
import sys
from typing import Any, Dict, List, Mapping, Optional

from ai_spine.sdk_sync.flows import class_names
from ai_spine.sdk_sync.ir import IREndpoint, IRModel, IRSpec, IRTool, SchemaVersion
from ai_spine.sdk_sync.ir.references import name_referred_to
from ai_spine.sdk_sync.metadata import META_PREFIX

_METHODS = ("get", "post", "put", "delete", "patch", "head", "options", "trace")
_TOOL_PATH = re.compile(r"/api/tools/([^/{}]+)/execute")
_JSON = "application/json"
Keywords = Mapping[str, Any]


def is_fastapi(app: Any) -> bool:
    """Return whether something is a FastAPI application, without importing FastAPI.

    Example:
        >>> is_fastapi("app")
        False
    """
    module = sys.modules.get("fastapi")
    return module is not None and isinstance(app, module.FastAPI)


def spec_of_fastapi(app: Any, version: SchemaVersion) -> IRSpec:
    """Return what the routes of an application take and return.

    Each route is an endpoint. A POST of `/api/tools/NAME/execute` is a tool as well, if it takes
    and returns JSON: that is the request that generated clients send.

    Args:
        app: The application.
        version: The version of the specification and of all in it.

    Raises:
        ImportError: A model's schema cannot be read.
    """
    from fastapi.openapi.utils import get_openapi

    # Not app.openapi(), which would keep routes that are added later out of the document.
    document = get_openapi(
        title=app.title, version=app.version, routes=app.routes, webhooks=None
    )
    reader = _Reader(document, version)
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item and not path.startswith(META_PREFIX):
                reader.add(path, method, item[method])
    return IRSpec(
        version,
        str(app.version),
        models=reader.models,
        tools=reader.tools,
        endpoints=reader.endpoints,
        metadata={"title": app.title},
    )


class _Reader:
    """Reads operations, and the models that they use."""

    def __init__(self, document: Keywords, version: SchemaVersion) -> None:
        self._schemas: Keywords = document.get("components", {}).get("schemas", {})
        self._version = version
        self.models: Dict[str, IRModel] = {}
        self.tools: Dict[str, IRTool] = {}
        self.endpoints: Dict[str, IREndpoint] = {}

    def add(self, path: str, method: str, operation: Keywords) -> None:
        name = str(operation.get("operationId") or f"{method} {path}")
        body = _schema_in(operation.get("requestBody", {}))
        result = _schema_in(_success(operation.get("responses", {})))
        (class_name,) = class_names([name]).values()
        taken = self._model(body, f"{class_name}Request")
        returned = self._model(result, f"{class_name}Response")
        described = operation.get("description") or operation.get("summary") or name
        tags = [str(tag) for tag in operation.get("tags", ())]
        secured = bool(operation.get("security"))
        metadata: Dict[str, Any] = {"operation_id": name}
        if operation.get("parameters"):
            metadata["parameters"] = operation["parameters"]
        self.endpoints[name] = IREndpoint(
            path,
            method.upper(),
            str(described),
            taken,
            returned,
            auth_required=secured,
            tags=tags,
            metadata=metadata,
        )
        tool = _TOOL_PATH.fullmatch(path) if method == "post" else None
        if tool is not None and taken is not None and returned is not None:
            self.tools[tool[1]] = IRTool(
                tool[1],
                self._version,
                str(described),
                taken,
                returned,
                tags=tags,
                auth_required=secured,
            )

    def _model(self, schema: Optional[Keywords], name: str) -> Optional[IRModel]:
        """Return a schema as a model, and keep all models that it refers to."""
        if schema is None:
            return None
        referred = name_referred_to(schema.get("$ref"))
        if referred in self._schemas:
            self._keep([schema])
            return self.models[str(referred)]
        while name in self._schemas or name in self.models:
            name += "_"
        self._keep([schema])
        made = IRModel.from_json_schema(schema, name=name, version=self._version)
        return self.models.setdefault(name, made)

    def _keep(self, pending: List[Any]) -> None:
        """Keep the models that values refer to, and those that they refer to in turn."""
        while pending:
            part = pending.pop()
            if isinstance(part, dict):
                name = name_referred_to(part.get("$ref"))
                if name in self._schemas and name not in self.models:
                    schema = self._schemas[str(name)]
                    self.models[str(name)] = IRModel.from_json_schema(
                        schema, name=name, version=self._version
                    )
                    pending.append(schema)
                pending.extend(part.values())
            elif isinstance(part, list):
                pending.extend(part)


def _success(responses: Keywords) -> Keywords:
    """Return the response of success that is documented first."""
    found = sorted(status for status in responses if status.startswith("2"))
    response: Keywords = responses[found[0]] if found else {}
    return response


def _schema_in(body: Keywords) -> Optional[Keywords]:
    """Return the schema of JSON in a body or a response; `None` if it says nothing."""
    schema = body.get("content", {}).get(_JSON, {}).get("schema")
    return schema if isinstance(schema, Mapping) and schema else None
