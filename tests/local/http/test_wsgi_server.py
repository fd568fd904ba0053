"""Tests of how requests share the threads of the local server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import Mock

import requests

from ai_spine.local.http import wsgi_server as local_http
from ai_spine.local.http.wsgi_server import HttpServer
from tests.local import LIMIT, wait_until


class App:
    """A WSGI application that holds back what is asked for at `/slow`."""

    def __init__(self):
        self.let_go = threading.Event()
        self.lock = threading.Lock()
        self.at_once = 0

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            with self.lock:
                self.at_once += 1
            self.let_go.wait(LIMIT)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


@contextmanager
def serving(app):
    server = HttpServer(app, "127.0.0.1", 0)
    try:
        yield server
    finally:
        app.let_go.set()
        server.close()


def ask(url):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=LIMIT).status_code


def test_slow_requests_hold_up_no_other():
    app = App()
    with serving(app) as server, ThreadPoolExecutor(7) as threads:
        slow = [threads.submit(ask, f"{server.url}/slow") for _ in range(7)]
        wait_until(lambda: app.at_once == 7)
        assert ask(f"{server.url}/") == 200
        app.let_go.set()
        assert [each.result(LIMIT) for each in slow] == [200] * 7


def test_what_is_behind_a_quick_request_waits_for_its_thread(monkeypatch):
    monkeypatch.setattr(local_http, "_PATIENCE", 2 * LIMIT)
    app = App()
    with serving(app) as server, ThreadPoolExecutor(3) as threads:
        answers = [threads.submit(ask, f"{server.url}/slow") for _ in range(3)]
        wait_until(lambda: len(server._server.task_dispatcher.queue) == 2)
        assert app.at_once == 1
        app.let_go.set()
        assert [each.result(LIMIT) for each in answers] == [200] * 3


def test_what_breaks_costs_no_thread(caplog):
    works = threading.Event()
    dispatcher = local_http._Dispatcher()
    dispatcher.set_thread_count(1)
    dispatcher.add_task(SimpleNamespace(service=Mock(side_effect=SystemExit)))
    dispatcher.add_task(SimpleNamespace(service=works.set))
    assert works.wait(LIMIT)
    dispatcher.shutdown()
    assert caplog.text.count("could not be served") == 1
