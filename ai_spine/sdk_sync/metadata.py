"""The documents of `/api/_meta`, for any web framework: each is a status and a JSON body."""

from dataclasses import replace
from typing import Any, Callable, Dict, NamedTuple, Optional, TypeVar, Union

from ai_spine.sdk_sync.errors import ConfigError, SchemaRegistryError
from ai_spine.sdk_sync.flows import DIALECT, GENERATOR
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRTool, SchemaVersion
from ai_spine.sdk_sync.registry import SchemaRegistry
from ai_spine.utils import one_line
from ai_spine.utils.did_you_mean import hint

META_PREFIX = "/api/_meta"
FIRST = "1.0.0"
Document = Dict[str, Any]
Part = TypeVar("Part", IRModel, IRTool)


class MetaReply(NamedTuple):
    """A response: its HTTP status and its JSON."""

    status: int
    body: Document


class SchemaMetadata:
    """Answers the requests under `/api/_meta`.

    Args:
        source: What is served. A registry may change meanwhile; a specification may not.
        version: The version of the whole that a registry describes; a specification has its own.
        api_version: The version of the API that a registry describes.

    Raises:
        ConfigError: The version is none.

    Example:
        >>> registry = SchemaRegistry()
        >>> registry.register_model(IRModel("User", SchemaVersion(1, 2)))
        >>> SchemaMetadata(registry).manifest().body["models"]
        {'User': {'versions': ['1.2.0'], 'latest': '1.2.0'}}
        >>> SchemaMetadata(registry).model("Usr").body
        {'detail': "there is no model 'Usr'; is 'User' meant?"}
    """

    def __init__(
        self,
        source: Union[SchemaRegistry, IRSpec],
        *,
        version: str = FIRST,
        api_version: str = "1.0",
    ) -> None:
        self._spec = source if isinstance(source, IRSpec) else None
        if isinstance(source, IRSpec):
            self._registry = SchemaRegistry()
            self._registry.import_spec(source)
            self._version, self._api_version = source.version, source.api_version
        else:
            self._registry = source
            self._version = SchemaVersion.parse(version)
            self._api_version = api_version

    def manifest(self) -> MetaReply:
        """Return the names of all models and tools, with their versions."""
        registry = self._registry
        return MetaReply(
            200,
            {
                "version": str(self._version),
                "api_version": self._api_version,
                "models": {n: _versions(found) for n, found in registry.models.items()},
                "tools": {n: _versions(found) for n, found in registry.tools.items()},
            },
        )

    def model(self, name: str, version: Optional[str] = None) -> MetaReply:
        """Return a model as a JSON Schema that needs no other document.

        Args:
            name: The model's name.
            version: Which version; by default, the newest.
        """
        return _reply(lambda: self._model(name, version), version)

    def tool(self, name: str, version: Optional[str] = None) -> MetaReply:
        """Return a tool with the schemas of its input and its output.

        Args:
            name: The tool's name.
            version: Which version; by default, the newest.
        """
        return _reply(lambda: self._tool(name, version), version)

    def spec(
        self, version: Optional[str] = None, api_version: Optional[str] = None
    ) -> MetaReply:
        """Return the whole specification, with the newest version of each part.

        Args:
            version: Which version to call it; by default, its own.
            api_version: Which version of the API to name; by default, its own.
        """
        return _reply(lambda: self._whole(version, api_version).to_dict(), version)

    def _model(self, name: str, version: Optional[str]) -> Document:
        found = _find("model", self._registry.models, name, version)
        return {"$schema": DIALECT, **self._whole().json_schema_of(found)}

    def _tool(self, name: str, version: Optional[str]) -> Document:
        found = _find("tool", self._registry.tools, name, version)
        schema_of = self._whole().json_schema_of
        schemas = {
            "input_schema": schema_of(found.input_schema),
            "output_schema": schema_of(found.output_schema),
        }
        return {**found.to_dict(), **schemas}

    def _whole(
        self, version: Optional[str] = None, api_version: Optional[str] = None
    ) -> IRSpec:
        called = self._version if version is None else SchemaVersion.parse(version)
        api = self._api_version if api_version is None else api_version
        if self._spec is not None:
            return replace(self._spec, version=called, api_version=api)
        return self._registry.export_spec(called, api, GENERATOR)


def _versions(found: Dict[str, Any]) -> Document:
    """Return the versions of a part, the oldest first."""
    versions = [str(each) for each in sorted(part.version for part in found.values())]
    return {"versions": versions, "latest": versions[-1]}


def _find(
    kind: str, parts: Dict[str, Dict[str, Part]], name: str, version: Optional[str]
) -> Part:
    """Return a version of a part.

    Raises:
        ConfigError: The version is none.
        SchemaRegistryError: There is no such part, or no such version of it.
    """
    wanted = None if version is None else str(SchemaVersion.parse(version))
    shown = one_line(repr(name), 100)
    if not parts.get(name):
        words = f"there is no {kind} {shown}{hint(name, parts)}"
        raise SchemaRegistryError(words, schema_name=name)
    versions = _versions(parts[name])
    found = parts[name].get(wanted or versions["latest"])
    if found is None:
        there = ", ".join(versions["versions"])
        words = f"{kind} {shown} has no version {wanted}; there is {there}"
        raise SchemaRegistryError(words, schema_name=name, version=wanted)
    return found


def _reply(make: Callable[[], Document], version: Optional[str]) -> MetaReply:
    """Return a document, or why there is none."""
    try:
        return MetaReply(200, make())
    except SchemaRegistryError as error:
        return MetaReply(404, {"detail": str(error)})
    except ConfigError as error:
        problem = {
            "type": "value_error",
            "loc": ["query", "version"],
            "msg": str(error),
            "input": version,
        }
        return MetaReply(422, {"detail": [problem]})
