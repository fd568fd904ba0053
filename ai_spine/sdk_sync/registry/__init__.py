"""Where schemas are kept, and how they get there."""

from ai_spine.sdk_sync.registry.exporter import SchemaExporter
from ai_spine.sdk_sync.registry.ranges import VersionRange
from ai_spine.sdk_sync.registry.registry import SchemaRegistry
from ai_spine.sdk_sync.registry.sources import SchemaImporter, load_spec
from ai_spine.sdk_sync.registry.store import Problem

__all__ = [
    "Problem",
    "SchemaExporter",
    "SchemaImporter",
    "SchemaRegistry",
    "VersionRange",
    "load_spec",
]
