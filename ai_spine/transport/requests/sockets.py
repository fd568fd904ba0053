"""Connections that know whether they ever stood, and whose timeouts bound all that is done.

A server that sends one byte a second keeps within any timeout of single reads for ever. `urllib3`
sets a socket's timeout once before it sends and once before it reads an answer; here, each of these
is the time that the whole of it may take, headers and body together.
"""

import http.client
import io
import re
import socket
import ssl
import time
from typing import Any, List, Optional, Tuple

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NewConnectionError,
)
from urllib3.util.connection import allowed_gai_family

_END_OF_HEADERS = (b"\r\n", b"\n")
_LONGEST_LINE = 65536
_MOST_HEADERS = 100
# A header as nearly all servers send it; the standard library knows what to make of the others.
_PLAIN_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)\r?\n")
_BODILESS = (101, 204, 304)
# No cookie is kept, and to read one may take `http.cookiejar` minutes.
_UNREAD_HEADERS = ("set-cookie", "set-cookie2")


class _Reader(io.BufferedReader):
    """A reader of lines that have an end."""

    def readline(self, limit: Optional[int] = -1) -> bytes:
        # Some read the lines between chunks, and after them, without a limit.
        most = _LONGEST_LINE + 1 if limit is None or limit < 0 else limit
        line = super().readline(most)
        if len(line) > _LONGEST_LINE:
            raise http.client.LineTooLong("line")
        return line


