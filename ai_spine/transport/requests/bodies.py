"""Reads bodies: whole ones within limits, and streams piece by piece."""

import sys
import time
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Union

import requests
import urllib3

from ai_spine.constants import MAX_ERROR_BYTES, MAX_RESPONSE_BYTES
from ai_spine.policy.event_streams import is_event_stream
from ai_spine.policy.messages import Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.transport.base import ByteStream
from ai_spine.transport.decompression import BrokenCompression, Decompressor
from ai_spine.transport.requests.direct import Whole
from ai_spine.transport.requests.failures import translate_errors
from ai_spine.transport.requests.sockets import extend_timeout
from ai_spine.utils import one_line

_CHUNK_BYTES = 16 * 1024
# These are decompressed in bounded steps. Others compress so well that one chunk could fill memory.
ACCEPTED_ENCODINGS = "gzip, deflate"
_ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
_WITHOUT_BODY = (204, 304)
CUT_SHORT = Failure(FailureKind.UNCERTAIN, "the response was cut short")
_BROKEN = Failure(FailureKind.UNREADABLE, "the response's compression is broken")
# By whether a stream may be of any type: one of events is asked for as it is.
STREAMED = {False: ("", "identity"), True: _ENCODINGS}

Redact = Callable[[str], str]


class RequestsStream(ByteStream):
    """A stream over a `requests` response whose headers have been read.

    Args:
        reply: The response.
    """

    def __init__(self, reply: requests.Response) -> None:
        self.status, self.headers = reply.status_code, reply.headers
        self._reply = reply
        self._left = _length_of(reply)
        self._decompressor = Decompressor(_encoding_of(reply))
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
                data = bytes(raw._fp.read1(_CHUNK_BYTES))
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
        encoding = _encoding_of(reply)
        if encoding in STREAMED[any_type]:
            return RequestsStream(reply)
        reply.close()
        return unknown_encoding(encoding, redact)
    with reply:
        if 200 <= reply.status_code < 300:  # it may have no end, and is of no use
            return Response(reply.status_code, reply.headers, b"")
        return read_response(reply, deadline, redact)


def read_response(
    reply: requests.Response, deadline: float, redact: Redact
) -> Union[Response, Failure]:
    """Read a body up to the limit, and check that it is complete."""
    if isinstance(reply.raw, Whole):
        return Response(reply.status_code, reply.headers, reply.raw.body)
    encoding = _encoding_of(reply)
    if encoding not in _ENCODINGS:
        return unknown_encoding(encoding, redact)
    if reply.status_code < 200:
        return Failure(FailureKind.UNCERTAIN, "the server changed to another protocol")
    body = bytearray()
    length = None if encoding else _length_of(reply)
    is_error = not 200 <= reply.status_code < 300
    for chunk in _chunks_of(reply, length):
        body += chunk
        if is_error and len(body) > MAX_ERROR_BYTES:
            length = None  # the beginning of an error says enough
            break
        if len(body) > MAX_RESPONSE_BYTES:
            limit = MAX_RESPONSE_BYTES // 2**20
            return Failure(
                FailureKind.UNREADABLE, f"the response is larger than {limit} MiB"
            )
        if len(body) != length and time.monotonic() > deadline:
            return Failure(
                FailureKind.UNCERTAIN,
                "the response was not complete in time",
                timed_out=True,
            )
    if length is not None and len(body) < length:
        return CUT_SHORT
    return Response(reply.status_code, reply.headers, bytes(body))


def _length_of(reply: requests.Response) -> Optional[int]:
    """Return how many bytes a body must have; a chunked body marks its end itself."""
    headers = reply.headers
    if "Transfer-Encoding" in headers:
        if "chunked" in headers["Transfer-Encoding"].lower():
            return None
    # Responses of libraries for tests may know no request.
    method = getattr(reply.request, "method", None)
    if reply.status_code in _WITHOUT_BODY or method == "HEAD":
        return None
    length = headers.get("Content-Length", "")
    is_number = length.isascii() and length.isdigit() and len(length) < 19
    return int(length) if is_number else None


def _chunks_of(reply: requests.Response, length: Optional[int]) -> Iterable[bytes]:
    """Return a body in chunks; a short one, as nearly all are, in one read."""
    raw = reply.raw
    is_short = length is not None and 0 < length <= _CHUNK_BYTES
    if is_short and isinstance(raw, urllib3.HTTPResponse):
        return (raw.read(length, decode_content=False),)
    return reply.iter_content(_CHUNK_BYTES)


def _encoding_of(reply: requests.Response) -> str:
    """Return how a body is compressed; empty if it is not."""
    if "Content-Encoding" not in reply.headers:
        return ""
    return reply.headers["Content-Encoding"].strip().lower()


def unknown_encoding(encoding: str, redact: Redact) -> Failure:
    """Return the failure of a body that is compressed in a way that cannot be read in bounds."""
    name = one_line(redact(encoding), 60)
    return Failure(
        FailureKind.UNREADABLE,
        f"the response is compressed as {name!r}, which was not asked for",
    )
