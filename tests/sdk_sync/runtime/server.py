"""A server whose responses a test writes as a function, and clients of all kinds alike."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Union
from urllib.parse import parse_qs, urlsplit

from tests.clients import shared_loop


class Request(NamedTuple):
    """A request as received; names of headers are in small letters."""

    method: str
    path: str
    query: Dict[str, List[str]]
    headers: Dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    """A response: a body that is an iterable is sent piece by piece."""

    status: int = 200
    body: Union[bytes, Iterable[bytes]] = b""
    headers: Dict[str, str] = {}


def reply(status: int = 200, value: Any = None, **headers: str) -> Reply:
    """Return a response of JSON, or with `content_type=` of text or pieces."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    if "content-type" not in names and status != 204:
        return Reply(
            status,
            json.dumps(value).encode(),
            {"content-type": "application/json", **names},
        )
    body = value.encode() if isinstance(value, str) else value or b""
    return Reply(status, body, names)


class Server:
    """Serves what a function returns for a `Request`."""

    def __init__(self, respond: Callable[[Request], Reply]) -> None:
        self.requests: List[Request] = []
        self.open = 0
        """How many pieces-wise responses are being sent."""
        self._lock = threading.Lock()
        serve = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): text for name, text in self.headers.items()}
                request = Request(
                    self.command,
                    parts.path,
                    parse_qs(parts.query, keep_blank_values=True),
                    headers,
                    self.rfile.read(length),
                )
                with serve._lock:
                    serve.requests.append(request)
                self.send(respond(request))

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

            def send(self, made: Reply) -> None:
                self.send_response(made.status)
                for name, text in made.headers.items():
                    self.send_header(name, text)
                if isinstance(made.body, bytes):
                    if made.status != 204:
                        self.send_header("Content-Length", str(len(made.body)))
                    self.end_headers()
                    self.wfile.write(made.body)
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                with serve._lock:
                    serve.open += 1
                try:
                    for piece in made.body:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.write(b"0\r\n\r\n")
                except ConnectionCut:
                    self.close_connection = True
                except OSError:
                    self.close_connection = True  # the client is gone
                finally:
                    with serve._lock:
                        serve.open -= 1

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread = thread
        thread.daemon = True
        thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class ConnectionCut(Exception):
    """Raised by the pieces of a body to cut the connection off."""


@contextmanager
def serving(respond):
    """Yield a `Server`."""
    server = Server(respond)
    yield server
    server.close()


class Blocked:
    """An asynchronous object that is used as its synchronous twin is."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        found = shared_loop().run(
            getattr, self._target, "aclose" if name == "close" else name
        )
        return _blocked(found)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return _blocked(shared_loop().run(self._target, *args, **options))

    def __iter__(self) -> "Blocked":
        return self

    def __next__(self) -> Any:
        try:
            return shared_loop().run(self._target.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> "Blocked":
        shared_loop().run(self._target.__aenter__)
        return self

    def __exit__(self, *_: Any) -> None:
        shared_loop().run(self._target.__aexit__, None, None, None)

    def __repr__(self) -> str:
        return repr(self._target)


_PLAIN = (str, bytes, int, float, list, dict, tuple)


def _blocked(value: Any) -> Any:
    is_async = hasattr(value, "__anext__") or hasattr(value, "__aenter__")
    of_runtime = type(value).__module__.endswith(
        ("methods", "async_api", "api.orders", "async_client")
    )
    is_ours = callable(value) or of_runtime
    if value is None or isinstance(value, _PLAIN) or not (is_async or is_ours):
        return value
    return Blocked(value)
