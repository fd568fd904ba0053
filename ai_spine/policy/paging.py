"""Iterates over a list page by page, even while items are added. Pure: pages are passed in."""

from __future__ import annotations

from typing import Any, Callable, Dict, Generic, Hashable, List, Set, TypeVar

from ai_spine.models.base import Model, Page

M = TypeVar("M", bound=Model)

# How often in a row a server may send the same page, or an empty one with a cursor. That may be
# right: as many new items as a page holds push every item to the next page.
_SAME_PAGES = 3
_EMPTY_PAGES = 100


class PageWalk(Generic[M]):
    """A walk over a list: which page to request next, and which of its items are new.

    Cursors are followed where the server sends them; otherwise offsets are counted.

    Args:
        key: Returns what distinguishes an item from others.
        page_size: How many items to request at once.

    Example:
        >>> from ai_spine import Agent
        >>> pages = {0: Page([Agent("a"), Agent("b")]), 2: Page([Agent("b")]), 3: Page()}
        >>> walk = PageWalk(lambda agent: agent.agent_id, 2)
        >>> while not walk.is_done:
        ...     for agent in walk.read(pages[walk.params["offset"]]):
        ...         print(agent.agent_id)
        a
        b
    """

    def __init__(self, key: Callable[[M], Hashable], page_size: int) -> None:
        self.params: Dict[str, Any] = {"limit": page_size, "offset": 0}
        """The query of the next page: `limit` with `offset` or `cursor`."""
        self.is_done = False
        """Whether there is no other page."""
        self._key = key
        self._seen: Set[Hashable] = set()
        self._cursors: Set[str] = set()
        self._before: List[Hashable] = []
        self._same = self._empty = 0

    def read(self, page: Page[M]) -> List[M]:
        """Return the items of a page that no earlier page had."""
        keys = [self._key(item) for item in page]
        self._same = self._same + 1 if keys and keys == self._before else 0
        self._empty = 0 if keys else self._empty + 1
        self._before = keys
        new = []
        for item, key in zip(page, keys):
            if key not in self._seen:
                self._seen.add(key)
                new.append(item)
        self._advance(page)
        return new

    def _advance(self, page: Page[M]) -> None:
        cursor = page.next_cursor
        if self._same == _SAME_PAGES or self._empty == _EMPTY_PAGES:
            self.is_done = True
        elif cursor is not None:
            self.is_done = cursor in self._cursors
            self._cursors.add(cursor)
            self.params = {"limit": self.params["limit"], "cursor": cursor}
        elif not page or "cursor" in self.params:
            self.is_done = True
        else:
            offset = self.params["offset"] + len(page)
            self.params = {**self.params, "offset": offset}
