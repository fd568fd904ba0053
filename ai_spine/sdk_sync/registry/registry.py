"""`SchemaRegistry`: each version of each model and tool."""

from typing import Any, Dict, List, Mapping, Optional, TypeVar, Union

from ai_spine.sdk_sync.errors import SchemaRegistryError
from ai_spine.sdk_sync.ir import (
    IRModel,
    IRSpec,
    IRTool,
    SchemaMigration,
    SchemaVersion,
)
from ai_spine.utils import one_line

Part = TypeVar("Part", IRModel, IRTool)


class SchemaRegistry:
    """Keeps each version of each model and tool.

    Attributes:
        models: The models, by their names and versions.
        tools: The tools, by their names and versions.
        migrations: How data of one version becomes data of another.

    Example:
        >>> registry = SchemaRegistry()
        >>> registry.register_model(IRModel("User", SchemaVersion(1, 2)))
        >>> str(registry.get_model("User").version)
        '1.2.0'
    """

    def __init__(self) -> None:
        self.models: Dict[str, Dict[str, IRModel]] = {}
        self.tools: Dict[str, Dict[str, IRTool]] = {}
        self.migrations: List[SchemaMigration] = []

    def register_model(self, model: IRModel, *, replace: bool = False) -> None:
        """Add a version of a model.

        Args:
            model: The model.
            replace: Whether it may take the place of other content of the same version.

        Raises:
            SchemaRegistryError: There is other content of this version.
        """
        _register(self.models, model, "model", replace)

    def register_tool(self, tool: IRTool, *, replace: bool = False) -> None:
        """Add a version of a tool.

        Args:
            tool: The tool.
            replace: Whether it may take the place of other content of the same version.

        Raises:
            SchemaRegistryError: There is other content of this version.
        """
        _register(self.tools, tool, "tool", replace)

    def register_migration(self, migration: SchemaMigration) -> None:
        """Add a migration."""
        if migration not in self.migrations:
            self.migrations.append(migration)

    def get_model(
        self, name: str, version: Optional[SchemaVersion] = None
    ) -> Optional[IRModel]:
        """Return a version of a model, by default its newest; `None` if there is none."""
        return _version_of(self.models.get(name, {}), version)

    def get_tool(
        self, name: str, version: Optional[SchemaVersion] = None
    ) -> Optional[IRTool]:
        """Return a version of a tool, by default its newest; `None` if there is none."""
        return _version_of(self.tools.get(name, {}), version)

    def find_models_by_tag(self, tag: str) -> List[IRModel]:
        """Return each version of each model that has a tag."""
        return [each for each in self._all_models() if tag in each.tags]

    def find_models_by_namespace(self, namespace: str) -> List[IRModel]:
        """Return each version of each model of a namespace."""
        return [each for each in self._all_models() if each.namespace == namespace]

    def import_spec(self, spec: IRSpec, *, replace: bool = False) -> None:
        """Add all models, tools and migrations of a specification."""
        for model in spec.models.values():
            self.register_model(model, replace=replace)
        for tool in spec.tools.values():
            self.register_tool(tool, replace=replace)
        for migration in spec.migrations:
            self.register_migration(migration)

    def export_spec(
        self,
        version: SchemaVersion,
        api_version: str = "1.0",
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> IRSpec:
        """Return the newest version of each model and tool, and all migrations.

        Args:
            version: The version of the specification.
            api_version: The version of the API that it describes.
            metadata: What programs of yours want to know of it.
        """
        return IRSpec(
            version,
            api_version,
            models={name: _newest(found) for name, found in self.models.items()},
            tools={name: _newest(found) for name, found in self.tools.items()},
            migrations=list(self.migrations),
            metadata=dict(metadata or {}),
        )

    def _all_models(self) -> List[IRModel]:
        return [each for found in self.models.values() for each in found.values()]


def _register(
    parts: Dict[str, Dict[str, Part]], part: Part, kind: str, replace: bool
) -> None:
    versions = parts.setdefault(part.name, {})
    version = str(part.version)
    if not replace and version in versions and versions[version] != part:
        name = one_line(repr(part.name), 100)
        raise SchemaRegistryError(
            f"{kind} {name} has a version {version} with other content already: "
            "raise the version, or replace it",
            schema_name=part.name,
            version=version,
        )
    versions[version] = part


def _version_of(
    versions: Mapping[str, Part], version: Union[SchemaVersion, None]
) -> Optional[Part]:
    if not versions:
        return None
    return _newest(versions) if version is None else versions.get(str(version))


def _newest(versions: Mapping[str, Part]) -> Part:
    return max(versions.values(), key=lambda each: each.version)
