"""Tests of connections: bounded as a whole, and honest about whether they ever stood."""

import http.client
import http.server
import io
import socket
import ssl
import threading
from urllib.parse import urlsplit

import pytest
import requests
import trustme

from ai_spine import AISpine, NetworkError, RequestTimeoutError
from ai_spine.transport.requests.heads import read_headers
from ai_spine.transport.requests.sockets import (
    BoundedHTTPConnection,
    DeadlineSocket,
)
from tests.clients import own_session
from tests.raw_server import CLOSE, STALL, TRICKLE, RawServer, answer, full_listener

pytestmark = pytest.mark.every_transport

SHORT = 0.2  # seconds, after which a client gives up
KINDS = [
    lambda client: client.list_flows(),
    lambda client: client.execute_flow("f", {}),
]


class Flows(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def tls_server(authority):
    """A server with a certificate of the authority, and the count of its connections."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flows)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    accepted = []
    accept = server.get_request
    server.get_request = lambda: accepted.append(accept()) or accepted[-1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}", accepted
    server.shutdown()
    thread.join()
    server.server_close()


def failure(call, *arguments):
    with pytest.raises(NetworkError) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-A: b", b"HTTP/1.1 ", b""])
def test_headers_that_trickle_in_are_given_up_in_time(start, library):
    with RawServer((start, TRICKLE)) as server:
        with AISpine(base_url=server.url, timeout=SHORT, max_retries=0) as client:
            error = failure(client.list_flows)
        server.stop()
        if library == "requests":
            assert type(error) is RequestTimeoutError
        else:  # they see at once what cannot begin a response
            assert "in time" in str(error) or "the response is not HTTP" in str(error)
        assert server.trickled_out is False


def test_tls_with_a_trusted_certificate_works_and_keeps_its_connection(
    authority, tls_server, tmp_path
):
    url, accepted = tls_server
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with AISpine(base_url=url, verify=str(bundle), timeout=10) as client:
        assert [client.list_flows() for _ in range(3)] == [[], [], []]
    assert len(accepted) == 1


@pytest.mark.parametrize("call", KINDS, ids=["GET", "POST"])
def test_a_certificate_that_is_not_trusted_fails_at_once(tls_server, call):
    url, _ = tls_server
    with AISpine(base_url=url, timeout=10) as client:
        error = failure(call, client)
    assert "the server's certificate is not trusted: " in str(error)
    assert len(error.attempts) == 1
    assert not (error.maybe_executed or error.transient)


def test_a_bundle_replaces_the_certificates_that_the_system_trusts(
    authority, tls_server, tmp_path, monkeypatch
):
    url, _ = tls_server
    system, bundle = tmp_path / "system.pem", tmp_path / "bundle.pem"
    authority.cert_pem.write_to_path(str(system))
    trustme.CA().cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    for verify in (True, str(bundle)):
        with AISpine(base_url=url, verify=verify, timeout=10) as client:
            error = failure(client.list_flows)
        assert "the server's certificate is not trusted: " in str(error)


def test_a_post_over_a_session_of_the_callers_is_not_repeated(library):
    with RawServer(STALL, STALL) as server, own_session(library) as session:
        client = AISpine(base_url=server.url, session=session, timeout=SHORT)
        error = failure(client.execute_flow, "f", {})
        client.close()
        assert error.maybe_executed and len(error.attempts) == 1
        assert len(server.requests) == 1


@pytest.mark.parametrize("call", KINDS, ids=["GET", "POST"])
def test_a_server_that_never_begins_tls_was_sent_nothing(call):
    with RawServer(STALL) as server:
        url = server.url.replace("http:", "https:")
        with AISpine(base_url=url, timeout=SHORT, max_retries=1) as client:
            client._api.sleep = lambda seconds: None
            error = failure(call, client)
    assert type(error) is RequestTimeoutError
    assert "could not connect in time" in str(error)
    assert error.maybe_executed is False and len(error.attempts) == 2


@pytest.mark.parametrize("call", KINDS, ids=["GET", "POST"])
def test_a_server_that_breaks_off_tls_was_sent_nothing(call):
    with RawServer(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        url = server.url.replace("http:", "https:")
        with AISpine(base_url=url, timeout=5, max_retries=1) as client:
            client._api.sleep = lambda seconds: None
            error = failure(call, client)
    assert error.maybe_executed is False and len(error.attempts) == 2


@pytest.mark.only_sync("another task handles nothing")
def test_a_post_is_sent_once_also_while_another_error_is_handled():
    with RawServer(CLOSE) as server, AISpine(base_url=server.url) as client:
        client._api.sleep = lambda seconds: None
        try:
            with AISpine(base_url="http://127.0.0.1:9", max_retries=0) as nowhere:
                nowhere.session.get("http://127.0.0.1:9")
        except requests.ConnectionError:
            error = failure(client.execute_flow, "f", {})
        assert len(server.requests) == 1
    assert error.maybe_executed is True


@pytest.mark.only_sync("it takes a connection by hand")
def test_waiting_for_a_free_connection_is_bounded_too():
    with RawServer(STALL) as server:
        with AISpine(base_url=server.url, pool_size=1, max_retries=0) as client:
            assert client._transport.pool.acquire(1)
            error = failure(client.with_options(timeout=SHORT).execute_flow, "f", {})
            assert "no connection was free in time" in str(error)
            assert error.maybe_executed is False and server.requests == []
            client._transport.pool.release()


def resolve_to(monkeypatch, *urls):
    """Make each name stand for the addresses of these URLs."""
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", urlsplit(url).port))
        for url in urls
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)


@pytest.mark.not_over("httpx", "it drops the ports of this resolver")
def test_an_address_that_does_not_answer_leaves_time_for_the_next(monkeypatch):
    with full_listener() as nobody, RawServer(answer(200, b"[]")) as server:
        resolve_to(monkeypatch, nobody, server.url)
        with AISpine(base_url="http://two.test", timeout=2, max_retries=0) as client:
            assert client.list_flows() == []


class Patient(socket.socket):
    """A socket that notes how long it may wait for its connection."""

    patience = []

    def connect(self, address):
        self.patience.append(self.gettimeout())
        super().connect(address)


@pytest.mark.only_sync("asyncio waits for no socket")
def test_all_addresses_of_a_name_share_the_one_timeout(monkeypatch):
    monkeypatch.setattr(Patient, "patience", [])
    with full_listener() as nobody:
        resolve_to(monkeypatch, *[nobody] * 8)
        monkeypatch.setattr(socket, "socket", Patient)
        with AISpine(base_url="http://eight.test", timeout=1, max_retries=0) as client:
            assert type(failure(client.list_flows)) is RequestTimeoutError
    assert len(Patient.patience) == 8
    assert Patient.patience[0] <= 1 / 8
    assert sum(Patient.patience) <= 1.01


@pytest.mark.not_over("aiohttp", "its resolver always finds something, or raises")
def test_a_name_without_an_address_was_sent_nothing(monkeypatch):
    resolve_to(monkeypatch)
    with AISpine(base_url="http://none.test", max_retries=0) as client:
        error = failure(client.execute_flow, "f", {})
    assert "could not connect" in str(error) and error.maybe_executed is False


@pytest.mark.not_over("httpx", "it looks such a name up")
def test_a_host_name_that_no_system_takes_is_refused():
    with AISpine(base_url=f"http://{'a' * 64}.test", max_retries=2) as client:
        error = failure(client.list_flows)
    assert "cannot be sent" in str(error) and len(error.attempts) == 1


@pytest.mark.parametrize("status", [100, 102, 103, 199])
def test_what_a_server_says_first_is_not_taken_for_the_answer(status):
    early = f"HTTP/1.1 {status} Early\r\nLink: </a>\r\n\r\n".encode()
    with RawServer(3 * early + answer(200, b"[]")) as server:
        with AISpine(base_url=server.url, max_retries=0) as client:
            assert client.list_flows() == []


def test_a_server_that_says_something_first_for_ever_is_given_up():
    early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    with RawServer((1000 * early, STALL)) as server:
        with AISpine(base_url=server.url, timeout=SHORT, max_retries=0) as client:
            assert type(failure(client.list_flows)) is RequestTimeoutError


def test_what_http_client_prints_holds_nothing_of_ours(monkeypatch, capfd):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    with RawServer(answer(200, b"[]")) as server:
        with AISpine("sk-hush", server.url) as client:
            client.list_flows()
    assert server.requests[0].headers["authorization"] == "Bearer sk-hush"
    assert "sk-hush" not in "".join(capfd.readouterr())


def test_a_tunnel_is_asked_for_without_the_key_and_bounded(tls_server):
    url, _ = tls_server
    with RawServer((b"HTTP/1.1 200 OK\r\nX-A: b", TRICKLE)) as proxy:
        with AISpine(
            "sk-hush", url, proxies={"https": proxy.url}, timeout=SHORT, max_retries=1
        ) as client:
            client._api.sleep = lambda seconds: None
            error = failure(client.execute_flow, "f", {})
        proxy.stop()
    assert type(error) is RequestTimeoutError and error.maybe_executed is False
    assert [request.method for request in proxy.requests] == ["CONNECT"] * 2
    assert "authorization" not in proxy.requests[0].headers
    assert proxy.trickled_out is False


class Reader(io.RawIOBase):
    """A file that yields its pieces one by one."""

    def __init__(self, *pieces):
        self._pieces = list(pieces)

    def readable(self):
        return True

    def readinto(self, room):
        piece = self._pieces.pop(0) if self._pieces else b""
        room[: len(piece)] = piece
        return len(piece)


PLAIN = b"Content-Type: a/b\r\nX-Empty:\r\nSet-Cookie: a=b\r\nX-Latin: caf\xe9\r\n\r\n"


@pytest.mark.only_sync("it reads without a client")
@pytest.mark.parametrize(
    "pieces",
    [[PLAIN + b"{}"], [PLAIN[:20], PLAIN[20:] + b"{}"], [PLAIN[:-2], b"\r\n{}"]],
)
def test_headers_are_read_alike_in_one_piece_and_in_several(pieces):
    reader = io.BufferedReader(Reader(*pieces))
    found = read_headers(reader)
    assert found.items() == [
        ("Content-Type", "a/b"),
        ("X-Empty", ""),
        ("X-Latin", "caf\xe9"),
    ]
    assert reader.read() == b"{}"


@pytest.mark.only_sync("it reads without a client")
@pytest.mark.parametrize(
    "block, names",
    [
        (b"\r\na: b\r\n\r\n", []),
        (b"a: b\n\nc: d\r\n\r\n", ["a"]),
        (b"a: b\r\n c\r\n\r\n", ["a"]),
    ],
)
def test_no_header_is_read_beyond_the_first_empty_line(block, names):
    assert read_headers(io.BufferedReader(Reader(block))).keys() == names


class Told(socket.socket):
    """A socket that notes its timeouts."""

    told = []

    def settimeout(self, seconds):
        self.told.append(seconds)
        super().settimeout(seconds)


@pytest.mark.only_sync("it reads without a client")
def test_the_system_is_told_a_timeout_only_if_it_differs(monkeypatch):
    monkeypatch.setattr(Told, "told", [])
    ours, theirs = socket.socketpair()
    with theirs, Told(fileno=ours.detach()) as sock:
        bounded = DeadlineSocket(sock)
        Told.told.clear()
        for _ in range(3):
            bounded.settimeout(30)
            bounded.sendall(b"a")
        assert len(Told.told) == 1
        bounded.settimeout(0.02)
        with pytest.raises(socket.timeout):
            bounded.recv(1)
        assert len(Told.told) == 2 and Told.told[1] <= 0.02
        bounded.settimeout(None)
        assert bounded.gettimeout() is None and Told.told[2] is None
        bounded.settimeout(30)
        assert 29 < bounded.gettimeout() <= 30


@pytest.mark.only_sync("the other libraries send in their own way")
@pytest.mark.parametrize(("size", "parts"), [(0, 1), (10, 1), (70_000, 2)])
def test_the_head_of_a_request_goes_together_with_a_small_body(
    monkeypatch, size, parts
):
    sent = []
    send = DeadlineSocket.sendall
    monkeypatch.setattr(
        DeadlineSocket,
        "sendall",
        lambda sock, data: sent.append(data) or send(sock, data),
    )
    # The oldest urllib3 puts its own name after the others.
    body, headers = b"x" * size, {"User-Agent": "t", "X-Name": "a"}
    with RawServer(answer(200, {})) as server:
        connection = BoundedHTTPConnection("127.0.0.1", urlsplit(server.url).port)
        connection.request("POST", "/flows", body, headers)
        assert connection.getresponse().status == 200
        connection.close()
    assert len(sent) == parts
    assert b"".join(sent).endswith(b"X-Name: a\r\n\r\n" + body)
