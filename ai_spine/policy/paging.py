"""Iterates over a list page by page, even while items are added. Pure: pages are passed in."""

from typing import Any, Callable, Dict, Hashable, Iterator, List, Set, TypeVar

from ai_spine.models.base import Model, Page

M = TypeVar("M", bound=Model)

# How often in a row a server may send the same page, or an empty one with a cursor. That may be
# right: as many new items as a page holds push every item to the next page.
_SAME_PAGES = 3
_EMPTY_PAGES = 100


def walk_pages(
    ask: Callable[[Dict[str, Any]], Page[M]],
    key: Callable[[M], Hashable],
    page_size: int,
) -> Iterator[M]:
    """Yield each item of a list once, requesting a page when it is needed.

    Cursors are followed where the server sends them; otherwise offsets are counted.

    Args:
        ask: Returns the page for `limit` with `offset` or `cursor`.
        key: Returns what distinguishes an item from others.
        page_size: How many items to request at once.

    Example:
        >>> from ai_spine import Agent
        >>> pages = {0: Page([Agent("a"), Agent("b")]), 2: Page([Agent("b")]), 3: Page()}
        >>> walk = walk_pages(lambda params: pages[params["offset"]], lambda a: a.agent_id, 2)
        >>> [agent.agent_id for agent in walk]
        ['a', 'b']
    """
    seen: Set[Hashable] = set()
    cursors: Set[str] = set()
    params: Dict[str, Any] = {"limit": page_size, "offset": 0}
    before: List[Hashable] = []
    same = empty = 0
    while same < _SAME_PAGES and empty < _EMPTY_PAGES:
        page = ask(params)
        keys = [key(item) for item in page]
        same = same + 1 if keys and keys == before else 0
        empty = 0 if keys else empty + 1
        before = keys
        for item, its_key in zip(page, keys):
            if its_key not in seen:
                seen.add(its_key)
                yield item
        if page.next_cursor is not None:
            if page.next_cursor in cursors:
                return
            cursors.add(page.next_cursor)
            params = {"limit": page_size, "cursor": page.next_cursor}
        elif not keys or "cursor" in params:
            return
        else:
            params = {**params, "offset": params["offset"] + len(page)}
