"""Tests of the policy: what may be repeated, how long to sleep, what a failure tells."""

import errno
import pickle
import socket
import ssl
from email.utils import formatdate

import pytest
import requests
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import NewConnectionError
import urllib3
from urllib3.util import Retry

from ai_spine.retry import Failure, Kind, RetryPolicy, failure_of, kind_of_status

METHODS = ["GET", "PUT", "DELETE", "POST"]
NOW = 1_795_171_842.0


@pytest.mark.parametrize("retry_writes", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [Kind.NOT_SENT, Kind.NOT_DONE])
def test_what_did_not_run_may_always_be_repeated(method, kind, retry_writes):
    policy = RetryPolicy(3, retry_writes=retry_writes)
    assert policy.may_repeat(method, Failure(kind, ""))
    assert not kind.maybe_executed


@pytest.mark.parametrize(
    "method, retry_writes, repeated",
    [
        ("GET", False, True),
        ("PUT", False, True),
        ("DELETE", False, True),
        ("POST", False, False),
        ("POST", True, True),
        ("GET", True, True),
    ],
)
def test_what_may_have_run_is_repeated_only_where_that_is_harmless(
    method, retry_writes, repeated
):
    policy = RetryPolicy(3, retry_writes=retry_writes)
    assert policy.may_repeat(method, Failure(Kind.UNCERTAIN, "")) is repeated
    assert Kind.UNCERTAIN.maybe_executed


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.UNREADABLE])
def test_what_would_not_help_is_never_repeated(method, kind):
    assert not RetryPolicy(3, retry_writes=True).may_repeat(method, Failure(kind, ""))
    assert kind.maybe_executed is (kind is Kind.UNREADABLE)


@pytest.mark.parametrize(
    "status, kind",
    [(429, Kind.NOT_DONE), (503, Kind.NOT_DONE)]
    + [(status, Kind.UNCERTAIN) for status in (408, 500, 502, 504, 520, 522, 527)]
    + [
        (status, Kind.REFUSED)
        for status in (302, 400, 401, 404, 409, 422, 425, 501, 505, 511)
    ],
)
def test_each_status_is_of_one_kind(status, kind):
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
def test_what_the_server_asks_for_wins_up_to_a_minute(seconds, delay):
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
def test_retry_after_is_read_as_seconds_or_as_a_date(text, seconds, monkeypatch):
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
def test_a_retry_after_that_makes_no_sense_counts_as_absent(text):
    assert RetryPolicy(3).read_retry_after({"Retry-After": text}) is None
    assert RetryPolicy(3).read_retry_after({}) is None


def test_a_date_far_ahead_is_longer_than_is_worth_waiting():
    policy = RetryPolicy(3)
    seconds = policy.read_retry_after({"Retry-After": "Tue, 01 Jan 2999 00:00:00 GMT"})
    assert seconds > 60 and policy.delay(1, seconds) is None


def test_the_policy_is_a_retry_of_urllib3_and_copies_keep_its_own_settings():
    policy = RetryPolicy(5, retry_writes=True, retry_after_limit=9, backoff_factor=2)
    assert isinstance(policy, Retry)
    for twin in (policy.new(), pickle.loads(pickle.dumps(policy))):
        assert (twin.total, twin.backoff_factor) == (5, 2)
        assert (twin.retry_writes, twin.retry_after_limit) == (True, 9)
    assert policy.new(total=1, retry_writes=False).retry_writes is False


def test_the_policy_fits_an_adapter_of_requests():
    policy = requests.adapters.HTTPAdapter(max_retries=RetryPolicy(2)).max_retries
    assert (
        policy.increment("GET", "/", error=urllib3.exceptions.ProtocolError()).total
        == 1
    )


def wrapped(reason, outer=requests.ConnectionError):
    """A failure as `requests` hands it out: with what `urllib3` says inside."""
    return outer(urllib3.exceptions.MaxRetryError(None, "/", reason))


def system_error(number):
    return OSError(number, "the system's reason")


REFUSED = urllib3.exceptions.NewConnectionError(None, "refused")
REFUSED.__cause__ = system_error(errno.ECONNREFUSED)
UNTRUSTED = ssl.SSLCertVerificationError(1, "self-signed")
UNTRUSTED.verify_message = "self-signed certificate"


def tls_error(reason):
    error = ssl.SSLError(1, "wrong")
    error.reason = reason
    return wrapped(urllib3.exceptions.SSLError(error), requests.exceptions.SSLError)


