"""Lists in pages, under the name that generated packages know them by."""

from ai_spine.policy.pages import Pages, PageWalk

__all__ = ["PageWalk", "Pages"]
