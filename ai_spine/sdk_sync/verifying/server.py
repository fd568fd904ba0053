"""`DocumentServer`: a server that does what an OpenAPI document says, and takes nothing else."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, NamedTuple, Optional, Type, Union

from ai_spine.sdk_sync.openapi.loading import load_document
from ai_spine.sdk_sync.openapi.reader import read_document
from ai_spine.sdk_sync.verifying.answers import Answer, Choice, answer_to
from ai_spine.sdk_sync.verifying.judging import Judge, Verdict
from ai_spine.sdk_sync.verifying.messages import Request, Response
from ai_spine.sdk_sync.verifying.routes import Route, Routes
from ai_spine.sdk_sync.verifying.transcribing import styles_of
from ai_spine.utils import one_line

_HOST = "127.0.0.1"
_BODILESS = (204, 205, 304)
_LONGEST_BODY = 50_000_000


class Received(NamedTuple):
    """A request that came, and what was found of it and of its response."""

    operation: Optional[str]
    """The name of the operation that it called; `None` if it called none."""
    request: Request
    answer: Answer
    problem: Optional[str]
    """What of the request, or of the response, does not fit the document."""
    unchecked: Optional[str]
    """Why something could not be checked."""


class DocumentServer:
    """Serves a document on a port of its own, and judges each request and each response.

    What does not fit is answered with 422 and a sentence, and what is no operation with 404.

    Args:
        path: The OpenAPI document.

    Attributes:
        document: What was read of the document.
        received: The requests that came, in their order.
        expected: The operation that a request calls if it may call several.

    Raises:
        ConfigError: openapi-core is not installed.
        ImportError: The document cannot be read.
    """

    def __init__(self, path: Union[str, Path]) -> None:
        document = load_document(Path(path))
        self.document = read_document(document)
        self.received: List[Received] = []
        self.expected: Optional[str] = None
        self._judge = Judge(document)
        paths = document.data.get("paths")
        known = paths if isinstance(paths, dict) else {}
        self._routes = Routes(self.document.spec.endpoints, known)
        self._choices: Dict[str, Choice] = {}
        self._answers: Dict[Any, Any] = {}
        self._lock = threading.Lock()
        self._http: Optional[ThreadingHTTPServer] = None

    @property
    def url(self) -> str:
        """The URL that the paths of the document are below."""
        if self._http is None:
            raise RuntimeError("the server is not started: use it in a `with`")
        return f"http://{_HOST}:{self._http.server_address[1]}"

    def choose(
        self,
        operation: str,
        status: Optional[str] = None,
        content_type: Optional[str] = None,
    ) -> None:
        """Say which of its responses an operation sends from now on.

        Args:
            operation: The name of the operation.
            status: A status, a range or `default`; `None` is the first that says that all went
                well.
            content_type: A media type; `None` is what the request accepts.
        """
        self._choices[operation] = Choice(status, content_type)

    def __enter__(self) -> "DocumentServer":
        server = self

        class Handler(_Handler):
            """Hands requests to this server."""

            answer = staticmethod(server.respond)

        self._http = ThreadingHTTPServer((_HOST, 0), Handler)
        self._http.daemon_threads = True
        thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), daemon=True
        )
        thread.start()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def respond(self, request: Request) -> Response:
        """Return the response to a request, and remember both."""
        with self._lock:
            found = self._routes.find(request, self.expected)
            if found is None:
                shown = one_line(f"{request.method} {request.target}", 200)
                problem = f"{shown} is no operation of the document"
                received = Received(
                    None, request, _refusal(404, problem), problem, None
                )
            else:
                received = self._judged(*found, request)
            self.received.append(received)
        return received.answer.response

    def _judged(self, route: Route, ids: Dict[str, str], request: Request) -> Received:
        styles = styles_of(self.document.spec, route.endpoint)
        asked = self._judge.of_request(route.key, ids, request, styles)
        if asked.problem is not None:
            answer = _refusal(422, asked.problem)
            return Received(route.name, request, answer, asked.problem, asked.unchecked)
        answer, told = self._answer(route, request)
        unchecked = asked.unchecked or answer.unchecked or told.unchecked
        return Received(route.name, request, answer, told.problem, unchecked)

    def _answer(self, route: Route, request: Request) -> Any:
        """Return the response of an operation, with its verdict; it is made only once."""
        choice = self._choices.get(route.name, Choice())
        key = (route.name, choice, request.header("Accept"))
        if key not in self._answers:
            answer = answer_to(self.document.spec, route.endpoint, request, choice)
            verdict = Verdict()
            if answer.unchecked is None and route.endpoint.responses:
                verdict = self._judge.of_response(
                    route.key, request.method, answer.response, answer.kind
                )
            self._answers[key] = (answer, verdict)
        return self._answers[key]


def _refusal(status: int, problem: str) -> Answer:
    body = json.dumps({"title": "Not of the document", "detail": problem})
    headers = {"Content-Type": "application/problem+json"}
    return Answer(Response(status, headers, body.encode()))


class _Handler(BaseHTTPRequestHandler):
    """Reads requests and writes responses."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    answer: Any

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:  # the client has gone
            self.close_connection = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        headers: Dict[str, str] = {}
        for name, value in self.headers.items():
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        request = Request(self.command, self.path, headers, self._body())
        response = self.answer(request)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in _BODILESS:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status not in _BODILESS:
            self.wfile.write(response.body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            length = int(self.headers.get("Content-Length") or 0)
            return self.rfile.read(min(length, _LONGEST_BODY))
        parts = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
            if not size:
                return b"".join(parts)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
