"""A connection over which a server sends events, for as long as it has any."""

from typing import Any, Callable, Union

import requests

from ai_spine.exceptions import CallInfo
from ai_spine.policy.event_streams import is_event_stream
from ai_spine.policy.retry import Failure
from ai_spine.transport.requests.sending import (
    CHUNK_BYTES,
    Response,
    encoding_of,
    follow,
    guarded,
    packed,
    read_answer,
)
from ai_spine.transport.requests.session_pool import SessionPool
from ai_spine.transport.requests.sockets import allow


class EventSource:
    """An answer that is a stream of events, and still open.

    Args:
        response: The answer, of which the headers are read.
    """

    def __init__(self, response: requests.Response) -> None:
        self.status = response.status_code
        self.call = CallInfo()
        """What is known of the request."""
        self._response = response

    def read(self, seconds: float) -> Union[bytes, Failure]:
        """Gives the bytes that come next, as soon as there are any; none at the end.

        Args:
            seconds: How long to wait for them.
        """
        return guarded(self._read, seconds)

    def close(self) -> None:
        """Closes the connection; a second call changes nothing."""
        self._response.close()

    def _read(self, seconds: float) -> bytes:
        allow(self._response, seconds)
        # What `requests` and `urllib3` give waits until so many bytes are there.
        raw: Any = self._response.raw
        return bytes(raw._fp.read1(CHUNK_BYTES))


def open_events(
    pool: SessionPool,
    prepared: requests.PreparedRequest,
    *,
    ends: float,
    clock: Callable[[], float],
) -> Union[EventSource, Response, Failure]:
    """Sends a request for a stream, and reads its headers; of a refusal, all.

    Args:
        pool: What to send with; a connection for a stream must be taken from it.
        prepared: The request.
        ends: When to give up, by the clock.
        clock: Gives seconds, never going back.
    """
    return guarded(_open, pool, prepared, ends, clock)


def _open(
    pool: SessionPool,
    prepared: requests.PreparedRequest,
    ends: float,
    clock: Callable[[], float],
) -> Union[EventSource, Response, Failure]:
    response = follow(pool, prepared, ends, clock)
    if isinstance(response, Failure):
        return response
    encoding = encoding_of(response)
    if response.status_code == 200 and is_event_stream(response.headers):
        if encoding in ("", "identity"):
            return EventSource(response)
        response.close()
        return packed(encoding, pool.redactor.redact)
    with response:
        if 200 <= response.status_code < 300:  # it may have no end, and tells nothing
            return Response(response.status_code, response.headers, b"")
        return read_answer(response, ends, clock, pool.redactor.redact)
