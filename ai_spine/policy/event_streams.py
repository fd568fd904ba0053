"""Server-sent events: parses a stream of bytes. Pure."""

import re
from typing import List, Mapping, NamedTuple, Optional

from ai_spine.constants import EVENT_STREAM, MAX_RESPONSE_BYTES

_LINE_END = b"\r\n|\n|\r"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_RETRY = 18  # digits


class StreamTooLarge(ValueError):
    """A line or an event of a stream is larger than the limit."""


class ServerEvent(NamedTuple):
    """One event of a stream."""

    id: Optional[str]
    """Its id; `None` if it has none."""
    type: str
    """Its name; `message` if it has none."""
    data: str
    """Its lines, joined by line feeds."""


class EventParser:
    """Parses a stream piece by piece, wherever it is cut.

    Args:
        limit: How many bytes a line, or all lines of an event together, may have.

    Example:
        >>> parser = EventParser()
        >>> parser.feed(b"id: 7\\nevent: node\\nda") + parser.feed(b"ta: {}\\r\\n\\r\\n")
        [ServerEvent(id='7', type='node', data='{}')]
    """

    def __init__(self, limit: int = MAX_RESPONSE_BYTES) -> None:
        self.last_id: Optional[str] = None
        """The id of the last complete event, to continue after."""
        self.retry: Optional[float] = None
        """Seconds that the server asks to wait before reconnecting."""
        self._limit = limit
        self._pieces: List[bytes] = []  # of the current line
        self._length = 0
        self._after_cr = False
        self._is_first = True
        self._id: Optional[str] = None  # of the current event
        self._type = ""
        self._data: List[str] = []
        self._size = 0

    def feed(self, data: bytes) -> List[ServerEvent]:
        """Parse the next bytes, and return the events that they complete.

        Raises:
            StreamTooLarge: A line or an event exceeds the limit.
        """
        if self._after_cr and data:
            data = data[1:] if data[:1] == b"\n" else data
            self._after_cr = False
        if not data:
            return []
        self._after_cr = data[-1:] == b"\r"
        *line_ends, rest = re.split(_LINE_END, data)
        events = [self._parse_line(self._finish_line(end)) for end in line_ends]
        self._append(rest)
        return [event for event in events if event is not None]

    def _append(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length > self._limit:
            raise StreamTooLarge(f"a line of more than {self._limit} bytes")
        if piece:
            self._pieces.append(piece)

    def _finish_line(self, end: bytes) -> bytes:
        """Return the line that these bytes complete."""
        self._append(end)
        line = b"".join(self._pieces)
        self._pieces, self._length = [], 0
        if self._is_first and line.startswith(_BYTE_ORDER_MARK):
            line = line[len(_BYTE_ORDER_MARK) :]
        self._is_first = False
        return line

    def _parse_line(self, line: bytes) -> Optional[ServerEvent]:
        """Read a line; an empty one completes an event."""
        if not line:
            return self._finish_event()
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            self._size += len(value) + 1
            if self._size > self._limit:
                raise StreamTooLarge(f"an event of more than {self._limit} bytes")
            self._data.append(value.decode("utf-8", "replace"))
        elif name == b"event":
            self._type = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _LONGEST_RETRY:
            self.retry = int(value) / 1000
        return None

    def _finish_event(self) -> Optional[ServerEvent]:
        if self._id is not None:
            self.last_id = self._id or None  # an empty id resets it
        event = ServerEvent(self._id, self._type or "message", "\n".join(self._data))
        is_event = bool(self._data)
        self._id, self._type, self._data, self._size = None, "", [], 0
        return event if is_event else None


def is_event_stream(headers: Mapping[str, str]) -> bool:
    """Return whether a response is a stream of events.

    Example:
        >>> is_event_stream({"Content-Type": "text/event-stream; charset=utf-8"})
        True
    """
    kind = headers.get("Content-Type", "").partition(";")[0]
    return kind.strip().lower() == EVENT_STREAM
