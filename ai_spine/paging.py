"""Walking a list page by page, while things are added to it. Pure: the pages are passed in."""

from typing import Any, Callable, Dict, Hashable, Iterator, Set, TypeVar

from ai_spine.wire import Model, Page

M = TypeVar("M", bound=Model)

# Pages in a row that bring nothing new, after which a server is taken to repeat itself. One may do
# so honestly: a page's worth of new executions pushes the page before into the next one's place.
_STALE_PAGES = 3


def walk_pages(
    ask: Callable[[Dict[str, Any]], Page[M]],
    key: Callable[[M], Hashable],
    page_size: int,
) -> Iterator[M]:
    """Gives each item of a list once, asking for a page when it is needed.

    It follows cursors where the server gives them, and counts offsets elsewhere.

    Args:
        ask: Gives the page for `limit` with `offset` or `cursor`.
        key: Gives what tells an item from others.
        page_size: How many items to ask for at once.

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
    stale = 0
    while stale < _STALE_PAGES:
        page = ask(params)
        if not page and page.next_cursor is None:
            return
        stale += 1
        for item in page:
            if key(item) not in seen:
                stale = 0
                seen.add(key(item))
                yield item
        if page.next_cursor is not None:
            if page.next_cursor in cursors:
                return
            cursors.add(page.next_cursor)
            params = {"limit": page_size, "cursor": page.next_cursor}
        elif "cursor" in params:
            return  # the last page of a server that pages by cursor
        else:
            params = {**params, "offset": params["offset"] + len(page)}
