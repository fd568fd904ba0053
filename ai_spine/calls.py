"""What a call knows of itself while it is made, and what its errors tell of it."""

import uuid
from typing import Any, List, Optional

from ai_spine.exceptions import Attempt, CallInfo
from ai_spine.operations import Operation
from ai_spine.retry import Failure


class Call:
    """What one call knows of itself while it goes through its attempts."""

    def __init__(
        self, operation: Operation[Any], path: str, ends: Optional[float]
    ) -> None:
        self.method = operation.method
        self.credential = operation.credential
        self.streams = operation.streams
        self.path = path
        self.ends = ends
        self.request_id = str(uuid.uuid4())
        self.idempotency_key: Optional[str] = None
        self.last_event_id: Optional[str] = None
        self.attempts: List[Attempt] = []
        self.maybe_executed = False

    def note(self, failure: Failure, delay: Optional[float]) -> None:
        """Notes an attempt that failed, and the sleep that follows it."""
        self.attempts.append(Attempt(len(self.attempts) + 1, failure.words, delay))
        if self.method != "GET" and failure.kind.maybe_executed:
            self.maybe_executed = True

    def info(self, *, transient: bool) -> CallInfo:
        """Gives what the errors of this call tell."""
        return CallInfo(
            self.method,
            self.path,
            self.request_id,
            tuple(self.attempts),
            self.maybe_executed,
            self.idempotency_key,
            transient,
        )
