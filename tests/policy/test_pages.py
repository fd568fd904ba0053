"""Walks over pages, with servers that are functions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.policy.pages import Pages, PageWalk
from ai_spine.sdk_sync.runtime.unset import UNSET

BASE = "https://api.example.com/v1"
ITEMS = list(range(10))


def walk_over(pages, serve, values=(), max_pages=None, at_most=300):
    """Return the items of all pages, and the queries of the requests."""
    walk = PageWalk(pages, dict(values), BASE, max_pages)
    items, queries = [], []
    while not walk.is_done and len(queries) < at_most:
        queries.append(dict(walk.values))
        served = serve(walk.values)
        page, headers = served if isinstance(served, tuple) else (served, {})
        items += walk.read(page, headers)
    assert len(queries) < at_most, "the walk does not end"
    return items, queries


def test_a_cursor_leads_to_the_next_page():
    def serve(query):
        start = int(query.get("after", 0))
        following = str(start + 4) if start + 4 < len(ITEMS) else None
        return {"data": ITEMS[start : start + 4], "meta": {"next": following}}

    pages = Pages("cursor", ("data",), "after", next=("meta", "next"))
    items, queries = walk_over(pages, serve, {"limit": 4})
    assert items == ITEMS
    assert queries == [
        {"limit": 4},
        {"limit": 4, "after": "4"},
        {"limit": 4, "after": "8"},
    ]


def test_the_last_item_is_the_cursor_where_the_page_has_none():
    def serve(query):
        start = query.get("starting_after", -1) + 1
        items = [{"id": each} for each in ITEMS[start : start + 5]]
        return {"data": items, "has_more": start + 5 < len(ITEMS)}

    pages = Pages(
        *("cursor", ("data",), "starting_after"), more=("has_more",), item_key=("id",)
    )
    items, queries = walk_over(pages, serve)
    assert [item["id"] for item in items] == ITEMS and len(queries) == 2
    assert pages.next_values({}, {"data": [], "has_more": True}) is None
    assert pages.next_values({}, {"data": [5], "has_more": True}) is None


@pytest.mark.parametrize("cursor", [None, "", False, True, 1.5, {"a": 1}, ["a"]])
def test_what_is_no_cursor_ends_the_walk(cursor):
    pages = Pages("cursor", (), "cursor", next=("next",))
    assert pages.next_values({}, {"next": cursor}) is None


def test_a_cursor_may_be_the_number_0():
    pages = Pages("cursor", ("items",), "offset", next=("next",))
    assert pages.next_values({"offset": 5}, {"next": 0}) == {"offset": 0}


def test_the_flag_for_more_pages_ends_the_walk_although_there_is_a_cursor():
    pages = Pages("cursor", (), "cursor", next=("last",), more=("page", "more"))
    assert pages.next_values({}, {"last": "a", "page": {"more": False}}) is None
    assert pages.next_values({}, {"last": "a", "page": {"more": True}}) is not None
    assert pages.next_values({}, {"last": "a"}) is not None


def test_a_cursor_that_comes_again_ends_the_walk():
    pages = Pages("cursor", ("items",), "c", next=("next",))
    _, queries = walk_over(pages, lambda query: {"items": [1], "next": "same"})
    assert queries == [{}, {"c": "same"}]
    ring = {None: "a", "a": "b", "b": "a"}

    def serve(query):
        return {"items": [query.get("c")], "next": ring[query.get("c")]}

    items, queries = walk_over(pages, serve)
    assert items == [None, "a", "b"]


def test_the_cursor_of_the_request_itself_leads_nowhere():
    pages = Pages("cursor", (), "c", next=("cursor",))
    assert pages.next_values({"c": "a"}, {"cursor": "a"}) is None


def test_empty_pages_with_cursors_are_passed_over():
    def serve(query):
        number = int(query.get("c", 0))
        return {"items": [number] if number == 50 else [], "next": str(number + 1)}

    pages = Pages("cursor", ("items",), "c", next=("next",))
    items, queries = walk_over(pages, serve)
    assert items == [50] and len(queries) == 151  # no more than 100 empty ones in a row


@pytest.mark.parametrize("page", [[], {"items": None}, {}, None])
def test_an_empty_page_ends_a_walk_of_offsets_and_numbers(page):
    keys = () if page == [] else ("items",)
    for kind in ("offset", "page"):
        assert walk_over(Pages(kind, keys, "p"), lambda query: page) == ([], [{}])


@given(st.integers(1, 7), st.integers(0, 30), st.integers(0, 9))
@settings(deadline=None, max_examples=50)
def test_offsets_count_the_items_that_came(size, total, first):
    everything = list(range(total))

    def serve(query):  # it sends fewer items than the client asks for
        start = int(query.get("offset", 0))
        return {"items": everything[start : start + size]}

    pages = Pages("offset", ("items",), "offset")
    items, _ = walk_over(pages, serve, {"limit": 10, "offset": first})
    assert items == everything[first:]
    assert walk_over(pages, serve, {"offset": str(first)})[0] == everything[first:]


def test_the_total_saves_the_last_request():
    pages = Pages("offset", ("items",), "offset", total=("meta", "total"))
    page = {"items": [1, 2], "meta": {"total": 4}}
    assert pages.next_values({}, page) == {"offset": 2}
    assert pages.next_values({"offset": 2}, page) is None
    for total in ("many", True, None):
        odd = {"items": [1], "meta": {"total": total}}
        assert pages.next_values({"offset": UNSET}, odd) == {"offset": 1}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("known", ["number", "first", "nothing"])
@pytest.mark.parametrize("has_total", [True, False])
@pytest.mark.parametrize("size", [1, 3, 5, 10, 20])
def test_no_page_is_lost_or_read_twice(first, known, has_total, size):
    def serve(query):
        number = query.get("page", first)
        start = (number - first) * size
        page = {"number": number, "pages": -(-len(ITEMS) // size)}
        return {
            "items": ITEMS[start : start + size] if start >= 0 else [],
            "page": page,
        }

    pages = Pages(
        *("page", ("items",), "page"),
        number=("page", "number") if known == "number" else (),
        first=first if known == "first" else None,
        total_pages=("page", "pages") if has_total else (),
    )
    items, queries = walk_over(pages, serve)
    assert items == ITEMS
    if known == "first" and has_total:
        assert len(queries) == -(-len(ITEMS) // size)


def test_a_server_that_ignores_the_number_of_the_page_ends_the_walk():
    for kind in ("offset", "page"):
        items, queries = walk_over(Pages(kind, (), "p"), lambda query: [1, 2])
        assert items == [1, 2] and len(queries) == 4


@pytest.mark.parametrize("kind", ["cursor", "link", "url"])
def test_equal_items_behind_another_cursor_are_other_items(kind):
    def serve(query):
        number = int(query.get("c", 0)) + 1
        found = number if kind == "cursor" else f"?c={number}"
        following = found if number < 5 else None
        headers = {"Link": f'<{following}>; rel="next"'} if following else {}
        return {"items": [0, 0], "next": following}, headers

    pages = Pages(kind, ("items",), "c" if kind == "cursor" else None, next=("next",))
    assert walk_over(pages, serve)[0] == [0, 0] * 5


def test_equal_items_behind_ever_new_cursors_end_some_time():
    def serve(query):
        return {"items": [1], "next": str(int(query.get("c", 0)) + 1)}

    pages = Pages("cursor", ("items",), "c", next=("next",))
    assert len(walk_over(pages, serve)[1]) == 101


def test_a_server_that_ignores_the_cursor_sends_its_items_once():
    pages = Pages("cursor", ("items",), "c", next=("next",))
    page = {"items": [1, 2], "next": "a"}
    assert walk_over(pages, lambda query: page)[0] == [1, 2]


@pytest.mark.parametrize("kind", ["link", "url"])
def test_links_are_followed_by_their_query(kind):
    def serve(query):
        number = int(query.get("page", "1"))
        url = f"/v1/users?page={number + 1}&sig=a%2Bb" if number < 3 else None
        headers = {"Link": f'<{url}>; rel="next"'} if url else {}
        return {"items": [number], "next": url}, headers

    pages = Pages(kind, ("items",), next=("next",))
    items, queries = walk_over(pages, serve, {"limit": 1})
    assert items == [1, 2, 3]
    assert queries == [
        {"limit": 1},
        {"page": "2", "sig": "a+b"},
        {"page": "3", "sig": "a+b"},
    ]


def test_a_link_that_comes_again_ends_the_walk():
    url = f"{BASE}/users?page=2"
    pages = Pages("url", ("items",), next=("next",))

    def serve(query):
        return {"items": [query.get("page")], "next": url}

    assert walk_over(pages, serve)[0] == [None, "2"]


@pytest.mark.parametrize("url", [None, "", 5, {"href": "/v1/a"}])
def test_what_is_no_link_ends_the_walk(url):
    pages = Pages("url", (), next=("next",))
    assert pages.next_values({}, {"next": url}, base_url=BASE) is None


def test_a_link_with_a_flag_that_there_is_no_more_ends_the_walk():
    pages = Pages("url", (), next=("next",), more=("more",))
    page = {"next": "?page=2", "more": False}
    assert pages.next_values({}, page, base_url=BASE) is None


def test_a_link_to_another_server_is_an_error():
    walk = PageWalk(Pages("url", ("items",), next=("next",)), {}, BASE)
    with pytest.raises(ValueError, match="^the next page is at https://evil.example/"):
        walk.read({"items": [], "next": "https://evil.example/?a=1"}, {})


def test_a_walk_may_be_bounded():
    pages = Pages("page", (), "page", first=1)

    def serve(query):
        return [query.get("page", 1)]

    assert walk_over(pages, serve, max_pages=3)[0] == [1, 2, 3]
    assert walk_over(pages, serve, max_pages=0) == ([], [])


def test_pages_of_no_parameter_are_one():
    assert Pages("cursor", next=("next",)).next_values({}, {"next": "a"}) is None


def test_a_page_without_a_list_of_items_is_an_error():
    with pytest.raises(ValueError) as caught:
        Pages("page", ("data", "items"), "page").items_of({"data": {"items": {}}})
    assert str(caught.value) == "the page has no list of items at data.items"
    with pytest.raises(ValueError, match="^the page has no list of items at its root$"):
        Pages("page").items_of("text")
