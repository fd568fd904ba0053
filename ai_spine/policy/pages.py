"""Walks over lists that a server sends in pages. Pure: pages are passed in."""

import math
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Set, Tuple

from ai_spine.policy.links import next_link, query_of

Values = Mapping[str, Any]
Place = Tuple[str, ...]
# How often in a row a server may send the same page. That may be right: as many new items as a
# page holds push every item to the next page.
_SAME_PAGES = 3
# The same for an empty page, or for the same items, with another cursor or link.
_PAGES_THAT_ADVANCE = 100
_NUMBERED = ("offset", "page")


class Pages(NamedTuple):
    """How a list is paged.

    Example:
        >>> pages = Pages("cursor", ("items",), "cursor", next=("page", "next"))
        >>> page = {"items": [1, 2], "page": {"next": "c2"}}
        >>> pages.items_of(page), pages.next_values({"limit": 2}, page)
        ([1, 2], {'limit': 2, 'cursor': 'c2'})
    """

    kind: str
    """`cursor` (or a token), `offset`, `page`, `link` (the header `Link`) or `url` (in a page)."""
    items: Place = ()
    """The keys that lead to the items in a page; none if the page itself is the list."""
    parameter: Optional[str] = None
    """The parameter that changes: the cursor, the offset or the number of the page."""
    next: Place = ()
    """The keys that lead to the next cursor or URL."""
    more: Place = ()
    """The keys that lead to what says whether there are more pages, such as `has_more`."""
    item_key: Place = ()
    """The keys that lead to the cursor in the last item, where `next` leads to none."""
    total: Place = ()
    """The keys that lead to the number of all items."""
    total_pages: Place = ()
    """The keys that lead to the number of all pages."""
    number: Place = ()
    """The keys that lead to the number of the page itself."""
    first: Optional[int] = None
    """The number of the first page. If it is not known, page 1 follows the page that came without
    a number, and `PageWalk` drops it if it is the same."""
    in_body: bool = False
    """Whether the parameter is a field of the request's body."""
    item: Optional[Callable[[], Any]] = None
    """Returns the type of an item."""

    def items_of(self, page: Any) -> List[Any]:
        """Return the items of a page.

        Args:
            page: The page, which is JSON.

        Raises:
            ValueError: It has no list there; the message is one sentence.
        """
        found = _at(page, self.items)
        if found is None:
            return []
        if not isinstance(found, list):
            raise ValueError(f"the page has no list of items at {_shown(self.items)}")
        return found

    def next_values(
        self,
        values: "Values",
        page: Any,
        headers: "Values" = {},
        number_of_items: Optional[int] = None,
        base_url: str = "",
    ) -> "Optional[Values]":
        """Return the query of the next request.

        Args:
            values: The query of this request: names on the wire and values.
            page: The page that came, which is JSON.
            headers: The headers that came with it; names are found in any case.
            number_of_items: How many items the page has; counted if it is not known.
            base_url: Where the API is; links that lead to another place are refused.

        Returns:
            The whole query of the next request, or `None` if there is no other page. That of a
            link replaces all values, and may have names that no parameter has.

        Raises:
            ValueError: A link leads to another server; the message is one sentence.
        """
        if self.kind in ("link", "url"):
            return self._next_link(page, headers, base_url)
        if self.parameter is None or _at(page, self.more) is False:
            return None
        if self.kind == "cursor":
            return self._next_cursor(values, page, self.parameter)
        count = len(self.items_of(page)) if number_of_items is None else number_of_items
        return self._next_number(values, page, self.parameter, count)

    def _next_link(
        self, page: Any, headers: "Values", base_url: str
    ) -> "Optional[Values]":
        found = next_link(headers.get("Link"))
        url = found if self.kind == "link" else _at(page, self.next)
        has_url = isinstance(url, str) and url and _at(page, self.more) is not False
        return query_of(str(url), base_url) if has_url else None

    def _next_cursor(
        self, values: "Values", page: Any, parameter: str
    ) -> "Optional[Values]":
        cursor = _at(page, self.next) if self.next else None
        if cursor is None and self.item_key:
            items = self.items_of(page)
            cursor = _at(items[-1], self.item_key) if items else None
        is_cursor = isinstance(cursor, (str, int)) and not isinstance(cursor, bool)
        if not is_cursor or cursor == "" or cursor == values.get(parameter):
            return None
        return {**values, parameter: cursor}

    def _next_number(
        self, values: "Values", page: Any, parameter: str, count: int
    ) -> "Optional[Values]":
        if not count:
            return None
        if self.kind == "offset":
            following = _number(values.get(parameter), 0) + count
            total = _number(_at(page, self.total) if self.total else None, math.inf)
            return None if following >= total else {**values, parameter: following}
        own = _at(page, self.number) if self.number else None
        first = 0 if self.first is None else self.first
        following = _number(own, _number(values.get(parameter), first)) + 1
        # Where it is not known whether pages begin with 0, one more may be requested than exists.
        last = _number(
            _at(page, self.total_pages) if self.total_pages else None, math.inf
        )
        last += -1 if self.first == 0 else 0
        return None if following > last else {**values, parameter: following}


