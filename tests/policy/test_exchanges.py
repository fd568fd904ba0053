"""Tests of the requests of exchanges."""

import pytest

from ai_spine import ConfigurationError, HeaderCredential
from ai_spine.policy.call_state import CallState
from ai_spine.policy.exchanges import in_order, start
from ai_spine.policy.messages import Exchange, Request
from ai_spine.policy.tokens import Token

OURS = {"X-Team": "a", "X-Workspace-Id": "w"}


def request_of(exchange, key=None, tokens={}):
    call = CallState(exchange.method, exchange.template, exchange.ids, None)
    return call, start(exchange, call, key, OURS, tokens)


def test_a_header_of_the_caller_takes_the_place_of_ours_in_any_case():
    headers = {"x-team": "b", "X-REQUEST-ID": "r", "Accept": "text/csv"}
    call, request = request_of(Exchange("get", "GET", "/a", headers=headers))
    assert request.headers == {**headers, "X-Workspace-Id": "w"}
    assert call.request_id == "r"


def test_without_headers_of_the_caller_ours_are_sent():
    call, request = request_of(Exchange("get", "GET", "/a"))
    assert request.headers == {**OURS, "X-Request-Id": call.request_id}


@pytest.mark.parametrize(
    ("method", "key", "headers", "expected"),
    [
        ("POST", "k", {}, "k"),
        ("PUT", "k", {}, "k"),
        ("PUT", None, {}, None),
        ("POST", "k", {"idempotency-key": "h"}, "h"),
        ("DELETE", None, {"idempotency-key": "h"}, "h"),
    ],
)
def test_the_key_of_the_caller_is_that_of_the_call(method, key, headers, expected):
    exchange = Exchange("do", method, "/a", headers=headers)
    call, request = request_of(exchange, key)
    sent = {name.lower(): text for name, text in request.headers.items()}
    assert call.idempotency_key == sent.get("idempotency-key") == expected


def test_a_request_that_is_not_harmless_to_repeat_gets_a_key():
    call, request = request_of(Exchange("do", "PATCH", "/a"))
    assert len(request.headers["Idempotency-Key"]) == 36
    assert call.idempotency_key == request.headers["Idempotency-Key"]


def test_credentials_are_sent_unless_the_caller_sets_their_header():
    tokens = {
        name: Token(None, name, HeaderCredential(header, "k"))
        for name, header in [("one", "X-One"), ("two", "X-Two")]
    }
    exchange = Exchange("get", "GET", "/a", credentials=("one", "two"))
    assert request_of(exchange, tokens=tokens)[1].credentials == ("one", "two")
    exchange = exchange._replace(headers={"x-one": "mine"})
    assert request_of(exchange, tokens=tokens)[1].credentials == ("two",)
    with pytest.raises(ConfigurationError, match="get needs the credential 'one'"):
        request_of(exchange)


def test_the_query_of_a_path_comes_first():
    exchange = Exchange("get", "GET", "/a?beta=true")
    assert request_of(exchange)[1].query == "beta=true"
    exchange = exchange._replace(query="b=1")
    assert request_of(exchange)[1].query == "beta=true&b=1"


def test_ids_come_in_the_order_of_the_path():
    ids = {"b": "1", "a": "2"}
    assert list(in_order(ids, "/{a}/{b}")) == ["a", "b"]
    assert in_order({"a": "1"}, "/{a}") == {"a": "1"}


def test_a_request_shows_neither_headers_nor_its_body():
    request = Request("GET", "/x", {}, "", {"X-Key": "hush"}, b"hush", None, ())
    assert repr(request) == "Request('GET', '/x')"
