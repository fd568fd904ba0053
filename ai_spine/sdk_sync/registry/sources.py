"""Where schemas come from: files, folders, and the tools of a running program."""

import json
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Optional

from ai_spine.exceptions import ConfigurationError
from ai_spine.flows.definitions import FILE_SUFFIXES, read_file
from ai_spine.sdk_sync.errors import (
    ImportError,
    SchemaRegistryError,
    SDKSyncError,
    SDKSyncWarning,
)
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRTool
from ai_spine.sdk_sync.registry.registry import SchemaRegistry, StrPath
from ai_spine.sdk_sync.registry.store import Part, Problem, is_store, key_of
from ai_spine.sdk_sync.registry.tool_sources import NO_SCHEMA, read_tool, tools_in
from ai_spine.utils import one_line

if TYPE_CHECKING:
    from ai_spine.sdk_sync.openapi.reader import ReadDocument

SPEC_FILE = "spec.json"
_SCHEMA = ".schema"  # as in user.schema.json
_TOOL = ("input_schema", "output_schema")
_SHOWN = 5  # problems in a sentence
# What a file of a folder must have one of to be a schema: other JSON lies about as well.
_KEYWORDS = {
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "definitions",
    "type",
    "properties",
    "patternProperties",
    "additionalProperties",
    "items",
    "prefixItems",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "enum",
    "const",
    "format",
    "pattern",
    "required",
    "x-name",
}


def load_spec(path: StrPath) -> IRSpec:
    """Return the specification in a file.

    Args:
        path: The file: JSON as `IRSpec.to_json` writes it, or an OpenAPI document in JSON or YAML,
            whose problems are the `warnings` in the metadata of the specification.

    Raises:
        ImportError: It cannot be read, or describes no specification.
    """
    from ai_spine.sdk_sync.openapi.loading import shown_path, words_of

    described = load_openapi(path)
    if described is not None:
        return described
    shown = shown_path(Path(path))
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        return IRSpec.from_json(text)
    except OSError as error:
        words = words_of(Path(path), error)
    except UnicodeDecodeError:
        words = "cannot be read: it is not UTF-8 text"
    except SDKSyncError as error:
        words = f"is no specification: {error.message}"
        if Path(path).suffix in (".yaml", ".yml"):
            words = "is neither an OpenAPI document, since it has no key `openapi`, nor an IR "
            words += "spec, which is JSON"
    raise ImportError(f"{shown} {words}", source_path=str(path))


def load_openapi(path: StrPath) -> Optional[IRSpec]:
    """Return the specification of an OpenAPI document; `None` if a file is something else.

    Raises:
        ImportError: It is Swagger 2.0, or cannot be read.
    """
    read = read_if_openapi(path)
    if read is None:
        return None
    from ai_spine.sdk_sync.openapi.reader import warnings_of

    metadata = {**read.spec.metadata, "warnings": warnings_of(read)}
    return replace(read.spec, metadata=metadata)


def read_if_openapi(
    path: StrPath, *, allow_remote_refs: bool = False
) -> "Optional[ReadDocument]":
    """Return what an OpenAPI document describes; `None` if a file is something else.

    Args:
        path: The file.
        allow_remote_refs: Whether references to `https` URLs are followed.

    Raises:
        ImportError: It is Swagger 2.0, or cannot be read.
    """
    from ai_spine.sdk_sync.openapi.loading import load_document
    from ai_spine.sdk_sync.openapi.reader import is_openapi, read_document
    from ai_spine.sdk_sync.openapi.remote import fetch_document

    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError:
        return None  # which whoever reads it next reports
    if not any(key in content for key in (b"openapi", b"swagger")):
        return None
    document = load_document(file)
    if not is_openapi(document.data):
        return None
    return read_document(document, fetch=fetch_document if allow_remote_refs else None)


