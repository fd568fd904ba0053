"""The short way of a request: it is sent in one piece, and its response is read in one.

Nearly all requests and responses are plain. `urllib3` handles every kind, which takes longer. So a
request that is not plain is left to it before anything is sent, and it reads a response that is not
plain, beginning with what has been received.
"""

import errno
import re
import time
from typing import Any, NamedTuple, Optional, Union

import requests
from urllib3 import HTTPResponse
from urllib3._collections import HTTPHeaderDict
from urllib3.connection import port_by_scheme
from urllib3.connectionpool import log

from ai_spine.transport.requests.heads import Headers, parse_head
from ai_spine.transport.requests.sockets import (
    BODILESS,
    SMALL,
    Bounded,
    DeadlineSocket,
)

_MOST = 16 * 1024  # bytes of a body that is read here
# What `urllib3` does not quote, and `http.client` does not refuse.
_CHARACTERS = r"[\w.~!$&'()*+,;=:@/?-]*"
_TARGET = rf"/{_CHARACTERS}(?:%[0-9A-F]{{2}}{_CHARACTERS})*"
_HEADER = r"[\w!#$%&'*+.^`|~-]+: .*\r\n"
_PLAIN_HEAD = re.compile(rf"[A-Z]+ {_TARGET} HTTP/1\.1\r\n(?:{_HEADER})*\r\n", re.ASCII)
_PRINTABLE = bytes(range(32, 127))
# The server may have responded, and closed the connection, before it has read everything.
_CLOSED = (errno.EPIPE, errno.ECONNRESET, errno.EPROTOTYPE)


class Whole(NamedTuple):
    """A response that has been read."""

    status: int
    reason: str
    headers: Headers
    body: bytes


def exchange(
    pool: Any, request: requests.PreparedRequest, target: str, deadline: float
) -> Union[Whole, HTTPResponse, None]:
    """Send a request once, and return its response, of which the body may have been read.

    Args:
        pool: The pool of the server's connections.
        request: The request, whose body is bytes.
        target: The path and the query of its URL.
        deadline: When all of it must be over.

    Returns:
        `None`, with nothing sent, if the request must go through `urllib3`.
    """
    head = _head_of(pool, request, target)
    if head is None:
        return None
    conn, reply = pool._get_conn(), None
    try:
        if _open(pool, conn, deadline):
            _send(conn, head, request.body)
            reply = _read(pool, conn, request.method)
    except BaseException:
        conn.close()
        pool._put_conn(None)
        raise
    if not isinstance(reply, HTTPResponse):  # which frees it once it has been read
        pool._put_conn(conn)
    if reply is not None:  # as `urllib3` does
        place = pool.scheme, pool.host, pool.port, request.method, target
        log.debug('%s://%s:%s "%s %s HTTP/1.1" %s', *place, reply.status)
    return reply


def _head_of(
    pool: Any, request: requests.PreparedRequest, target: str
) -> Optional[bytes]:
    """Return the head of a request; `None` if it is not plain."""
    headers = request.headers
    host = f"[{pool.host.partition('%')[0]}]" if ":" in pool.host else pool.host
    port = "" if pool.port == port_by_scheme[pool.scheme] else f":{pool.port}"
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = (
        f"{request.method} {target} HTTP/1.1\r\nHost: {host.rstrip('.')}{port}\r\n"
        f"{''.join(lines)}\r\n"
    )
    is_odd = "Host" in headers or "Transfer-Encoding" in headers
    if is_odd or not head.isascii() or not _PLAIN_HEAD.fullmatch(head):
        return None
    data = head.encode("ascii")
    # No value may hold a line of its own.
    is_plain = data.translate(None, _PRINTABLE) == b"\r\n" * (len(lines) + 3)
    return data if is_plain else None


def _open(pool: Any, conn: Any, deadline: float) -> bool:
    """Connect where that is needed, and return whether the connection is one of ours."""
    if not isinstance(conn, Bounded):
        return False
    conn.timeout = max(deadline - time.monotonic(), 0.001)
    pool._validate_conn(conn)
    if conn.sock is None:
        conn.connect()
    is_ours = isinstance(conn.sock, DeadlineSocket)
    if is_ours:
        conn.begin_exchange(deadline - time.monotonic())
    return is_ours


def _send(conn: Any, head: bytes, body: Any) -> None:
    """Send a request; a small body goes with the head, so that the server wakes once."""
    try:
        if body and len(body) <= SMALL:
            head, body = head + body, None
        conn.sock.sendall(head)
        if body:
            conn.sock.sendall(body)
    except OSError as error:
        if error.errno not in _CLOSED:
            raise


def _read(pool: Any, conn: Any, method: Optional[str]) -> Union[Whole, HTTPResponse]:
    """Return a response: with its body, or for `urllib3` to read."""
    found = _read_whole(conn, method)
    if isinstance(found, Whole):
        return found
    return _rest_of(pool, conn, method, found)


def _read_whole(conn: Any, method: Optional[str]) -> Union[Whole, bytes]:
    """Return a response with its body; of one that is not plain or short, what has come of it."""
    data: bytes = conn.sock.recv(_MOST)
    head, is_complete, body = data.partition(b"\r\n\r\n")
    parsed = parse_head(head) if is_complete else None
    if parsed is None or method == "HEAD":
        return data
    status, reason, pairs = parsed
    headers = Headers(pairs)
    length = _length_of(status, headers) if len(headers) == len(pairs) else -1
    while len(body) < length:
        piece = conn.sock.recv(length - len(body))
        if not piece:
            break
        data, body = data + piece, body + piece
    if len(body) < length or length < 0:
        return data
    if len(body) > length:  # what follows is no response to the next request
        conn.close()
    return Whole(status, reason, headers, body[:length])


def _length_of(status: int, headers: Headers) -> int:
    """Return how long the body of a response must be; -1 if it cannot be read here."""
    text = headers.get("Content-Length", "")
    is_short = text.isascii() and text.isdigit() and len(text) < 6
    if not is_short or int(text) > _MOST or status in BODILESS:
        return -1
    is_coded = "Transfer-Encoding" in headers or "Content-Encoding" in headers
    ends = "close" in headers.get("Connection", "").lower()
    return -1 if is_coded or ends else int(text)


def _rest_of(
    pool: Any, conn: Any, method: Optional[str], received: bytes
) -> HTTPResponse:
    """Return a response of which something was received, for `urllib3` to read."""
    begun: Any = _Begun(conn.sock, received)
    response = conn.response_class(begun, method=method)
    try:
        response.begin()
    except BaseException:
        response.close()
        raise
    if response.will_close:
        conn.close()
    return HTTPResponse(
        body=response,
        headers=HTTPHeaderDict(response.msg.items()),
        status=response.status,
        version=response.version,
        reason=response.reason,
        preload_content=False,
        original_response=response,
        pool=pool,
        connection=conn,
        request_method=method,
    )


class _Begun(NamedTuple):
    """A socket of which something was received, as `http.client` reads it."""

    sock: DeadlineSocket
    received: bytes

    def makefile(self, *_: Any) -> Any:
        """Return a file that reads all of it."""
        return self.sock.makefile(received=self.received)
