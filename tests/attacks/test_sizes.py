"""Tests that no server has a client take in, or work on, more than it needs."""

import http.cookiejar
import re
import threading
import time

import pytest
import requests.adapters

from ai_spine import BadRequestError, NetworkError, utils
from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.transport.requests.adapter import BoundedAdapter
from tests.attacks.servers import MIB, Handler, read_head
from tests.raw_server import RawServer, answer

pytestmark = pytest.mark.every_transport

ENDLESS = 96  # MiB: more than any answer may have
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
STARTS = {
    "a chunk of -1 bytes": CHUNKED + b"-1\r\n",
    "a chunk of -5 bytes": CHUNKED + b"-5\r\n",
    "a chunk of -1 after a good one": CHUNKED + b"1\r\n[\r\n-1\r\n",
    "a chunk's size without end": CHUNKED + b"5;",
    "a chunk's size of zeros": CHUNKED + b"0" * 1000,
    "a trailer without end": CHUNKED + b"2\r\n[]\r\n0\r\nX-A: ",
    "a status without end": b"HTTP/1.1 200 ",
    "a header without end": b"HTTP/1.1 200 OK\r\nX-A: ",
}


def flooding(start, piece, pieces, sent):
    """Return a handler that sends until the client is gone, and notes how many pieces went."""

    def flood(server, connection):
        read_head(connection)
        connection.sendall(start)
        for _ in range(pieces):
            connection.sendall(piece)
            sent.append(len(piece))

    return flood


@pytest.mark.parametrize("name", STARTS)
def test_what_has_no_end_is_not_taken_in(name, taking, make_client, failure):
    sent = []
    with Handler(flooding(STARTS[name], b"0" * MIB, ENDLESS, sent)) as server:
        client = make_client(server.url, max_retries=0)
        error = failure(client.list_flows)
    assert type(error) is NetworkError
    assert "redirect" not in str(error)
    assert taking.taken < MIB and sum(sent) < 80 * MIB


@pytest.mark.parametrize("keep_alive", [b"close", b"keep-alive"])
@pytest.mark.parametrize("length", [b"Content-Length: %d" % (59 * MIB), b"X-A: b"])
def test_of_a_long_refusal_the_first_words_are_enough(
    length, keep_alive, taking, make_client, failure
):
    lines = [b"HTTP/1.1 400 No", length, b"Connection: " + keep_alive]
    start = b"\r\n".join(lines) + b"\r\n\r\n"
    sent = []
    with Handler(flooding(start, b"a " * (MIB // 2), 59, sent)) as server:
        error = failure(make_client(server.url, max_retries=0).list_flows)
    assert type(error) is BadRequestError and error.status_code == 400
    assert len(str(error)) < 2 * MAX_MESSAGE_LENGTH
    assert MIB <= taking.taken < 2 * MIB and sum(sent) < 59 * MIB


class Folding:
    """Stands for `re`, and notes how much text it was to look through."""

    longest = 0

    def __getattr__(self, name):
        return getattr(re, name)

    def sub(self, pattern, replacement, text):
        self.longest = max(self.longest, len(text))
        return re.sub(pattern, replacement, text)


def test_of_a_long_sentence_only_the_start_is_worked_on(
    monkeypatch, make_client, failure
):
    folding = Folding()
    monkeypatch.setattr(utils, "re", folding)
    with RawServer(answer(400, {"detail": "a " * (MIB // 4)})) as server:
        error = failure(make_client(server.url).list_flows)
    assert error.message.startswith("a a a")
    assert len(error.message) <= MAX_MESSAGE_LENGTH
    assert 0 < folding.longest < 100 * MAX_MESSAGE_LENGTH


# Cookies

LIST = answer(200, [])

COOKIES = {
    "Set-Cookie2": "a;" * 350,
    "set-cookie2": "a," * 350,
    "Set-Cookie": "a=" + "b;" * 350,
}


@pytest.fixture
def cookies(monkeypatch):
    """The cookies that the standard library was given to read; it is let off reading them."""
    given = []

    def read(headers):
        given.extend(headers)
        return []

    monkeypatch.setattr(http.cookiejar, "split_header_words", read)
    monkeypatch.setattr(http.cookiejar, "parse_ns_headers", read)
    return given


@pytest.mark.parametrize("first", [b"", answer(302, location="/x")], ids=["", "moved"])
@pytest.mark.parametrize("name", COOKIES)
def test_cookies_by_the_dozen_are_not_read(name, first, cookies, make_client):
    lines = [f"{name}: {COOKIES[name]}"] * 90 + ["Set-Cookie: a=b", ""]
    marked = "\r\n".join(lines).encode() + b"connection:"
    script = [step.replace(b"connection:", marked) for step in (first, LIST) if step]
    with RawServer(*script) as server:
        assert make_client(server.url).list_flows() == []
        assert len(server.requests) == len(script)
    assert cookies == []


# Proxies

THREADS = 32


def test_threads_that_ask_for_a_proxy_at_once_get_the_same_pools(monkeypatch):
    made = []

    def make(*arguments, **options):
        for _ in range(THREADS):
            time.sleep(0)  # lets the other threads come as far
        made.append(proxy_from_url(*arguments, **options))
        return made[-1]

    proxy_from_url = requests.adapters.proxy_from_url
    monkeypatch.setattr(requests.adapters, "proxy_from_url", make)
    adapter, ready = BoundedAdapter(), threading.Barrier(THREADS)
    got = []

    def ask():
        ready.wait()
        got.append(adapter.proxy_manager_for("http://user:hush@127.0.0.1:9"))

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    adapter.close()
    assert got == made * THREADS and len(made) == 1
