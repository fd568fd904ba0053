"""Translates the exceptions of `requests` and `urllib3` into failures, by one table."""

from __future__ import annotations

import http.client
import socket
import os
import ssl
import traceback
from typing import Iterator, Optional, Sequence, Tuple, Type

import requests
import urllib3.exceptions

from ai_spine.policy.request_events import log
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.utils import one_line

Rule = Tuple[Type[BaseException], Failure]
_NETWORK_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)
# The first rule whose class is found anywhere among an exception's causes decides.
_RULES: Sequence[Rule] = (
    (
        ssl.SSLCertVerificationError,
        Failure(FailureKind.REFUSED, "the server's certificate is not trusted"),
    ),
    (
        urllib3.exceptions.LocationValueError,
        Failure(FailureKind.REFUSED, "the request cannot be sent to such a URL"),
    ),
    (
        urllib3.exceptions.NewConnectionError,
        Failure(FailureKind.NOT_SENT, "could not connect"),
    ),
    (
        urllib3.exceptions.ConnectTimeoutError,
        Failure(FailureKind.NOT_SENT, "could not connect in time", timed_out=True),
    ),
    (
        urllib3.exceptions.ReadTimeoutError,
        Failure(FailureKind.UNCERTAIN, "no response in time", timed_out=True),
    ),
    (
        socket.timeout,  # while the request was sent
        Failure(FailureKind.UNCERTAIN, "no response in time", timed_out=True),
    ),
    (
        urllib3.exceptions.ClosedPoolError,  # while it waited for a connection
        Failure(FailureKind.NOT_SENT, "the client was closed"),
    ),
    (
        urllib3.exceptions.DecodeError,
        Failure(FailureKind.UNREADABLE, "the response's compression is broken"),
    ),
    (
        http.client.RemoteDisconnected,
        Failure(FailureKind.UNCERTAIN, "the connection was closed without a response"),
    ),
    (
        http.client.BadStatusLine,
        Failure(FailureKind.UNCERTAIN, "the response is not HTTP"),
    ),
    (
        http.client.LineTooLong,
        Failure(FailureKind.UNCERTAIN, "the response's headers have no end"),
    ),
    (
        http.client.IncompleteRead,
        Failure(FailureKind.UNCERTAIN, "the response was cut short"),
    ),
    (
        urllib3.exceptions.SSLError,
        Failure(FailureKind.UNCERTAIN, "the TLS connection failed"),
    ),
    (ssl.SSLError, Failure(FailureKind.UNCERTAIN, "the TLS connection failed")),
    (
        urllib3.exceptions.HTTPError,
        Failure(FailureKind.UNCERTAIN, "the connection was lost"),
    ),
    (
        http.client.HTTPException,
        Failure(FailureKind.UNCERTAIN, "the connection was lost"),
    ),
    (requests.RequestException, Failure(FailureKind.UNCERTAIN, "the request failed")),
    (OSError, Failure(FailureKind.UNCERTAIN, "the connection was lost")),
)
# Where `requests` and `urllib3` keep what an exception wraps.
_LINKS = ("reason", "original_error", "__cause__", "__context__")
# Reasons that OpenSSL gives where it reads no TLS.
HANDSHAKE_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNSUPPORTED_PROTOCOL")
_NEVER_SENDABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


def translate_errors(error: BaseException, handled: Optional[BaseException]) -> Failure:
    """Return the failure that an exception means; raise what is no failure of the network.

    Args:
        error: The exception.
        handled: What the caller was handling when the request was made.

    Raises:
        BaseException: The exception itself, such as Ctrl-C, without the frames in between: they
            have the key in their locals, which some tracebacks show.
    """
    if isinstance(error, _NETWORK_ERRORS):
        return failure_of(error, handled)
    if isinstance(error, ValueError):  # of a library that stumbles over a response
        return Failure(FailureKind.UNREADABLE, "the response is not HTTP")
    raise interruption(error, handled)


