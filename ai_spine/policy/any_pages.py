"""Walks lists without knowing how they are paged: the first page shows it. Pure."""

from typing import Any, Callable, Iterable, List, Mapping, Optional, Tuple

from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.links import next_link
from ai_spine.policy.messages import Response
from ai_spine.policy.pages import Pages, PageWalk

# What a page says of the next one, and the parameter that takes it.
_CURSORS = (
    ("next_page_token", "page_token"),
    ("nextPageToken", "pageToken"),
    ("next_cursor", "cursor"),
    ("nextCursor", "cursor"),
)
_URLS = ("next", "next_url", "nextLink")
_NUMBERS = {"offset": "offset", "skip": "offset", "page": "page"}
_ITEMS = ("items", "data", "results", "entries", "records")


class AnyPages:
    """A walk over a list.

    Args:
        query: The query of the first page.
        base_url: Where the API is.
        pages: How it is paged; by default, the first page shows it.
        max_pages: How many pages to request at most; `None` for all.

    Example:
        >>> walk = AnyPages({"limit": 2}, "https://api.example.com")
        >>> page = Response(200, {}, b'{"items": [1, 2], "next_cursor": "c2"}')
        >>> walk.read(page)[1], walk.query
        ([1, 2], {'limit': 2, 'cursor': 'c2'})
    """

    def __init__(
        self,
        query: Mapping[str, Any],
        base_url: str,
        pages: Optional[Pages] = None,
        max_pages: Optional[int] = None,
    ) -> None:
        self.query = query
        """The query of the next page."""
        self.is_done = False
        """Whether there is no other page."""
        self._base_url, self._pages, self._most = base_url, pages, max_pages
        self._walk: Optional[PageWalk] = None

    def read(self, response: Response) -> Tuple[Any, List[Any]]:
        """Return a page and its items, and advance to the next one.

        Raises:
            ValueError: It is no page; the message is one sentence.
        """
        try:
            page = response.json()
        except (ValueError, RecursionError):
            raise ValueError("the page is not JSON") from None
        if self._walk is None:
            pages = self._pages or paged_by(page, response.headers, self.query)
            self._walk = PageWalk(pages, self.query, self._base_url, self._most)
        items = self._walk.read(page, response.headers)
        self.query, self.is_done = self._walk.values, self._walk.is_done
        return page, items

    def read_with(
        self, read: Callable[[Response], Response], response: Response
    ) -> Tuple[Any, List[Any]]:
        """Do what `read` does, as the reader of an exchange.

        Args:
            read: What reads the response first.
            response: The response.

        Raises:
            UnexpectedResponse: It is no page.
        """
        whole = read(response)
        try:
            return self.read(whole)
        except ValueError as error:
            words = f"a page that cannot be used: {error}"
        raise UnexpectedResponse(words)


def paged_by(page: Any, headers: Mapping[str, str], query: Iterable[str]) -> Pages:
    """Return how a list is paged.

    Args:
        page: A page.
        headers: The headers that came with it.
        query: The names in its query.
    """
    items = _items_of(page)
    if next_link(headers.get("Link")) is not None:
        return Pages("link", items)
    fields = page if isinstance(page, Mapping) else {}
    for name, parameter in _CURSORS:
        if name in fields:
            return Pages("cursor", items, parameter, next=(name,))
    for name in _URLS:
        if isinstance(fields.get(name), str):
            return Pages("url", items, next=(name,))
    for name, kind in _NUMBERS.items():
        if name in query:
            return Pages(kind, items, name)
    return Pages("cursor", items)


def _items_of(page: Any) -> Tuple[str, ...]:
    """Return the keys that lead to the items of a page."""
    if not isinstance(page, Mapping):
        return ()
    named = [name for name in _ITEMS if isinstance(page.get(name), list)]
    lists = [name for name, value in page.items() if isinstance(value, list)]
    return ((named or lists or ["items"])[0],)
