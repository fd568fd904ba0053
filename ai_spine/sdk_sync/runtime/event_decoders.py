"""Reads streams of typed values: server-sent events, and lines of JSON. Pure."""

from abc import ABC, abstractmethod
from typing import Any, Callable, Generic, Iterator, TypeVar

from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.event_streams import EventParser, ServerEvent
from ai_spine.sdk_sync.runtime.json_lines import JSONLinesParser

T = TypeVar("T")
_END = "[DONE]"  # the data of a last event that says nothing else


class Decoder(ABC, Generic[T]):
    """Reads values from the pieces of a stream.

    Attributes:
        is_done: Whether the stream has said that nothing follows.
    """

    is_done = False

    @abstractmethod
    def feed(self, data: bytes) -> Iterator[T]:
        """Yield the values that the next bytes complete; no bytes are the end of the stream.

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
        >>> list(decoder.feed(b"data: 1\\n\\ndata: [DO"))
        ['1']
        >>> list(decoder.feed(b"NE]\\n\\ndata: 2\\n\\n"))
        []
        >>> decoder.is_done
        True
    """

    def __init__(self, read: Callable[[ServerEvent], T]) -> None:
        self._parser = EventParser()
        self._read = read

    def feed(self, data: bytes) -> Iterator[T]:
        """Yield the values that the next bytes complete."""
        for event in self._parser.feed(data):
            if event.data.strip() == _END:
                self.is_done = True
                break
            yield self._read(event)


class LinesDecoder(Decoder[T]):
    """Reads lines of JSON.

    Args:
        read: Returns what the JSON of a line is.

    Example:
        >>> decoder = LinesDecoder(str)
        >>> [list(decoder.feed(data)) for data in (b"1\\n[2", b"]", b"")]
        [['1'], [], ['[2]']]
    """

    def __init__(self, read: Callable[[Any], T]) -> None:
        self._parser = JSONLinesParser()
        self._read = read

    def feed(self, data: bytes) -> Iterator[T]:
        """Yield the values that the next bytes complete; no bytes are the end of the stream."""
        try:
            values = self._parser.feed(data) if data else self._parser.close()
        except ValueError as error:
            problem = str(error)
        else:
            yield from map(self._read, values)
            return
        raise UnexpectedResponse(problem)
