"""Tests of the short way of a request: it differs from the long one in nothing but its time."""

import contextlib
import functools
import gzip
import http.client
import select
import socket
import socketserver
import threading

import pytest
import requests
import responses
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

from ai_spine import AISpine
from ai_spine.policy.messages import Request
from ai_spine.policy.retry import Failure
from ai_spine.transport.requests import direct, heads, session_pool
from ai_spine.transport.requests.session_pool import SessionPool
from ai_spine.transport.requests.sockets import (
    BoundedHTTPConnection,
    BoundedHTTPSConnection,
    DeadlineSocket,
)
from tests.raw_server import CLOSE, RawServer, answer
from tests.transport import needs_short_way

pytestmark = needs_short_way
KEEP = {"connection": "keep-alive"}
PACKED = gzip.compress(b'{"a": 1}')
HEAD = "HTTP/1.1 200 OK\r\n"
RESPONSES = {
    "short": answer(200, {"a": 1}, **KEEP),
    "empty": answer(200, b"", **KEEP),
    "error": answer(503, {"a": 1}, retry_after="7", **KEEP),
    "long": answer(200, {"a": "x" * 40_000}, **KEEP),
    "closed": answer(200, {"a": 1}),
    "packed": answer(200, PACKED, content_encoding="gzip", **KEEP),
    "in chunks": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "without a length": f"{HEAD}\r\n{{}}",
    "of the old protocol": "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "without a reason": "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
    "after another": f"HTTP/1.1 103 Early\r\nA: b\r\n\r\n{HEAD}Content-Length: 2\r\n\r\n{{}}",
    "folded": f"{HEAD}A: b \r\n\t c\r\nContent-Length: 2\r\n\r\n{{}}",
    "repeated": f"{HEAD}A: b\r\na: c\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{{}}",
    "with two lengths": f"{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}",
    "with bare lines": "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "without a body": "HTTP/1.1 204 No\r\nA: b\r\n\r\n",
    "not modified": "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n",
    "cut short": answer(200, b"{}", content_length="3"),
    "cut in the head": f"{HEAD}Content-Length: 2",
    "another protocol": "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    "not HTTP": "SSH-2.0-x\r\n\r\n",
    "of an odd status": "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
    "with more than its length": f"{HEAD}Content-Length: 2\r\n\r\n{{}}\r\n",
    "too many headers": HEAD + "A: b\r\n" * 101 + "Content-Length: 2\r\n\r\n{}",
    "nothing": b"",
}
# Where libraries for tracing hook in.
PATCHED = [
    (requests.Session, "send"),
    (requests.adapters.HTTPAdapter, "send"),
    (HTTPConnectionPool, "urlopen"),
    (HTTPConnectionPool, "_make_request"),
    (http.client.HTTPConnection, "putrequest"),
    (http.client.HTTPConnection, "endheaders"),
    (http.client.HTTPConnection, "getresponse"),
]
# Their connections are closed after them, or have to be: nothing else marks their ends.
ENDS = {"closed", "without a length", "cut short", "cut in the head", "nothing"}


class Repeating(socketserver.ThreadingTCPServer):
    """A server that sends the same bytes after each request, and keeps connections."""

    daemon_threads = True

    def __init__(self, response, ends):
        self.response = response if isinstance(response, bytes) else response.encode()
        self.ends, self.opened, self.heads = ends, 0, []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self):
        self.opened += 1
        return super().get_request()


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        came = b""
        with contextlib.suppress(OSError):
            while True:
                piece = self.request.recv(65536)
                came += piece
                if not piece:
                    break
                if b"\r\n\r\n" in came:
                    self.server.heads.append(came)
                    came = b""
                    self.request.sendall(self.server.response)
                    if self.server.ends:
                        break


@contextlib.contextmanager
def repeating(response, ends=False):
    with Repeating(response, ends) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def go_the_long_way(monkeypatch):
    monkeypatch.setattr(SessionPool, "exchange", lambda *_: None)


