"""Tests of one client among many threads and processes, and of the brake that its calls share."""

import contextlib
import copy
import os
import pickle
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from requests.adapters import HTTPAdapter

from ai_spine import (
    AISpine,
    AISpineError,
    NetworkError,
    RateLimitError,
    RequestTimeoutError,
)
from ai_spine.local import LocalServer, agent
from ai_spine.transport.requests.request_builder import RequestBuilder
from tests.raw_server import STALL, RawServer, answer

pytestmark = pytest.mark.every_transport
FLOW = answer(200, {"flow_id": "f", "nodes": []})
has_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@agent("echo")
def echo(input, config):
    return {"n": input["n"]}


ECHO = {
    "flow_id": "echo",
    "nodes": [{"id": "echo", "agent_id": "echo"}],
    "entry_point": "echo",
    "exit_points": ["echo"],
}


@pytest.fixture(scope="module")
def server():
    with LocalServer([ECHO], [echo]) as server:
        yield server


class Counted(socket.socket):
    """A socket that counts those of its kind that are connected."""

    lock = threading.Lock()
    open = greatest = 0
    connected = False

    def connect(self, address):
        with contextlib.suppress(BlockingIOError):  # asyncio waits for it
            super().connect(address)
        with self.lock:
            self.connected = True
            Counted.open += 1
            Counted.greatest = max(Counted.greatest, Counted.open)

    def _real_close(self, *arguments):
        if self.connected:
            with self.lock:
                self.connected = False
                Counted.open -= 1
        super()._real_close(*arguments)


@pytest.fixture
def counted(monkeypatch):
    """Count the sockets that clients open from here on."""
    monkeypatch.setattr(Counted, "open", 0)
    monkeypatch.setattr(Counted, "greatest", 0)
    monkeypatch.setattr(socket, "socket", Counted)
    return Counted


# Threads


def test_64_threads_get_right_answers_over_no_more_sockets_than_the_pool_has(
    server, counted, caplog
):
    with server.client(pool_size=4) as client:
        client._api.state.streams_unsupported = (
            True  # they have as many sockets of their own
        )
        with ThreadPoolExecutor(64) as threads:
            done = list(
                threads.map(
                    lambda n: client.execute_and_wait("echo", {"n": n}), range(128)
                )
            )
        assert [execution.output_data["echo"]["n"] for execution in done] == list(
            range(128)
        )
        assert counted.greatest <= 4
    assert counted.open == 0
    assert "pool is full" not in caplog.text


def test_a_call_that_fails_releases_its_connection(counted, library):
    with RawServer(answer(404), answer(500), b"", b"no http", answer(200)) as server:
        with AISpine(base_url=server.url, pool_size=1, max_retries=0) as client:
            for _ in range(5):
                with pytest.raises(AISpineError):
                    client.get_flow("f")
            if library == "requests":
                assert client._transport.pool.acquire(0)
                client._transport.pool.release()
    assert (counted.greatest, counted.open) == (1, 0)


# Processes

FORKING = """
import os, sys, threading
import requests
from ai_spine import AISpine

session = requests.Session() if sys.argv[2] == "given" else None
with AISpine("sk-forked", sys.argv[1], session=session, pool_size=1) as client:
    names = {client.get_flow("f").flow_id}
    port = lambda: next(iter(
        client.session.get_adapter("http://").poolmanager.pools._container.values()
    )).pool.queue[-1].sock.getsockname()
    before = port()
    assert session or client._transport.pool.acquire(0)  # as if a thread were amid a request
    child = os.fork()
    if not child:
        try:
            threads = [threading.Thread(target=client.get_flow, args="f") for _ in "ab"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            good = client.get_flow("f").flow_id == "f" and port() != before
            client.close()
        finally:
            os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    session or client._transport.pool.release()
    assert client.get_flow("f").flow_id == "f" and port() == before
"""


@pytest.mark.only_sync("the program is for AISpine")
@has_fork
@pytest.mark.parametrize("session", ["own", "given"])
def test_after_a_fork_the_child_opens_connections_of_its_own(session):
    flow = {**ECHO, "flow_id": "f"}
    with LocalServer([flow], [echo]) as server:
        # A process of its own: where there are threads, Python warns of forking.
        subprocess.run(
            [
                sys.executable,
                "-W",
                "error",
                "-W",
                "ignore::ImportWarning",
                "-c",
                FORKING,
                server.url,
                session,
            ],
            check=True,
            timeout=60,
        )


