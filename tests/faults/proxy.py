"""A proxy on a loopback socket, between a client and a live server, that fails on purpose.

It reads each request whole, asks its script whether a fault befalls it, and otherwise hands it on
and relays the answer.
"""

import collections
import socket
import ssl
import struct
import threading
from typing import Any, Counter, Dict, List, Optional, Set, Tuple
from urllib.parse import urlsplit

from tests.faults.messages import Gone, Message, Stream

IDLE_WITHIN = (
    10.0  # seconds, within which a client's connections end after it has closed them
)
LONGEST_WAIT = 60.0  # seconds; no thread of a proxy hangs for longer, whatever happens
_LINGER_ZERO = struct.pack("ii", 1, 0)  # makes close() send a reset
_ACCEPT_PAUSE = 0.5  # seconds, after which a closed listener is noticed at the latest


class Exchange:
    """One request at the proxy: what a fault can do to it."""

    def __init__(self, proxy: "FaultProxy", stream: Stream) -> None:
        self.proxy = proxy
        self._stream = stream
        self._upstream: Optional[Stream] = None
        self._request: Optional[Message] = None

    def read_some(self, size: int) -> None:
        """Read no more than the first bytes of the request."""
        self._stream.fill(size)

    def read_head(self) -> int:
        """Read the request's head, and return its length."""
        return self._stream.fill_head()

    def read(self) -> Message:
        """Read the request whole."""
        if self._request is None:
            self._request = self._stream.message()
            self.proxy.count("requests")
        return self._request

    def forward(self) -> Message:
        """Forward the request to the server, and return the response."""
        request = self.read()
        if self._upstream is None:
            self._upstream = self.proxy.connect()
        self._upstream.sock.sendall(request.raw)
        self.proxy.count("forwarded")
        answer = self._upstream.message()
        if b"\r\nConnection: close\r\n" in answer.head:
            self.close()
            self._upstream = None
        return answer

    def send(self, data: bytes) -> None:
        """Send bytes to the client."""
        self._stream.sock.sendall(data)

    def drip(self, data: bytes, pause: float = 0.1) -> None:
        """Send one byte after the other until the client gives up."""
        for at in range(len(data)):
            self.send(data[at : at + 1])
            self.pause(pause)
        self.hold()

    def pause(self, seconds: float) -> None:
        """Wait, unless the proxy closes."""
        if self.proxy.closing.wait(seconds):
            raise Gone

    def hold(self) -> None:
        """Say nothing until the client gives up."""
        while self._stream.sock.recv(65536):
            pass
        raise Gone

    def hold_unread(self) -> None:
        """Hold the connection, and read nothing for so long that a client should have given up."""
        self.pause(self.proxy.deaf_for)
        self.hold()

    def reset(self) -> None:
        """End the connection with a reset."""
        self._stream.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        raise Gone

    def end(self) -> None:
        """Shut down sending, and let the client finish."""
        self._stream.sock.shutdown(socket.SHUT_WR)
        self.hold()

    def next(self) -> None:
        """Wait for the next request on the connection."""
        self._request = None
        self._stream.fill(1)

    def close(self) -> None:
        """End the connection to the server."""
        if self._upstream is not None:
            self.proxy.forget(self._upstream.sock)


