"""A scripted TCP server for responses that no real HTTP server would send."""

import json
import socket
import struct
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

RESET = "reset the connection after reading the request"
CLOSE = "close the connection without a response"
STALL = "send nothing until the client gives up"
TRICKLE = "send a space from time to time until the client gives up"

Step = Union[bytes, str, Tuple[bytes, str]]
_LINGER_ZERO = struct.pack("ii", 1, 0)  # makes close() send a reset
_LONGEST_WAIT = 10.0
_TRICKLE_PAUSE = 0.05
_LONGEST_TRICKLE = 60  # blanks


class Received(NamedTuple):
    """A request as received."""

    method: str
    target: str
    headers: Dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body.decode("utf-8"))


def answer(status: int = 200, body: Any = b"", **headers: str) -> bytes:
    """Return the bytes of a response; `content_length="9"` sets the header Content-Length."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")
    fields = {"content_length": str(len(raw)), "connection": "close", **headers}
    lines = [f"HTTP/1.1 {status} Reason"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in fields.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + raw


@contextmanager
def full_listener() -> Iterator[str]:
    """Yield the URL of a port that never accepts a connection, since its backlog is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for sock in waiting:
            sock.close()


class RawServer:
    """Plays one step for each request: bytes to send before closing, or RESET, CLOSE, STALL…

    A pair is the bytes to send and the step that follows. The last step is repeated for all
    further requests.
    """

    def __init__(self, *script: Step, listening: bool = True) -> None:
        self.requests: List[Received] = []
        self._script = list(script or (CLOSE,))
        self.trickled_out = False
        self._stopped = False
        self._thread: Optional[threading.Thread] = None
        self._connection: Optional[socket.socket] = None
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))  # refuses connections until it listens
        self._address = self._listener.getsockname()
        self.url = f"http://127.0.0.1:{self._address[1]}"
        if listening:
            self.listen()

    def listen(self) -> None:
        """Start to accept connections; a second call has no effect."""
        if self._thread is None:
            self._listener.listen(16)
            self._thread = threading.Thread(target=self._serve, daemon=True)
            self._thread.start()

    def __enter__(self) -> "RawServer":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def stop(self) -> None:
        """Drop the current connection, and wait for the thread; a second call has no effect."""
        if self._thread is not None and not self._stopped:
            self._stopped = True
            self._wake()
            self._thread.join(_LONGEST_WAIT)
        self._listener.close()

    def _wake(self) -> None:
        stalled = self._connection
        try:
            if stalled is not None:
                stalled.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        with socket.socket() as waker:  # no name is resolved: tests replace `getaddrinfo`
            waker.settimeout(_LONGEST_WAIT)
            waker.connect(self._address)

    def _serve(self) -> None:
        while not self._stopped:
            connection, _ = self._listener.accept()
            with connection:
                self._connection = connection
                try:
                    self._serve_one(connection)
                except OSError:
                    pass  # the client is gone
                self._connection = None

    def _serve_one(self, connection: socket.socket) -> None:
        connection.settimeout(_LONGEST_WAIT)
        request = _receive(connection)
        if request is None:
            return
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        self.requests.append(request)
        data, ending = step if isinstance(step, tuple) else (step, CLOSE)
        if isinstance(data, str):
            data, ending = b"", data
        connection.sendall(data)
        if ending is STALL:
            while connection.recv(4096):
                pass
        elif ending is TRICKLE:
            self.trickled_out = _trickle(connection)
        elif ending is RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)


def _trickle(connection: socket.socket) -> bool:
    """Send spaces slowly, and return whether the client received all of them."""
    connection.settimeout(_TRICKLE_PAUSE)
    for _ in range(_LONGEST_TRICKLE):
        try:
            if not connection.recv(4096):
                return False
        except socket.timeout:
            connection.sendall(b" ")
    return True


def _receive(connection: socket.socket) -> Optional[Received]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        data += piece
        if data[:1] == b"\x16":  # a TLS handshake
            return Received("TLS", "", {}, data)
        if not piece:
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): text.strip() for name, _, text in pairs}
    while len(body) < int(headers.get("content-length", 0)):
        piece = connection.recv(65536)
        if not piece:
            return None
        body += piece
    return Received(method, target, headers, body)
