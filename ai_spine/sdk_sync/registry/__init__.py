"""Where schemas are kept, and how they get there."""

from ai_spine.sdk_sync.registry.ranges import VersionRange
from ai_spine.sdk_sync.registry.registry import SchemaRegistry
from ai_spine.sdk_sync.registry.store import Problem

__all__ = ["Problem", "SchemaRegistry", "VersionRange"]