class FaultProxy:
    """A proxy to one server.

    Args:
        upstream_url: The server.
        tls: What to serve TLS with; without it, plain HTTP is served.
        away: Seconds that it stays dead when a fault kills it for a while.
    """

    def __init__(
        self, upstream_url: str, tls: Optional[ssl.SSLContext] = None, away: float = 2.0
    ) -> None:
        parts = urlsplit(upstream_url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._tls = tls
        self.away = away
        self.elsewhere = ""
        """Another origin, for faults that lead there."""
        self.deaf_for = 2.0
        """Seconds for which a fault that reads nothing does so."""
        self.closing = threading.Event()
        self.played: List[Any] = []
        """The faults that befell requests."""
        self.most_open = 0
        """How many connections were open at once, at most."""
        self._counted: Counter[str] = collections.Counter()
        self._script: List[List[Any]] = []
        self._changed = threading.Condition()
        self._open: Set[threading.Thread] = set()
        self._threads: Set[threading.Thread] = set()
        self._socks: Dict[int, socket.socket] = {}
        # It never listens, and keeps the port for the listeners that come and go.
        self._guard = _bound(("127.0.0.1", 0))
        self.port = int(self._guard.getsockname()[1])
        self._listener: Optional[socket.socket] = None
        self.listen()

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many clients' connections are open now."""
        with self._changed:
            return len(self._open)

    @property
    def connections(self) -> int:
        """How many connections clients have made."""
        return self._counted["connections"]

    @property
    def requests(self) -> int:
        """How many requests were read whole."""
        return self._counted["requests"]

    @property
    def forwarded(self) -> int:
        """How many requests were forwarded to the server."""
        return self._counted["forwarded"]

    def fault(self, fault: Any, times: Optional[int] = 1) -> None:
        """Play a fault to the next requests; `None` is all."""
        with self._changed:
            self._script.append([fault, times])
        if fault.down:
            self.refuse()
            if fault.returns:
                self._start(self._come_back, ())

    def clear(self) -> None:
        """Lift all faults."""
        with self._changed:
            self._script.clear()
        self.listen()

    def noticed(self) -> None:
        """Be told that the client has met a closed port; a fault for one request is over then."""
        with self._changed:
            passing = [entry for entry in self._script if entry[0].down and entry[1]]
            self._script = [entry for entry in self._script if entry not in passing]
        if passing and not passing[0][0].returns:
            self.listen()

    def listen(self) -> None:
        """Accept connections; a second call changes nothing."""
        with self._changed:
            if self._listener is not None or self.closing.is_set():
                return
            self._listener = _bound(("127.0.0.1", self.port))
            self._listener.listen(128)
            self._listener.settimeout(_ACCEPT_PAUSE)
        self._start(self._accept, (self._listener,))

    def refuse(self) -> None:
        """Close the port, so that connections are refused."""
        with self._changed:
            listener, self._listener = self._listener, None
        if listener is not None:
            _shut(listener)
            listener.close()

    def die(self) -> None:
        """Close the port, reset all connections, and listen again after a while."""
        self.refuse()
        self._start(self._come_back, ())
        with self._changed:
            socks = list(self._socks.values())
        for sock in socks:
            _shut(sock)

    def close(self) -> None:
        """Close everything, and wait for the threads; a second call changes nothing."""
        self.closing.set()
        self.refuse()
        with self._changed:
            for sock in self._socks.values():
                _shut(sock)
            self._changed.wait_for(lambda: not self._threads, LONGEST_WAIT)
        self._guard.close()

    @property
    def threads_left(self) -> int:
        """How many of its threads still run."""
        with self._changed:
            return len(self._threads)

    def wait_until_idle(self) -> bool:
        """Wait until no client's connection is open, and return whether that happened in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, IDLE_WITHIN)

    def __enter__(self) -> "FaultProxy":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def count(self, what: str) -> None:
        """Count what an exchange did."""
        with self._changed:
            self._counted[what] += 1

    def connect(self) -> Stream:
        """Connect to the server."""
        sock = socket.create_connection(self._address, LONGEST_WAIT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._remember(sock)
        return Stream(sock)

    def forget(self, sock: socket.socket) -> None:
        """Close a socket for good."""
        with self._changed:
            self._socks.pop(id(sock), None)
        sock.close()

    def _remember(self, sock: socket.socket) -> None:
        with self._changed:
            self._socks[id(sock)] = sock
        if self.closing.is_set():
            _shut(sock)

    def _take(self, *, at_accept: bool) -> Any:
        """Return the fault for the next request or connection; `None` if there is none."""
        with self._changed:
            for entry in self._script:
                if entry[1] == 0 or entry[0].down:
                    continue
                if entry[0].at_accept is not at_accept:
                    return None
                entry[1] = None if entry[1] is None else entry[1] - 1
                self.played.append(entry[0])
                return entry[0]
        return None

    def _come_back(self) -> None:
        if not self.closing.wait(self.away):
            self.listen()

    def _start(self, work: Any, arguments: Tuple[Any, ...]) -> None:
        thread = threading.Thread(
            target=self._work, args=(work, arguments), name="fault-proxy", daemon=True
        )
        with self._changed:
            self._threads.add(thread)
            if work == self._serve:
                self._open.add(thread)
                self.most_open = max(self.most_open, len(self._open))
            thread.start()

    def _work(self, work: Any, arguments: Tuple[Any, ...]) -> None:
        try:
            work(*arguments)
        except (Gone, OSError):
            pass  # the client has left, or the proxy closes
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())
                self._open.discard(threading.current_thread())
                self._changed.notify_all()

    def _accept(self, listener: socket.socket) -> None:
        while not self.closing.is_set() and listener.fileno() != -1:
            try:
                sock, _ = listener.accept()
            except socket.timeout:
                continue
            self.count("connections")
            sock.settimeout(LONGEST_WAIT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._remember(sock)
            self._start(self._serve, (sock,))

    def _serve(self, sock: socket.socket) -> None:
        plain = sock
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._remember(sock)
            self._serve_requests(Exchange(self, Stream(sock)))
        finally:
            self.forget(sock)
            self.forget(plain)

    def _serve_requests(self, exchange: Exchange) -> None:
        try:
            fault = self._take(at_accept=True)
            if fault is not None:
                fault.play(exchange)
            while True:
                exchange.next()
                fault = self._take(at_accept=False)
                if fault is None:
                    exchange.send(exchange.forward().raw)
                elif not fault.play(exchange):
                    exchange.end()
        finally:
            exchange.close()


def _bound(address: Tuple[str, int]) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Small, so that a server that reads nothing is felt by whoever sends much.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sock.bind(address)
    return sock


def _shut(sock: socket.socket) -> None:
    """Wake whoever reads from a socket in another thread."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is closed already