def test_a_client_pickles_with_its_settings_and_its_key():
    with RawServer(FLOW) as server:
        with AISpine("sk-travels", server.url, timeout=7, pool_size=3) as client:
            clone = pickle.loads(pickle.dumps(client))
        with clone:
            assert clone.get_flow("f").flow_id == "f"
            assert (clone.timeout, clone._api.settings.pool_size) == (7, 3)
        assert server.requests[0].headers["authorization"] == "Bearer sk-travels"


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy])
def test_a_client_copies(server, twin):
    with server.client() as client, twin(client) as other:
        assert other.get_flow("echo") == client.get_flow("echo")


@pytest.mark.only_sync("sessions of other libraries cannot be pickled")
def test_the_session_of_a_client_pickles_with_its_proxies():
    with AISpine(proxies={"http": "http://p.test"}) as client:
        session = pickle.loads(pickle.dumps(client.session))
    settings = session.merge_environment_settings("http://h", {}, True, None, None)
    assert settings["proxies"]["http"] == "http://p.test"


@pytest.mark.only_sync("adapters are those of requests")
def test_an_adapter_of_the_users_own_need_not_know_of_forks():
    class Plain(requests.adapters.BaseAdapter):
        def close(self):
            pass

    class Counting(HTTPAdapter):
        made = 0

        def init_poolmanager(self, *arguments, **options):
            Counting.made += 1
            super().init_poolmanager(*arguments, **options)

    session = requests.Session()
    session.mount("https://", Plain())
    session.mount("http://", Counting())
    with AISpine(session=session) as client:
        client._transport.pool.after_fork()
    assert Counting.made == 2


# The brake


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def client_of(server, clock, **options):
    client = AISpine(base_url=server.url, **options)
    client._api.clock, client._api.sleep = clock, clock.sleep
    return client


def busy(seconds, status=429):
    return answer(status, retry_after=str(seconds))


def test_a_call_that_fails_for_good_leaves_the_others_to_wait(clock):
    with RawServer(busy(5), busy(5), FLOW) as server:
        with client_of(server, clock, max_retries=1) as client:
            with pytest.raises(RateLimitError) as caught:
                client.get_flow("f")
            assert caught.value.retry_after == 5 and clock.slept == [5]
            client.get_flow("f")
            assert clock.slept == [5, 5]
            client.get_flow("f")
            assert clock.slept == [5, 5]  # it is over


@pytest.mark.only_sync("it holds threads")
def test_while_one_thread_is_asked_to_wait_the_others_wait_too():
    told, may_go_on = threading.Event(), threading.Event()
    slept = {}

    def sleep(seconds):
        slept.setdefault(threading.current_thread().name, seconds)
        told.set()
        may_go_on.wait(30)

    with RawServer(busy(30), FLOW) as server:
        with AISpine(base_url=server.url) as client:
            client._api.sleep = sleep
            first = threading.Thread(target=client.get_flow, args="f", name="first")
            first.start()
            assert told.wait(30)
            other = client.with_options(timeout=5)  # a clone is braked as well
            second = threading.Thread(target=other.get_flow, args="f", name="second")
            told.clear()
            second.start()
            assert told.wait(30)
            assert len(server.requests) == 1  # the second has sent nothing yet
            may_go_on.set()
            first.join(30)
            second.join(30)
    assert slept["first"] == 30 and 0 < slept["second"] <= 30
    assert len(server.requests) == 3


def test_who_is_held_back_waits_longer_if_the_server_asks_for_more(clock):
    with RawServer(FLOW) as server, client_of(server, clock) as client:
        brake = client._api.state.cooldown
        brake.extend(clock() + 5)
        client._api.sleep = lambda s: (clock.sleep(s), brake.extend(1012))
        client.get_flow("f")
    assert clock.slept == [5, 7]


