"""`RonNode`, to test against: the server itself is among the local ones."""

from ai_spine.local.ron_node import RonNode

__all__ = ["RonNode"]
