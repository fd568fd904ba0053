"""`UNSET`: what is absent, unlike `None`, which is null."""

from ai_spine.sdk_sync.unset import UNSET, Unset

__all__ = ["UNSET", "Unset"]
