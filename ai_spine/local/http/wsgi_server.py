"""The HTTP server below the local server: Waitress on threads of its own, with limits."""

import contextlib
import functools
import json
import logging
import socket
import time
from typing import Any, Dict, Iterable, Optional

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.server import create_server
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest, build_http_date

from ai_spine.exceptions import ConfigurationError
from ai_spine.local.faults import CHANNEL
from ai_spine.local.http.dispatcher import Dispatcher
from ai_spine.local.http.security import EVERY_IPV4, SAFE_HEADERS
from ai_spine.local.http.streams import MAX_STREAMS
from ai_spine.utils import one_line

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
MAX_CHUNK_LINE = 4096  # bytes that introduce a chunk, or follow the last one
REQUEST_SECONDS = 60.0  # that a request may take to arrive
_THREADS = 9  # one looks after the connections while eight serve what is slow
# A response is in memory before it is sent, so that no thread waits for a slow reader.
_NEVER_WAIT = 2**62

_ERRORS = {
    400: "The request is not valid HTTP",
    413: f"The body must be smaller than {MAX_BODY_BYTES} bytes",
    431: f"The headers must be smaller than {MAX_HEADER_BYTES} bytes",
    501: "A Transfer-Encoding other than chunked is not served",
}


class _Parser(HTTPRequestParser):
    """A request as it arrives, refused where two readers could take it for different ones."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def received(self, data: bytes) -> int:
        taken = int(super().received(data))
        body: Any = self.body_rcv
        if isinstance(body, ChunkedReceiver) and not self.completed:
            # Each piece of an endless line is joined to those before it, which becomes slow.
            if max(len(body.control_line), len(body.trailer)) > MAX_CHUNK_LINE:
                self.error = BadRequest("endless line")
                self.completed = True
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError:  # a URL that cannot be taken apart, a length of 5,000 digits
            raise ParsingError("not valid HTTP") from None
        # The base class removes the headers that it has understood.
        left = "TRANSFER_ENCODING" in self.headers
        if left or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("two lengths")


_DECIDED = {"date", "server"}
"""Headers whose presence decides which others are added."""


@functools.lru_cache(maxsize=1)
def _http_date(second: int) -> str:
    return str(build_http_date(second))


class _Task(WSGITask):
    """A request whose application can reach its connection."""

    channel: Any
    request: Any

    def get_environment(self) -> Dict[str, Any]:
        environ: Dict[str, Any] = super().get_environment()
        environ[CHANNEL] = self.channel
        return environ

    def write(self, data: bytes) -> None:
        """Send a body that comes whole together with its headers, by one system call."""
        is_whole = bool(data) and self.content_length == len(data) and self.has_body
        if self.wrote_header or not is_whole:
            super().write(data)
            return
        head = self._plain_head() or self.build_response_header()
        self.wrote_header, self.content_bytes_written = True, len(data)
        self.channel.write_soon(head + data)

    def _plain_head(self) -> Optional[bytes]:
        """Return the head of a response about which nothing is to be decided, as of most."""
        connection = self.request.headers.get("CONNECTION", "keep-alive").lower()
        named = {name.lower() for name, _ in self.response_headers}
        is_plain = self.version == "1.1" and connection == "keep-alive"
        if not is_plain or self.close_on_finish or not named.isdisjoint(_DECIDED):
            return None
        lines = [f"{name}: {value}\r\n" for name, value in self.response_headers]
        if "content-length" not in named:
            lines.append(f"Content-Length: {self.content_length}\r\n")
        date = _http_date(int(self.start_time))
        first = f"HTTP/1.1 {self.status}\r\nDate: {date}\r\n"
        return f"{first}{''.join(lines)}\r\n".encode("latin-1")

    def finish(self) -> None:
        """End the response, or hand the connection over to the stream that it begins."""
        if self.channel.stream is None:
            super().finish()
            return
        self.write(b"")  # the headers
        self.close_on_finish = False
        self.channel.begin_stream(self.chunked_response)


class _ErrorTask(ErrorTask):
    """A request that never reaches the application; its response has the same dialect."""

    status: str
    request: Any

    def execute(self) -> None:
        error = self.request.error
        self.status = f"{error.code} {error.reason}"
        content = json.dumps({"detail": _ERRORS.get(error.code, error.reason)})
        self.response_headers = [("Content-Type", "application/json"), *SAFE_HEADERS]
        self.set_close_on_finish()
        self.content_length = len(content)
        self.write(content.encode("utf-8"))


class _Log(logging.LoggerAdapter):  # type: ignore[type-arg]  # before 3.11 it takes none
    """A log whose entries stay on one line, whatever the path of a request is."""

    def process(self, msg: Any, kwargs: Any) -> Any:
        return one_line(str(msg)), kwargs


class _Channel(HTTPChannel):
    """A connection that can be dropped without a response, or handed over to a stream.

    While it is a stream's, no thread of the pool is at it, and what arrives on it is passed over.
    """

    task_class = _Task
    error_task_class = _ErrorTask
    parser_class = _Parser
    logger: Any = _Log(logging.getLogger("waitress"), {})
    server: Any
    request: Any
    stream: Any = None
    """What takes over after the headers; `None` if nothing does."""
    _chunked = False
    _is_sending = False
    requests: Any
    requests_lock: Any
    socket: Any
    _flush_exception: Any
    _flush_some_if_lockable: Any

    def write_soon(self, data: Any) -> Any:
        """Send data, or keep it for the loop to send."""
        self._is_sending = True
        try:
            return super().write_soon(data)
        finally:
            self._is_sending = False
            if super().writable():
                self.server.pull_trigger()

    def writable(self) -> Any:
        """Leave to its thread what that is sending: the loop would go round and round for it."""
        return not self._is_sending and super().writable()

    def begin_stream(self, chunked: bool) -> None:
        """Report the stream that it may write."""
        self._chunked = chunked
        with self.requests_lock:
            for behind in self.requests[1:]:
                behind.close()
            del self.requests[1:]
        self.stream.begin(self)

    def write_piece(self, data: bytes) -> None:
        """Write a piece of the stream; it is for one thread at a time.

        Raises:
            ClientDisconnected: Nobody is there to read it.
        """
        # A buffer keeps what was sent from it for as long as it is in use: each piece has its own.
        self.current_outbuf_count = self.adj.outbuf_high_watermark
        self.write_soon(b"%x\r\n%s\r\n" % (len(data), data) if self._chunked else data)

    def end_stream(self) -> None:
        """Close the connection when all is sent."""
        if self._chunked:
            self.write_soon(b"0\r\n\r\n")
        self.close_when_flushed = True
        self.server.pull_trigger()

    def received(self, data: bytes) -> bool:
        """Take what the client sends."""
        return self.stream is None and bool(super().received(data))

    def handle_write(self) -> None:
        """Send what is written; a stream's thread may be writing meanwhile."""
        if self.stream is None:
            super().handle_write()
            return
        self._flush_exception(self._flush_some_if_lockable)
        if self.socket is None:  # nobody was there any more
            return
        if self.will_close or (self.close_when_flushed and not self.total_outbufs_len):
            self._pass_over()
            self.handle_close()
        else:
            self.stream.go_on()

    def _pass_over(self) -> None:
        """Read what lies unread: it would reset the connection, and the stream's end be lost."""
        with contextlib.suppress(OSError):
            for _ in range(16):
                if not self.socket.recv(65536):
                    return

    def drop(self) -> None:
        """Close the connection; the loop that owns it does so, in its own thread."""
        self.connected = False
        self.server.trigger.pull_trigger(self.handle_close)

    def readable(self) -> Any:
        """Check for slow clients; it is called at least once a second."""
        coming = self.request
        if coming is not None and time.monotonic() - coming.began > REQUEST_SECONDS:
            self.will_close = True
        return super().readable()

    def handle_close(self) -> None:
        super().handle_close()
        if self.stream is not None:
            self.stream.end()
        if self.request is not None:  # half a body may lie in a temporary file
            self.request.close()


