"""The results of a batch on their way to the caller, and whether the server lets anything in."""

import queue
from typing import List, Optional

from ai_spine.batch.items import BatchItem
from ai_spine.batch.workers import Landing
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    AuthenticationError,
    NetworkError,
    PermissionDeniedError,
    ValidationError,
)

# So many must be turned away: a proxy may refuse one input for what stands in it.
LEAST_TURNED_AWAY = 3


class Landings:
    """Results, given on as they come.

    Until the server has let anything in, what it turns away is held back here: if all is, that is
    the end of the run, and says nothing of any input. `take` alone is for the caller's thread.
    """

    def __init__(self) -> None:
        self._queue: "queue.SimpleQueue[Optional[Landing]]" = queue.SimpleQueue()
        self._held: List[Landing] = []
        self._is_open = False

    def room(self, most: int) -> int:
        """Gives how many may be in flight where so many may without anything held back."""
        held = len(self._held)
        return max(most, LEAST_TURNED_AWAY) - held if held else most

    def take(self) -> Optional[Landing]:
        """Waits for a result, and gives it; `None` at the end, and ever after."""
        while True:
            try:  # in short steps, since some systems deliver Ctrl-C only between them
                landing = self._queue.get(timeout=0.5)
            except queue.Empty:
                continue
            if landing is None:
                self._queue.put(None)
            return landing

    def put(self, landing: Landing) -> None:
        """Gives on what has become of an input, unless it is to be held back."""
        if _was_turned_away(landing.item) and not self._is_open:
            self._held.append(landing)
            return
        if not _was_never_sent(landing.item):
            self.open()
        self._queue.put(landing)

    def put_old(self, landing: Landing) -> None:
        """Gives on what says nothing of the server: the result of an earlier run, or a doubt."""
        self._queue.put(landing)

    def open(self) -> None:
        """Notes that the server lets somebody in: what it turned away are failures like others."""
        self._is_open = True
        for landing in self._held:
            self._queue.put(landing)
        self._held = []

    def are_enough(self, has_all: bool) -> bool:
        """Tells whether what is held back says that the server lets nobody in.

        Args:
            has_all: Whether there is nothing else to try.
        """
        errors = [landing.item.error for landing in self._held]
        if has_all:
            return bool(errors)
        return any(isinstance(error, AuthenticationError) for error in errors)

    def reason(self) -> AISpineError:
        """Gives why nobody is let in, and drops what is held back: none of it was executed."""
        errors = [landing.item.error for landing in self._held]
        self._held = []
        # A wrong key is what the user can mend; `False` sorts first.
        errors.sort(key=lambda error: not isinstance(error, AuthenticationError))
        assert errors[0] is not None  # nosec B101: for the types
        return errors[0]

    def end(self) -> None:
        """Tells the caller that nothing more comes; what is held back comes first."""
        self.open()
        self._queue.put(None)


def _was_turned_away(item: BatchItem) -> bool:
    """Tells whether the server, or the way to it, did so, whatever the input was."""
    if item.maybe_executed:
        return False
    if isinstance(item.error, (AuthenticationError, PermissionDeniedError)):
        return True
    return isinstance(item.error, NetworkError) and item.execution is None


def _was_never_sent(item: BatchItem) -> bool:
    """Tells whether it is an input that cannot be sent at all."""
    error = item.error
    return isinstance(error, ValidationError) and not isinstance(error, APIError)
