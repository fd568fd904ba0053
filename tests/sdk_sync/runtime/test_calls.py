"""Tests of calls through `Api`: what is sent, and what is returned."""

import pytest

from ai_spine.exceptions import ValidationError
from tests.sdk_sync.runtime.orders.models import NewOrder, Order
from tests.sdk_sync.runtime.server import reply

ORDER = {"orderId": "o 1", "count": 2}


def test_a_call_returns_the_declared_type(connect):
    client, server = connect(lambda request: reply(value={**ORDER, "new": 1}))
    order = client.orders.get_order("o/1?")
    assert (type(order), order.order_id, order.count) == (Order, "o 1", 2)
    request = server.requests[0]
    assert (request.method, request.path) == ("GET", "/orders/o%2F1%3F")
    assert request.headers["accept"] == "application/json"
    assert "content-type" not in request.headers


def test_a_body_is_a_model(connect):
    client, server = connect(lambda request: reply(201, ORDER))
    order = client.orders.start_order(NewOrder(item_id="i"), workspace_id="w")
    assert order.order_id == "o 1"
    assert server.requests[0].json == {"itemId": "i"}
    assert server.requests[0].headers["content-type"] == "application/json"
    assert server.requests[0].path == "/workspaces/w/orders"


def test_a_body_is_a_mapping_or_fields(connect):
    client, server = connect(lambda request: reply(201, ORDER), workspace_id="w")
    client.orders.start_order({"itemId": "i", "tags": ("a",)})
    client.orders.start_order(item_id="i", count=3)
    assert [request.json for request in server.requests] == [
        {"itemId": "i", "tags": ["a"]},
        {"itemId": "i", "count": 3},
    ]


@pytest.mark.parametrize(
    "given, words",
    [
        ({}, "start_order needs a body: pass body=, or its fields"),
        (
            {"body": NewOrder(item_id="i"), "count": 1},
            "start_order takes a body or its fields, not both: 'count' came with body=",
        ),
        (
            {"count": 1},
            "the body of start_order is no NewOrder: / must be an object with 'itemId'$",
        ),
        (
            {"body": {"itemId": "i", "colour": "red"}},
            "is no NewOrder: / must be an object with no 'colour'$",
        ),
        ({"body": "i"}, "is no NewOrder: / must be an object, not of type str"),
        ({"body": 7}, "is no NewOrder: / must be an object, not of type int"),
        ({"body": None}, "is no NewOrder: / must be an object, not None"),
        (
            {"body": {"itemId": 7}},
            "the body of start_order is no NewOrder: /itemId must be str, not",
        ),
    ],
)
def test_a_body_that_does_not_fit_is_one_sentence(connect, given, words):
    client, server = connect(lambda request: reply(201, ORDER), workspace_id="w")
    with pytest.raises(ValidationError, match=words):
        client.orders.start_order(**given)
    assert not server.requests


def test_an_optional_body_may_be_absent(connect):
    client, server = connect(lambda request: reply(204))
    assert client.orders.change_order("o") is None
    assert server.requests[0].body == b""
    assert "content-type" not in server.requests[0].headers
    assert server.requests[0].query == {"mode": ["fast"]}


def test_the_workspace_is_a_header_and_a_default(connect):
    client, server = connect(lambda request: reply(201, ORDER), workspace_id="w")
    client.orders.start_order(item_id="i")
    client.orders.start_order(item_id="i", workspace_id="other")
    client.with_options(workspace="third").orders.start_order(item_id="i")
    assert [request.path.split("/")[2] for request in server.requests] == [
        "w",
        "other",
        "third",
    ]
    assert server.requests[2].headers["x-workspace-id"] == "third"


def test_a_missing_default_is_named(connect):
    client, server = connect(lambda request: reply(201, ORDER))
    words = "start_order needs workspace_id: pass it, or make the client with it"
    with pytest.raises(ValidationError, match=words):
        client.orders.start_order(item_id="i")
    assert not server.requests


def test_headers_and_cookies_are_sent(connect):
    client, server = connect(lambda request: reply(201, ORDER), workspace_id="w")
    client.orders.start_order(item_id="i", x_trace=7, seen="yes")
    assert server.requests[0].headers["x-trace"] == "7"
    assert server.requests[0].headers["cookie"] == "seen=yes"


def test_raw_returns_the_response(connect):
    client, server = connect(lambda request: reply(value=ORDER, x_left="4"))
    raw = client.orders.get_order.raw("o")
    assert (raw.status, raw.headers["X-Left"]) == (200, "4")
    assert raw.body == b'{"orderId": "o 1", "count": 2}'
    assert raw.parsed() == client.orders.get_order("o")
    assert repr(raw) == "RawResponse(200, 30 bytes)"


def test_nothing_is_returned_as_none_and_text_as_text(connect):
    client, server = connect(
        lambda request: (
            reply(204)
            if request.method == "DELETE"
            else reply(value="Hi", content_type="text/plain; charset=utf-8")
        )
    )
    assert client.orders.delete_order("o") is None
    assert client.orders.get_note() == "Hi"


def test_an_undeclared_success_is_read_as_the_declared_one(connect):
    client, server = connect(lambda request: reply(203, ORDER))
    assert client.orders.get_order("o").count == 2


def test_a_timeout_and_a_key_are_those_of_the_call(connect):
    client, server = connect(lambda request: reply(201, ORDER), workspace_id="w")
    client.orders.start_order(item_id="i", idempotency_key="k-1", timeout=5)
    client.orders.start_order(item_id="i")
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert keys[0] == "k-1" and len(keys[1]) > 10


def test_request_sends_anything(connect):
    client, server = connect(lambda request: reply(value={"a": 1}), token="t-1")
    raw = client.request(
        "POST",
        "/more/{x}",
        json={"order": NewOrder(item_id="i")},
        params={"a": 1, "b": None},
        headers={"X-More": "1"},
    )
    assert raw.parsed() == {"a": 1}
    request = server.requests[0]
    assert (request.path, request.query) == ("/more/%7Bx%7D", {"a": ["1"]})
    assert request.json == {"order": {"itemId": "i"}}
    assert request.headers["authorization"] == "Bearer t-1"
    assert request.headers["x-more"] == "1"


def test_a_form_is_checked_and_gets_the_fields_of_the_operation(connect):
    client, server = connect(lambda request: reply(204))
    client.orders.tag(item_id="a b")
    client.orders.tag({"itemId": "i", "file": b"%PDF"})
    with pytest.raises(ValidationError, match="the body of tag is no NewOrder: "):
        client.orders.tag({"colour": "red"})
    form, parts = server.requests
    assert form.body == b"itemId=a+b&stream=true"
    assert parts.headers["content-type"].startswith("multipart/form-data")
    assert b"%PDF" in parts.body and b"stream" in parts.body


def test_head_returns_nothing(connect):
    client, server = connect(lambda request: reply(200, content_type="text/plain"))
    assert client.orders.check_order() is None
    assert client.orders.check_order.raw().status == 200
    assert server.requests[0].method == "HEAD"


def test_a_call_that_takes_longer_than_its_timeout_ends(connect, gate):
    def respond(request):
        gate.wait(10)
        return reply(204)

    client, _ = connect(respond)
    with pytest.raises(TimeoutError, match=r"\(0.2 s\)"):
        client.orders.delete_order("o", timeout=0.2)