class HttpServer:
    """Waitress on threads of its own.

    Raises:
        ConfigurationError: The server cannot listen on this host and port.
    """

    def __init__(self, app: Any, host: str, port: int) -> None:
        self._map: Dict[int, Any] = {}
        self._dispatcher = Dispatcher(self._look, self._wake)
        self._server = self._listen(app, host, port)
        self._server.channel_class = _Channel
        self._server.pull_trigger = self._dispatcher.wake
        self.url = _url_of(host, int(self._server.effective_port))
        # Not earlier: if listening failed, nobody would end the threads.
        self._dispatcher.set_thread_count(_THREADS)

    def _listen(self, app: Any, host: str, port: int) -> Any:
        try:
            return create_server(
                app,
                map=self._map,
                _dispatcher=self._dispatcher,
                host=_address_of(host, port),
                port=port,
                ident=None,
                asyncore_use_poll=True,
                connection_limit=2 * MAX_STREAMS,
                max_request_body_size=MAX_BODY_BYTES,
                max_request_header_size=MAX_HEADER_BYTES,
                outbuf_high_watermark=_NEVER_WAIT,
            )
        except OSError as error:
            _close_all(self._map.values())
            words = error.strerror or str(error)
        except ValueError as error:
            words = str(error)
        raise ConfigurationError(f"cannot listen on {host} port {port}: {words}")

    def _look(self) -> None:
        wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)

    def _wake(self) -> None:
        self._server.trigger.pull_trigger()

    def close(self) -> None:
        """Close the socket and all connections, and wait for the threads."""
        # What wakes the leader goes last: threads do so when they are done.
        self._dispatcher.shutdown()
        _close_all(self._map.values())


def _close_all(dispatchers: Iterable[Any]) -> None:
    for dispatcher in list(dispatchers):
        close = dispatcher.close
        if isinstance(dispatcher, _Channel):
            close = dispatcher.handle_close
        close()


def _url_of(host: str, port: int) -> str:
    reachable = {EVERY_IPV4: "127.0.0.1", "::": "::1"}.get(host, host)
    return (
        f"http://[{reachable}]:{port}"
        if ":" in reachable
        else f"http://{reachable}:{port}"
    )


def _address_of(host: str, port: int) -> str:
    """Return the first address of a host; a name may have two, and the server has one socket."""
    found = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    return str(found[0][4][0])
