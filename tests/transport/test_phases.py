"""Tests of limits for the parts of an attempt, over each library."""

import asyncio
import socket
import sys
import time

import pytest

from ai_spine import ConfigurationError, NetworkError, RequestTimeoutError, RestClient
from ai_spine.policy.settings import Phases
from tests.raw_server import STALL, TRICKLE, RawServer, answer, full_listener

pytestmark = pytest.mark.every_transport
HEAD = answer(200, b"", content_length="5000", content_type="application/json")


def failure(url, **options):
    """Return the error of a request, and how long it took."""
    with RestClient(url, timeout=20, max_retries=0, **options) as client:
        began = time.monotonic()
        with pytest.raises(RequestTimeoutError) as caught:
            client.call("POST", "/x", json={"a": "x" * options.pop("size", 0)})
    return caught.value, time.monotonic() - began


def test_a_connection_that_is_not_made_is_given_up():
    with full_listener() as url:
        error, took = failure(url, connect_timeout=0.2)
    assert took < 5 and not error.maybe_executed
    assert "could not connect in time" in error.message and "(0.2 s)" in error.message


def test_a_server_that_says_nothing_is_given_up():
    with RawServer(STALL) as server:
        error, took = failure(server.url, read_timeout=0.2, connect_timeout=5)
    assert took < 5 and error.maybe_executed and "(0.2 s)" in error.message


def test_a_body_that_stops_is_given_up():
    with RawServer((HEAD + b"[1", STALL)) as server:
        error, took = failure(server.url, read_timeout=0.2)
    assert took < 5 and error.maybe_executed


def test_a_body_that_comes_slowly_is_read_to_its_end():
    # A blank each 0.05 s, sixty of them, before the server gives up.
    head = answer(200, b"", content_length="20", content_type="application/json")
    with RawServer((head + b"7", TRICKLE)) as server:
        with RestClient(server.url, read_timeout=0.5) as client:
            assert client.get("/x") == 7


def test_a_request_that_nobody_takes_is_given_up():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with RestClient(
            url, timeout=20, max_retries=0, write_timeout=0.2, read_timeout=0.2
        ) as client:
            began = time.monotonic()
            with pytest.raises(NetworkError):
                client.put("/x", "x" * 20_000_000)
    assert time.monotonic() - began < 10


def test_the_timeout_of_the_attempt_bounds_them_all():
    with RawServer(STALL) as server:
        with RestClient(
            server.url, timeout=0.2, max_retries=0, read_timeout=9
        ) as client:
            with pytest.raises(RequestTimeoutError, match=r"\(0.2 s\)"):
                client.get("/x")


def test_a_stream_is_not_limited_by_them_once_it_has_begun():
    body = b"id: 1\ndata: x\n\n"
    head = answer(200, body, content_type="text/event-stream", content_length="999")
    with RawServer((head, STALL)) as server:
        with RestClient(server.url, read_timeout=0.1, timeout=5) as client:
            events = client.subscribe("/e", idle_limit=0.4, reconnect=False)
            assert next(events).data == "x"
            began = time.monotonic()
            with pytest.raises(RequestTimeoutError, match="no event for 0.4 s"):
                next(events)
            assert time.monotonic() - began >= 0.35


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "write_timeout"])
@pytest.mark.parametrize("odd", [0, -1, "1", float("nan")])
def test_a_limit_must_be_a_duration(name, odd):
    with pytest.raises(ConfigurationError, match=f"{name} must be"):
        RestClient("http://127.0.0.1:9", **{name: odd})


@pytest.mark.only_sync("it makes no client")
@pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks count no cancellations")
@pytest.mark.parametrize("by_others", [0, 1])
def test_who_cancels_the_task_of_a_slow_request_is_obeyed(by_others):
    from ai_spine.transport.async_replies import PhasedAttempt

    async def work():
        attempt, task = PhasedAttempt(Phases(None, 1, None), 0), asyncio.current_task()
        attempt._expire(1)
        for _ in range(by_others):
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        return attempt.was_cut_short(), task.cancelling()

    assert asyncio.run(work()) == (not by_others, by_others)


@pytest.mark.only_sync("it makes no client")
@pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks count no cancellations")
def test_a_limit_that_came_too_late_leaves_no_cancellation():
    from ai_spine.transport.async_replies import PhasedAttempt

    async def work():
        attempt = PhasedAttempt(Phases(None, 1, None), 0)
        attempt._expire(1)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        attempt.end()
        return asyncio.current_task().cancelling()

    assert asyncio.run(work()) == 0