def sent(client, method="GET", path="/x", **fields):
    """Return what the transport of a client makes of a response."""
    nothing = {"content": None, "content_type": None, "credentials": ()}
    known = {"ids": {}, "query": "", "headers": {}, **nothing, **fields}
    found = client._api.transport.send(Request(method, path, **known), 10)
    if hasattr(found, "body"):
        return found.status, list(found.headers.items()), found.body
    return found


def outcomes(name, method):
    """Return what becomes of two requests, and over how many connections."""
    with repeating(RESPONSES[name], name in ENDS) as server:
        with AISpine("sk-1", server.url) as client:
            found = [sent(client, method) for _ in range(2)]
        return found, server.opened


@pytest.mark.parametrize("most", [None, 10, 30], ids=["whole", "tens", "thirties"])
@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_read_alike_on_both_ways(name, most, monkeypatch):
    method = "HEAD" if name == "not modified" else "GET"
    if most is not None:
        recv = DeadlineSocket.recv
        monkeypatch.setattr(
            DeadlineSocket, "recv", lambda sock, size: recv(sock, min(size, most))
        )
    short = outcomes(name, method)
    go_the_long_way(monkeypatch)
    assert short == outcomes(name, method)


def test_a_body_that_comes_after_its_head_is_read_the_short_way(monkeypatch):
    head, _, body = RESPONSES["short"].partition(b"\r\n\r\n")
    recv = DeadlineSocket.recv
    sizes = iter([len(head) + 4, 3, 99])
    monkeypatch.setattr(
        DeadlineSocket, "recv", lambda sock, size: recv(sock, min(size, next(sizes)))
    )
    monkeypatch.setattr(direct, "_rest_of", None)
    with repeating(RESPONSES["short"]) as server, AISpine("sk-1", server.url) as client:
        assert sent(client)[2] == body


@pytest.mark.parametrize(
    "path, fields",
    [
        ("/x", {}),
        ("/{id}", {"ids": {"id": "a b/é%"}}),
        ("/x", {"query": "a=%7cb|c"}),
        ("/x", {"query": "a=?b"}),
        ("//x", {}),
        ("/x", {"headers": {"Host": "other.example", "X-A": "\tb"}}),
        ("/x", {"headers": {"Transfer-Encoding": "chunked"}}),
        ("/x", {"headers": {"X-A": "caf\xe9", "X-B": ""}}),
        ("/x", {"content": b"{}", "content_type": "a/b"}),
    ],
)
def test_a_request_is_sent_alike_on_both_ways(path, fields, monkeypatch):
    with repeating(RESPONSES["short"]) as server, AISpine("sk-1", server.url) as client:
        for method in ("POST", "GET", "x-a"):
            sent(client, method, path, **fields)
        short = server.heads[:]
        server.heads.clear()
        go_the_long_way(monkeypatch)
        for method in ("POST", "GET", "x-a"):
            sent(client, method, path, **fields)
    assert short == server.heads


@pytest.mark.parametrize("value", ["a\r\nX-B: c", "a\nb", "a\rb"])
def test_no_header_smuggles_in_another(value):
    with repeating(RESPONSES["short"]) as server, AISpine("sk-1", server.url) as client:
        assert isinstance(sent(client, headers={"X-A": value}), Failure)
        assert not server.heads


@pytest.mark.parametrize(
    "host, port, tls",
    [
        ("127.0.0.1", 8000, False),
        ("name.example.", 80, False),
        ("name.example", 443, False),
        ("name.example", 443, True),
        ("::1", 80, False),
        ("::1", 8000, True),
    ],
)
def test_a_request_names_the_host_as_the_standard_library_does(host, port, tls):
    kind = HTTPSConnectionPool if tls else HTTPConnectionPool
    own = BoundedHTTPSConnection if tls else BoundedHTTPConnection
    conn, pool = own(host, port, timeout=9), kind(host, port)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        conn.sock = DeadlineSocket(ours)
        conn.request("GET", "/x", headers={"Accept-Encoding": "a", "User-Agent": "b"})
        sent = theirs.recv(65536)
    request = requests.Request("GET", "http://a").prepare()
    request.headers.update({"Accept-Encoding": "a", "User-Agent": "b"})
    assert direct._head_of(pool, request, "/x") == sent


