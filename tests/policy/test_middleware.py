"""Tests of what callers put between a client and its transport."""

import pytest

from ai_spine import ConfigurationError, ValidationError
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.middleware import (
    AFTER,
    BEFORE,
    calls,
    checked_request,
    checked_response,
    copied,
    with_member,
)

REQUEST = Request("GET", "/x", {}, "", {}, None, None, ())


class Both:
    def before_request(self, request):
        return request

    def after_response(self, request, response):
        return response


def test_what_has_neither_method_is_refused():
    with pytest.raises(ConfigurationError, match="must have before_request"):
        with_member((), object())


def test_responses_are_seen_in_the_opposite_order():
    first, second = Both(), Both()
    both = with_member(with_member((), first), second)
    assert [m.__self__ for m in calls(both, BEFORE)] == [first, second]
    assert [m.__self__ for m in calls(both, AFTER)] == [second, first]


def test_what_forgets_to_return_is_named():
    with pytest.raises(
        ConfigurationError, match="before_request of the middleware Both returned"
    ):
        checked_request(Both().before_request, None, REQUEST)
    with pytest.raises(
        ConfigurationError, match="it must return the response, changed or"
    ):
        checked_response(Both().after_response, REQUEST, Response(200, {}, b""))


@pytest.mark.parametrize(
    "headers", [{"X": "a\r\nY: b"}, {"X ": "\n"}, {"X": " a"}, {"X": 7}]
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(headers):
    with pytest.raises(
        ValidationError, match="the middleware Both has set the header X"
    ) as caught:
        checked_request(
            Both().before_request, REQUEST._replace(headers=headers), REQUEST
        )
    assert "Y: b" not in str(caught.value)


@pytest.mark.parametrize(
    "odd, words",
    [
        ({"headers": None}, "headers, which must be a mapping of names to texts"),
        ({"headers": {"host": "evil"}}, "header host, which the client sets itself"),
        (
            {"headers": {"Transfer-Encoding": "x"}},
            "header Transfer-Encoding, which the",
        ),
        ({"query": 5}, "query, which must be percent-encoded text"),
        ({"query": "secret\r\nX: y"}, "query, which must be percent-encoded text"),
        ({"query": "secret#"}, "query, which must be percent-encoded text"),
        ({"content": "secret"}, "content, which must be bytes"),
        ({"content_type": "secret\n"}, "content_type, which must be printable"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_its_value(odd, words):
    request = REQUEST._replace(**odd)
    with pytest.raises(ValidationError, match=f"Both has set the {words}") as caught:
        checked_request(Both().before_request, request, REQUEST)
    assert "secret" not in str(caught.value)


def test_what_a_middleware_leaves_as_it_is_is_not_its_fault():
    odd = REQUEST._replace(headers={"X": "", "Host": "h"}, query="a b", content=b"")
    assert checked_request(Both().before_request, copied(odd), odd) == odd


@pytest.mark.parametrize(
    "odd, words",
    [
        ({"method": "POST"}, "the method of a request"),
        ({"template": "@evil.example.com/"}, "the template of a request"),
        ({"ids": {"a": "b"}}, "the ids of a request"),
        ({"credentials": ("token",)}, "the credentials of a request"),
        ({"headers": {"idempotency-key": "k-2"}}, "the Idempotency-Key of a request"),
    ],
)
def test_what_says_whether_a_request_is_repeated_must_stay(odd, words):
    with pytest.raises(ConfigurationError, match=f"Both has changed {words}"):
        checked_request(Both().before_request, REQUEST._replace(**odd), REQUEST)


def test_the_status_of_a_response_must_stay():
    before = Response(200, {}, b"")
    method = Both().after_response
    assert checked_response(method, before._replace(body=b"{}"), before).body == b"{}"
    with pytest.raises(ConfigurationError, match="changed the status of a response"):
        checked_response(method, before._replace(status=503), before)


def test_a_copy_can_be_changed():
    copy = copied(REQUEST._replace(headers={"A": "b"}))
    copy.headers["X"] = copy.ids["x"] = "1"
    assert REQUEST.headers == REQUEST.ids == {}
