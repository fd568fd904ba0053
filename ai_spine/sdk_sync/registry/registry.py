"""`SchemaRegistry`: each version of each model and tool."""

import os
from pathlib import Path
from typing import (
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Set,
    TypeVar,
    Union,
)

from ai_spine.sdk_sync.errors import ConfigError, SchemaRegistryError
from ai_spine.sdk_sync.ir import (
    IRModel,
    IRSpec,
    IRTool,
    SchemaMigration,
    SchemaVersion,
)
from ai_spine.sdk_sync.registry.ranges import VersionRange
from ai_spine.sdk_sync.registry.store import (
    Key,
    Part,
    Problem,
    is_same,
    key_of,
    read_store,
    write_store,
)

Versioned = TypeVar("Versioned", IRModel, IRTool)
Versions = Union[None, str, SchemaVersion]
"""Which versions are wanted: a range such as `>=1.0,<2`, a version, or `None` for all."""
StrPath = Union[str, "os.PathLike[str]"]


class SchemaRegistry:
    """Keeps each version of each model and tool.

    Args:
        storage_path: The folder that it is saved in; if it is there, it is loaded.

    Attributes:
        models: The models, by their names and versions.
        tools: The tools, by their names and versions.
        migrations: How data of one version becomes data of another.
        problems: The files that could not be loaded, each with a sentence; the rest was.

    Raises:
        SchemaRegistryError: The storage path leads to a file.

    Example:
        >>> registry = SchemaRegistry()
        >>> registry.register_model(IRModel("User", SchemaVersion(1, 2)))
        >>> str(registry.get_model("User").version)
        '1.2.0'
    """

    def __init__(self, storage_path: Optional[StrPath] = None) -> None:
        self.models: Dict[str, Dict[str, IRModel]] = {}
        self.tools: Dict[str, Dict[str, IRTool]] = {}
        self.migrations: List[SchemaMigration] = []
        self.problems: List[Problem] = []
        self._replaceable: Set[Key] = set()
        self._storage_path = None if storage_path is None else Path(storage_path)
        if self._storage_path is not None and self._storage_path.exists():
            self.load()

    def register_model(self, model: IRModel, *, replace: bool = False) -> None:
        """Add a version of a model.

        Args:
            model: The model.
            replace: Whether it may replace other content of the same version, here and where it is
                saved.

        Raises:
            SchemaRegistryError: There is other content of this version.
        """
        known = self.get_model(model.name, model.version)
        if self._may_add(model, known, replace):
            self._put(model)

    def register_tool(self, tool: IRTool, *, replace: bool = False) -> None:
        """Add a version of a tool.

        Args:
            tool: The tool.
            replace: Whether it may replace other content of the same version, here and where it is
                saved.

        Raises:
            SchemaRegistryError: There is other content of this version.
        """
        known = self.get_tool(tool.name, tool.version)
        if self._may_add(tool, known, replace):
            self._put(tool)

    def register_migration(
        self, migration: SchemaMigration, *, replace: bool = False
    ) -> None:
        """Add a migration.

        Args:
            migration: The migration.
            replace: Whether it may replace another one between the same versions, here and where
                it is saved.

        Raises:
            SchemaRegistryError: There is another one between these versions.
        """
        key = key_of(migration)
        known = next((each for each in self.migrations if key_of(each) == key), None)
        if self._may_add(migration, known, replace):
            if known is not None:
                self.migrations.remove(known)
            self._put(migration)

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

    def versions_of(self, name: str) -> List[SchemaVersion]:
        """Return the versions of a model, the oldest first."""
        return sorted(each.version for each in self.models.get(name, {}).values())

    def find_models(
        self,
        name: Optional[str] = None,
        versions: Versions = None,
        *,
        tag: Optional[str] = None,
        namespace: Optional[str] = None,
    ) -> List[IRModel]:
        """Return the models that fit, by name and version.

        Args:
            name: Their name; by default any.
            versions: A range of versions such as `>=1.0,<2`, or a version; by default all.
            tag: A tag that they have.
            namespace: The namespace that they belong to.

        Raises:
            ConfigError: The range is none.

        Example:
            >>> registry = SchemaRegistry()
            >>> for minor in range(3):
            ...     registry.register_model(IRModel("User", SchemaVersion(1, minor)))
            >>> [str(each.version) for each in registry.find_models("User", ">=1.1,<2")]
            ['1.1.0', '1.2.0']
        """
        wanted = _Wanted(name, versions, tag, namespace)
        return list(_found(self.models, wanted))

    def find_tools(
        self,
        name: Optional[str] = None,
        versions: Versions = None,
        *,
        tag: Optional[str] = None,
        namespace: Optional[str] = None,
    ) -> List[IRTool]:
        """Return the tools that fit, by name and version.

        Args:
            name: Their name; by default any.
            versions: A range of versions such as `>=1.0,<2`, or a version; by default all.
            tag: A tag that they have.
            namespace: The namespace that they belong to.

        Raises:
            ConfigError: The range is none.
        """
        wanted = _Wanted(name, versions, tag, namespace)
        return list(_found(self.tools, wanted))

    def find_models_by_tag(self, tag: str) -> List[IRModel]:
        """Return each version of each model that has a tag."""
        return self.find_models(tag=tag)

    def find_models_by_namespace(self, namespace: str) -> List[IRModel]:
        """Return each version of each model of a namespace."""
        return self.find_models(namespace=namespace)

    def get_migrations_for(self, schema_name: str) -> List[SchemaMigration]:
        """Return the migrations of a schema, by the versions that they lead from and to."""
        found = [each for each in self.migrations if each.schema_name == schema_name]
        return sorted(found, key=lambda each: (each.from_version, each.to_version))

    def import_spec(self, spec: IRSpec, *, replace: bool = False) -> None:
        """Add all models, tools and migrations of a specification.

        Args:
            spec: The specification.
            replace: Whether they may replace other content of the same versions.

        Raises:
            SchemaRegistryError: There is other content of a version.
        """
        for model in spec.models.values():
            self.register_model(model, replace=replace)
        for tool in spec.tools.values():
            self.register_tool(tool, replace=replace)
        for migration in spec.migrations:
            self.register_migration(migration, replace=replace)

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

    def save(self, path: Optional[StrPath] = None) -> None:
        """Add all versions to those that are saved in a folder; the others there stay.

        Several processes may save in the same folder at once. Either all versions are saved, or
        none if one is refused.

        Args:
            path: The folder; by default the storage path.

        Raises:
            SchemaRegistryError: A version is saved with other content already, and was not
                registered with `replace`; or a file cannot be written.
            ConfigError: There is no path.
        """
        write_store(self._path(path), self._parts(), self._replaceable)

    def load(self, path: Optional[StrPath] = None, *, strict: bool = False) -> None:
        """Add all versions that are saved in a folder.

        What cannot be loaded is listed in `problems`, and the rest is loaded. A version that is
        registered here with other content stays as it is here, and is a problem as well.

        Args:
            path: The folder; by default the storage path.
            strict: Whether to load nothing if there is any problem.

        Raises:
            SchemaRegistryError: There is no such folder, or, if strict, any problem.
            ConfigError: There is no path.
        """
        folder = self._path(path)
        loaded, problems = read_store(folder)
        mine = self._parts()
        for key, part in loaded.items():
            if key in mine and not (
                key in self._replaceable or is_same(mine[key], part)
            ):
                words = f"{key} is registered here with other content"
                problems.append(Problem(folder / key.path, words))
        if strict and problems:
            raise _damaged(folder, problems)
        self.problems = problems
        for key, part in loaded.items():
            if key not in mine:
                self._put(part)

    def _path(self, path: Optional[StrPath]) -> Path:
        if path is not None:
            return Path(path)
        if self._storage_path is None:
            raise ConfigError("no path is given, and the registry has no storage_path")
        return self._storage_path

    def _parts(self) -> Dict[Key, Part]:
        parts: List[Part] = list(self.migrations)
        for versions in self.models.values():
            parts += versions.values()
        for found in self.tools.values():
            parts += found.values()
        return {key_of(part): part for part in parts}

    def _put(self, part: Part) -> None:
        if isinstance(part, IRModel):
            self.models.setdefault(part.name, {})[str(part.version)] = part
        elif isinstance(part, IRTool):
            self.tools.setdefault(part.name, {})[str(part.version)] = part
        else:
            self.migrations.append(part)

    def _may_add(self, part: Part, known: Optional[Part], replace: bool) -> bool:
        """Return whether a part is to be added: it is not if it is there already."""
        key = key_of(part)
        if replace:
            self._replaceable.add(key)
        elif known is not None:
            if is_same(part, known):
                return False
            raise SchemaRegistryError(
                f"{key} is there with other content already: raise the version, or replace it",
                schema_name=key.name,
                version=key.version,
            )
        return True


