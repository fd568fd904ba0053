"""A loopback server that costs next to nothing: every response is the same execution.

`python -m benchmarks.raw` prints its URL, and serves until its input ends.
"""

import json
import selectors
import socket
import sys
import threading
from typing import Dict

EXECUTION = {
    "execution_id": "6c0f7e52-6f0e-4f0a-9a51-5d2b3f6f3c11",
    "flow_id": "credit",
    "status": "completed",
    "input_data": {"name": "Ana", "income": 52000, "amount": 15000},
    "output_data": {"decision": {"decision": "approved", "score": 712.5}},
    "error_message": None,
    "metadata": {},
    "created_at": "2026-11-20T10:50:42.123456+00:00",
    "started_at": "2026-11-20T10:50:42.223456+00:00",
    "updated_at": "2026-11-20T10:50:42.323456+00:00",
    "completed_at": "2026-11-20T10:50:42.423456+00:00",
}
_BODY = json.dumps(EXECUTION).encode("utf-8")
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nDate: Fri, 20 Nov 2026 10:50:42 GMT\r\nServer: raw\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n"
    b"X-Request-Id: 0123456789abcdef\r\n\r\n" % len(_BODY)
) + _BODY
_LENGTH = b"content-length:"


class _Connection:
    """The start of a request that is not complete yet."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._came = b""

    def serve(self) -> bool:
        """Respond to what was received, and return whether the connection is still open."""
        try:
            data = self._sock.recv(65536)
            self._came += data
            while self._take_request():
                self._sock.sendall(_ANSWER)
        except OSError:
            data = b""
        return bool(data)

    def _take_request(self) -> bool:
        head, found, rest = self._came.partition(b"\r\n\r\n")
        if not found:
            return False
        place = head.lower().find(_LENGTH)
        length = 0
        if place >= 0:
            length = int(head[place + len(_LENGTH) :].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return False
        self._came = rest[length:]
        return True


def serve(listener: socket.socket) -> None:
    """Serve for ever, in one thread."""
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    connections: Dict[socket.socket, _Connection] = {}
    while True:
        for key, _ in selector.select():
            sock: socket.socket = key.fileobj  # type: ignore[assignment]
            if sock is listener:
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[sock] = _Connection(sock)
                selector.register(sock, selectors.EVENT_READ)
            elif not connections[sock].serve():
                selector.unregister(sock)
                del connections[sock]
                sock.close()


def main() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
