"""The version that a changed schema should have."""

from typing import List

from ai_spine.sdk_sync.ir import SchemaVersion
from ai_spine.sdk_sync.versioning.changes import SchemaChange
from ai_spine.sdk_sync.versioning.keywords import is_annotation


def next_version(version: SchemaVersion, changes: List[SchemaChange]) -> SchemaVersion:
    """Return the version after another one, by what changed.

    The major part is raised if something breaks, the minor part if values change otherwise, and
    the patch part if only words do. Before 1.0.0, where each minor version may break, it is the
    minor part if something breaks and the patch part otherwise.

    Example:
        >>> str(next_version(SchemaVersion(1, 2, 3), []))
        '1.2.4'
    """
    breaks = any(each.breaking for each in changes)
    is_minor = not all(is_annotation(each.constraint or "type") for each in changes)
    return raised(version, breaks=breaks, adds=is_minor)


def raised(version: SchemaVersion, *, breaks: bool, adds: bool) -> SchemaVersion:
    """Return the version after another one.

    Args:
        version: The version before.
        breaks: Whether something breaks.
        adds: Whether values change otherwise.
    """
    if breaks and version.major:
        return SchemaVersion(version.major + 1)
    if breaks or (adds and version.major):
        return SchemaVersion(version.major, version.minor + 1)
    return SchemaVersion(version.major, version.minor, version.patch + 1)
