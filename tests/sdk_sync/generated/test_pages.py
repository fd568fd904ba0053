"""Pages of every kind are walked to their end, and no further."""

import contextlib

import pytest

from ai_spine.exceptions import AISpineError


@pytest.fixture
def api(client_of):
    return client_of("pages", timeout=5)


def items(*numbers):
    return [{"n": each} for each in numbers]


def walked(api, wire, method, *pages, **given):
    """Return what both ways of walking yield, and the queries of the first."""
    wire.requests.clear()
    wire.respond_each(*pages)
    first = [each.n for each in getattr(api.sync.pages_, method)(**given)]
    sent = [each.query for each in wire.requests]

    async def walk():
        pages = getattr(api.asynchronous.pages_, method)(**given)
        return [each.n async for each in pages]

    wire.respond_each(*pages)
    assert api.run(walk()) == first
    return first, sent


def test_a_cursor_is_followed(api, wire):
    pages = (
        {"items": items(1, 2), "nextCursor": "b"},
        {"items": items(3), "nextCursor": None},
    )
    found, sent = walked(api, wire, "iter_cursor", *pages, limit=2)
    assert found == [1, 2, 3]
    assert sent == [[("limit", "2")], [("cursor", "b"), ("limit", "2")]] or sent == [
        [("limit", "2")],
        [("limit", "2"), ("cursor", "b")],
    ]


def test_an_offset_grows_by_what_came(api, wire):
    pages = (
        {"items": items(1, 2), "total": 3},
        {"items": items(3), "total": 3},
        {"items": [], "total": 3},
    )
    found, sent = walked(api, wire, "iter_offset", *pages)
    assert found == [1, 2, 3]
    assert [dict(each).get("offset") for each in sent][:2] == [None, "2"]


def test_pages_are_counted(api, wire):
    pages = (
        {"items": items(1), "total_pages": 2},
        {"items": items(2), "total_pages": 2},
        {"items": [], "total_pages": 2},
    )
    found, sent = walked(api, wire, "iter_page", *pages)
    assert found == [1, 2]
    assert [dict(each).get("page", "1") for each in sent][:2] == ["1", "2"]


def test_links_are_followed(api, wire):
    wire.respond(items(1), Link=f'<{wire.url}/link?at=2>; rel="next"')
    first = wire._responses[0]
    wire.respond(items(2))
    wire._responses.insert(0, first)
    assert [each.n for each in api.sync.pages_.iter_link()] == [1, 2]
    assert wire.sent.target == "/link?at=2"


def test_a_cursor_that_comes_again_ends_the_walk(api, wire):
    wire.respond_each({"items": items(1), "nextCursor": "same"})
    count = 0
    with contextlib.suppress(AISpineError):
        for _ in api.sync.pages_.iter_cursor():
            count += 1
            assert count < 5
    assert 1 <= count <= len(wire.requests) <= 3


def test_a_page_alone_is_still_a_method(api, wire):
    wire.respond({"items": items(1), "nextCursor": "b"})
    page = api.pages_.list_cursor()
    assert (page.items[0].n, page.next_cursor) == (1, "b")