class DeadlineSocket:
    """A socket that runs out of time as a whole; for the rest, it is the one that it stands for."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._ends: Optional[float] = None
        self.settimeout(sock.gettimeout())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, seconds: Optional[float]) -> None:
        """Sets how long all that follows may take, until this is called again."""
        self._ends = None if seconds is None else time.monotonic() + seconds
        self._sock.settimeout(seconds)

    def recv(self, *arguments: Any) -> bytes:
        """Receives in the time that is left."""
        self._trim()
        return bytes(self._sock.recv(*arguments))

    def recv_into(self, *arguments: Any) -> int:
        """Receives in the time that is left."""
        self._trim()
        return int(self._sock.recv_into(*arguments))

    def sendall(self, *arguments: Any) -> None:
        """Sends in the time that is left."""
        self._trim()
        self._sock.sendall(*arguments)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """Gives a file that reads bytes through this socket, which is all `http.client` wants."""
        raw: Any = socket.SocketIO(self, "r")  # type: ignore[arg-type]
        self._sock._io_refs += (
            1  # as `socket.makefile` does, so that closing waits for the file
        )
        return _Reader(raw)

    def _trim(self) -> None:
        if self._ends is not None:
            left = self._ends - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            self._sock.settimeout(left)


class _Response(http.client.HTTPResponse):
    """An answer that is the last one to its request, and whose headers came whole."""

    fp: Any
    _method: str

    def begin(self, **_: Any) -> None:
        """Reads status and headers: as the base class does, in a third of the time."""
        if self.headers is not None:  # it was read already
            return
        version, self.status, reason = self._read_status()
        self.code, self.reason = self.status, reason.strip()
        if not version.startswith(("HTTP/1.", "HTTP/0.9")):
            raise http.client.UnknownProtocol(version)
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        self.headers = self.msg = _read_headers(self.fp)
        self.chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.length = self._told_length()
        has_end = self.chunked or self.length is not None
        self.will_close = not has_end or self._check_close()

    def _told_length(self) -> Optional[int]:
        if self.status in _BODILESS or self._method == "HEAD":
            return 0
        told = self.headers.get("Content-Length")
        try:
            length = -1 if self.chunked or not told else int(told)
        except ValueError:
            length = -1
        return length if length >= 0 else None

    def _read_status(self) -> Tuple[str, int, str]:
        """Skips what servers say first, such as 103: it must not pass for the answer."""
        line: Tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        while 100 <= line[1] < 200 and line[1] != http.HTTPStatus.SWITCHING_PROTOCOLS:
            _read_headers(self.fp)
            line = super()._read_status()  # type: ignore[misc]
        return line

    def _safe_read(self, amt: int) -> bytes:
        """Reads a chunk; a size below zero would read all that comes."""
        if amt < 0:
            raise http.client.IncompleteRead(b"")
        return super()._safe_read(amt)  # type: ignore[misc,no-any-return]


def _read_headers(reader: Any) -> http.client.HTTPMessage:
    """Reads headers; without the empty line after them, they were cut short."""
    lines: List[bytes] = []
    line = reader.readline()
    while line not in _END_OF_HEADERS:
        if not line:
            raise http.client.IncompleteRead(b"".join(lines))
        lines.append(line)
        if len(lines) > _MOST_HEADERS:
            raise http.client.HTTPException("too many headers")
        line = reader.readline()
    message = _plain_message(lines)
    if message is None:
        message = http.client.parse_headers(io.BytesIO(b"".join([*lines, line])))
        for name in _UNREAD_HEADERS:
            del message[name]
    return message


def _plain_message(lines: List[bytes]) -> Optional[http.client.HTTPMessage]:
    """Reads headers that are plain; `None` if any is not."""
    message = http.client.HTTPMessage()
    for line in lines:
        plain = _PLAIN_HEADER.fullmatch(line)
        if plain is None:
            return None
        name, value = (part.decode("iso-8859-1") for part in plain.groups())
        if name.lower() not in _UNREAD_HEADERS:
            message.set_raw(name, value)
    return message


class _Bounded:
    """What the connections for both schemes share."""

    # `http.client` prints what it sends, the key included, when this is set for all connections.
    debuglevel = 0
    response_class: Any = _Response

    sock: Any
    _dns_host: str
    port: int
    timeout: Any
    source_address: Any
    _ends: Optional[float] = None
    _is_new = False  # connected for the request to come, in whose time that was
    socket_options: Any

    def connect(self) -> None:
        """Connects; a failure to do so is told as what it is, also where TLS does not begin."""
        connection: Any = self
        timeout = self.timeout if isinstance(self.timeout, (int, float)) else None
        self._ends = None if timeout is None else time.monotonic() + timeout
        try:
            super().connect()  # type: ignore[misc]
        except ssl.SSLCertVerificationError:
            raise
        except socket.timeout as error:
            raise ConnectTimeoutError(connection, "no TLS handshake in time") from error
        except (ssl.SSLError, OSError) as error:
            raise NewConnectionError(connection, "no connection") from error
        self.sock.settimeout(_left(self._ends))
        if isinstance(self.sock, socket.socket):  # else it is over a `DeadlineSocket`
            self.sock = DeadlineSocket(self.sock)
        self._is_new = True

    def _new_conn(self) -> socket.socket:
        """Connects to the first address that answers; one timeout holds for all of them."""
        try:
            found = socket.getaddrinfo(
                self._dns_host.strip("[]"),
                self.port,
                allowed_gai_family(),
                socket.SOCK_STREAM,
            )
        except UnicodeError:
            raise LocationParseError("a host name that no system takes") from None
        for untried in range(len(found), 0, -1):
            try:
                return self._connect_to(found[-untried], untried)
            except OSError:
                if untried == 1:
                    raise
        raise OSError("the name has no address")

    def _connect_to(self, found: Any, shares: int) -> socket.socket:
        """Connects to one address, in its share of the time that is left."""
        family, kind, protocol, _, address = found
        sock = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            if self.source_address:
                sock.bind(self.source_address)
            sock.settimeout(_left(self._ends, shares))
            sock.connect(address)
            sock.settimeout(_left(self._ends))
        except BaseException:
            sock.close()
            raise
        return sock

    def _tunnel(self) -> None:
        """Asks a proxy for a tunnel, in the time that is left: it may drip as well."""
        plain = self.sock
        if not isinstance(plain, DeadlineSocket):
            self.sock = DeadlineSocket(plain)
        super()._tunnel()  # type: ignore[misc]
        self.sock = plain
        plain.settimeout(_left(self._ends))

    def _connect_tls_proxy(self, *arguments: Any, **options: Any) -> Any:
        """Begins TLS with a proxy; what goes on inside it is bounded by this outer socket."""
        sock = super()._connect_tls_proxy(*arguments, **options)  # type: ignore[misc]
        return DeadlineSocket(sock)

    def request(self, *arguments: Any, **options: Any) -> None:
        """Sends a request; only a connection that is used again gets its time anew."""
        if self.sock is not None:
            if self._is_new:
                self.timeout = _left(self._ends)
            self.sock.settimeout(self.timeout)
        try:
            super().request(*arguments, **options)  # type: ignore[misc]
        finally:
            self._is_new = False


def _left(ends: Optional[float], shares: int = 1) -> Optional[float]:
    """Gives a share of the seconds until then."""
    if ends is None:
        return None
    left = ends - time.monotonic()
    if left <= 0:
        raise socket.timeout("timed out")
    return left / shares


def extend_timeout(response: Any, seconds: float) -> None:
    """Gives what an open answer still reads its time anew, where its socket can be had."""
    answer = getattr(response.raw, "_original_response", None)
    for name in ("fp", "raw", "_sock"):
        answer = getattr(answer, name, None)
    if answer is not None:
        answer.settimeout(seconds)


class BoundedHTTPConnection(_Bounded, HTTPConnection):
    """A connection without TLS whose timeouts bound all that is done."""


class BoundedHTTPSConnection(_Bounded, HTTPSConnection):
    """A connection with TLS whose timeouts bound all that is done."""
