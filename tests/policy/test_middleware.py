"""Tests of what callers put between a client and its transport."""

import pytest

from ai_spine import ConfigurationError, ValidationError
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.middleware import AFTER, BEFORE, Middleware, checked

REQUEST = Request("GET", "/x", {}, "", {}, None, None, ())


class Both:
    def before_request(self, request):
        return request

    def after_response(self, request, response):
        return response


def test_what_has_neither_method_is_refused():
    with pytest.raises(ConfigurationError, match="must have before_request"):
        Middleware().with_member(object())


def test_responses_are_seen_in_the_opposite_order():
    first, second = Both(), Both()
    both = Middleware().with_member(first).with_member(second)
    assert [m.__self__ for m in both.calls(BEFORE)] == [first, second]
    assert [m.__self__ for m in both.calls(AFTER)] == [second, first]


def test_what_forgets_to_return_is_named():
    with pytest.raises(
        ConfigurationError, match="before_request of the middleware Both returned"
    ):
        checked(BEFORE, Both().before_request, None, Request)
    with pytest.raises(
        ConfigurationError, match="it must return the response, changed or"
    ):
        checked(AFTER, Both().after_response, REQUEST, Response)


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X ": "\n"}, {"X": " a"}])
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(headers):
    with pytest.raises(
        ValidationError, match="the middleware Both has set the header X"
    ) as caught:
        checked(
            BEFORE, Both().before_request, REQUEST._replace(headers=headers), Request
        )
    assert "Y: b" not in str(caught.value)
