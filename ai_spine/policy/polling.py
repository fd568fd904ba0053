"""Notices callers that ask for one thing again and again without a pause. Pure."""

from typing import Dict

_MOST = 50  # requests
_WITHIN = 5.0  # seconds
_PAUSE = 0.005  # seconds between two requests that are a pause
_PATHS = 64


class _Loop:
    """The requests for one path."""

    def __init__(self, began: float) -> None:
        self.began = self.ended = began
        self.count = self.running = 0
        self.said = False


class PollWatch:
    """Counts the requests for each path, with its query, that follow one another without a pause.

    Example:
        >>> watch = PollWatch()
        >>> for number in range(50):
        ...     assert not watch.is_busy("/queue/next", number / 1000)
        ...     watch.note_end("/queue/next", number / 1000)
        >>> watch.is_busy("/queue/next", 0.05)
        True
    """

    def __init__(self) -> None:
        self._loops: Dict[str, _Loop] = {}

    def is_busy(self, path: str, now: float) -> bool:
        """Note that a request begins, and return whether to warn of its loop, once for each path.

        Args:
            path: The path with its query: who walks the pages of a list does not poll.
            now: Seconds, by the clock of the caller.
        """
        loop = self._loops.get(path)
        if loop is None:
            if len(self._loops) >= _PATHS:
                self._loops.clear()
            loop = self._loops[path] = _Loop(now)
        is_over = now - loop.ended >= _PAUSE or now - loop.began > _WITHIN
        if is_over or loop.running:  # several at once are no loop
            loop.began, loop.count = now, 0
        loop.count += 1
        loop.running += 1
        warns = loop.count > _MOST and not loop.said
        loop.said |= warns
        return warns

    def note_end(self, path: str, now: float) -> None:
        """Note that a request has ended."""
        loop = self._loops.get(path)
        if loop is not None:
            loop.ended = now
            loop.running = max(loop.running - 1, 0)
