"""What may be repeated, and how long to sleep first. Pure: it neither sends nor sleeps."""

import http.client
import math
import random
import socket
import ssl
import threading
from enum import Enum
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    Type,
)

import requests
import urllib3.exceptions
from urllib3.util import Retry

from ai_spine.constants import (
    BACKOFF_BASE,
    BACKOFF_MAX,
    DEFAULT_MAX_RETRIES,
    DEFAULT_RETRY_AFTER_LIMIT,
)
from ai_spine.utils import one_line

# POST is what is missing: a repeated one may run a flow twice.
REPEATABLE_METHODS = frozenset({"GET", "PUT", "DELETE"})


class Kind(Enum):
    """What a failure tells of the request's fate."""

    NOT_SENT = "the connection never stood"
    NOT_DONE = "the server says that it did not do it"
    UNCERTAIN = "it may have run; to ask again could help"
    UNREADABLE = "it may have run; to ask again would not help"
    REFUSED = "it did not run; to ask again would not help"

    @property
    def maybe_executed(self) -> bool:
        """Whether the request may have had its effect."""
        return self in (Kind.UNCERTAIN, Kind.UNREADABLE)


class Failure(NamedTuple):
    """Why an attempt gave no result."""

    kind: Kind
    words: str
    timed_out: bool = False
    retry_after: Optional[float] = None


_KIND_BY_STATUS: Dict[int, Kind] = {
    **dict.fromkeys((429, 503), Kind.NOT_DONE),
    **dict.fromkeys((408, 500, 502, 504), Kind.UNCERTAIN),
    **dict.fromkeys(
        range(520, 528), Kind.UNCERTAIN
    ),  # gateways that lost their upstream
}


# 5xx that speak of the request itself: not implemented, HTTP version, authentication of networks.
_NEVER_BEGUN = (501, 505, 511)


class RetryPolicy(Retry):
    """Decides on repeating; `total` is how many attempts may follow the first.

    Args:
        total: Attempts after the first.
        retry_writes: Whether a POST that may have run is repeated too: right only for servers that
            honour `Idempotency-Key`.
        retry_after_limit: The longest `Retry-After` that is obeyed, in seconds.
        **options: What `urllib3.util.Retry` takes.

    Example:
        >>> RetryPolicy(3).may_repeat("POST", Failure(Kind.UNCERTAIN, "read timeout"))
        False
    """

    def __init__(
        self,
        total: int = DEFAULT_MAX_RETRIES,
        *,
        retry_writes: bool = False,
        retry_after_limit: float = DEFAULT_RETRY_AFTER_LIMIT,
        **options: Any,
    ) -> None:
        options.setdefault("allowed_methods", REPEATABLE_METHODS)
        options.setdefault("status_forcelist", frozenset(_KIND_BY_STATUS))
        options.setdefault("backoff_factor", BACKOFF_BASE)
        super().__init__(total=total, **options)
        self.retry_writes = retry_writes
        self.retry_after_limit = retry_after_limit

    def new(self, **changes: Any) -> "RetryPolicy":
        """Gives a copy with changes."""
        changes.setdefault("retry_writes", self.retry_writes)
        changes.setdefault("retry_after_limit", self.retry_after_limit)
        return super().new(**changes)

    def may_repeat(self, method: str, failure: Failure, attempt: int = 1) -> bool:
        """Tells whether a request whose attempt failed so may be sent again."""
        if attempt > int(self.total or 0):
            return False
        if failure.kind in (Kind.NOT_SENT, Kind.NOT_DONE):
            return True
        if failure.kind is Kind.UNCERTAIN:
            return method in (self.allowed_methods or ()) or self.retry_writes
        return False

    def delay(
        self,
        attempt: int,
        retry_after: Optional[float] = None,
        *,
        rand: Callable[[], float] = random.random,
    ) -> Optional[float]:
        """Gives the seconds to sleep after an attempt.

        Args:
            attempt: Which attempt failed, counted from 1.
            retry_after: Seconds that the server asked for.
            rand: Gives a number from 0 to 1.

        Returns:
            Seconds; `None` if the server asks for longer than is worth waiting.
        """
        if retry_after is not None:
            return retry_after if retry_after <= self.retry_after_limit else None
        return rand() * min(
            BACKOFF_MAX, self.backoff_factor * 2.0 ** min(attempt - 1, 60)
        )

    def read_retry_after(self, headers: Mapping[str, str]) -> Optional[float]:
        """Reads `Retry-After`, in seconds or as a date; `None` if it is absent or nonsense."""
        text = headers.get("Retry-After")
        if text is None:
            return None
        try:
            seconds = float(text)
        except ValueError:
            try:
                seconds = float(self.parse_retry_after(text))
            except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
                return None
        return seconds if math.isfinite(seconds) and seconds >= 0 else None


class Brake:
    """Holds back all calls of a client while the server has told one of them to wait.

    Example:
        >>> brake = Brake()
        >>> brake.hold(until=110.0)
        >>> brake.left(now=104.0)
        6.0
    """

    def __init__(self, until: float = -math.inf) -> None:
        self.until = until
        """When it lets go, by the clock of those who ask."""
        self._lock = threading.Lock()

    def hold(self, until: float) -> None:
        """Holds until then, or for longer if it does already."""
        with self._lock:
            self.until = max(self.until, until)

    def left(self, now: float) -> float:
        """Gives the seconds that are left."""
        return max(self.until - now, 0.0)


def kind_of_status(status: int) -> Kind:
    """Gives the kind of failure that an error status is."""
    unknown = (
        Kind.UNREADABLE
        if status >= 500 and status not in _NEVER_BEGUN
        else Kind.REFUSED
    )
    return _KIND_BY_STATUS.get(status, unknown)