class PageWalk:
    """A walk over a list: the query of the next request, and the items of each page.

    It ends when the same cursor or link comes again, when the same page comes 3 times in a row,
    and after 100 pages in a row that are empty, or have the same items and other cursors.

    Args:
        pages: How the list is paged.
        values: The query of the first request: names on the wire and values.
        base_url: Where the API is.
        max_pages: How many pages to request at most; `None` for all.

    Example:
        >>> walk = PageWalk(Pages("offset", (), "skip"), {"skip": 0})
        >>> walk.read([1, 2], {}), walk.values, walk.read([], {}), walk.is_done
        ([1, 2], {'skip': 2}, [], True)
    """

    def __init__(
        self,
        pages: Pages,
        values: "Values",
        base_url: str = "",
        max_pages: Optional[int] = None,
    ) -> None:
        self.values: Values = values
        """The whole query of the next request."""
        self.is_done = max_pages is not None and max_pages < 1
        """Whether there is no other page."""
        self._pages = pages
        self._base_url = base_url
        self._left = max_pages
        self._seen: Set[str] = set()
        self._before: List[Any] = []
        self._end_before: Any = None
        self._same = self._empty = 0

    def read(self, page: Any, headers: "Values") -> List[Any]:
        """Return the items of a page, and advance to the next one.

        Args:
            page: The page, which is JSON.
            headers: The headers that came with it.

        Raises:
            ValueError: It is no such page; the message is one sentence.
        """
        items = self._pages.items_of(page)
        end = None if self._is_numbered else _at(page, self._pages.next)
        end = headers.get("Link") if self._pages.kind == "link" else end
        is_alike = bool(items) and items == self._before
        # Items that are equal may be others, such as numbers; a new cursor says so.
        is_same = is_alike and end == self._end_before
        self._same = self._same + 1 if is_alike else 0
        self._empty = 0 if items else self._empty + 1
        self._before, self._end_before = items, end
        self._advance(page, headers, len(items))
        return [] if is_same else items

    @property
    def _is_numbered(self) -> bool:
        return self._pages.kind in _NUMBERED

    def _advance(self, page: Any, headers: "Values", count: int) -> None:
        if self._left is not None:
            self._left -= 1
        found = self._pages.next_values(
            self.values, page, headers, count, self._base_url
        )
        most = _SAME_PAGES if self._is_numbered else _PAGES_THAT_ADVANCE
        is_stuck = self._same == most or self._empty == _PAGES_THAT_ADVANCE
        if found is None or is_stuck or self._left == 0:
            self.is_done = True
            return
        parameter = self._pages.parameter
        place = repr(found.get(parameter) if parameter else sorted(found.items()))
        self.is_done = place in self._seen
        self._seen.add(place)
        self.values = found


def _at(value: Any, place: "Place") -> Any:
    """Return what is at a place of a page; `None` if there is nothing."""
    for key in place:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _number(value: Any, default: Any) -> Any:
    if isinstance(value, bool):
        return default
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default


def _shown(place: "Place") -> str:
    return ".".join(place) or "its root"
