"""A server that keeps what comes, and sends what a test says."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl


class Sent(NamedTuple):
    """A request as it was on the wire."""

    method: str
    target: str
    headers: Any
    body: bytes

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def raw_query(self):
        return self.target.partition("?")[2]

    @property
    def query(self):
        return parse_qsl(self.raw_query, keep_blank_values=True)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def content_type(self):
        return self.headers.get("Content-Type")


class Wire:
    """The server.

    Attributes:
        requests: The requests that came.
    """

    def __init__(self):
        self.requests = []
        self._responses = []
        self.respond()
        wire = self

        class Handler(_Handler):
            owner = wire

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(
            target=self._http.serve_forever, args=(0.02,), daemon=True
        ).start()

    @property
    def sent(self):
        """The last request."""
        return self.requests[-1]

    def respond(self, body=b"", status=None, kind="application/json", **headers):
        """Send this from now on; JSON is written, and `ECHO` is the body that came."""
        is_empty = body == b"" and status is None
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if content and kind:
            named["Content-Type"] = kind
        self._responses = [(status or (204 if is_empty else 200), named, content)]

    def respond_each(self, *bodies, **headers):
        """Send these one after the other, as JSON, and the last one from then on."""
        found = []
        for each in bodies:
            self.respond(each, **headers)
            found += self._responses
        self._responses = found

    def echo(self):
        """Send each body back."""
        self._responses = [None]

    def next_for(self, request):
        found = self._responses[0]
        if len(self._responses) > 1:
            self._responses.pop(0)
        if found is None:
            return 200, {"Content-Type": "application/json"}, request.body
        return found

    def close(self):
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Sent(self.command, self.path, dict(self.headers), body)
        self.owner.requests.append(request)
        status, headers, content = self.owner.next_for(request)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(content)

    def log_message(self, *args):
        pass