class _Wanted:
    """What parts of a registry are looked for."""

    def __init__(
        self,
        name: Optional[str],
        versions: Versions,
        tag: Optional[str],
        namespace: Optional[str],
    ) -> None:
        self.name = name
        self._tag, self._namespace = tag, namespace
        self._range = None if versions is None else VersionRange(str(versions))

    def fits(self, part: Union[IRModel, IRTool]) -> bool:
        return (
            (self._range is None or part.version in self._range)
            and (self._tag is None or self._tag in part.tags)
            and (self._namespace is None or self._namespace == part.namespace)
        )


def _found(
    parts: Mapping[str, Mapping[str, Versioned]], wanted: _Wanted
) -> Iterator[Versioned]:
    names = sorted(parts) if wanted.name is None else [wanted.name]
    for name in names:
        found = filter(wanted.fits, parts.get(name, {}).values())
        yield from sorted(found, key=lambda each: each.version)


def _version_of(
    versions: Mapping[str, Versioned], version: Optional[SchemaVersion]
) -> Optional[Versioned]:
    if not versions:
        return None
    return _newest(versions) if version is None else versions.get(str(version))


def _newest(versions: Mapping[str, Versioned]) -> Versioned:
    return max(versions.values(), key=lambda each: each.version)


def _damaged(folder: Path, problems: List[Problem]) -> SchemaRegistryError:
    count = len(problems)
    words = "; ".join(map(str, problems))
    return SchemaRegistryError(
        f"{count} file{'' if count == 1 else 's'} in {folder} cannot be loaded: {words}"
    )
