"""`ToolService`, a tool on a real socket, which records what it is sent."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ToolService:
    """A tool.

    Args:
        answer: Returns the status and the JSON of the response to a body.
    """

    def __init__(self, answer=lambda body: (200, body["input_data"])):
        self.received = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler):
                length = int(handler.headers["Content-Length"])
                body = json.loads(handler.rfile.read(length))
                self.received.append(body)
                status, reply = answer(body)
                content = json.dumps(reply).encode("utf-8")
                handler.send_response(status)
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content)

            def log_message(handler, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/tool"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def close(self):
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
