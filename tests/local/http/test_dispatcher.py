"""Tests of the threads that look after connections and serve requests."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from ai_spine.local.http import dispatcher as threads
from ai_spine.local.http.dispatcher import Dispatcher
from tests.local import LIMIT, wait_until
from tests.local.http.test_wsgi_server import App, get_status, serving


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(threads, "_PATIENCE", 2 * LIMIT)


class Crew:
    """A dispatcher whose leader looks at nothing, until it is woken."""

    def __init__(self, count):
        self.news = threading.Event()
        self.dispatcher = Dispatcher(self._look, self.news.set)
        self.dispatcher.set_thread_count(count)

    def _look(self):
        self.news.wait(2 * LIMIT)
        self.news.clear()

    def serve(self, act, cancel=None):
        self.dispatcher.add_task(SimpleNamespace(service=act, cancel=cancel))
        self.dispatcher.wake()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.dispatcher.shutdown()


def test_eight_slow_requests_do_not_block_others_for_ever():
    app = App()
    with serving(app) as server, ThreadPoolExecutor(9) as clients:
        slow = [clients.submit(get_status, f"{server.url}/slow") for _ in range(7)]
        wait_until(lambda: app.active == 7)
        assert get_status(f"{server.url}/") == 200
        slow += [clients.submit(get_status, f"{server.url}/slow") for _ in range(2)]
        queue = server._dispatcher.queue
        wait_until(lambda: (app.active, len(queue)) == (8, 1))
        app.release.set()
        assert [each.result(LIMIT) for each in slow] == [200] * 9


def test_quick_requests_are_served_by_the_thread_that_leads(patient):
    served = []

    def app(environ, start_response):
        served.append(threading.get_ident())
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    app.release = threading.Event()
    with serving(app) as server:
        for _ in range(5):
            assert get_status(f"{server.url}/") == 200
        assert served == [server._dispatcher._leader] * 5


def test_another_thread_takes_the_lead_behind_a_slow_request():
    release, served = threading.Event(), threading.Event()
    with Crew(2) as crew:
        crew.serve(lambda: release.wait(LIMIT))
        wait_until(lambda: not crew.dispatcher._waiting)
        crew.serve(served.set)
        assert not served.wait(0.01)  # the last thread looks after the connections
        release.set()
        assert served.wait(LIMIT)


def test_nobody_takes_the_lead_behind_a_request_that_may_still_be_quick(patient):
    begun, release, served = (threading.Event() for _ in range(3))
    with Crew(2) as crew:
        crew.serve(lambda: (begun.set(), release.wait(LIMIT)))
        crew.serve(served.set)
        assert begun.wait(LIMIT)
        wait_until(lambda: crew.dispatcher._is_watched)
        assert crew.dispatcher._waiting == 1
        release.set()
        assert served.wait(LIMIT)


def test_a_thread_survives_a_task_that_raises(caplog):
    served, cancelled = threading.Event(), threading.Event()
    with Crew(2) as crew:
        crew.serve(Mock(side_effect=SystemExit), cancelled.set)
        crew.serve(served.set)
        assert served.wait(LIMIT) and cancelled.is_set()
    assert caplog.text.count("could not be taken or served") == 1


def test_the_leader_survives_that_it_cannot_look_at_the_connections(caplog):
    problems = [ValueError("too many")]

    class Troubled(Crew):
        def _look(self):
            if problems:
                raise problems.pop()
            super()._look()

    served = threading.Event()
    with Troubled(2) as crew:
        crew.serve(served.set)
        assert served.wait(LIMIT)
    assert caplog.text.count("could not be taken or served") == 1


def test_threads_end_when_their_requests_are_done():
    begun, release = threading.Event(), threading.Event()
    with Crew(3) as crew:
        crew.serve(lambda: (begun.set(), release.wait(LIMIT)))
        assert begun.wait(LIMIT)
        threading.Timer(0.02, release.set).start()
    assert not crew.dispatcher.threads


def test_a_request_that_outlives_its_server_wakes_nobody():
    with Crew(1) as crew:
        pass
    crew.news.clear()
    crew.dispatcher.wake()
    assert not crew.news.is_set()
