"""`VersionManager`: finds and executes migrations, one after the other."""

from typing import Any, Dict, List, Optional

from ai_spine.sdk_sync.errors import ConfigError, MigrationError
from ai_spine.sdk_sync.ir import SchemaMigration, SchemaVersion
from ai_spine.sdk_sync.versioning.applying import apply_changes
from ai_spine.sdk_sync.versioning.operations import DIRECTIONS
from ai_spine.utils import one_line

_Steps = List[SchemaMigration]


class VersionManager:
    """Keeps migrations, and executes them.

    Only the structured changes of a migration are executed, never its code.

    Example:
        >>> change = {"op": "add", "path": [], "name": "email", "default": ""}
        >>> first, second = SchemaVersion(1), SchemaVersion(1, 1)
        >>> manager = VersionManager()
        >>> manager.register_migration(SchemaMigration("User", first, second, "", [change]))
        >>> manager.migrate("User", {"id": "user123"}, first, second)
        {'id': 'user123', 'email': ''}
    """

    def __init__(self) -> None:
        self._migrations: Dict[str, _Steps] = {}

    def register_migration(self, migration: SchemaMigration) -> None:
        """Add a migration.

        Raises:
            ConfigError: There is another one between the same versions, or it leads nowhere.
        """
        versions = migration.from_version, migration.to_version
        name = one_line(repr(migration.schema_name), 100)
        if versions[0] == versions[1]:
            raise ConfigError(
                f"a migration of {name} leads from {versions[0]} to itself"
            )
        known = self._migrations.setdefault(migration.schema_name, [])
        for each in known:
            if {each.from_version, each.to_version} == set(versions):
                if each != migration:
                    raise ConfigError(
                        f"there is another migration of {name} between {versions[0]} and "
                        f"{versions[1]} already"
                    )
                return
        known.append(migration)

    def find_migration_path(
        self, name: str, from_version: SchemaVersion, to_version: SchemaVersion
    ) -> List[SchemaMigration]:
        """Return the migrations to execute, in their order; the fewest that lead there.

        A migration that begins with the version that the data has is an upgrade step; one that
        ends with it is a downgrade step. `migrate` executes them all.

        Args:
            name: The schema.
            from_version: The version of the data.
            to_version: The version that is wanted.

        Raises:
            MigrationError: No migrations lead there.
        """
        ways: Dict[SchemaVersion, _Steps] = {from_version: []}
        pending = [from_version]
        while pending and to_version not in ways:
            version = pending.pop(0)
            for each in self._migrations.get(name, ()):
                following = _other_end(each, version)
                if following is not None and following not in ways:
                    ways[following] = [*ways[version], each]
                    pending.append(following)
        if to_version not in ways:
            raise _error("no migrations lead there", name, from_version, to_version)
        return ways[to_version]

    def execute_migration(
        self, migration: SchemaMigration, data: Any, direction: str = "upgrade"
    ) -> Any:
        """Return data after a migration; the data given stays as it is.

        Args:
            migration: The migration.
            data: The data, as JSON.
            direction: `upgrade` to its `to_version`, or `downgrade` to its `from_version`.

        Raises:
            ConfigError: There is no such direction.
            MigrationError: A change is malformed, there is only code, or a value cannot be
                converted.
        """
        if direction not in DIRECTIONS:
            shown = one_line(repr(direction), 60)
            raise ConfigError(f"a direction is upgrade or downgrade, not {shown}")
        ends = migration.from_version, migration.to_version
        before, after = ends if direction == "upgrade" else ends[::-1]
        if not migration.changes and (
            migration.upgrade_code or migration.downgrade_code
        ):
            words = (
                "its code is not executed; it needs structured changes, "
                "which MigrationGenerator makes"
            )
            raise _error(words, migration.schema_name, before, after)
        try:
            return apply_changes(migration.changes, data, direction)
        except MigrationError as error:
            words = error.message
            raise _error(words, migration.schema_name, before, after) from None

    def migrate(
        self,
        name: str,
        data: Any,
        from_version: SchemaVersion,
        to_version: SchemaVersion,
    ) -> Any:
        """Return data of one version as data of another, over as few versions as possible.

        Args:
            name: The schema.
            data: The data, as JSON; it stays as it is.
            from_version: The version of the data.
            to_version: The version that is wanted.

        Raises:
            MigrationError: No migrations lead there, or one fails.
        """
        version = from_version
        for each in self.find_migration_path(name, from_version, to_version):
            is_upgrade = each.from_version == version
            direction = "upgrade" if is_upgrade else "downgrade"
            data = self.execute_migration(each, data, direction)
            version = each.to_version if is_upgrade else each.from_version
        return data


def _other_end(
    migration: SchemaMigration, version: SchemaVersion
) -> Optional[SchemaVersion]:
    if migration.from_version == version:
        return migration.to_version
    return migration.from_version if migration.to_version == version else None


def _error(
    words: str, name: str, before: SchemaVersion, after: SchemaVersion
) -> MigrationError:
    shown = one_line(repr(name), 100)
    return MigrationError(
        f"cannot migrate {shown} from {before} to {after}: {words}",
        from_version=str(before),
        to_version=str(after),
        schema_name=name,
    )
