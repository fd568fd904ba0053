"""Tests of the retry policy: what may be retried, and how long to sleep first."""

from email.utils import formatdate

import pytest

from ai_spine.policy.retry import Failure, FailureKind, RetryPolicy, kind_of_status

METHODS = ["GET", "PUT", "DELETE", "POST"]
NOW = 1_795_171_842.0


@pytest.mark.parametrize("retry_writes", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [FailureKind.NOT_SENT, FailureKind.NOT_DONE])
def test_a_request_that_did_not_run_may_always_be_retried(method, kind, retry_writes):
    policy = RetryPolicy(3, retry_writes=retry_writes)
    assert policy.may_repeat(method, Failure(kind, ""))
    assert not kind.maybe_executed


@pytest.mark.parametrize(
    "method, retry_writes, retried",
    [
        ("GET", False, True),
        ("PUT", False, True),
        ("DELETE", False, True),
        ("POST", False, False),
        ("POST", True, True),
        ("GET", True, True),
    ],
)
def test_a_request_that_may_have_run_is_retried_only_if_that_is_safe(
    method, retry_writes, retried
):
    policy = RetryPolicy(3, retry_writes=retry_writes)
    assert policy.may_repeat(method, Failure(FailureKind.UNCERTAIN, "")) is retried
    assert FailureKind.UNCERTAIN.maybe_executed


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.UNREADABLE])
def test_a_request_is_not_retried_if_that_cannot_help(method, kind):
    assert not RetryPolicy(3, retry_writes=True).may_repeat(method, Failure(kind, ""))
    assert kind.maybe_executed is (kind is FailureKind.UNREADABLE)


@pytest.mark.parametrize(
    "status, kind",
    [(429, FailureKind.NOT_DONE), (503, FailureKind.NOT_DONE)]
    + [
        (status, FailureKind.UNCERTAIN)
        for status in (408, 500, 502, 504, 520, 522, 527)
    ]
    + [
        (status, FailureKind.REFUSED)
        for status in (302, 400, 401, 404, 409, 422, 425, 501, 505, 511)
    ],
)
def test_each_status_has_one_kind_of_failure(status, kind):
    assert kind_of_status(status) is kind


@pytest.mark.parametrize(
    "attempt, most",
    [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 8), (100, 8), (10**6, 8)],
)
def test_the_sleep_is_full_jitter_that_doubles_up_to_eight_seconds(attempt, most):
    policy = RetryPolicy(3)
    assert policy.delay(attempt, rand=lambda: 0.0) == 0
    assert policy.delay(attempt, rand=lambda: 0.5) == most / 2
    assert policy.delay(attempt, rand=lambda: 1.0) == most
    assert all(0 <= policy.delay(attempt) <= most for _ in range(100))


@pytest.mark.parametrize(
    "seconds, delay", [(0, 0), (7.5, 7.5), (60, 60), (60.1, None), (1e9, None)]
)
def test_retry_after_is_obeyed_up_to_a_minute(seconds, delay):
    assert RetryPolicy(3).delay(5, seconds, rand=lambda: 1.0) == delay


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("99999999999", 99999999999),
        (formatdate(NOW + 30, usegmt=True), 30),
        (formatdate(NOW - 3600, usegmt=True), 0),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_parsed_as_seconds_or_as_a_date(text, seconds, monkeypatch):
    monkeypatch.setattr("time.time", lambda: NOW)
    assert RetryPolicy(3).read_retry_after({"Retry-After": text}) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-5",
        "soon",
        "nan",
        "inf",
        "-inf",
        "Mon, 99 Foo 2026",
        "1;2",
        "Fri, 01 Jan 0000",
    ],
)
def test_an_invalid_retry_after_is_ignored(text):
    assert RetryPolicy(3).read_retry_after({"Retry-After": text}) is None
    assert RetryPolicy(3).read_retry_after({}) is None


def test_a_date_in_the_far_future_exceeds_the_limit_for_retry_after():
    policy = RetryPolicy(3)
    seconds = policy.read_retry_after({"Retry-After": "Tue, 01 Jan 2999 00:00:00 GMT"})
    assert seconds > 60 and policy.delay(1, seconds) is None


@pytest.mark.parametrize("status", [506, 508, 528, 599])
def test_an_unknown_5xx_may_have_run(status):
    assert kind_of_status(status) is FailureKind.UNREADABLE