# The first rule whose class stands anywhere among an exception's causes decides.
_RULES: Tuple[Tuple[Type[BaseException], Failure], ...] = (
    (
        ssl.SSLCertVerificationError,
        Failure(Kind.REFUSED, "the server's certificate is not trusted"),
    ),
    (
        urllib3.exceptions.LocationValueError,
        Failure(Kind.REFUSED, "the request cannot be sent to such a URL"),
    ),
    (
        urllib3.exceptions.NewConnectionError,
        Failure(Kind.NOT_SENT, "could not connect"),
    ),
    (
        urllib3.exceptions.ConnectTimeoutError,
        Failure(Kind.NOT_SENT, "no connection in time", timed_out=True),
    ),
    (
        urllib3.exceptions.ReadTimeoutError,
        Failure(Kind.UNCERTAIN, "no answer in time", timed_out=True),
    ),
    (
        socket.timeout,  # while the request was sent
        Failure(Kind.UNCERTAIN, "no answer in time", timed_out=True),
    ),
    (
        urllib3.exceptions.ClosedPoolError,  # while it waited for a connection
        Failure(Kind.NOT_SENT, "the client was closed"),
    ),
    (
        urllib3.exceptions.DecodeError,
        Failure(Kind.UNREADABLE, "the answer's compression is broken"),
    ),
    (
        http.client.RemoteDisconnected,
        Failure(Kind.UNCERTAIN, "the connection was closed without an answer"),
    ),
    (
        http.client.BadStatusLine,
        Failure(Kind.UNCERTAIN, "the answer is not HTTP"),
    ),
    (
        http.client.LineTooLong,
        Failure(Kind.UNCERTAIN, "the answer's headers have no end"),
    ),
    (
        http.client.IncompleteRead,
        Failure(Kind.UNCERTAIN, "the answer was cut short"),
    ),
    (urllib3.exceptions.SSLError, Failure(Kind.UNCERTAIN, "the TLS connection failed")),
    (ssl.SSLError, Failure(Kind.UNCERTAIN, "the TLS connection failed")),
    (urllib3.exceptions.HTTPError, Failure(Kind.UNCERTAIN, "the connection was lost")),
    (http.client.HTTPException, Failure(Kind.UNCERTAIN, "the connection was lost")),
    (requests.RequestException, Failure(Kind.UNCERTAIN, "the request failed")),
    (OSError, Failure(Kind.UNCERTAIN, "the connection was lost")),
)
# Where `requests` and `urllib3` keep what an exception wraps.
_LINKS = ("reason", "original_error", "__cause__", "__context__")
# Reasons that OpenSSL gives where it reads no TLS.
_HANDSHAKE_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNSUPPORTED_PROTOCOL")
_NEVER_SENDABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


def failure_of(
    error: BaseException, handled: Optional[BaseException] = None
) -> Failure:
    """Says what an exception of `requests` or `urllib3` tells of the request's fate.

    Args:
        error: The exception.
        handled: What the caller was handling when the request was made. Python links it to all that
            is raised meanwhile, but it says nothing of this request.

    The words hold nothing of the exception's own text beyond the system's reason: that text may
    quote a proxy's URL with its password.
    """
    causes = list(_causes_of(error, handled))
    reason = _system_reason(causes)
    if isinstance(error, requests.exceptions.InvalidSchema) and "SOCKS" in str(error):
        words = "a SOCKS proxy needs PySocks: pip install 'requests[socks]'"
        return Failure(Kind.REFUSED, words)
    if any(isinstance(cause, urllib3.exceptions.InvalidHeader) for cause in causes):
        return Failure(Kind.UNREADABLE, "the answer's headers contradict each other")
    if isinstance(error, _NEVER_SENDABLE):
        return Failure(
            Kind.REFUSED, f"the request cannot be sent ({type(error).__name__})"
        )
    if any(_is_of_tunnel(cause) for cause in causes):
        return Failure(Kind.NOT_SENT, "the proxy refused to connect")
    if any(getattr(cause, "reason", None) in _HANDSHAKE_REASONS for cause in causes):
        # Bare text amid an established connection gives the same reasons.
        never_stood = any(
            isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes
        )
        kind = Kind.NOT_SENT if never_stood else Kind.UNCERTAIN
        return Failure(kind, f"the server does not speak this kind of TLS{reason}")
    if (
        type(error) is OSError and error.errno is None
    ):  # how `requests` tells of a missing file
        return Failure(Kind.REFUSED, one_line(str(error), 200))
    for rule, failure in _RULES:
        if any(isinstance(cause, rule) for cause in causes):
            return failure._replace(words=failure.words + reason)
    return Failure(Kind.UNCERTAIN, f"the request failed ({type(error).__name__})")


def _is_of_tunnel(cause: BaseException) -> bool:
    """Tells whether a proxy refused a tunnel; the words of a server never make such an error."""
    return type(cause) is OSError and str(cause).startswith("Tunnel connection failed")


def _causes_of(
    error: BaseException, handled: Optional[BaseException]
) -> Iterator[BaseException]:
    """Walks an exception, what it wraps and what it was raised from, each once."""
    waiting, seen = [error], {id(handled)}
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = [*current.args, *(getattr(current, name, None) for name in _LINKS)]
        waiting += [item for item in wrapped if isinstance(item, BaseException)]


def _system_reason(causes: Any) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f": {cause.verify_message}"
        if isinstance(cause, OSError) and isinstance(cause.strerror, str):
            return f": {cause.strerror}"
    return ""
