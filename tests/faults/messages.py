"""HTTP messages as the proxy reads them: by `Content-Length`, or, of a stream, by its chunks."""

import re
import socket
from typing import NamedTuple

_CHUNKED = re.compile(rb"^transfer-encoding:[ \t]*chunked[ \t]*\r\n", re.I | re.M)
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r?$", re.I | re.M)


class Gone(Exception):
    """The other side has closed the connection."""


class Message(NamedTuple):
    """A request or a response, as it was received."""

    head: bytes
    """The first line and the headers, with the blank line at the end."""
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @property
    def target(self) -> str:
        """The path and query of a request."""
        return self.head.split(b" ", 2)[1].decode("latin-1")


class Stream:
    """A socket that messages are read from."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""

    def fill(self, size: int) -> None:
        """Read until so many bytes are there."""
        pieces, have = [self.buffer], len(self.buffer)
        while have < size:
            piece = self.sock.recv(65536)
            if not piece:
                raise Gone
            pieces.append(piece)
            have += len(piece)
        self.buffer = b"".join(pieces)

    def fill_head(self) -> int:
        """Read until the head is complete, and return its length."""
        while b"\r\n\r\n" not in self.buffer:
            self.fill(len(self.buffer) + 1)
        return self.buffer.index(b"\r\n\r\n") + 4

    def message(self) -> Message:
        """Read a message whole."""
        end = self.fill_head()
        if _CHUNKED.search(self.buffer[:end]):
            return self._stream_of_events(end)
        found = _LENGTH.search(self.buffer[:end])
        whole = end + (int(found.group(1)) if found else 0)
        self.fill(whole)
        message = Message(self.buffer[:end], self.buffer[end:whole])
        self.buffer = self.buffer[whole:]
        return message

    def _stream_of_events(self, end: int) -> Message:
        """Read all chunks, and make them one body with a length."""
        head, self.buffer, body = self.buffer[:end], self.buffer[end:], b""
        while True:
            while b"\r\n" not in self.buffer:
                self.fill(len(self.buffer) + 1)
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            size = int(line, 16)
            self.fill(size + 2)
            body += self.buffer[:size]
            self.buffer = self.buffer[size + 2 :]
            if not size:
                break
        length = b"Content-Length: %d\r\n" % len(body)
        return Message(_CHUNKED.sub(length, head), body)
