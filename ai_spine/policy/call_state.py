"""The state of one call: what it has tried so far, and what its errors report."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from ai_spine.constants import (
    EVENT_STREAM,
    IDEMPOTENCY_KEY_HEADER,
    LAST_EVENT_ID_HEADER,
    REQUEST_ID_HEADER,
)
from ai_spine.exceptions import APIError, Attempt, CallInfo
from ai_spine.policy.messages import Response
from ai_spine.policy.retry import Failure
from ai_spine.policy.telemetry import CallScope
from ai_spine.utils import fill_in, random_id


class CallState:
    """The state of one call while it goes through its attempts."""

    scope: CallScope
    """Set when the first attempt is near."""
    idempotency_key: Optional[str] = None
    last_event_id: Optional[str] = None
    operation: Optional[str] = None
    """The name of an exchange."""
    has_asked_again = False
    """Whether the key was refused, and the caller's function asked for another."""
    token_versions: Sequence[int] = ()
    """The versions of the keys that the last attempt sent."""
    read: Callable[[Any], Any]
    """Reads a response of status 2xx, or the JSON in it."""
    parses = True
    """Whether it reads the JSON."""
    refine: Optional[Callable[[APIError, Response], APIError]] = None
    """Returns another error for one that the server sent."""
    judge: Optional[Callable[[Failure, Response], Failure]] = None
    """Returns what a refusal means, where its body says so."""
    idempotent = False
    """Whether the server honours its idempotency key."""
    timeout: Optional[float] = None
    """Seconds for an attempt, where they are not the client's."""
    is_observed = False
    """Whether anybody may want to hear of its attempts."""
    maybe_executed = False
    attempt_began = 0.0
    attempt_timeout = 0.0

    def __init__(
        self,
        method: str,
        template: str,
        ids: Mapping[str, str],
        deadline: Optional[float],
        *,
        reads: bool = False,
        streams: bool = False,
        flow_id: Optional[str] = None,
        tenant: Optional[str] = None,
    ) -> None:
        self.method = method
        self.repeat_as = "GET" if reads else method
        """The method that says whether it may be repeated: some only read by a POST."""
        self.flow_id = flow_id
        self.execution_id = ids.get("execution_id")
        self.tenant = tenant
        self.streams = streams
        self.template = template
        """The path, with the names of ids in braces."""
        self.ids = ids
        self.deadline = deadline
        self.request_id = random_id()
        self.attempts: Tuple[Attempt, ...] = ()

    @property
    def path(self) -> str:
        """The path; most calls never need it."""
        return fill_in(self.template, self.ids)

    @property
    def attempt(self) -> int:
        """Which attempt is being made, or was made last, counted from 1."""
        return len(self.attempts) + 1

    @property
    def attempts_that_count(self) -> int:
        """How many attempts failed, without the one that was repeated with another key."""
        return len(self.attempts) - self.has_asked_again

    def own_headers(self) -> Dict[str, str]:
        """Return the headers that belong to this call alone."""
        headers = {REQUEST_ID_HEADER: self.request_id}
        if self.streams:
            headers.update({"Accept": EVENT_STREAM, "Accept-Encoding": "identity"})
        if self.last_event_id is not None:
            headers[LAST_EVENT_ID_HEADER] = self.last_event_id
        if self.idempotency_key is not None:
            headers[IDEMPOTENCY_KEY_HEADER] = self.idempotency_key
        return headers

    def note(self, failure: Failure, delay: Optional[float]) -> None:
        """Add a failed attempt, and the delay that follows it."""
        self.attempts += (Attempt(self.attempt, failure.message, delay),)
        if self.repeat_as != "GET" and failure.kind.maybe_executed:
            self.maybe_executed = True

    def info(self, *, transient: bool) -> CallInfo:
        """Return what the errors of this call report."""
        return CallInfo(
            self.method,
            self.path,
            self.request_id,
            self.attempts,
            self.maybe_executed,
            self.idempotency_key,
            transient,
        )
