"""Decides what may be repeated, and how long to sleep first. Pure: it neither sends nor sleeps."""

import math
import random
import threading
import time
from enum import Enum
from typing import Callable, Dict, Mapping, NamedTuple, Optional

from ai_spine.constants import (
    BACKOFF_BASE,
    BACKOFF_MAX,
    DEFAULT_MAX_RETRIES,
    DEFAULT_RETRY_AFTER_LIMIT,
    RETRY_RESERVE,
)

# POST is missing: a repeated one may run a flow twice. So is PATCH, which may add to something.
REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class FailureKind(Enum):
    """What a failure means for the request."""

    NOT_SENT = "no connection was established"
    NOT_DONE = "the server says that it did not execute the request"
    UNCERTAIN = "it may have run; repeating it could help"
    UNREADABLE = "it may have run; repeating it would not help"
    REFUSED = "it did not run; repeating it would not help"

    @property
    def maybe_executed(self) -> bool:
        """Whether the request may have had its effect."""
        return self in (FailureKind.UNCERTAIN, FailureKind.UNREADABLE)


class Failure(NamedTuple):
    """Why an attempt has no result."""

    kind: FailureKind
    message: str
    timed_out: bool = False
    retry_after: Optional[float] = None
    unresolved: bool = False
    """Whether the name of the host leads to no address."""
    seconds: Optional[float] = None
    """The limit that was exceeded, if it is that of a part of the attempt."""


_KIND_BY_STATUS: Dict[int, FailureKind] = {
    **dict.fromkeys((429, 503), FailureKind.NOT_DONE),
    **dict.fromkeys((408, 500, 502, 504), FailureKind.UNCERTAIN),
    # Gateways that lost their upstream.
    **dict.fromkeys(range(520, 528), FailureKind.UNCERTAIN),
}
# 5xx about the request itself: not implemented, HTTP version, network authentication.
_NEVER_BEGUN = (501, 505, 511)


class RetryPolicy:
    """Decides whether and when to send a request again.

    Args:
        max_retries: Attempts after the first.
        retry_writes: Whether a POST that may have run is repeated as well; only right for servers
            that honour `Idempotency-Key`.
        retry_after_limit: The longest `Retry-After` to obey, in seconds.
        backoff_base: The longest sleep after the first attempt, in seconds; it doubles each time.

    Example:
        >>> RetryPolicy(3).may_repeat("POST", Failure(FailureKind.UNCERTAIN, "read timeout"))
        False
    """

    def __init__(
        self,
        max_retries: int = DEFAULT_MAX_RETRIES,
        *,
        retry_writes: bool = False,
        retry_after_limit: float = DEFAULT_RETRY_AFTER_LIMIT,
        backoff_base: float = BACKOFF_BASE,
    ) -> None:
        self.max_retries = max_retries
        self.retry_writes = retry_writes
        self.retry_after_limit = retry_after_limit
        self.backoff_base = backoff_base

    def may_repeat(self, method: str, failure: Failure, attempt: int = 1) -> bool:
        """Return whether a request may be sent again after this failure."""
        if attempt > self.max_retries:
            return False
        if failure.kind in (FailureKind.NOT_SENT, FailureKind.NOT_DONE):
            return True
        if failure.kind is FailureKind.UNCERTAIN:
            return method in REPEATABLE_METHODS or self.retry_writes
        return False

    def delay(
        self,
        attempt: int,
        retry_after: Optional[float] = None,
        *,
        rand: Callable[[], float] = random.random,
    ) -> Optional[float]:
        """Return the seconds to sleep after an attempt.

        Args:
            attempt: Which attempt failed, counted from 1.
            retry_after: Seconds that the server asks to wait.
            rand: Returns a number from 0 to 1.

        Returns:
            Seconds; `None` if the server asks for longer than the limit.
        """
        if retry_after is not None:
            return retry_after if retry_after <= self.retry_after_limit else None
        return rand() * min(
            BACKOFF_MAX, self.backoff_base * 2.0 ** min(attempt - 1, 60)
        )

    def read_retry_after(self, headers: Mapping[str, str]) -> Optional[float]:
        """Read `Retry-After`, in seconds or as a date; `None` if it is absent or invalid."""
        text = headers.get("Retry-After")
        if text is None:
            return None
        try:
            seconds = float(text)
        except ValueError:
            moment = _read_date(text)
            if moment is None:
                return None
            seconds = max(moment - time.time(), 0.0)
        return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _read_date(text: str) -> Optional[float]:
    """Return an HTTP date as seconds since the epoch; `None` if it is invalid."""
    from email.utils import mktime_tz, parsedate_tz  # few servers send a date

    try:
        parts = parsedate_tz(text)
        return None if parts is None else float(mktime_tz(parts))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


class Cooldown:
    """Delays all calls of a client while the server asks one of them to wait.

    Example:
        >>> cooldown = Cooldown()
        >>> cooldown.extend(until=110.0)
        >>> cooldown.remaining(now=104.0)
        6.0
    """

    def __init__(self, until: float = -math.inf) -> None:
        self.until = until
        """When it is over, by the clock of the caller."""
        self._lock = threading.Lock()

    def extend(self, until: float) -> None:
        """Extend it until then; it never becomes shorter."""
        with self._lock:
            self.until = max(self.until, until)

    def remaining(self, now: float) -> float:
        """Return the seconds that are left."""
        return max(self.until - now, 0.0)


class RetryBudget:
    """Limits the retries of a client to a share of its calls, so that no outage is made worse.

    A few retries are always in reserve: a client that makes few calls may repeat each of them.

    Example:
        >>> budget = RetryBudget(reserve=1)
        >>> budget.take(), budget.take()
        (True, False)
        >>> for _ in range(5):
        ...     budget.note_call(0.2)
        >>> budget.take()
        True
    """

    def __init__(self, reserve: float = RETRY_RESERVE) -> None:
        self._most = self._left = float(reserve)
        self._lock = threading.Lock()

    def note_call(self, share: float) -> None:
        """Note a call, which adds a share of a retry."""
        with self._lock:
            self._left = min(self._left + share, self._most)

    def take(self) -> bool:
        """Take a retry; return whether there was one."""
        with self._lock:
            # Shares are no exact fractions: five fifths may be a little less than one.
            has_one = self._left > 1 - 1e-9
            self._left -= has_one
            return has_one


def kind_of_status(status: int) -> FailureKind:
    """Return the kind of failure that an error status is."""
    unknown = (
        FailureKind.UNREADABLE
        if status >= 500 and status not in _NEVER_BEGUN
        else FailureKind.REFUSED
    )
    return _KIND_BY_STATUS.get(status, unknown)
