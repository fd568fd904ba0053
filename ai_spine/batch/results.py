"""The results of a batch on their way to the caller, and whether the server accepts anything."""

from typing import Callable, List, NamedTuple, Optional

from ai_spine.batch.items import BatchItem
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    AuthenticationError,
    NetworkError,
    PermissionDeniedError,
    ValidationError,
)

# At least so many must be refused: a proxy may refuse a single input for its content.
MIN_REFUSED = 3


class Result(NamedTuple):
    """A result for the caller, and its place in the file of results."""

    item: BatchItem
    offset: Optional[int]


class ResultQueue:
    """Passes results on as they come.

    Until the server has accepted an input, refusals of access are held back here. If everything is
    refused, the run ends with the reason, which says nothing about any input.

    Args:
        put: Passes a result to the caller; `None` is the end.
    """

    def __init__(self, put: Callable[[Optional[Result]], None]) -> None:
        self._put = put
        self._held: List[Result] = []
        self._is_open = False

    def capacity(self, limit: int) -> int:
        """Return how many inputs may be in flight, given the limit without anything held back."""
        held = len(self._held)
        return max(limit, MIN_REFUSED) - held if held else limit

    def put(self, result: Result) -> None:
        """Pass a result on, unless it must be held back."""
        if _was_refused_access(result.item) and not self._is_open:
            self._held.append(result)
            return
        if not _was_invalid(result.item):
            self.open()
        self._put(result)

    def put_now(self, result: Result) -> None:
        """Pass a result on that says nothing about the server, such as one of an earlier run."""
        self._put(result)

    def open(self) -> None:
        """Note that the server accepts inputs: what it refused before are ordinary failures."""
        self._is_open = True
        for result in self._held:
            self._put(result)
        self._held = []

    def show_no_access(self, *, is_all: bool) -> bool:
        """Return whether the refusals that are held back show that the server accepts nothing.

        Args:
            is_all: Whether there is nothing else to try.
        """
        errors = [result.item.error for result in self._held]
        if is_all:
            return bool(errors)
        return any(isinstance(error, AuthenticationError) for error in errors)

    def drop_refusals(self) -> AISpineError:
        """Drop the refusals, none of which was executed, and return the one to raise."""
        errors = [result.item.error for result in self._held]
        self._held = []
        # The user can correct a wrong key; `False` sorts first.
        errors.sort(key=lambda error: not isinstance(error, AuthenticationError))
        assert errors[0] is not None  # nosec B101 # for the types
        return errors[0]

    def end(self) -> None:
        """Pass on what is held back, and then the end."""
        self.open()
        self._put(None)


def _was_refused_access(item: BatchItem) -> bool:
    """Return whether the server, or the way to it, refused an input regardless of its content."""
    if item.maybe_executed:
        return False
    if isinstance(item.error, (AuthenticationError, PermissionDeniedError)):
        return True
    return isinstance(item.error, NetworkError) and item.execution is None


def _was_invalid(item: BatchItem) -> bool:
    """Return whether an input cannot be sent at all."""
    error = item.error
    return isinstance(error, ValidationError) and not isinstance(error, APIError)
