"""What changes from one version of a schema to another, whom it breaks, and how data follows."""

from ai_spine.sdk_sync.versioning.changes import ChangeType, SchemaChange
from ai_spine.sdk_sync.versioning.checker import CompatibilityChecker
from ai_spine.sdk_sync.versioning.generator import MigrationGenerator
from ai_spine.sdk_sync.versioning.manager import VersionManager

__all__ = [
    "ChangeType",
    "CompatibilityChecker",
    "MigrationGenerator",
    "SchemaChange",
    "VersionManager",
]
