"""What the async transports share: how far an attempt has come, and its reply."""

import asyncio
import sys
from abc import abstractmethod
from typing import Any, Mapping, Optional

from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.policy.settings import Phases

_NOT_FREE = Failure(FailureKind.NOT_SENT, "no connection was free in time", True)
_NOT_CONNECTED = Failure(FailureKind.NOT_SENT, "could not connect in time", True)
_NO_RESPONSE = Failure(FailureKind.UNCERTAIN, "no response in time", True)
_SMALL = 2**16  # bytes that a connection takes at once
_COUNTS = sys.version_info >= (3, 11)  # tasks count who has cancelled them
INCOMPLETE = Failure(
    FailureKind.UNCERTAIN, "the response was not complete in time", True
)


class Attempt:
    """How far an attempt has come, so that a failure says what it means."""

    on_timeout = _NOT_FREE
    """What it means if the time is over now."""

    def was_cut_short(self) -> bool:
        """Return whether a part of the attempt has taken too long."""
        return False

    def note_reading(self) -> None:
        """Note that the next bytes of the response are waited for."""

    def end(self) -> None:
        """Note that no part of the attempt is left."""

    def note_connecting(self) -> None:
        """Note that there is room for the request."""
        self.on_timeout = _NOT_CONNECTED

    def note_sending(self) -> None:
        """Note that a connection stands: from now on the request may run."""
        self.on_timeout = _NO_RESPONSE

    @property
    def was_sent(self) -> bool:
        """Whether the request may have reached the server."""
        return self.on_timeout.kind is not FailureKind.NOT_SENT


class PhasedAttempt(Attempt):
    """An attempt whose parts have limits of their own; what takes longer is cancelled.

    Args:
        phases: The limits.
        size: How many bytes the body of the request has.
    """

    def __init__(self, phases: Phases, size: int) -> None:
        self._phases, self._size = phases, size
        self._loop = asyncio.get_running_loop()
        task: Any = asyncio.current_task()
        self._task = task
        self._timer: Optional[asyncio.TimerHandle] = None
        self._is_over = False
        self._cancelling: int = task.cancelling() if _COUNTS else 0

    def note_connecting(self) -> None:
        """Note that there is room for the request."""
        super().note_connecting()
        self._limit(self._phases.connect)

    def note_sending(self) -> None:
        """Note that a connection stands: from now on the request may run."""
        super().note_sending()
        _, read, write = self._phases
        # Neither library says when all is sent; what is small is sent at once.
        if read is None or (write is None and self._size > _SMALL):
            self._limit(None)
        else:
            self._limit(read + (write or 0.0 if self._size > _SMALL else 0.0))

    def note_reading(self) -> None:
        """Note that the next bytes of the response are waited for."""
        self._limit(self._phases.read)

    def was_cut_short(self) -> bool:
        """Return whether a part of the attempt has taken too long."""
        was_over, self._is_over = self._is_over, False
        if was_over and _COUNTS:  # somebody else may have cancelled the task as well
            return bool(self._task.uncancel() <= self._cancelling)
        return was_over

    def end(self) -> None:
        """Note that no part of the attempt is left."""
        self._limit(None)
        self.was_cut_short()

    def _limit(self, seconds: Optional[float]) -> None:
        """Limit what comes now, in the place of what was limited before."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if seconds is not None:
            self._timer = self._loop.call_later(seconds, self._expire, seconds)

    def _expire(self, seconds: float) -> None:
        self._is_over = True
        self.on_timeout = self.on_timeout._replace(seconds=seconds)
        self._task.cancel()


class Reply:
    """A response whose headers have been read, of either library."""

    status_code: int
    headers: Mapping[str, str]

    @property
    def encoding(self) -> str:
        """How the body is compressed; empty if it is not."""
        return self.headers.get("Content-Encoding", "").strip().lower()

    @property
    def is_complete(self) -> bool:
        """Whether the body is known to have been read to its end."""
        return False

    @abstractmethod
    async def read(self) -> bytes:
        """Return the next bytes of the body, compressed as they were sent; none at its end."""

    @abstractmethod
    async def aclose(self) -> None:
        """Free the connection, and close it if the body was not read to its end."""
