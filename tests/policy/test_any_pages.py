"""Tests of lists whose pages show how they go on."""

import json

import pytest

from ai_spine.policy.any_pages import AnyPages
from ai_spine.policy.messages import Response
from ai_spine.policy.pages import Pages

BASE = "https://api.example.com/v1"


def page(body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(200, headers, content)


@pytest.mark.parametrize(
    "body, headers, query, following",
    [
        (
            {"items": [1], "next_page_token": "t"},
            {},
            {"a": 1},
            {"a": 1, "page_token": "t"},
        ),
        ({"items": [1], "nextPageToken": "t"}, {}, {}, {"pageToken": "t"}),
        ({"data": [1], "next_cursor": "c"}, {}, {}, {"cursor": "c"}),
        ({"results": [1], "nextCursor": 7}, {}, {}, {"cursor": 7}),
        ({"users": [1], "next": f"{BASE}/users?page=2"}, {}, {}, {"page": "2"}),
        ([1], {"Link": f'<{BASE}/u?after=x>; rel="next"'}, {"n": 1}, {"after": "x"}),
        ([1, 2], {}, {"offset": 4}, {"offset": 6}),
        ({"items": [1]}, {}, {"skip": 0}, {"skip": 1}),
        ({"items": [1]}, {}, {"page": 3}, {"page": 4}),
    ],
)
def test_the_first_page_shows_how_a_list_is_paged(body, headers, query, following):
    walk = AnyPages(query, BASE)
    whole, items = walk.read(page(body, **headers))
    assert whole == body
    assert items and not walk.is_done
    assert walk.query == following


@pytest.mark.parametrize(
    "body",
    [{"items": []}, {"items": [1], "next_cursor": None}, [1, 2], {"count": 0}, None],
)
def test_a_list_without_a_next_page_is_over(body):
    walk = AnyPages({}, BASE)
    walk.read(page(body))
    assert walk.is_done


@pytest.mark.parametrize(
    "content, words",
    [
        (b"<html>", "the page is not JSON"),
        ({"items": [1], "next": "https://evil.example.com/v1/x"}, "not below"),
        ({"items": [1], "next": f"{BASE}/users/2"}, "users/2, which has no query"),
    ],
)
def test_what_is_no_page_is_said_in_one_sentence(content, words):
    with pytest.raises(ValueError, match=words):
        AnyPages({}, BASE).read(page(content))


def test_a_caller_can_say_how_a_list_is_paged():
    walk = AnyPages(
        {}, BASE, Pages("cursor", ("a", "b"), "at", next=("a", "n")), max_pages=2
    )
    assert walk.read(page({"a": {"b": [1], "n": "x"}}))[1] == [1]
    assert walk.query == {"at": "x"}
    walk.read(page({"a": {"b": [2], "n": "y"}}))
    assert walk.is_done
