"""Sends requests as fast as a server responds, over a few connections at once."""

import selectors
import socket
import time
from typing import List
from urllib.parse import urlsplit

_CONNECTIONS = 8


def seconds_for(url: str, count: int) -> float:
    """Return the seconds that so many GETs of a URL take, on connections that stay."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode("ascii")
    address = (parts.hostname or "", parts.port or 80)
    connections = min(_CONNECTIONS, count)
    socks = [socket.create_connection(address) for _ in range(connections)]
    try:
        started = time.perf_counter()
        _exchange(socks, request, count)
        return time.perf_counter() - started
    finally:
        for sock in socks:
            sock.close()


def _exchange(socks: List[socket.socket], request: bytes, count: int) -> None:
    left, waited_for = count, 0
    came = {sock: b"" for sock in socks}
    with selectors.DefaultSelector() as selector:
        for sock in socks:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(sock, selectors.EVENT_READ)
            sock.sendall(request)
            left, waited_for = left - 1, waited_for + 1
        while waited_for:
            for key, _ in selector.select():
                sock = key.fileobj  # type: ignore[assignment]
                came[sock] += _received(sock)
                if not _is_whole(came[sock]):
                    continue
                came[sock], waited_for = b"", waited_for - 1
                if left:
                    sock.sendall(request)
                    left, waited_for = left - 1, waited_for + 1


def _received(sock: socket.socket) -> bytes:
    data = sock.recv(262144)
    if not data:
        raise ConnectionError("the server closed a connection")
    return data


def _is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    if b" 200 " not in head[:16]:
        raise ConnectionError(head.decode("latin-1"))
    place = head.lower().index(b"content-length:") + len(b"content-length:")
    return len(body) >= int(head[place:].split(b"\r\n", 1)[0])
