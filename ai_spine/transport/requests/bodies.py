"""Reads whole bodies within limits."""

from __future__ import annotations

import time
from typing import Callable, Iterable, Optional, Union

import requests
import urllib3

from ai_spine.constants import MAX_ERROR_BYTES, MAX_RESPONSE_BYTES
from ai_spine.policy.messages import Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.transport.requests.direct import Whole
from ai_spine.utils import one_line

CHUNK_BYTES = 16 * 1024
# These are decompressed in bounded steps. Others compress so well that one chunk could fill memory.
ACCEPTED_ENCODINGS = "gzip, deflate"
ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
_WITHOUT_BODY = (204, 304)
CUT_SHORT = Failure(FailureKind.UNCERTAIN, "the response was cut short")

Redact = Callable[[str], str]


def read_response(
    reply: requests.Response, deadline: float, redact: Redact
) -> Union[Response, Failure]:
    """Read a body up to the limit, and check that it is complete."""
    if isinstance(reply.raw, Whole):
        return Response(reply.status_code, reply.headers, reply.raw.body)
    encoding = encoding_of(reply)
    if encoding not in ENCODINGS:
        return unknown_encoding(encoding, redact)
    if reply.status_code < 200:
        return Failure(FailureKind.UNCERTAIN, "the server changed to another protocol")
    body = bytearray()
    length = None if encoding else length_of(reply)
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


def length_of(reply: requests.Response) -> Optional[int]:
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
    is_short = length is not None and 0 < length <= CHUNK_BYTES
    if is_short and isinstance(raw, urllib3.HTTPResponse):
        return (raw.read(length, decode_content=False),)
    return reply.iter_content(CHUNK_BYTES)


def encoding_of(reply: requests.Response) -> str:
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
