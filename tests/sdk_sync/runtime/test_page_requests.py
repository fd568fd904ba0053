"""Tests of walks over pages."""

import pytest

from tests.sdk_sync.runtime.orders import errors
from tests.sdk_sync.runtime.server import reply


def order(number):
    return {"orderId": str(number), "count": number}


def by_cursor(request):
    start = int(request.query.get("cursor", ["0"])[0])
    page = {"orders": [order(start), order(start + 1)], "next": str(start + 2)}
    return reply(value={**page, "next": None} if start == 4 else page)


def test_cursors_are_followed(connect):
    client, server = connect(by_cursor)
    assert [o.count for o in client.orders.iter_orders(limit=2)] == [0, 1, 2, 3, 4, 5]
    assert [request.query for request in server.requests] == [
        {"limit": ["2"]},
        {"limit": ["2"], "cursor": ["2"]},
        {"limit": ["2"], "cursor": ["4"]},
    ]


def test_pages_are_requested_when_they_are_needed(connect):
    client, server = connect(by_cursor)
    found = iter(client.orders.iter_orders())
    assert not server.requests
    assert next(found).count == 0 and len(server.requests) == 1


def test_a_loop_of_cursors_ends(connect):
    client, server = connect(
        lambda request: reply(
            value={
                "orders": [order(len(server.requests))],
                "next": "ab"[len(server.requests) % 2],
            }
        )
    )
    assert len(list(client.orders.iter_orders())) == 3


def test_a_cursor_may_be_in_the_body(connect):
    def respond(request):
        after = request.json.get("after")
        return reply(value={"orders": [after], "next": None if after else "c"})

    client, server = connect(respond)
    assert list(client.orders.iter_found({"text": "x"})) == [None, "c"]
    assert server.requests[1].json == {"text": "x", "after": "c"}


def test_links_are_followed(connect):
    def respond(request):
        if "page" in request.query:
            return reply(value=[2])
        return reply(value=[1], link='</linked?page=2&sort=a>; rel="next"')

    client, server = connect(respond)
    assert list(client.orders.iter_linked("ada")) == [1, 2]
    assert server.requests[1].query == {
        "owner": ["ada"],
        "page": ["2"],
        "sort": ["a"],
    }


@pytest.mark.parametrize(
    "value, words",
    [
        ({"orders": 7}, "a page that cannot be read: the page has no list"),
        ({"orders": [{"orderId": 1}]}, "an item that is no Order: /orderId must be"),
    ],
)
def test_a_page_that_does_not_fit_is_an_error(connect, value, words):
    client, _ = connect(lambda request: reply(value=value))
    with pytest.raises(
        errors.OrdersError, match=f"200: the server responded with {words}"
    ):
        list(client.orders.iter_orders())


def test_a_refused_page_is_the_typed_error(connect):
    client, _ = connect(lambda request: reply(404, {"detail": "none"}))
    with pytest.raises(errors.NotFoundError):
        list(client.orders.iter_orders())
