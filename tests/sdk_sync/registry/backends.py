"""A backend with metadata, over real sockets."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SPEC, MANIFEST = "/api/_meta/spec", "/api/_meta/schemas"


class Backend:
    """Serves JSON, bytes or a function's result by path, and 404 for the rest.

    A tuple is a status and a body; a function that raises `ConnectionError` closes the connection.
    `most_at_once` is how many requests were served at once.
    """

    def __init__(self, pages):
        self.pages = pages
        self.asked, self.keys = [], set()
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()

    def reply(self, target, headers):
        path = target.partition("?")[0]
        with self._lock:
            self.asked.append(target)
            self.keys.add(headers.get("Authorization"))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            page = self.pages.get(path, (404, {"detail": "Not Found"}))
            page = page() if callable(page) else page
            return page if isinstance(page, tuple) else (200, page)
        finally:
            with self._lock:
                self._at_once -= 1


@contextmanager
def serving(pages):
    """Yield a backend that is served at its `url`."""
    backend = Backend(pages)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            try:
                status, body = backend.reply(self.path, self.headers)
            except ConnectionError:
                self.close_connection = True
                return
            is_raw = isinstance(body, bytes)
            raw = body if is_raw else json.dumps(body).encode("utf-8")
            self.send_response(status)
            kind = "text/html" if is_raw else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            try:
                self.wfile.write(raw)
            except OSError:
                pass  # the client has read enough

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    backend.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield backend
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
