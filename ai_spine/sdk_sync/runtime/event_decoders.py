"""Reads streams of typed values: server-sent events, and lines of JSON. Pure."""

import json
from abc import ABC, abstractmethod
from typing import Any, Callable, Generic, List, TypeVar

from ai_spine.policy.event_streams import EventParser, ServerEvent

T = TypeVar("T")
_END = "[DONE]"  # the data of a last event that says nothing


class Decoder(ABC, Generic[T]):
    """Reads values from the pieces of a stream.

    Attributes:
        is_done: Whether the stream has said that nothing follows.
    """

    is_done = False

    @abstractmethod
    def feed(self, data: bytes) -> List[T]:
        """Return the values that the next bytes complete; no bytes are the end of the stream.

        Raises:
            UnexpectedResponse: A value does not fit.
            StreamTooLarge: A value is too large.
        """


class EventDecoder(Decoder[T]):
    """Reads server-sent events.

    Args:
        read: Returns what an event is.

    Example:
        >>> decoder = EventDecoder(lambda event: event.data)
        >>> decoder.feed(b"data: 1\\n\\ndata: [DO"), decoder.feed(b"NE]\\n\\ndata: 2\\n\\n")
        (['1'], [])
        >>> decoder.is_done
        True
    """

    def __init__(self, read: Callable[[ServerEvent], T]) -> None:
        self._parser = EventParser()
        self._read = read

    def feed(self, data: bytes) -> List[T]:
        """Return the values that the next bytes complete."""
        found: List[T] = []
        for event in self._parser.feed(data):
            if event.data.strip() == _END:
                self.is_done = True
                break
            found.append(self._read(event))
        return found
