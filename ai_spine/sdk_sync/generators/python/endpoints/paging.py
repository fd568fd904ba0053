"""Recognises how a list is paged, by the names of parameters and of what a response has.

It is only recognised if there is no doubt: a wrong guess would lose items.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Dict, NamedTuple, Optional, Sequence, Union

from ai_spine.sdk_sync.generators.python.endpoints.shapes import Place, Schema, Shapes
from ai_spine.sdk_sync.runtime.pages import Pages

# Names are compared in lower case, without anything but letters and digits. Best first.
_CURSORS = (
    *("cursor", "pagecursor", "nextcursor", "startcursor", "aftercursor"),
    *("pagetoken", "nextpagetoken", "nexttoken", "paginationtoken"),
    *("continuationtoken", "continuation", "marker", "startingafter"),
    *("after", "pageafter", "afterid", "startafter"),
)
# Cursors that may be the id of the last item.
_AFTER_ITEM = ("startingafter", "after", "pageafter", "afterid", "startafter")
_OFFSETS = ("offset", "skip", "pageoffset")
_NUMBERS = ("page", "pagenumber", "pageno", "pagenum")
_SIZES = (
    *("limit", "pagesize", "perpage", "size", "maxresults", "pagelimit"),
    *("take", "top", "count", "itemsperpage"),
)
_NEXT = (
    *("nextcursor", "nextpagetoken", "nexttoken", "nextpagecursor"),
    *("nextcontinuationtoken", "continuationtoken", "nextmarker", "endcursor"),
    *("nextpage", "next", "pagetoken", "cursor", "after"),
)
_NEXT_URLS = (
    "nextpageurl",
    "nexturl",
    "nextlink",
    "nextpageuri",
    "nexturi",
    "nexthref",
)
_MORE = ("hasmore", "hasnext", "hasnextpage", "moreresults")
_TOTALS = (
    "totalcount",
    "totalitems",
    "totalresults",
)  # `total` may be that of the page
_TOTAL_PAGES = ("totalpages", "pagecount")
# Objects of a page that say where it is.
_CONTAINERS = (
    *("page", "pageinfo", "meta", "metadata", "pagination", "paging", "paginationinfo"),
    *("cursor", "cursors", "links", "responsemetadata"),
)
_ITEMS = ("items", "data", "results", "records", "entries", "values", "content", "list")
_NO_ITEMS = ("errors", "warnings", "links", "included")
_WRAPPERS = ("data", "result", "response", "payload")
_OWN_NUMBERS = ("page", "pagenumber", "pageno", "currentpage", "number")
_NUMBERED_FROM_0 = {"totalelements", "number"}  # Spring's pages have both
_NOT_IN_NAMES = re.compile("[^a-z0-9]")
Parameters = Union[Sequence[str], Mapping[str, Any]]


def recognise(
    parameters: "Parameters",
    response: Any,
    definitions: "Mapping[str, Any]" = {},
    headers: "Collection[str]" = (),
) -> Optional[Pages]:
    """Return how a list is paged; `None` if it is not, or if there is a doubt.

    Args:
        parameters: The names of the query's parameters, or their schemas by their names.
        response: The schema of the response, as JSON.
        definitions: The schemas that references lead to, by their names.
        headers: The names of the headers that the response declares.

    Example:
        >>> items = {"type": "array", "items": {"type": "string"}}
        >>> page = {"properties": {"items": items, "nextCursor": {"type": "string"}}}
        >>> pages = recognise(["limit", "cursor"], page)
        >>> pages.kind, pages.items, pages.parameter, pages.next
        ('cursor', ('items',), 'cursor', ('nextCursor',))
    """
    shapes = Shapes(definitions)
    items = _find_items(response, shapes)
    if items is None:
        return None
    given = _Parameters(parameters, shapes)
    if "link" in map(str.lower, headers) and given.has_any:
        return Pages("link", items.place)
    facts = _Facts(response, items.place, shapes)
    has_ids = "id" in shapes.properties(items.schema)
    found = (
        _cursor(given, facts, has_ids)
        or _url(given, facts)
        or _offset(given, facts)
        or _page(given, facts)
    )
    return None if found is None else found._replace(items=items.place)


class _At(NamedTuple):
    """A part of a response."""

    place: Place
    schema: Schema


class _Parameters:
    """The parameters of a query."""

    def __init__(self, parameters: "Parameters", shapes: Shapes) -> None:
        self._names: Dict[str, str] = {}
        for name in parameters:
            self._names.setdefault(_folded(name), name)
        self._schemas = parameters if isinstance(parameters, Mapping) else {}
        self._shapes = shapes
        known = (*_CURSORS, *_OFFSETS, *_NUMBERS, *_SIZES)
        self.has_any = self.find(known) is not None
        """Whether any of them has to do with pages."""

    def find(self, names: Sequence[str]) -> Optional[str]:
        """Return the first one of these names."""
        return next((self._names[name] for name in names if name in self._names), None)

    def find_number(self, names: Sequence[str]) -> Optional[str]:
        """Return the first one of these names, if it may be a number."""
        name = self.find(names)
        types = self._shapes.types(self._schemas.get(name or ""))
        return name if not types or types & {"integer", "number"} else None

    def first_of(self, name: str) -> Optional[int]:
        """Return the number that a parameter begins with; `None` if it is not said."""
        schema = self._shapes.resolved(self._schemas.get(name))
        said = (schema.get("default"), schema.get("minimum"))
        return next(
            (each for each in said if type(each) is int and each in (0, 1)), None
        )


class _Facts:
    """What a response says of its page besides the items."""

    def __init__(self, response: Any, items: Place, shapes: Shapes) -> None:
        self._shapes = shapes
        self._found: "list[_At]" = []
        roots = [_At((), response)]
        for key in items[:-1]:
            roots.append(_At((key,), shapes.properties(response)[key]))
        for root in roots:
            self._found += self._look(root)

    def _look(self, root: _At, *, is_container: bool = False) -> "Iterator[_At]":
        for name, schema in self._shapes.properties(root.schema).items():
            found = _At((*root.place, name), schema)
            inner = self._shapes.properties(schema)
            if not inner:
                yield found
            elif is_container and "href" in inner:
                yield _At((*found.place, "href"), inner["href"])
            elif not is_container and _folded(name) in _CONTAINERS:
                yield from self._look(found, is_container=True)

    @property
    def names(self) -> "set[str]":
        """The names of what there is."""
        return {_folded(each.place[-1]) for each in self._found}

    def find(self, names: Sequence[str], *types: str) -> Place:
        """Return where the first one of these names is; nothing if there is none.

        Args:
            names: The names, best first.
            types: The types that it may have; text is never a URL here.
        """
        for name in names:
            for each in self._found:
                kinds = self._shapes.types(each.schema)
                if _folded(each.place[-1]) == name and not kinds - set(types):
                    if not self._is_url(each):
                        return each.place
        return ()

    def find_url(self) -> Place:
        """Return where the URL of the next page is; nothing if there is none."""
        for each in self._found:
            names = [_folded(name) for name in each.place]
            is_next = names[-1] in ("next", *_NEXT_URLS) or names[-2:] == [
                "next",
                "href",
            ]
            if is_next and self._is_url(each):
                return each.place
        return ()

    def _is_url(self, found: _At) -> bool:
        names = [_folded(name) for name in found.place]
        says_so = names[-1] in (*_NEXT_URLS, "href") or names[-2:-1] == ["links"]
        return says_so or self._shapes.is_url(found.schema)


def _cursor(given: _Parameters, facts: _Facts, has_ids: bool) -> Optional[Pages]:
    more = facts.find(_MORE, "boolean")
    parameter = given.find(_CURSORS)
    if parameter is None:
        return _cursor_of_another_name(given, facts, more)
    found = facts.find(_NEXT, "string", "integer")
    if found:
        return Pages("cursor", parameter=parameter, next=found, more=more)
    parameter = given.find(_AFTER_ITEM)
    last = facts.find(("lastid",), "string", "integer")
    if parameter is None or not more or not (last or has_ids):
        return None
    key = () if last else ("id",)
    return Pages("cursor", parameter=parameter, next=last, more=more, item_key=key)


def _cursor_of_another_name(
    given: _Parameters, facts: _Facts, more: Place
) -> Optional[Pages]:
    """Return pages whose offset or number is what the page before it says."""
    for names, following in (
        (_OFFSETS, ("nextoffset", "offset")),
        (_NUMBERS, ("nextpage",)),
    ):
        parameter = given.find(names)
        found = facts.find(following, "string") or facts.find(following[:1], "integer")
        if parameter is not None and found:
            return Pages("cursor", parameter=parameter, next=found, more=more)
    return None


def _url(given: _Parameters, facts: _Facts) -> Optional[Pages]:
    found = facts.find_url()
    if not found or not given.has_any:
        return None
    return Pages("url", next=found, more=facts.find(_MORE, "boolean"))


def _offset(given: _Parameters, facts: _Facts) -> Optional[Pages]:
    parameter = given.find_number(_OFFSETS)
    if parameter is None or given.find(_SIZES) is None:
        return None
    more = facts.find(_MORE, "boolean")
    total = facts.find(_TOTALS, "integer", "number")
    return Pages("offset", parameter=parameter, more=more, total=total)


def _page(given: _Parameters, facts: _Facts) -> Optional[Pages]:
    parameter = given.find_number(_NUMBERS)
    pages = facts.find(_TOTAL_PAGES, "integer", "number")
    if parameter is None or not (pages or given.find(_SIZES)):
        return None
    more = facts.find(_MORE, "boolean")
    first = 0 if facts.names >= _NUMBERED_FROM_0 else given.first_of(parameter)
    own = facts.find(_OWN_NUMBERS, "integer", "number")
    return Pages(
        *("page", (), parameter), more=more, total_pages=pages, number=own, first=first
    )


def _find_items(response: Any, shapes: Shapes) -> Optional[_At]:
    """Return where the items of a page are, and the schema of one."""
    if shapes.types(response) == {"array"}:
        return _At((), shapes.resolved(shapes.items(response)))
    properties = shapes.properties(response)
    found = _find_list(properties, shapes)
    if found is not None:
        return found
    for name, schema in properties.items():
        inner = shapes.properties(schema) if _folded(name) in _WRAPPERS else {}
        found = _find_list(inner, shapes)
        if found is not None:
            return _At((name, *found.place), found.schema)
    return None


def _find_list(properties: "Mapping[str, Schema]", shapes: Shapes) -> Optional[_At]:
    """Return the only list, or the only one that has a usual name."""
    lists = {
        name: schema
        for name, schema in properties.items()
        if shapes.types(schema) == {"array"} and _folded(name) not in _NO_ITEMS
    }
    usual = {name: lists[name] for name in lists if _folded(name) in _ITEMS}
    chosen = usual or lists
    if len(chosen) != 1:
        return None
    [(name, schema)] = chosen.items()
    return _At((name,), shapes.resolved(shapes.items(schema)))


def _folded(name: str) -> str:
    return _NOT_IN_NAMES.sub("", name.lower())
