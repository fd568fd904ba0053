"""What the async transports share: how far an attempt has come, and its reply."""

from abc import abstractmethod
from typing import Mapping

from ai_spine.policy.retry import Failure, FailureKind

_NOT_FREE = Failure(FailureKind.NOT_SENT, "no connection was free in time", True)
_NOT_CONNECTED = Failure(FailureKind.NOT_SENT, "could not connect in time", True)
_NO_RESPONSE = Failure(FailureKind.UNCERTAIN, "no response in time", True)
INCOMPLETE = Failure(
    FailureKind.UNCERTAIN, "the response was not complete in time", True
)


class Attempt:
    """How far an attempt has come, so that a failure says what it means."""

    on_timeout = _NOT_FREE
    """What it means if the time is over now."""

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
