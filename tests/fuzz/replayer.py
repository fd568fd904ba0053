"""A server that sends any bytes whatever, for what only a socket can show."""

import socketserver
import threading


class _Exchange(socketserver.StreamRequestHandler):
    """Reads one request, notes its target, sends the bytes, and closes."""

    def handle(self):
        target = self.rfile.readline().decode("ascii").split(" ")[1]
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, text = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(text)
        self.rfile.read(length)
        self.server.targets.append(target)
        self.wfile.write(self.server.said)


class Replayer(socketserver.TCPServer):
    """Answers each request with `said`, the bytes that it was last given, and then closes."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.said = b""
        self.targets = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    def say(self, said):
        """Set the answer, and forgets the requests so far."""
        self.said, self.targets = said, []

    def handle_error(self, request, client_address):
        """Say nothing: a client may well leave before it has heard all."""

    def server_close(self):
        self.shutdown()
        self._thread.join()
        super().server_close()
