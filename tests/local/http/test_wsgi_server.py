"""Tests of the HTTP server's threads."""

import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
import requests

from ai_spine.local.http import wsgi_server as local_http
from ai_spine.local.http.wsgi_server import HttpServer
from tests.local import LIMIT


class App:
    """A WSGI application that blocks requests to `/slow`."""

    def __init__(self):
        self.release = threading.Event()
        self.lock = threading.Lock()
        self.active = 0

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            with self.lock:
                self.active += 1
            self.release.wait(LIMIT)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


@contextmanager
def serving(app):
    server = HttpServer(app, "127.0.0.1", 0)
    try:
        yield server
    finally:
        app.release.set()
        server.close()


def get_status(url):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=LIMIT).status_code


def test_the_loop_leaves_a_response_to_the_thread_that_sends_it(monkeypatch):
    send, would_write = local_http._Channel.send, []

    def watched(channel, *args, **kwargs):
        would_write.append(channel.writable())
        return send(channel, *args, **kwargs)

    monkeypatch.setattr(local_http._Channel, "send", watched)
    with serving(App()) as server:
        assert get_status(f"{server.url}/") == 200
    assert would_write and not any(would_write)


def test_a_response_is_sent_whole(monkeypatch):
    send, sent = local_http._Channel.send, []

    def watched(channel, data, *args, **kwargs):
        sent.append(bytes(data))
        return send(channel, data, *args, **kwargs)

    monkeypatch.setattr(local_http._Channel, "send", watched)
    with serving(App()) as server:
        assert get_status(f"{server.url}/") == 200
    assert len(sent) == 1
    head, _, body = sent[0].partition(b"\r\n\r\n")
    names = {line.split(b":")[0] for line in head.split(b"\r\n")[1:]}
    assert body and names >= {b"Content-Length", b"Date"}


def test_the_loop_sends_what_a_thread_could_not(monkeypatch):
    send, sends = local_http._Channel.send, []

    def busy_at_first(channel, *args, **kwargs):
        sends.append(threading.current_thread().name)
        return 0 if len(sends) <= 2 else send(channel, *args, **kwargs)

    monkeypatch.setattr(local_http._Channel, "send", busy_at_first)
    with serving(App()) as server:
        assert get_status(f"{server.url}/") == 200
    assert sends[2:] == sends[:1]


def test_a_request_that_ends_its_thread_closes_its_connection(caplog):
    def app(environ, start_response):
        raise SystemExit

    app.release = threading.Event()
    with serving(app) as server:
        with pytest.raises(requests.ConnectionError):
            get_status(f"{server.url}/")
    assert "SystemExit" in caplog.text


def test_no_more_connections_are_taken_than_the_system_can_wait_for():
    code = (
        "import select, ssl; del select.poll\n"
        "from ai_spine.local.http.wsgi_server import HttpServer\n"
        "server = HttpServer(print, '127.0.0.1', 0)\n"
        "print(server._server.adj.connection_limit)\n"
        "server.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=-1, check=True)
    assert int(done.stdout) <= 512