def test_a_deadline_that_the_brake_would_pass_ends_the_call_unsent(clock):
    with RawServer(busy(9), FLOW) as server:
        with client_of(server, clock, max_retries=1, deadline=5) as client:
            with pytest.raises(RateLimitError):
                client.get_flow("f")  # its deadline is shorter than what is asked for
            with pytest.raises(RequestTimeoutError) as caught:
                client.execute_flow("f", {})
        assert len(server.requests) == 1 and clock.slept == []
    assert "the server asked to wait 9 s" in str(caught.value)
    assert caught.value.maybe_executed is False and caught.value.transient


def test_without_retries_nothing_is_held_back(clock):
    with RawServer(busy(9), FLOW) as server:
        with client_of(server, clock, max_retries=0) as client:
            with pytest.raises(RateLimitError):
                client.get_flow("f")
            client.get_flow("f")
    assert clock.slept == []


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_brakes_nobody(clock, status):
    with RawServer(busy(9, status), FLOW) as server:
        with client_of(server, clock) as client:
            with pytest.raises(AISpineError):
                client.get_flow("f")
            client.get_flow("f")
    assert clock.slept == []


def test_the_longest_retry_after_to_obey_can_be_set(clock):
    with RawServer(busy(100), busy(100), FLOW) as server:
        with client_of(server, clock, retry_after_limit=120) as client:
            short = client.with_options(retry_after_limit=99)
            with pytest.raises(RateLimitError) as caught:
                short.get_flow("f")
            assert caught.value.retry_after == 100 and clock.slept == []
            assert client.get_flow("f").flow_id == "f"
            assert clock.slept == [100]


# Odd answers


def test_a_protocol_that_nobody_asked_for_is_no_answer():
    with RawServer(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n") as server:
        with AISpine(base_url=server.url, max_retries=0) as client:
            with pytest.raises(NetworkError, match="another protocol"):
                client.get_flow("f")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x" * 999])
def test_an_answer_packed_in_a_way_that_was_not_asked_for_is_not_unpacked(encoding):
    with RawServer(answer(200, b"[]", content_encoding=encoding)) as server:
        with AISpine(base_url=server.url) as client:
            with pytest.raises(
                AISpineError, match="the response is compressed as"
            ) as caught:
                client.list_flows()
        assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"
    assert len(str(caught.value)) < 300 and len(caught.value.attempts) == 1


@pytest.mark.parametrize("length", [0, 1, 99])
def test_a_body_in_chunks_is_as_long_as_they_are_whatever_its_length_says(
    length, library
):
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: {length}"
    whole = head.encode() + b"\r\n\r\n2\r\n12\r\n1\r\n3\r\n0\r\n\r\n"
    with RawServer(whole) as server:
        with AISpine(base_url=server.url, timeout=5, max_retries=0) as client:
            if library == "aiohttp":  # it refuses a response with two lengths
                with pytest.raises(NetworkError, match="the response is not HTTP"):
                    client.request("GET", "/x")
            else:
                assert client.request("GET", "/x") == 123


@pytest.mark.parametrize("length", ["\xb2", "9" * 5000, "+2", "2.0"])
def test_a_length_that_is_no_number_is_not_believed(length):
    with RawServer(answer(200, b"[]", content_length=length)) as server:
        with AISpine(base_url=server.url, max_retries=0) as client:
            try:
                assert client.list_flows() == []
            except NetworkError as error:
                assert "\n" not in str(error)


def test_what_breaks_off_an_attempt_is_logged_without_locals(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("a hook of somebody's")

    caplog.set_level("DEBUG", logger="ai_spine")
    for name in ("build", "build_plain"):
        monkeypatch.setattr(RequestBuilder, name, broken)
    with AISpine("sk-hush", "http://127.0.0.1:9") as client:
        with pytest.raises(RuntimeError):
            client.list_flows()
    assert "broken" in caplog.text and "sk-hush" not in caplog.text


def test_what_follows_a_response_is_not_the_response_to_the_next_request():
    first, forged, second = (
        answer(200, {"flow_id": name}, connection="keep-alive") for name in "axb"
    )
    with RawServer((first + forged, STALL), second) as raw:
        with AISpine(base_url=raw.url, max_retries=0) as client:
            with contextlib.suppress(NetworkError):  # aiohttp refuses all of it
                assert client.get_flow("a").flow_id == "a"
            assert client.get_flow("b").flow_id == "b"