class SchemaImporter:
    """Adds schemas from other places to a registry.

    Args:
        registry: The registry.
        replace: Whether they may replace other content of the same versions.

    Attributes:
        problems: The files that could not be imported, each with a sentence; the rest was.

    Example:
        >>> registry = SchemaRegistry()
        >>> tool = {"name": "add", "input_schema": {"type": "object"}, "output_schema": {}}
        >>> [each.name for each in SchemaImporter(registry).import_from_tool_registry([tool])]
        ['add']
    """

    def __init__(self, registry: SchemaRegistry, *, replace: bool = False) -> None:
        self._registry = registry
        self._replace = replace
        self.problems: List[Problem] = []

    def import_from_spec_file(self, path: StrPath) -> IRSpec:
        """Add what is in the JSON file of a specification, and return the specification.

        Raises:
            ImportError: It cannot be read, is not JSON, or describes no specification.
            SchemaRegistryError: The registry has other content of a version.
        """
        spec = load_spec(path)
        self._registry.import_spec(spec, replace=self._replace)
        return spec

    def import_from_directory(self, path: StrPath) -> None:
        """Add the schemas in a folder, and list in `problems` what cannot be added.

        The folder has a `spec.json`, or is what `SchemaRegistry.save` made, or has, on any level,
        JSON and YAML files, each with a JSON Schema, or a tool with its schemas. A schema is named
        by its title, or else by its file.

        Raises:
            ImportError: There is no such folder, or no schema in it.
            SchemaRegistryError: The registry has other content of a version in `spec.json`.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise ImportError(f"there is no folder {folder}", source_path=str(path))
        self.problems = []
        if (folder / SPEC_FILE).exists():
            self.import_from_spec_file(folder / SPEC_FILE)
            return
        import_from = self._import_store if is_store(folder) else self._import_files
        if not import_from(folder):
            raise _no_schema(folder, self.problems)

    def import_from_tool_registry(self, tool_registry: Any) -> List[IRTool]:
        """Add the tools of a running program, and return them.

        Args:
            tool_registry: A mapping of names to tools, an iterable of tools, or an object that has
                them as `tools`, `get_all_tools()` or `list_tools()`. A tool is an `IRTool`, or a
                mapping or an object with `name`, `description`, `input_schema` and
                `output_schema`; a schema is a JSON Schema, or a class that pydantic can describe.

        Raises:
            ImportError: A tool or a schema cannot be read.
            ConfigError: A schema is a class, and pydantic is not installed.
            SchemaRegistryError: The registry has other content of a version.

        Warns:
            SDKSyncWarning: A tool has no schema, so that any object is taken.
        """
        read = [read_tool(tool, name) for name, tool in tools_in(tool_registry)]
        for tool, missing in read:
            _warn_of(tool, missing)
            self._registry.register_tool(tool, replace=self._replace)
        return [tool for tool, _ in read]

    def _import_store(self, folder: Path) -> int:
        store = SchemaRegistry(folder)
        self.problems += store.problems
        parts: List[Part] = [
            *store.find_models(),
            *store.find_tools(),
            *store.migrations,
        ]
        return sum(self._add(folder / key_of(part).path, part) for part in parts)

    def _import_files(self, folder: Path) -> int:
        added = 0
        for path in _files_in(folder):
            try:
                added += self._add(path, _read_part(path))
            except SDKSyncError as error:
                self.problems.append(Problem(path, error.message))
        return added

    def _add(self, path: Path, part: Part) -> bool:
        try:
            if isinstance(part, IRModel):
                self._registry.register_model(part, replace=self._replace)
            elif isinstance(part, IRTool):
                self._registry.register_tool(part, replace=self._replace)
            else:
                self._registry.register_migration(part, replace=self._replace)
        except SchemaRegistryError as error:
            self.problems.append(Problem(path, error.message))
            return False
        return True


def _files_in(folder: Path) -> List[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in FILE_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _read_part(path: Path) -> Part:
    """Return the schema in a file, or the tool."""
    data = _read_json(path)
    name = path.stem[: -len(_SCHEMA)] if path.stem.endswith(_SCHEMA) else path.stem
    if isinstance(data, dict) and set(_TOOL) & set(data):
        tool, missing = read_tool(data, name)
        _warn_of(tool, missing)
        return tool
    if isinstance(data, dict) and data and not _KEYWORDS & set(data):
        raise ImportError("is no JSON Schema: it has neither type, nor properties, …")
    is_named = isinstance(data, dict) and (data.get("x-name") or data.get("title"))
    try:
        return IRModel.from_json_schema(data, name=None if is_named else name)
    except SDKSyncError as error:
        raise ImportError(f"is no JSON Schema: {error.message}") from None


def _read_json(path: Path) -> Any:
    if path.suffix != ".json":
        try:
            import yaml  # noqa: F401
        except ModuleNotFoundError:
            raise ImportError(
                "is YAML, which needs PyYAML: pip install 'ai-spine-sdk[sdk-sync]'"
            ) from None
    try:
        data = read_file(path)
        # YAML has dates and keys that are no texts.
        return json.loads(json.dumps(data, default=_date_text, allow_nan=False))
    except ConfigurationError as error:
        words = str(error)
        start = f"{path} "
        raise ImportError(words[len(start) :] if words.startswith(start) else words)
    except (TypeError, ValueError) as error:
        words = one_line(str(error), 200)
        raise ImportError(f"has a value that JSON has not: {words}") from None


def _date_text(value: Any) -> str:
    if isinstance(value, date):  # which a datetime is as well
        return value.isoformat()
    raise TypeError(f"a value of type {type(value).__name__}")


def _warn_of(tool: IRTool, missing: List[str]) -> None:
    for each in missing:
        shown = one_line(repr(tool.name), 100)
        words = f"tool {shown} has no {each}: {json.dumps(NO_SCHEMA)} is taken"
        warnings.warn(words, SDKSyncWarning, stacklevel=3)


def _no_schema(folder: Path, problems: List[Problem]) -> ImportError:
    words = "; ".join(map(str, problems[:_SHOWN]))
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return ImportError(
        f"there is no schema in {folder}" + (f": {words}{more}" if words else ""),
        source_path=str(folder),
    )
