"""Walks over lists that a server sends in pages. Pure: pages are passed in."""

from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple


class Pages(NamedTuple):
    """How a list is paged."""

    kind: str
    """`cursor` (or a token), `offset`, `page`, `link` (the header `Link`) or `url`."""
    items: Tuple[str, ...] = ()
    """The keys that lead to the items in a page; none if the page itself is the list."""
    parameter: Optional[str] = None
    """The query parameter that changes: the cursor, the offset or the number of the page."""
    next: Tuple[str, ...] = ()
    """The keys that lead to the next cursor or URL."""
    more: Tuple[str, ...] = ()
    """The keys that lead to what says whether there are more pages, such as `has_more`."""
    item_key: Tuple[str, ...] = ()
    """The keys that lead to the cursor in the last item, if the page itself has no cursor."""
    total: Tuple[str, ...] = ()
    """The keys that lead to the number of all items."""
    total_pages: Tuple[str, ...] = ()
    """The keys that lead to the number of all pages."""
    first: int = 1
    """The number of the first page."""
    item: Optional[Callable[[], Any]] = None
    """Returns the type of an item."""

    def items_of(self, page: Any) -> List[Any]:
        """Return the items of a page, which is JSON."""
        raise NotImplementedError

    def next_values(
        self,
        values: "Mapping[str, Any]",
        page: Any,
        headers: "Mapping[str, str]",
        number_of_items: int,
        base_url: str = "",
    ) -> "Optional[Mapping[str, Any]]":
        """Return all query values of the next request; `None` if there is no other page."""
        raise NotImplementedError