@pytest.mark.parametrize(
    "error, kind, words, timed_out",
    [
        (
            wrapped(REFUSED),
            Kind.NOT_SENT,
            "could not connect: the system's reason",
            False,
        ),
        (
            wrapped(
                urllib3.exceptions.ConnectTimeoutError(None, "x"),
                requests.ConnectTimeout,
            ),
            Kind.NOT_SENT,
            "no connection in time",
            True,
        ),
        (
            requests.ReadTimeout(urllib3.exceptions.ReadTimeoutError(None, "/", "x")),
            Kind.UNCERTAIN,
            "no answer in time",
            True,
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.ReadTimeoutError(None, "/", "x")
            ),
            Kind.UNCERTAIN,
            "no answer in time",
            True,
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.ProtocolError(
                    "aborted", ConnectionResetError(104, "reset")
                )
            ),
            Kind.UNCERTAIN,
            "the connection was lost: reset",
            False,
        ),
        (
            requests.exceptions.ChunkedEncodingError(
                urllib3.exceptions.ProtocolError("x")
            ),
            Kind.UNCERTAIN,
            "the connection was lost",
            False,
        ),
        (
            requests.exceptions.ContentDecodingError(
                urllib3.exceptions.DecodeError("x")
            ),
            Kind.UNREADABLE,
            "the answer's compression is broken",
            False,
        ),
        (
            wrapped(
                urllib3.exceptions.SSLError(UNTRUSTED), requests.exceptions.SSLError
            ),
            Kind.REFUSED,
            "the server's certificate is not trusted: self-signed certificate",
            False,
        ),
        (
            tls_error("WRONG_VERSION_NUMBER"),  # amid a connection: see test_attacks
            Kind.UNCERTAIN,
            "the server does not speak this kind of TLS: wrong",
            False,
        ),
        (tls_error("EOF"), Kind.UNCERTAIN, "the TLS connection failed: wrong", False),
        (
            ssl.SSLError(1, "wrong"),
            Kind.UNCERTAIN,
            "the TLS connection failed: wrong",
            False,
        ),
        (
            system_error(errno.EPIPE),
            Kind.UNCERTAIN,
            "the connection was lost: the system's",
            False,
        ),
        (requests.RequestException("x"), Kind.UNCERTAIN, "the request failed", False),
        (ValueError("x"), Kind.UNCERTAIN, "the request failed (ValueError)", False),
    ],
)
def test_each_exception_tells_the_fate_of_the_request(error, kind, words, timed_out):
    failure = failure_of(error)
    assert failure.kind is kind
    assert failure.words.startswith(words)
    assert failure.timed_out is timed_out


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.InvalidURL("x"),
        requests.exceptions.InvalidSchema("x"),
        requests.exceptions.InvalidProxyURL("x"),
        requests.exceptions.InvalidHeader("x"),
        urllib3.exceptions.LocationParseError("x"),
        urllib3.exceptions.ProxySchemeUnknown("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_cannot_be_sent_at_all_has_not_run(error):
    assert failure_of(error).kind is Kind.REFUSED


def test_a_proxy_that_refuses_the_tunnel_has_sent_nothing():
    refusal = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
    proxied = urllib3.exceptions.ProxyError("Unable to connect to proxy", refusal)
    failure = failure_of(wrapped(proxied, requests.exceptions.ProxyError))
    assert failure == Failure(Kind.NOT_SENT, "the proxy refused to connect")


def test_the_words_hold_nothing_that_an_exception_quotes():
    refused = urllib3.exceptions.NewConnectionError(None, "http://u:hush@proxy refused")
    refused.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    proxied = urllib3.exceptions.ProxyError("hush", refused)
    failure = failure_of(wrapped(proxied, requests.exceptions.ProxyError))
    assert failure.words == "could not connect: Name or service not known"


def test_causes_that_go_round_in_a_circle_are_walked_once():
    first, second = ValueError("1"), ValueError("2")
    first.__cause__, second.__cause__ = second, first
    assert failure_of(first).kind is Kind.UNCERTAIN


@pytest.mark.parametrize("status", [506, 508, 528, 599])
def test_a_5xx_that_nobody_knows_may_have_run(status):
    assert kind_of_status(status) is Kind.UNREADABLE


def test_what_the_caller_was_handling_says_nothing_of_a_request():
    try:
        try:
            raise requests.ConnectionError(NewConnectionError(None, "refused"))
        except requests.ConnectionError as handled:
            outside = handled
            raise requests.ConnectionError(ProtocolError("Connection aborted."))
    except requests.ConnectionError as error:
        assert failure_of(error, outside).kind is Kind.UNCERTAIN


def test_a_missing_file_of_authorities_means_that_nothing_was_sent():
    failure = failure_of(OSError("Could not find a suitable TLS CA certificate bundle"))
    assert failure.kind is Kind.REFUSED and "CA certificate bundle" in failure.words
