"""Reads responses that are still open, piece by piece."""

import sys
import time
from typing import Any, Iterator, Mapping, Union

import requests

from ai_spine.policy.event_streams import is_event_stream
from ai_spine.policy.messages import Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.transport.base import ByteStream
from ai_spine.transport.decompression import BrokenCompression, Decompressor
from ai_spine.transport.requests.bodies import (
    CHUNK_BYTES,
    CUT_SHORT,
    ENCODINGS,
    Redact,
    encoding_of,
    length_of,
    read_response,
    unknown_encoding,
)
from ai_spine.transport.requests.failures import translate_errors
from ai_spine.transport.requests.sockets import extend_timeout

_BROKEN = Failure(FailureKind.UNREADABLE, "the response's compression is broken")
# By whether a stream may be of any type: one of events is asked for as it is.
STREAMED = {False: ("", "identity"), True: ENCODINGS}


class RequestsStream(ByteStream):
    """A stream over a `requests` response whose headers have been read.

    Args:
        reply: The response.
    """

    def __init__(self, reply: requests.Response) -> None:
        self.status, self.headers = reply.status_code, reply.headers
        self._reply = reply
        self._left = length_of(reply)
        self._decompressor = Decompressor(encoding_of(reply))
        self._pieces: Iterator[bytes] = iter(())
        self._is_complete = False

    def read(self, timeout: float) -> Union[bytes, Failure]:
        """Return the next bytes as soon as there are any; none at the end of the stream."""
        handled, deadline = sys.exc_info()[1], time.monotonic() + timeout
        try:
            while True:
                piece = next(self._pieces, b"")
                if piece:
                    return piece
                extend_timeout(self._reply, max(deadline - time.monotonic(), 0.001))
                # What `requests` and `urllib3` offer waits until a whole chunk is there.
                raw: Any = self._reply.raw
                data = bytes(raw._fp.read1(CHUNK_BYTES))
                if not data:
                    return self._end()
                self._left = None if self._left is None else self._left - len(data)
                self._pieces = self._decompressor.feed(data)
        except BrokenCompression:
            return _BROKEN
        except BaseException as error:
            return translate_errors(error, handled)

    def _end(self) -> Union[bytes, Failure]:
        if self._left or self._decompressor.is_unfinished:
            return CUT_SHORT
        self._is_complete = True
        return b""

    def close(self) -> None:
        """Close the connection, or leave it to others; a second call changes nothing."""
        raw: Any = self._reply.raw
        if self._is_complete:
            raw._fp.close()  # so that the connection is known to be free
            raw.release_conn()
        else:
            self._reply.close()


def is_stream(status: int, headers: Mapping[str, str], any_type: bool) -> bool:
    """Return whether a response is a stream: of events, or of any bytes."""
    if any_type:
        return 200 <= status < 300
    return status == 200 and is_event_stream(headers)


def stream_of(
    reply: requests.Response, deadline: float, redact: Redact, any_type: bool
) -> Union[ByteStream, Response, Failure]:
    """Return the stream that a reply is; of any other reply, the whole response."""
    if is_stream(reply.status_code, reply.headers, any_type):
        encoding = encoding_of(reply)
        if encoding in STREAMED[any_type]:
            return RequestsStream(reply)
        reply.close()
        return unknown_encoding(encoding, redact)
    with reply:
        if 200 <= reply.status_code < 300:  # it may have no end, and is of no use
            return Response(reply.status_code, reply.headers, b"")
        return read_response(reply, deadline, redact)