def interruption(
    error: BaseException, handled: Optional[BaseException]
) -> BaseException:
    """Return an exception that ends an attempt, without the frames that hold the key."""
    log.debug("an attempt was interrupted: %s", traceback.format_exc())
    error.__context__ = handled
    return error.with_traceback(None)


def failure_of(
    error: BaseException, handled: Optional[BaseException] = None
) -> Failure:
    """Return what an exception of `requests` or `urllib3` says about the request's fate.

    The message holds nothing of the exception's own text beyond the system's reason: that text may
    quote a proxy's URL with its password.

    Args:
        error: The exception.
        handled: What the caller was handling when the request was made. Python links it to all that
            is raised meanwhile, but it says nothing about this request.
    """
    causes = list(causes_of(error, handled))
    reason = system_reason(causes)
    if isinstance(error, requests.exceptions.InvalidSchema) and "SOCKS" in str(error):
        message = "a SOCKS proxy needs PySocks: pip install 'requests[socks]'"
        return Failure(FailureKind.REFUSED, message)
    if any(isinstance(cause, urllib3.exceptions.InvalidHeader) for cause in causes):
        return Failure(
            FailureKind.UNREADABLE, "the response's headers contradict each other"
        )
    if isinstance(error, _NEVER_SENDABLE):
        return Failure(
            FailureKind.REFUSED, f"the request cannot be sent ({type(error).__name__})"
        )
    if any(_is_of_tunnel(cause) for cause in causes):
        return Failure(FailureKind.NOT_SENT, "the proxy refused to connect")
    if any(getattr(cause, "reason", None) in HANDSHAKE_REASONS for cause in causes):
        # Bare text on an established connection has the same reasons.
        never_stood = any(
            isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes
        )
        kind = FailureKind.NOT_SENT if never_stood else FailureKind.UNCERTAIN
        return Failure(kind, f"the server does not speak this kind of TLS{reason}")
    if (
        type(error) is OSError and error.errno is None
    ):  # so `requests` reports a missing file
        return Failure(FailureKind.REFUSED, one_line(str(error), 200))
    return first_match(_RULES, error, causes)


def first_match(
    rules: Sequence[Rule], error: BaseException, causes: Sequence[BaseException]
) -> Failure:
    """Return the failure of the first rule whose class is among the causes of an exception."""
    for kind, failure in rules:
        if any(isinstance(cause, kind) for cause in causes):
            return failure._replace(
                message=failure.message + system_reason(causes),
                unresolved=any(isinstance(each, socket.gaierror) for each in causes),
            )
    return Failure(
        FailureKind.UNCERTAIN, f"the request failed ({type(error).__name__})"
    )


def _is_of_tunnel(cause: BaseException) -> bool:
    """Return whether a proxy refused a tunnel; a server's words never make such an error."""
    return type(cause) is OSError and str(cause).startswith("Tunnel connection failed")


def causes_of(
    error: BaseException, handled: Optional[BaseException]
) -> Iterator[BaseException]:
    """Yield an exception, what it wraps and what it was raised from, each once."""
    waiting, seen = [error], {id(handled)}
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = [*current.args, *(getattr(current, name, None) for name in _LINKS)]
        waiting += [item for item in wrapped if isinstance(item, BaseException)]


def system_reason(causes: Sequence[BaseException]) -> str:
    """Return what the system said was wrong, to be put after a message; empty if nothing."""
    for cause in causes:
        if hasattr(cause, "verify_message"):  # a certificate is not trusted
            return f": {cause.verify_message}"
        if isinstance(cause, OSError) and isinstance(cause.strerror, str):
            # asyncio writes its own text, with the address, in the place of the system's.
            is_asyncio = cause.strerror.startswith("Connect call failed")
            reason = os.strerror(cause.errno or 0) if is_asyncio else cause.strerror
            return f": {reason}"
    return ""
