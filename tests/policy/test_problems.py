"""Tests of what the body of a refusal says of repeating the request."""

import json

import pytest

from ai_spine.policy.messages import Response
from ai_spine.policy.problems import fields_of, judge, seconds_of
from ai_spine.policy.retry import Failure, FailureKind

KINDS = FailureKind


def judged(kind, body, retry_after=None):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    failure = Failure(kind, "status", retry_after=retry_after)
    return judge(failure, Response(503, {}, content))


@pytest.mark.parametrize(
    "kind, retryable, expected",
    [
        (KINDS.NOT_DONE, False, KINDS.REFUSED),
        (KINDS.UNCERTAIN, False, KINDS.UNREADABLE),
        (KINDS.REFUSED, False, KINDS.REFUSED),
        (KINDS.REFUSED, True, KINDS.NOT_DONE),
        (KINDS.UNREADABLE, True, KINDS.UNCERTAIN),
        (KINDS.NOT_DONE, True, KINDS.NOT_DONE),
        (KINDS.REFUSED, "true", KINDS.REFUSED),
        (KINDS.NOT_DONE, None, KINDS.NOT_DONE),
    ],
)
def test_a_server_says_whether_to_repeat(kind, retryable, expected):
    assert judged(kind, {"retryable": retryable}).kind is expected
    assert judged(kind, {"error": {"retryable": retryable}}).kind is expected


def test_milliseconds_in_the_body_win_over_the_header():
    assert judged(KINDS.NOT_DONE, {"retry_after_ms": 250}, 9.0).retry_after == 0.25
    assert judged(KINDS.NOT_DONE, {"retry_after_ms": "x"}, 9.0).retry_after == 9.0


@pytest.mark.parametrize(
    "odd", [True, None, "5", -1, 1e300, float("nan"), [], float("inf")]
)
def test_what_are_no_milliseconds_are_none(odd):
    assert seconds_of(odd) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"7", b'"x"', b"[" * 100_000])
def test_a_body_without_fields_has_none(body):
    assert fields_of(Response(500, {}, body)) == {}
