"""Connections whose timeouts bound the whole of what they do.

A server that sends one byte a second never exceeds a timeout of single reads. urllib3 sets a
socket's timeout once before it sends and once before it reads a response; here each of these bounds
the whole step, headers and body together. A connection also knows whether it was ever established:
if it was not, the request cannot have run.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Optional, Tuple

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NewConnectionError,
)
from urllib3.util.connection import allowed_gai_family

from ai_spine.policy.settings import Phases
from ai_spine.transport.requests.heads import LONGEST_LINE, read_headers

_TOLERANCE = 0.001  # seconds that a step may take too long
SMALL = 65536  # bytes of a body that is copied, to send it together with its head
BODILESS = (101, 204, 304)


class _Reader(io.BufferedReader):
    """A reader that limits the length of lines."""

    raw: Any

    def end(self) -> None:
        """Read no more; shut the socket down if more has come, which nobody would ever read."""
        self.raw.is_over = True
        if self.peek():
            with suppress(OSError):  # the other side may have closed it
                self.raw._sock.shutdown(socket.SHUT_RDWR)

    def readline(self, limit: Optional[int] = -1) -> bytes:
        # The lines between chunks, and after them, are read without a limit.
        most = LONGEST_LINE + 1 if limit is None or limit < 0 else limit
        line = super().readline(most)
        if len(line) > LONGEST_LINE:
            raise http.client.LineTooLong("line")
        return line


PHASES: "ContextVar[Optional[Phases]]" = ContextVar("phases", default=None)
"""The limits of the parts of the attempt that is being made; a connection is not given them."""


class DeadlineSocket:
    """A socket with one timeout for everything until the next `settimeout`; else a plain proxy."""

    phases: Optional[Phases] = None
    """The limits of single steps within that timeout."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._deadline: Optional[float] = None
        self.settimeout(sock.gettimeout())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, seconds: Optional[float]) -> None:
        """Set how many seconds everything may take until the next call of this method."""
        if seconds is None:
            self._deadline = None
            self._sock.settimeout(None)
        else:
            self._deadline = time.monotonic() + seconds

    def gettimeout(self) -> Optional[float]:
        """Return the seconds that are left."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    def recv(self, *arguments: Any) -> bytes:
        """Receive within the time that is left."""
        self._trim("read")
        return bytes(self._sock.recv(*arguments))

    def recv_into(self, *arguments: Any) -> int:
        """Receive within the time that is left."""
        self._trim("read")
        return int(self._sock.recv_into(*arguments))

    def sendall(self, *arguments: Any) -> None:
        """Send within the time that is left."""
        self._trim("write")
        self._sock.sendall(*arguments)

    def makefile(self, *_: Any, received: bytes = b"", **__: Any) -> io.BufferedReader:
        """Return a file that reads bytes through this socket; `http.client` needs no more.

        Args:
            received: What was received before, which the file reads first.
        """
        raw: Any = _Raw(self, received)
        self._sock._io_refs += (
            1  # as `socket.makefile` does, so that closing waits for the file
        )
        return _Reader(raw)

    def _trim(self, step: str) -> None:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            if self.phases is not None:
                left = self.phases.least(step, left)
            known = self._sock.gettimeout()
            # The system is asked each time, and most requests have the same timeout.
            if not known or abs(left - known) > _TOLERANCE:
                self._sock.settimeout(left)


class _Raw(socket.SocketIO):
    """Reads what was received before, then the socket."""

    def __init__(self, sock: Any, received: bytes) -> None:
        super().__init__(sock, "r")
        self._received, self.is_over = received, False

    def readinto(self, buffer: Any) -> Optional[int]:
        if not self._received:
            return 0 if self.is_over else super().readinto(buffer)
        part = self._received[: len(buffer)]
        buffer[: len(part)], self._received = part, self._received[len(part) :]
        return len(part)


class _Response(http.client.HTTPResponse):
    """The final response to its request, with complete headers."""

    fp: Any
    _method: str

    def begin(self, **_: Any) -> None:
        """Read status and headers, as the base class does but in a third of the time."""
        if self.headers is not None:  # they were read already
            return
        version, self.status, reason = self._read_status()
        self.code, self.reason = self.status, reason.strip()
        if not version.startswith(("HTTP/1.", "HTTP/0.9")):
            raise http.client.UnknownProtocol(version)
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        self.headers = self.msg = read_headers(self.fp)
        self.chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.length = self._body_length()
        has_end = self.chunked or self.length is not None
        self.will_close = not has_end or self._check_close()

    def _body_length(self) -> Optional[int]:
        if self.status in BODILESS or self._method == "HEAD":
            return 0
        text = self.headers.get("Content-Length")
        try:
            length = -1 if self.chunked or not text else int(text)
        except ValueError:
            length = -1
        return length if length >= 0 else None

    def _read_status(self) -> Tuple[str, int, str]:
        """Skip interim responses, such as 103."""
        line: Tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        while 100 <= line[1] < 200 and line[1] != http.HTTPStatus.SWITCHING_PROTOCOLS:
            read_headers(self.fp)
            line = super()._read_status()  # type: ignore[misc]
        return line

    def _close_conn(self) -> None:
        """Leave the connection to the next request, unless more came than this response."""
        if isinstance(self.fp, _Reader):
            self.fp.end()
        super()._close_conn()  # type: ignore[misc]

    def _safe_read(self, amt: int) -> bytes:
        """Read a chunk; a size below zero would read everything that comes."""
        if amt < 0:
            raise http.client.IncompleteRead(b"")
        return super()._safe_read(amt)  # type: ignore[misc,no-any-return]


class Bounded:
    """The part that connections for both schemes share."""

    # With a higher level, `http.client` prints what it sends, the key included.
    debuglevel = 0
    response_class: Any = _Response

    sock: Any
    _dns_host: str
    port: int
    timeout: Any
    source_address: Any
    _deadline: Optional[float] = None
    _is_new = False  # connected for the request to come, in whose time that was
    socket_options: Any
    _next_is_head = False
    _head: Optional[bytes] = None  # it waits for the body

    def connect(self) -> None:
        """Connect, and raise a distinct error when that fails, also during the TLS handshake."""
        connection: Any = self
        timeout = self.timeout if isinstance(self.timeout, (int, float)) else None
        self._deadline = None if timeout is None else time.monotonic() + timeout
        phases, whole = PHASES.get(), self._deadline
        if phases is not None and timeout is not None:
            self._deadline = time.monotonic() + phases.least("connect", timeout)
        try:
            super().connect()  # type: ignore[misc]
        except ssl.SSLCertVerificationError:
            raise
        except socket.timeout as error:
            raise ConnectTimeoutError(
                connection, "the TLS handshake took too long"
            ) from error
        except (ssl.SSLError, OSError) as error:
            raise NewConnectionError(connection, "no connection") from error
        finally:
            self._deadline = whole
        self.sock.settimeout(_left(self._deadline))
        if isinstance(self.sock, socket.socket):  # else it wraps a `DeadlineSocket`
            self.sock = DeadlineSocket(self.sock)
        if isinstance(self.sock, DeadlineSocket):
            self.sock.phases = phases
        self._is_new = True

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that accepts; one timeout covers all of them."""
        try:
            found = socket.getaddrinfo(
                self._dns_host.strip("[]"),
                self.port,
                allowed_gai_family(),
                socket.SOCK_STREAM,
            )
        except UnicodeError:
            raise LocationParseError("an invalid host name") from None
        for untried in range(len(found), 0, -1):
            try:
                return self._connect_to(found[-untried], untried)
            except OSError:
                if untried == 1:
                    raise
        raise OSError("the host name has no address")

    def _connect_to(self, found: Any, shares: int) -> socket.socket:
        """Connect to one address, within its share of the time that is left."""
        family, kind, protocol, _, address = found
        sock = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            if self.source_address:
                sock.bind(self.source_address)
            sock.settimeout(_left(self._deadline, shares))
            sock.connect(address)
            sock.settimeout(_left(self._deadline))
        except BaseException:
            sock.close()
            raise
        return sock

    def _tunnel(self) -> None:
        """Ask a proxy for a tunnel, within the time that is left."""
        plain = self.sock
        if not isinstance(plain, DeadlineSocket):
            self.sock = DeadlineSocket(plain)
        super()._tunnel()  # type: ignore[misc]
        self.sock = plain
        plain.settimeout(_left(self._deadline))

    def _connect_tls_proxy(self, *arguments: Any, **options: Any) -> Any:
        """Start TLS with a proxy; this outer socket bounds what happens inside."""
        sock = super()._connect_tls_proxy(*arguments, **options)  # type: ignore[misc]
        return DeadlineSocket(sock)

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send a request; a new connection has already used part of its timeout."""
        if self.sock is not None:
            if self._is_new:
                self.timeout = _left(self._deadline)
            self.sock.settimeout(self.timeout)
            if isinstance(self.sock, DeadlineSocket):
                self.sock.phases = PHASES.get()
        self._next_is_head = True
        try:
            super().request(*arguments, **options)  # type: ignore[misc]
            if self._head is not None:
                self.send(b"")
        finally:
            self._is_new = self._next_is_head = False
            self._head = None

    def begin_exchange(self, seconds: Optional[float]) -> None:
        """Set how many seconds everything may take that is sent and received from now on."""
        self._is_new = False
        self.sock.settimeout(seconds)
        self.sock.phases = PHASES.get()

    def send(self, data: Any) -> None:
        """Send a part of a request; the head goes with the body, so that the server wakes once."""
        if self._next_is_head:
            self._next_is_head, self._head = False, data
            return
        head, self._head = self._head, None
        if head is not None:
            if isinstance(data, bytes) and len(data) <= SMALL:
                data = head + data
            else:
                super().send(head)  # type: ignore[misc]
        super().send(data)  # type: ignore[misc]


def _left(deadline: Optional[float], shares: int = 1) -> Optional[float]:
    """Return the seconds until a deadline, divided into equal shares."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout("timed out")
    return left / shares


def extend_timeout(response: Any, seconds: float) -> None:
    """Restart the timeout of an open response, where its socket can be reached."""
    answer = getattr(response.raw, "_original_response", None)
    for name in ("fp", "raw", "_sock"):
        answer = getattr(answer, name, None)
    if answer is not None:
        answer.settimeout(seconds)
    if isinstance(answer, DeadlineSocket):
        answer.phases = None  # those of the attempt, which is over


class BoundedHTTPConnection(Bounded, HTTPConnection):
    """A connection without TLS whose timeouts bound the whole of each step."""


class BoundedHTTPSConnection(Bounded, HTTPSConnection):
    """A connection with TLS whose timeouts bound the whole of each step."""
