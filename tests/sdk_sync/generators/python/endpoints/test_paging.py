"""How lists are paged is recognised, and nothing is guessed."""

import pytest

from ai_spine.sdk_sync.generators.python.endpoints.paging import recognise

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
URL = {"type": "string", "format": "uri"}
NULLABLE = {"anyOf": [TEXT, {"type": "null"}]}
NULLABLE_LIST = {"type": ["string", "null"]}
ITEM = {"type": "object", "properties": {"id": TEXT}}
ITEMS = {"type": "array", "items": ITEM}


def page(**properties):
    return {"type": "object", "properties": properties}


def found(parameters, response, definitions={}, headers=()):
    """Return what differs from pages of no kind, as a dictionary."""
    pages = recognise(parameters, response, definitions, headers)
    if pages is None:
        return None
    defaults = type(pages)._field_defaults
    return {
        name: value
        for name, value in pages._asdict().items()
        if value != defaults.get(name)
    }


@pytest.mark.parametrize(
    "parameter, response, keys",
    [
        ("cursor", page(items=ITEMS, nextCursor=TEXT), ("nextCursor",)),
        ("cursor", page(items=ITEMS, next_cursor=NULLABLE), ("next_cursor",)),
        ("cursor", page(items=ITEMS, next_cursor=NULLABLE_LIST), ("next_cursor",)),
        ("page_token", page(items=ITEMS, next_page_token=TEXT), ("next_page_token",)),
        ("pageToken", page(items=ITEMS, nextPageToken=TEXT), ("nextPageToken",)),
        ("next_token", page(items=ITEMS, next_token=TEXT), ("next_token",)),
        (
            "after",
            page(items=ITEMS, page=page(nextCursor=TEXT)),
            ("page", "nextCursor"),
        ),
        (
            "cursor",
            page(items=ITEMS, meta=page(next_cursor=TEXT)),
            ("meta", "next_cursor"),
        ),
        ("cursor", page(items=ITEMS, meta=page(cursor=TEXT)), ("meta", "cursor")),
        (
            "cursor",
            page(items=ITEMS, pagination=page(next=TEXT)),
            ("pagination", "next"),
        ),
        ("cursor", page(items=ITEMS, cursor=page(next=TEXT)), ("cursor", "next")),
        (
            "after",
            page(items=ITEMS, pageInfo=page(endCursor=TEXT)),
            ("pageInfo", "endCursor"),
        ),
        ("page[after]", page(items=ITEMS, meta=page(next=TEXT)), ("meta", "next")),
        ("Marker", page(items=ITEMS, NextMarker=TEXT), ("NextMarker",)),
    ],
)
def test_a_cursor_is_recognised_by_both_of_its_names(parameter, response, keys):
    assert found(["limit", parameter], response) == {
        "kind": "cursor",
        "items": ("items",),
        "parameter": parameter,
        "next": keys,
    }


def test_a_cursor_is_the_id_of_the_last_item_if_there_is_a_flag():
    more = {"data": ITEMS, "has_more": FLAG}
    expected = {"kind": "cursor", "items": ("data",), "more": ("has_more",)}
    assert found(["after", "limit"], page(**more, last_id=NULLABLE)) == {
        **expected,
        "parameter": "after",
        "next": ("last_id",),
    }
    assert found(["starting_after", "ending_before"], page(**more)) == {
        **expected,
        "parameter": "starting_after",
        "item_key": ("id",),
    }
    assert found(["after"], page(data=ITEMS)) is None
    assert found(["cursor"], page(**more)) is None
    texts = {"type": "array", "items": TEXT}
    assert found(["after"], page(data=texts, has_more=FLAG)) is None


def test_a_page_or_an_offset_may_be_a_cursor():
    more = {"data": ITEMS, "has_more": FLAG}
    expected = {"kind": "cursor", "items": ("data",), "more": ("has_more",)}
    assert found(["page", "limit"], page(**more, next_page=NULLABLE)) == {
        **expected,
        "parameter": "page",
        "next": ("next_page",),
    }
    records = page(records=ITEMS, offset=TEXT)
    assert found(["offset", "pageSize"], records)["next"] == ("offset",)
    assert (
        found(["offset", "limit"], page(data=ITEMS, offset=NUMBER))["kind"] == "offset"
    )


@pytest.mark.parametrize(
    "limit", ["limit", "page_size", "per_page", "pageSize", "take"]
)
def test_offsets_are_recognised_beside_a_size(limit):
    for offset in ("offset", "skip"):
        assert found([offset, limit], ITEMS) == {"kind": "offset", "parameter": offset}
    response = page(items=ITEMS, total_count=NUMBER, has_more=FLAG, total=NUMBER)
    assert found([limit, "offset"], response) == {
        "kind": "offset",
        "items": ("items",),
        "parameter": "offset",
        "more": ("has_more",),
        "total": ("total_count",),
    }


