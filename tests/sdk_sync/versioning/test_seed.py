"""The examples of the specification print what it says that they print."""

from ai_spine.sdk_sync.ir import IRField, IRModel, IRType, SchemaVersion
from ai_spine.sdk_sync.versioning import (
    CompatibilityChecker,
    MigrationGenerator,
    VersionManager,
)

V1 = IRModel(
    name="User",
    version=SchemaVersion(1, 0, 0),
    fields=[
        IRField(name="id", type=IRType.STRING, required=True),
    ],
)
V2 = IRModel(
    name="User",
    version=SchemaVersion(1, 1, 0),
    fields=[
        IRField(name="id", type=IRType.STRING, required=True),
        IRField(name="email", type=IRType.STRING, required=False),
    ],
)
UPGRADE = '''\
def upgrade(data: Dict[str, Any]) -> Dict[str, Any]:
    """Upgrade data from old schema to new schema."""
    migrated = data.copy()

    # Add field: email
    migrated.setdefault('email', '')

    return migrated
'''


def test_an_optional_field_that_is_added_is_compatible(capsys):
    checker = CompatibilityChecker()
    is_compatible, changes = checker.check_compatibility(V1, V2)

    print(f"Compatible: {is_compatible}")
    for change in changes:
        print(f"  - {change.description} (breaking: {change.breaking})")
    assert capsys.readouterr().out == (
        "Compatible: True\n  - Field 'email' added (breaking: False)\n"
    )


def test_a_migration_can_be_read_as_python(capsys):
    generator = MigrationGenerator()
    migration = generator.generate(V1, V2)

    print(migration.upgrade_code)
    assert capsys.readouterr().out == UPGRADE


def test_a_migration_can_be_executed():
    migration = MigrationGenerator().generate(V1, V2)
    manager = VersionManager()
    manager.register_migration(migration)

    path = manager.find_migration_path(
        "User",
        SchemaVersion(1, 0, 0),
        SchemaVersion(1, 1, 0),
    )
    assert path == [migration]

    old_data = {"id": "user123"}
    migrated = manager.execute_migration(migration, old_data, direction="upgrade")

    assert migrated == {"id": "user123", "email": ""}
    assert old_data == {"id": "user123"}


def test_a_field_that_becomes_required_is_a_breaking_change():
    required = IRField(name="email", type=IRType.STRING, required=True)
    v3 = IRModel("User", SchemaVersion(2, 0, 0), [V1.fields[0], required])
    is_compatible, (change,) = CompatibilityChecker().check_compatibility(V2, v3)
    assert not is_compatible and change.breaking
    assert change.description == "Field 'email' became required"
