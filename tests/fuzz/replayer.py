"""A server that sends arbitrary bytes, for tests that need a real socket."""

import socketserver
import threading


class _Handler(socketserver.StreamRequestHandler):
    """Read one request, record its target, send the bytes, and close."""

    def handle(self):
        target = self.rfile.readline().decode("ascii").split(" ")[1]
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, text = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(text)
        self.rfile.read(length)
        self.server.targets.append(target)
        self.wfile.write(self.server.response)


class Replayer(socketserver.TCPServer):
    """Responds to each request with the bytes in `response`, and closes the connection."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.response = b""
        self.targets = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    def respond_with(self, response):
        """Set the response, and clear the list of targets."""
        self.response, self.targets = response, []

    def handle_error(self, request, client_address):
        """Ignore the error: a client may disconnect before it has read everything."""

    def server_close(self):
        self.shutdown()
        self._thread.join()
        super().server_close()