def test_numbers_of_pages_are_recognised_beside_a_size():
    meta = page(page=NUMBER, limit=NUMBER, totalItems=NUMBER, totalPages=NUMBER)
    assert found(["page", "limit"], page(data=ITEMS, meta=meta)) == {
        "kind": "page",
        "items": ("data",),
        "parameter": "page",
        "total_pages": ("meta", "totalPages"),
        "number": ("meta", "page"),
    }
    assert found(["page", "per_page"], ITEMS) == {"kind": "page", "parameter": "page"}


def test_the_first_page_is_what_the_parameter_or_the_response_says():
    for said in ({"default": 0}, {"minimum": 0}):
        parameters = {"page": {**NUMBER, **said}, "size": NUMBER}
        assert found(parameters, ITEMS)["first"] == 0
    assert (
        found({"page": {**NUMBER, "default": 1}, "size": NUMBER}, ITEMS)["first"] == 1
    )
    assert "first" not in found({"page": {**NUMBER, "default": 5}, "size": {}}, ITEMS)
    spring = page(content=ITEMS, number=NUMBER, totalElements=NUMBER, totalPages=NUMBER)
    assert found(["page", "size"], spring)["first"] == 0


@pytest.mark.parametrize(
    "response, keys",
    [
        (page(items=ITEMS, meta=page(next_page_url=TEXT)), ("meta", "next_page_url")),
        (page(items=ITEMS, next=URL, previous=URL, count=NUMBER), ("next",)),
        (page(items=ITEMS, links=page(next=TEXT, prev=TEXT)), ("links", "next")),
        (
            page(items=ITEMS, _links=page(next=page(href=TEXT))),
            ("_links", "next", "href"),
        ),
        (page(items=ITEMS, nextLink=TEXT), ("nextLink",)),
    ],
)
def test_a_url_of_the_next_page_is_recognised(response, keys):
    expected = {"kind": "url", "items": ("items",), "next": keys}
    for parameters in (["page", "page_size"], ["PageToken", "PageSize"], ["limit"]):
        assert found(parameters, response) == expected
    assert found(["filter"], response) is None


def test_the_header_link_is_recognised():
    assert found(["page", "per_page"], ITEMS, headers=["link"]) == {"kind": "link"}
    assert found(["filter"], ITEMS, headers=["Link"]) is None


def test_items_are_found_within_a_wrapper_beside_their_cursor():
    inner = page(points=ITEMS, next_cursor=TEXT)
    assert found(["cursor"], page(result=inner, status=TEXT)) == {
        "kind": "cursor",
        "items": ("result", "points"),
        "parameter": "cursor",
        "next": ("result", "next_cursor"),
    }


def test_items_are_found_through_references_and_parts():
    definitions = {
        "Page": page(next_cursor={"$ref": "#/$defs/Cursor"}),
        "Users": {
            "allOf": [{"$ref": "#/$defs/Page"}, page(users={"$ref": "#/$defs/List"})]
        },
        "List": ITEMS,
        "Cursor": NULLABLE,
        "Loop": {"$ref": "#/$defs/Loop"},
        "Self": {"allOf": [{"$ref": "#/$defs/Self"}]},
    }
    users = found(["cursor"], {"$ref": "#/$defs/Users"}, definitions)
    assert (users["items"], users["next"]) == (("users",), ("next_cursor",))
    for name in ("Loop", "Self", "Missing"):
        reference = {"$ref": f"#/$defs/{name}"}
        assert found(["cursor"], reference, definitions) is None


@pytest.mark.parametrize(
    "parameters, response",
    [
        ([], page(items=ITEMS, next_cursor=TEXT)),
        (["limit"], ITEMS),
        (["limit", "offset"], page(name=TEXT)),
        (["limit", "offset"], {}),
        (["limit", "offset"], True),
        (["limit", "offset"], page(users=ITEMS, teams=ITEMS)),
        (["limit", "offset"], page(items=ITEMS, data=ITEMS)),
        (["offset"], ITEMS),
        (["page"], ITEMS),
        (["cursor"], page(items=ITEMS, next_cursor=NUMBER, x=1) | {"properties": 5}),
        (["cursor"], page(items=ITEMS, next_cursor={"type": "object"})),
        ({"offset": TEXT, "limit": NUMBER}, ITEMS),
        ({"page": TEXT, "limit": NUMBER}, ITEMS),
        (["limit", "offset"], page(errors=ITEMS)),
        (["cursor", "limit"], page(items=ITEMS)),
    ],
)
def test_where_there_is_a_doubt_nothing_is_recognised(parameters, response):
    assert found(parameters, response) is None
