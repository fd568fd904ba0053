"""Where schemas are kept, and how they get there."""

from ai_spine.sdk_sync.registry.registry import SchemaRegistry

__all__ = ["SchemaRegistry"]
