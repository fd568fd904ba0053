"""Serves ASGI applications with uvicorn, in a thread, on a free port."""

import threading
from contextlib import contextmanager

from tests.local import LIMIT, wait_until


@contextmanager
def serving(app):
    """Serve an application, and yield its URL."""
    import uvicorn

    config = uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        (listening,) = server.servers
        yield "http://127.0.0.1:%d" % listening.sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(LIMIT)
