"""Servers that do what no scripted one could, and a clock that need not be waited for."""

import socket
import ssl
import threading
from contextlib import suppress
from typing import Any, Callable, List

MIB = 2**20
LONGEST_WAIT = 10.0  # seconds
_SMALLEST_BUFFER = 4096  # so that little is sent before it is read


class Handler:
    """Hands each connection to a function, in a thread of its own.

    Args:
        handle: Is given this server and the connection; the client may be gone at any time.
        scheme: How its URL begins.
    """

    def __init__(self, handle: Callable[..., Any], scheme: str = "http") -> None:
        self.over = threading.Event()
        """Set when the client's call is over, or nobody waits for it any more."""
        self._handle = handle
        self._open: List[socket.socket] = []
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALLEST_BUFFER)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self._address = self._listener.getsockname()
        self.url = f"{scheme}://127.0.0.1:{self._address[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> "Handler":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def stop(self) -> None:
        """End all that goes on, and waits for it; a second call changes nothing."""
        if not self.over.is_set():
            self.over.set()
            socket.create_connection(self._address, LONGEST_WAIT).close()
        for thread in self._threads:
            thread.join(LONGEST_WAIT)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.over.is_set():
                return connection.close()
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(LONGEST_WAIT)
        with connection, suppress(OSError):
            self._handle(self, connection)


def read_head(connection: Any) -> bytes:
    """Read up to the end of a request's headers."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("the client is gone")
        head += piece
    return head


class InnerTLS:
    """TLS that is spoken through a connection which is TLS itself."""

    def __init__(self, outer: Any, context: ssl.SSLContext) -> None:
        self._outer, self._in, self._out = outer, ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._pump(self._tls.do_handshake)

    def recv(self, size: int) -> bytes:
        """Receive what the client said inside."""
        return bytes(self._pump(self._tls.read, size))

    def sendall(self, data: bytes) -> None:
        """Say something inside."""
        self._pump(self._tls.write, data)

    def _pump(self, step: Callable[..., Any], *arguments: Any) -> Any:
        while True:
            try:
                done = step(*arguments)
            except ssl.SSLWantReadError:
                self._flush()
                self._in.write(self._outer.recv(65536))
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if self._out.pending:
            self._outer.sendall(self._out.read())


class Taking(socket.socket):
    """A socket that counts what clients take in; servers here read in another way."""

    taken = 0  # bytes

    def recv(self, *arguments: Any) -> bytes:
        data = super().recv(*arguments)
        if self.gettimeout() == 0:  # asyncio's
            Taking.taken += len(data)
        return data

    def recv_into(self, *arguments: Any) -> int:
        count = super().recv_into(*arguments)
        Taking.taken += count
        return count


class Clock:
    """The system's clock, which a test can put forward."""

    def __init__(self, real: Callable[[], float]) -> None:
        self._real = real
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._real() + self._ahead

    def skip(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self._ahead += seconds
