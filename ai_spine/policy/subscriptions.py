"""Events of a stream that callers subscribe to. Pure."""

import hashlib
import json
from collections import OrderedDict
from typing import Any, NamedTuple, Optional

from ai_spine.utils import is_header_value

_MAX_IDS = 10_000
_MAX_ID_LENGTH = 200  # characters that are sent back to the server


class StreamEvent(NamedTuple):
    """One event of a stream.

    Example:
        >>> StreamEvent("7", "node", '{"a": 1}').json()
        {'a': 1}
    """

    id: Optional[str]
    """Its id; `None` if it has none."""
    event: str
    """Its name; `message` if it has none."""
    data: str
    """Its lines, joined by line feeds."""
    retry: Optional[float] = None
    """Seconds that the server asks to wait before reconnecting; `None` if it does not ask."""

    def json(self) -> Any:
        """Return its data as JSON.

        Raises:
            ValueError: They are no JSON.
        """
        return json.loads(self.data)


class Progress:
    """Which events have come already, and after which a stream is to continue.

    Example:
        >>> progress = Progress("3")
        >>> [progress.is_new(each) for each in ("4", "5", "4", None)], progress.last_id
        ([True, True, False, True], '4')
    """

    def __init__(self, last_id: Optional[str] = None) -> None:
        self.last_id = last_id
        """The id that the server is asked to continue after; `None` if there is none."""
        self._seen: "OrderedDict[str, None]" = OrderedDict()
        if last_id is not None:
            self._seen[_short(last_id)] = None

    def is_new(self, event_id: Optional[str]) -> bool:
        """Note an event, and return whether none with its id has come before."""
        if event_id is None:
            return True
        if not event_id:  # that is how a server takes its ids back
            self.last_id = None
            return True
        self.go_on_after(event_id)
        known = _short(event_id)
        if known in self._seen:
            return False
        self._seen[known] = None
        if len(self._seen) > _MAX_IDS:
            self._seen.popitem(last=False)
        return True

    def go_on_after(self, event_id: str) -> None:
        """Note an id, which may have come without an event."""
        # After one that no header can hold, the stream goes on after the one before.
        if len(event_id) <= _MAX_ID_LENGTH and is_header_value(event_id):
            self.last_id = event_id


def _short(event_id: str) -> str:
    if len(event_id) <= _MAX_ID_LENGTH:
        return event_id
    return hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()
