"""Tests of what the exceptions of the libraries tell of a request's fate."""

import errno
import socket
import ssl

import pytest
import requests
import urllib3
from urllib3.exceptions import NewConnectionError, ProtocolError

from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.transport.requests.failures import failure_of


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
            FailureKind.NOT_SENT,
            "could not connect: the system's reason",
            False,
        ),
        (
            wrapped(
                urllib3.exceptions.ConnectTimeoutError(None, "x"),
                requests.ConnectTimeout,
            ),
            FailureKind.NOT_SENT,
            "could not connect in time",
            True,
        ),
        (
            requests.ReadTimeout(urllib3.exceptions.ReadTimeoutError(None, "/", "x")),
            FailureKind.UNCERTAIN,
            "no response in time",
            True,
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.ReadTimeoutError(None, "/", "x")
            ),
            FailureKind.UNCERTAIN,
            "no response in time",
            True,
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.ProtocolError(
                    "aborted", ConnectionResetError(104, "reset")
                )
            ),
            FailureKind.UNCERTAIN,
            "the connection was lost: reset",
            False,
        ),
        (
            requests.exceptions.ChunkedEncodingError(
                urllib3.exceptions.ProtocolError("x")
            ),
            FailureKind.UNCERTAIN,
            "the connection was lost",
            False,
        ),
        (
            requests.exceptions.ContentDecodingError(
                urllib3.exceptions.DecodeError("x")
            ),
            FailureKind.UNREADABLE,
            "the response's compression is broken",
            False,
        ),
        (
            wrapped(
                urllib3.exceptions.SSLError(UNTRUSTED), requests.exceptions.SSLError
            ),
            FailureKind.REFUSED,
            "the server's certificate is not trusted: self-signed certificate",
            False,
        ),
        (
            tls_error("WRONG_VERSION_NUMBER"),  # amid a connection: see test_attacks
            FailureKind.UNCERTAIN,
            "the server does not speak this kind of TLS: wrong",
            False,
        ),
        (
            tls_error("EOF"),
            FailureKind.UNCERTAIN,
            "the TLS connection failed: wrong",
            False,
        ),
        (
            ssl.SSLError(1, "wrong"),
            FailureKind.UNCERTAIN,
            "the TLS connection failed: wrong",
            False,
        ),
        (
            system_error(errno.EPIPE),
            FailureKind.UNCERTAIN,
            "the connection was lost: the system's",
            False,
        ),
        (
            requests.RequestException("x"),
            FailureKind.UNCERTAIN,
            "the request failed",
            False,
        ),
        (
            ValueError("x"),
            FailureKind.UNCERTAIN,
            "the request failed (ValueError)",
            False,
        ),
    ],
)
def test_each_exception_says_whether_the_request_may_have_run(
    error, kind, words, timed_out
):
    failure = failure_of(error)
    assert failure.kind is kind
    assert failure.message.startswith(words)
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
    assert failure_of(error).kind is FailureKind.REFUSED


def test_a_proxy_that_refuses_the_tunnel_has_sent_nothing():
    refusal = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
    proxied = urllib3.exceptions.ProxyError("Unable to connect to proxy", refusal)
    failure = failure_of(wrapped(proxied, requests.exceptions.ProxyError))
    assert failure == Failure(FailureKind.NOT_SENT, "the proxy refused to connect")


def test_the_words_hold_nothing_that_an_exception_quotes():
    refused = urllib3.exceptions.NewConnectionError(None, "http://u:hush@proxy refused")
    refused.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    proxied = urllib3.exceptions.ProxyError("hush", refused)
    failure = failure_of(wrapped(proxied, requests.exceptions.ProxyError))
    assert failure.message == "could not connect: Name or service not known"


def test_causes_that_go_round_in_a_circle_are_walked_once():
    first, second = ValueError("1"), ValueError("2")
    first.__cause__, second.__cause__ = second, first
    assert failure_of(first).kind is FailureKind.UNCERTAIN


def test_what_the_caller_was_handling_says_nothing_of_a_request():
    try:
        try:
            raise requests.ConnectionError(NewConnectionError(None, "refused"))
        except requests.ConnectionError as handled:
            outside = handled
            raise requests.ConnectionError(ProtocolError("Connection aborted."))
    except requests.ConnectionError as error:
        assert failure_of(error, outside).kind is FailureKind.UNCERTAIN


def test_a_missing_file_of_authorities_means_that_nothing_was_sent():
    failure = failure_of(OSError("Could not find a suitable TLS CA certificate bundle"))
    assert (
        failure.kind is FailureKind.REFUSED
        and "CA certificate bundle" in failure.message
    )
