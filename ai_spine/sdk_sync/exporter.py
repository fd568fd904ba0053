"""Exports the schemas of an application, and what serves them from a FastAPI backend."""

import os
from pathlib import Path
from typing import Any, Iterable, List, Mapping, Optional, Tuple, Union

from ai_spine.models import Flow
from ai_spine.sdk_sync.errors import ConfigError, ExportError
from ai_spine.sdk_sync.fastapi_export import is_fastapi, spec_of_fastapi
from ai_spine.sdk_sync.flows import class_names, spec_of_flows
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRTool, SchemaVersion
from ai_spine.sdk_sync.registry import SchemaRegistry
from ai_spine.utils import one_line
from ai_spine.utils.files import write_whole

PathLike = Union[str, "os.PathLike[str]"]
_EXPECTED = (
    "a LocalServer, a FastAPI application, flows, tools, a SchemaRegistry or an IRSpec"
)
_ROUTER = '''"""Serves the schemas of this backend under /api/_meta. Generated; do not edit."""

from pathlib import Path

from ai_spine.sdk_sync.registry import load_spec
from ai_spine.sdk_sync.fastapi import metadata_router

SPEC = Path(__file__).resolve().parent.parent / "schemas" / "spec.json"

router = metadata_router(load_spec(SPEC))
'''


def export_schemas_from_app(
    app: Any, version: str = "1.0.0", output_path: Optional[PathLike] = None
) -> IRSpec:
    """Return the schemas of an application, and write them to a file if one is named.

    Args:
        app: A `LocalServer`; a FastAPI application; flows, as `Flow`s or dicts; tools, as
            `IRTool`s, or as dicts or objects that have `name`, `description`, `input_schema` and
            `output_schema` (JSON Schemas, models or pydantic classes), in a list or by their
            names; a `SchemaRegistry`; or an `IRSpec`.
        version: The version of the specification, and of what has none of its own.
        output_path: The file to write it to.

    Raises:
        ConfigError: The application is none of these, or the version is none.
        ImportError: A schema in it cannot be read.
        ExportError: The file cannot be written.

    Example:
        >>> spec = export_schemas_from_app([Flow("credit_analysis", description="Decides.")])
        >>> spec.tools["credit_analysis"].description
        'Decides.'
    """
    spec = SchemaExporter(version).export_from_app(app)
    if output_path is not None:
        save_spec_to_file(spec, output_path)
    return spec


class SchemaExporter:
    """Exports the schemas of applications.

    Args:
        version: The version of what has none of its own.

    Attributes:
        registry: All models and tools that were exported.

    Raises:
        ConfigError: The version is none.
    """

    def __init__(self, version: str = "1.0.0") -> None:
        self._version = SchemaVersion.parse(version)
        self.registry = SchemaRegistry()

    def export_from_app(self, app: Any) -> IRSpec:
        """Return the schemas of an application, as `export_schemas_from_app` does.

        Raises:
            ConfigError: It is no application that can be read.
            ImportError: A schema in it cannot be read.
            SchemaRegistryError: An earlier one had other content under the same name and version.
        """
        spec = self._spec_of(app)
        self.registry.import_spec(spec)
        return spec

    def save_spec_to_file(self, spec: IRSpec, path: PathLike) -> None:
        """Write a specification to a file, as the function of this name does.

        Raises:
            ExportError: The file cannot be written.
        """
        save_spec_to_file(spec, path)

    def _spec_of(self, app: Any) -> IRSpec:
        if isinstance(app, IRSpec):
            return app
        if isinstance(app, SchemaRegistry):
            return app.export_spec(self._version)
        if is_fastapi(app):
            return spec_of_fastapi(app, self._version)
        if hasattr(app, "export_schemas"):  # a LocalServer, which is on a higher floor
            found: IRSpec = app.export_schemas(str(self._version))
            return found
        if isinstance(app, Mapping):
            items = [(str(name), item) for name, item in app.items()]
        elif isinstance(app, Iterable) and not isinstance(app, (str, bytes)):
            items = [("", item) for item in app]
        else:
            kind = type(app).__name__
            raise ConfigError(
                f"schemas can be exported from {_EXPECTED}, not from one of type {kind}"
            )
        return self._spec_of_items(items)

    def _spec_of_items(self, items: Any) -> IRSpec:
        flows: List[Flow] = []
        others: List[Tuple[str, Any]] = []
        for name, item in items:
            flow = _flow_of(item)
            if flow is not None:
                flows.append(flow)
            else:
                others.append((_tool_name(name, item), item))
        spec = spec_of_flows(flows, version=str(self._version))
        classes = class_names(name for name, _ in others)
        for name, item in others:
            if name in spec.tools:
                shown = one_line(repr(name), 100)
                raise ConfigError(f"two tools have the name {shown}: rename one")
            tool = self._tool_of(name, item, classes[name])
            spec.tools[name] = tool
            for model in (tool.input_schema, tool.output_schema):
                spec.models[model.name] = model
        return spec

    def _tool_of(self, name: str, item: Any, class_name: str) -> IRTool:
        """Return something that has the attributes, or the keys, of a tool."""
        if isinstance(item, IRTool):
            return item
        taken, returned = (
            self._model_of(_part_of(item, schema), f"{class_name}{end}")
            for schema, end in zip(_SCHEMAS, ("Input", "Output"))
        )
        described = str(_part_of(item, "description") or name)
        return IRTool(name, self._version, described, taken, returned)

    def _model_of(self, schema: Any, name: str) -> IRModel:
        if isinstance(schema, IRModel):
            return schema
        if hasattr(schema, "model_json_schema"):  # a pydantic class
            schema = schema.model_json_schema()
        if schema is None:
            schema = {"type": "object"}
        return IRModel.from_json_schema(schema, name=name, version=self._version)


_SCHEMAS = ("input_schema", "output_schema")


def _tool_name(name: str, item: Any) -> str:
    """Return the name of a tool: its own, or else the one that it goes by."""
    name = str(_part_of(item, "name") or name)
    if not name or all(_part_of(item, each) is None for each in _SCHEMAS):
        kind = f"an item of type {type(item).__name__}"
        shown = one_line(repr(name), 100) if name else kind
        raise ConfigError(
            f"{shown} is neither a flow nor a tool: a tool has a name and an input_schema"
        )
    return name


def _part_of(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


def _flow_of(item: Any) -> Optional[Flow]:
    if isinstance(item, Mapping) and "nodes" in item:
        item = Flow.from_wire(item)
    if not isinstance(item, Flow):
        return None
    if not isinstance(item.flow_id, str):
        raise ConfigError("a flow has no flow_id, after which its tool could be named")
    return item


def save_spec_to_file(spec: IRSpec, path: PathLike) -> None:
    """Write a specification to a JSON file: whole, or not at all.

    Args:
        spec: The specification.
        path: The file; its folder is made if need be.

    Raises:
        ConfigError: It has values that are no JSON.
        ExportError: The file cannot be written.
    """
    content = f"{spec.to_json()}\n".encode("utf-8")
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(str(target), content)
    except OSError as error:
        shown = one_line(str(path), 200)
        words = f"the specification cannot be written to {shown}: {error.strerror}"
        raise ExportError(words) from None


def generate_metadata_router() -> str:
    """Return the Python source of a module that has a FastAPI `router` of `/api/_meta`.

    The module belongs in a folder beside `schemas/spec.json`, which it serves: in
    `generated/routers/metadata.py`, say, if the specification is in `generated/schemas`.

    Example:
        >>> "router = metadata_router" in generate_metadata_router()
        True
    """
    return _ROUTER