def test_a_body_is_sent_after_its_head_if_it_is_large():
    content = b"x" * 70_000
    with RawServer(answer(200, {"a": 1})) as server, AISpine("k", server.url) as client:
        assert sent(client, "POST", content=content)[0] == 200
        assert server.requests[0].body == content


def test_a_response_that_came_before_all_was_sent_is_read(monkeypatch):
    with RawServer(answer(413, {"a": 1})) as server, AISpine("k", server.url) as client:
        real, big = DeadlineSocket.sendall, b"x" * 70_000

        def sendall(sock, data):
            real(sock, data)
            if data == big:
                raise BrokenPipeError(32, "Broken pipe")

        monkeypatch.setattr(DeadlineSocket, "sendall", sendall)
        assert sent(client, "POST", content=big)[0] == 413


def test_a_connection_that_the_server_has_closed_is_replaced():
    silently = RESPONSES["short"]  # which does not say so
    with RawServer((silently, CLOSE)) as server, AISpine("k", server.url) as client:
        for _ in range(3):
            assert sent(client)[0] == 200
            _, pool = client._api.transport.session.get_adapter(server.url)._last
            assert select.select([pool.pool.queue[-1].sock], [], [], 10)[0]


def test_responses_serves_a_client_that_has_a_connection():
    with repeating(RESPONSES["short"]) as server, AISpine("sk-1", server.url) as client:
        sent(client)
        with responses.RequestsMock() as mock:
            mock.get(f"{server.url}/x", json={"b": 2})
            assert sent(client)[2] == b'{"b": 2}'
        assert len(server.heads) == 1


@pytest.mark.parametrize("owner, name", PATCHED)
def test_a_library_that_wraps_a_method_sees_the_requests_of_a_client(
    owner, name, monkeypatch
):
    method, seen = getattr(owner, name), []

    @functools.wraps(method)
    def wrapper(*arguments, **options):
        seen.append(name)
        return method(*arguments, **options)

    with repeating(RESPONSES["short"]) as server, AISpine("sk-1", server.url) as client:
        sent(client)
        monkeypatch.setattr(owner, name, wrapper)
        assert sent(client)[0] == 200
    assert set(seen) == {name}  # urllib3 1.26 calls one a second time


def test_a_wrapper_that_was_there_before_is_known_by_its_code():
    method = requests.Session.send
    assert session_pool._is_own(method)
    for wrapper in (
        functools.wraps(method)(lambda *_: None),
        functools.partial(method),
    ):
        assert not session_pool._is_own(wrapper)


def test_requests_are_logged_as_urllib3_does(caplog):
    caplog.set_level("DEBUG", logger="urllib3.connectionpool")
    with repeating(RESPONSES["short"]) as server, AISpine("sk-1", server.url) as client:
        sent(client)
    assert f'{server.url} "GET /x HTTP/1.1" 200' in caplog.messages


def test_a_head_is_plain_only_if_all_of_it_is():
    assert heads.parse_head(b"HTTP/1.1 200 OK\r\nA: b\r\nC:d") == (
        200,
        "OK",
        [("A", "b"), ("C", "d")],
    )
    for odd in (b"200 OK\r\nA b", b"200 OK\r\n\nA: b", b"200 OK\r\nA: b\rc", b"2"):
        assert heads.parse_head(b"HTTP/1.1 " + odd) is None


def test_headers_are_found_in_any_case_and_shown_as_they_came():
    headers = heads.Headers([("Content-Type", "a/b"), ("X-A", "")])
    assert (headers["content-type"], headers.get("CONTENT-TYPE")) == ("a/b", "a/b")
    assert "x-a" in headers and "x-b" not in headers and headers.get("x-b", "c") == "c"
    assert list(headers) == ["Content-Type", "X-A"] and len(headers) == 2
    assert repr(headers) == "Headers({'Content-Type': 'a/b', 'X-A': ''})"
