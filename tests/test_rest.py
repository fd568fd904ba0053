"""Tests of clients of any HTTP API: what they send, what they read, and what they never show."""

import base64
import copy
import gzip
import json
import logging
import pickle
import threading
import traceback
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from requests.adapters import HTTPAdapter

from ai_spine import (
    AISpine,
    APIError,
    AuthenticationError,
    BasicCredential,
    ConfigurationError,
    ConflictError,
    CookieCredential,
    HeaderCredential,
    InsecureTransportWarning,
    NetworkError,
    QueryCredential,
    RequestTimeoutError,
    RestClient,
    ServerError,
    ValidationError,
)
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.messages import Exchange
from ai_spine.policy.retry import Failure
from ai_spine.utils import QuotedSegment
from tests.clients import own_session
from tests.raw_server import CLOSE, RESET, STALL, RawServer, answer

pytestmark = pytest.mark.every_transport
# Module constants, because the locals in tracebacks are searched for them.
TOKEN, KEY, HUSH = "t-very-secret", "q very/secret", "p-very-secret"
ALL = ("token", "key", "session")
OK = answer(200, {"ok": True})
DATA = bytes(range(256)) * 4096
SHORT = 0.2  # seconds until a server that says nothing is given up


def get(path="/things", **fields):
    return Exchange("get_things", "GET", path, **fields)


def post(path="/things", **fields):
    return Exchange("make_thing", "POST", path, **{"content": b"{}", **fields})


def credentials():
    return {
        "key": QueryCredential("api_key", KEY),
        "session": CookieCredential("sid", HUSH),
        "basic": BasicCredential("ada", HUSH),
        "header": HeaderCredential("X-API-Key", HUSH),
    }


@pytest.fixture
def serve():
    servers = []

    def start(*script):
        servers.append(RawServer(*script))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def make():
    made = []

    def make_client(server, token=TOKEN, path="", **options):
        options.setdefault("credentials", credentials())
        made.append(RestClient(server.url + path, token, **options))
        made[-1]._api.sleep = lambda seconds: None
        return made[-1]

    yield make_client
    for client in made:
        client.close()


def sent(client, exchange, **options):
    return client._api.send(exchange, **options)


def failure(client, exchange, kind=APIError, **options):
    with pytest.raises(kind) as caught:
        sent(client, exchange, **options)
    return caught.value


def read_all(stream, timeout=5):
    pieces = []
    while True:
        piece = stream.read(timeout)
        if isinstance(piece, Failure) or not piece:
            return b"".join(pieces), piece
        pieces.append(piece)


# What is sent


@pytest.mark.parametrize(
    ("name", "place", "text"),
    [
        ("token", "authorization", f"Bearer {TOKEN}"),
        ("header", "x-api-key", HUSH),
        ("session", "cookie", f"sid={HUSH}"),
        (
            "basic",
            "authorization",
            "Basic " + base64.b64encode(f"ada:{HUSH}".encode()).decode(),
        ),
    ],
)
def test_a_credential_is_sent_where_it_belongs(name, place, text, serve, make):
    server = serve(OK)
    sent(make(server), get(credentials=(name,)))
    assert server.requests[0].headers[place] == text
    others = {"authorization", "x-api-key", "cookie"} - {place}
    assert not others & set(server.requests[0].headers)
    assert server.requests[0].target == "/things"


def test_several_credentials_go_together_beside_what_the_caller_sends(serve, make):
    server = serve(OK)
    sent(make(server), get(query="a=1", headers={"cookie": "b=2"}, credentials=ALL))
    request = server.requests[0]
    assert request.target == "/things?a=1&api_key=q%20very%2Fsecret"
    assert request.headers["cookie"] == f"b=2; sid={HUSH}"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


def test_an_exchange_without_credentials_sends_none(serve, make):
    server = serve(OK)
    sent(make(server), get())
    assert not {"authorization", "cookie"} & set(server.requests[0].headers)


def test_what_the_caller_sends_wins_over_a_credential(serve, make):
    server = serve(OK)
    exchange = get(
        query="api_key=mine",
        headers={"authorization": "Own scheme"},
        credentials=("token", "key"),
    )
    sent(make(server), exchange)
    assert server.requests[0].headers["authorization"] == "Own scheme"
    assert server.requests[0].target == "/things?api_key=mine"


def test_an_unknown_credential_is_named_and_nothing_is_sent(serve, make):
    server = serve(OK)
    error = failure(make(server), get(credentials=("oauth",)), ConfigurationError)
    assert str(error) == (
        "get_things needs the credential 'oauth', which the client does not have"
    )
    assert server.requests == []


@pytest.mark.parametrize(
    "method, status",
    [
        ("GET", 301),
        ("HEAD", 302),
        ("GET", 303),
        ("HEAD", 303),
        ("GET", 307),
        ("HEAD", 308),
    ],
)
def test_a_redirect_on_the_same_origin_keeps_all_credentials(
    method, status, serve, make
):
    server = serve(answer(status, location="/other?a=1"), answer(200))
    sent(make(server), get(credentials=ALL)._replace(method=method))
    there = server.requests[1]
    assert there.method == method
    assert there.target == "/other?a=1&api_key=q%20very%2Fsecret"
    assert there.headers["cookie"] == f"sid={HUSH}"
    assert there.headers["authorization"] == f"Bearer {TOKEN}"


def test_a_redirect_that_repeats_the_query_does_not_double_a_credential(serve, make):
    there = "/things/?api_key=q%20very%2Fsecret"
    server = serve(answer(307, location=there), OK)
    sent(make(server), get(credentials=ALL))
    assert server.requests[1].target == there


@pytest.mark.parametrize("opens", [False, True])
def test_another_origin_receives_neither_a_request_nor_a_credential(opens, serve, make):
    evil = serve(OK)
    server = serve(answer(302, location=f"{evil.url}/things"))
    client = make(server)
    call = client._api.open if opens else client._api.send
    with pytest.raises(NetworkError, match="redirected to another origin"):
        call(get(credentials=ALL))
    assert evil.requests == []


@pytest.mark.parametrize("method", ["DELETE", "GET", "OPTIONS", "PATCH", "PUT"])
def test_every_method_may_have_a_body(method, serve, make):
    server = serve(OK)
    exchange = get(content=b"<x/>", content_type="text/xml")._replace(method=method)
    sent(make(server), exchange)
    request = server.requests[0]
    assert (request.method, request.body) == (method, b"<x/>")
    assert request.headers["content-type"] == "text/xml"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a=1&b=2", "application/x-www-form-urlencoded"),
        (bytes(range(256)), "application/octet-stream"),
        (b'--x\r\n\r\n\r\n--x--"', 'multipart/form-data; boundary="x"'),
        (b"\xff" * (2**20 + 1), "image/png"),
        (b"", "text/plain"),
        (b"untyped", None),
        (b"\xff" * (2**20 + 1), None),
    ],
    ids=["form", "bytes", "multipart", "large", "empty", "untyped", "large untyped"],
)
def test_a_body_is_sent_as_it_is_with_its_type(content, kind, serve, make):
    server = serve(OK)
    sent(make(server), post(content=content, content_type=kind))
    request = server.requests[0]
    assert request.body == content
    assert request.headers.get("content-type") == kind
    assert request.headers["content-length"] == str(len(content))


def test_a_body_of_one_type_does_not_change_the_next_request(serve, make):
    server = serve(OK)
    client = make(server)
    sent(client, post(content=b"a", content_type="text/plain"))
    sent(client, post(content=b"{}", content_type="application/json"))
    sent(client, post(content=None))
    kinds = [request.headers.get("content-type") for request in server.requests]
    assert kinds == ["text/plain", "application/json", None]
    assert server.requests[2].headers["content-length"] == "0"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_request_without_a_body_says_nothing_of_one(method, serve, make):
    server = serve(answer(200))
    sent(make(server), get()._replace(method=method))
    assert not {"content-length", "content-type"} & set(server.requests[0].headers)


def test_headers_of_a_call_win_in_any_case(serve, make):
    server = serve(OK)
    client = make(server, headers={"X-Team": "a"}, workspace="w1")
    given = {"accept": "text/csv", "x-workspace-id": "w2", "x-team": "b"}
    given["content-type"] = "text/plain; charset=utf-8"
    exchange = get(content=b"a", content_type="text/plain")
    sent(client, exchange._replace(headers={**given, "x-request-id": "r-1"}))
    seen = server.requests[0].headers
    assert {name: seen[name] for name in given} == given
    assert seen["x-request-id"] == "r-1"


def test_a_key_of_the_caller_is_sent_and_reported(serve, make):
    server = serve(answer(409))
    client = make(server)
    error = failure(client, post(), ConflictError, idempotency_key="k-1")
    assert error.idempotency_key == "k-1"
    error = failure(client, post(headers={"idempotency-key": "k-2"}), ConflictError)
    assert error.idempotency_key == "k-2"
    failure(client, get(), ConflictError)
    failure(client, post()._replace(method="PATCH"), ConflictError)
    keys = [request.headers.get("idempotency-key") for request in server.requests]
    assert keys[:3] == ["k-1", "k-2", None] and len(keys[3]) == 36


@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "caf\xe9", " a"])
def test_a_header_that_cannot_be_sent_is_refused_before_anything_is_sent(
    text, serve, make
):
    server = serve(OK)
    error = failure(make(server), get(headers={"X-Trace": text}), ValidationError)
    assert str(error) == (
        "the header X-Trace must be printable ASCII text without spaces around it"
    )
    assert server.requests == []


@pytest.mark.parametrize(
    ("template", "ids", "target"),
    [
        ("/a/{b}", {"b": QuotedSegment(";b=1,2%20")}, "/v1/a/;b=1,2%20"),
        ("/a/{id}", {"id": "x/y z?#"}, "/v1/a/x%2Fy%20z%3F%23"),
        ("/{b}/{a}", {"a": "{b}", "b": "1"}, "/v1/1/%7Bb%7D"),
        ("/{file name}/{x-é}", {"file name": "f", "x-é": "g"}, "/v1/f/g"),
        ("/a?beta=true", {}, "/v1/a?beta=true&q=1"),
        ("/{id}:run", {"id": "7"}, "/v1/7:run"),
    ],
)
def test_ids_are_put_into_the_path_below_the_base_url(
    template, ids, target, serve, make
):
    server = serve(OK)
    query = "q=1" if "q=1" in target else ""
    sent(make(server, path="/v1/"), get(template, ids=ids, query=query))
    assert server.requests[0].target == target


# What is read


def test_a_response_of_any_type_is_read_by_the_exchange(serve, make):
    server = serve(answer(201, b"a,b", content_type="text/csv", x_total="7"))
    exchange = post(read=lambda r: (r.status, r.headers["x-total"], r.body))
    assert sent(make(server), exchange) == (201, "7", b"a,b")


@pytest.mark.parametrize("encoding", ["gzip", "identity", ""])
def test_the_response_of_a_head_request_has_headers_and_no_body(encoding, serve, make):
    server = serve(answer(200, content_length="5000", content_encoding=encoding))
    response = sent(make(server), get()._replace(method="HEAD"))
    assert (response.status, response.body) == (200, b"")
    assert response.headers["Content-Length"] == "5000"


def test_a_response_without_a_body_may_announce_a_length(serve, make):
    server = serve(answer(304, content_length="5000"))
    assert failure(make(server, max_retries=0), get()).status_code == 304


def test_a_response_that_cannot_be_read_is_an_error_without_secrets(serve, make):
    def read(response):
        raise UnexpectedResponse(f"no thing: {response.body.decode()}")

    server = serve(answer(200, TOKEN.encode()))
    error = failure(make(server), get(read=read))
    assert error.message == "the server responded with no thing: ***"
    assert (error.status_code, error.transient) == (200, False)


class Gone(APIError):
    """An error of somebody's API."""


@pytest.mark.parametrize("opens", [False, True])
def test_an_error_becomes_the_typed_error_of_the_exchange(opens, serve, make):
    def refine(error, response):
        body = json.loads(response.body)
        gone = Gone(body["title"], status_code=response.status, details=body)
        gone.__dict__.update(request_id=error.request_id)
        return gone

    body = {"title": "gone", "seen": [TOKEN, HUSH, "q%20very%2Fsecret"]}
    server = serve(answer(410, body, x_request_id="r-9"))
    client = make(server)
    call = client._api.open if opens else client._api.send
    with pytest.raises(Gone) as caught:
        call(get(refine=refine, credentials=ALL))
    assert caught.value.details == {"title": "gone", "seen": ["***"] * 3}
    assert caught.value.request_id == "r-9"
    assert str(caught.value) == "410: gone (request id r-9)"


def test_a_body_without_secrets_reaches_the_typed_error_as_it_was_sent(serve, make):
    seen = []
    server = serve(answer(400, b"caf\xe9", content_type="text/plain; charset=latin-1"))
    exchange = get(refine=lambda error, r: seen.append(r.body) or error)
    failure(make(server), exchange)
    assert seen == [b"caf\xe9"]


# What is repeated


def test_a_put_is_sent_again_and_a_post_is_not(serve, make):
    server = serve(answer(502))
    client = make(server, max_retries=2)
    assert len(failure(client, post()._replace(method="PUT")).attempts) == 3
    for exchange in (post(), post()._replace(method="PATCH")):
        error = failure(client, exchange, ServerError)
        assert len(error.attempts) == 1 and error.maybe_executed
    assert len(failure(client, post(reads=True)).attempts) == 3


def test_a_post_is_sent_again_once_the_server_has_echoed_a_key(serve, make):
    server = serve(answer(200, idempotency_key="k-1"), answer(502), RESET, OK)
    client = make(server)
    sent(client, post(), idempotency_key="k-1")
    assert sent(client, post()).status == 200
    keys = {request.headers["idempotency-key"] for request in server.requests[1:]}
    assert len(server.requests) == 4 and len(keys) == 1


def test_a_key_that_one_path_echoes_says_nothing_of_others(serve, make):
    server = serve(answer(200, idempotency_key="k-1"), RESET, RESET)
    client = make(server)
    sent(client, post(), idempotency_key="k-1")
    for other in (post("/others"), post()._replace(method="PATCH")):
        assert failure(client, other, NetworkError).maybe_executed
    assert len(server.requests) == 3


def test_a_call_may_have_a_timeout_and_a_deadline_of_its_own(serve, make):
    server = serve(STALL)
    client = make(server, max_retries=0)
    error = failure(client, get(), RequestTimeoutError, timeout=SHORT)
    assert "(0.2 s)" in str(error)
    assert failure(client, get(), RequestTimeoutError, deadline=SHORT)
    assert failure(client, get(), ValidationError, timeout=-1)
    assert client.timeout == 30


def test_functions_for_credentials_are_asked_once_and_again_after_a_401(serve, make):
    calls = {"token": 0, "key": 0}

    def asked(name):
        calls[name] += 1
        return f"{name}-{calls[name]}"

    server = serve(OK, OK, answer(401), OK)
    known = {"key": HeaderCredential("X-API-Key", lambda: asked("key"))}
    client = make(server, lambda: asked("token"), credentials=known)
    for _ in range(2):
        sent(client, get(credentials=("token", "key")))
    assert sent(client, post(credentials=("key",))).status == 200
    sent(client, get(credentials=("token", "key")))
    seen = [
        (r.headers.get("authorization"), r.headers["x-api-key"])
        for r in server.requests
    ]
    assert seen == [
        ("Bearer token-1", "key-1"),
        ("Bearer token-1", "key-1"),
        (None, "key-1"),
        (None, "key-2"),
        ("Bearer token-1", "key-2"),
    ]


@pytest.mark.parametrize(
    ("credential", "message"),
    [
        (HeaderCredential("X-Key", lambda: "a\nb"), "text that a header can hold"),
        (CookieCredential("sid", lambda: "a;b"), "text that a cookie can hold"),
        (QueryCredential("key", lambda: "\ud800"), "text that a URL can hold"),
        (BasicCredential("ada", lambda: 7), "text, not of type int"),
        (BasicCredential("ada", lambda: "\ud800"), "text that can be encoded"),
        (QueryCredential("key", lambda: ""), "text that is not empty"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_function_must_return_what_its_place_can_hold(
    credential, message, serve, make
):
    server = serve(OK)
    client = make(server, credentials={"mine": credential})
    error = failure(client, get(credentials=("mine",)), AuthenticationError)
    assert error.message == f"the function given as mine must return {message}"
    assert server.requests == []


ASYNC = "key must be a plain function: AsyncRestClient takes async ones"


def test_only_a_client_that_awaits_takes_async_functions(library, serve, make):
    async def ask():
        return "asked"

    server = serve(OK)
    known = {"key": QueryCredential("key", ask)}
    if library == "requests":
        with pytest.raises(ConfigurationError, match=ASYNC):
            make(server, credentials=known)
        return
    sent(make(server, ask, credentials=known), get(credentials=("token", "key")))
    assert server.requests[0].headers["authorization"] == "Bearer asked"
    assert server.requests[0].target == "/things?key=asked"


# Sessions of the caller's


def test_a_session_of_the_callers_sends_everything_as_well(library, serve, make):
    server = serve(answer(307, location="/other"), OK, answer(200, DATA))
    with own_session(library) as session:
        client = make(server, session=session, credentials=credentials())
        exchange = post(content=b"<x/>", content_type="text/xml", credentials=ALL)
        sent(client, exchange._replace(headers={"Cookie": "b=2"}, query="a=1"))
        stream = client._api.open(get(credentials=ALL))
        assert read_all(stream) == (DATA, b"")
        stream.close()
    first, second, third = server.requests
    assert first.target == "/things?a=1&api_key=q%20very%2Fsecret"
    assert second.target == "/other?api_key=q%20very%2Fsecret"
    assert third.target == "/things?api_key=q%20very%2Fsecret"
    for request in (first, second):
        assert request.headers["cookie"] == f"b=2; sid={HUSH}"
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["content-type"] == "text/xml"
        assert request.body == b"<x/>"


@pytest.mark.not_over(
    "httpx",
    reason="its sessions do not say how many connections they have",
)
def test_a_session_without_connections_for_streams_is_told_apart(library, serve, make):
    server = serve(OK)
    if library == "requests":
        session = requests.Session()
        session.mount("http://", HTTPAdapter(pool_maxsize=1, pool_block=True))
        client = make(server, session=session)
    else:
        client = make(server, pool_size=1)
    with pytest.raises(NetworkError, match="there are no connections for streams"):
        client._api.open(get())
    assert sent(client, get()).status == 200
    assert len(server.requests) == 1


# Streams


class Kept(ThreadingHTTPServer):
    """A server that keeps connections, and knows how many there were."""

    daemon_threads = True

    def __init__(self):
        self.opened = 0
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        """Say nothing: clients may close early."""

    def get_request(self):
        self.opened += 1
        return super().get_request()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/zip")
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
        else:
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"abcdef")

    def log_message(self, *_):
        pass


@pytest.fixture
def kept():
    with Kept() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/chunked", "/whole"])
def test_a_stream_read_to_its_end_leaves_its_connection_to_the_next(path, kept, make):
    client = make(kept)
    for _ in range(3):
        stream = client._api.open(get(path))
        assert stream.status == 200
        assert stream.headers["content-type"] == "application/zip"
        assert read_all(stream) == (b"abcdef", b"")
        assert stream.read(1) == b""
        stream.close()
        stream.close()
    assert sent(client, get(path)).body == b"abcdef"
    assert kept.opened == 1


def test_a_stream_closed_early_leaves_connections_for_others(kept, make):
    client = make(kept, pool_size=2)
    for _ in range(5):
        client._api.open(get("/whole")).close()
    assert sent(client, get("/whole")).body == b"abcdef"


def test_more_streams_than_connections_wait_for_one_in_vain(kept, make):
    client = make(kept, pool_size=2, max_retries=0)
    streams = []
    with pytest.raises(RequestTimeoutError, match="no connection was free in time"):
        while True:
            streams.append(client._api.open(get("/whole"), timeout=SHORT))
    assert 1 <= len(streams) <= 2
    assert sent(client, get("/whole")).status == 200
    streams.pop().close()
    streams.append(client._api.open(get("/whole")))
    for stream in streams:
        stream.close()


def test_streams_that_cannot_be_opened_take_no_connection(serve, make):
    server = serve(*[answer(404), RESET] * 3, answer(200, DATA))
    client = make(server, pool_size=2, max_retries=0)
    for _ in range(6):
        with pytest.raises((APIError, NetworkError)):
            client._api.open(get())
    stream = client._api.open(get(), timeout=5)
    assert read_all(stream) == (DATA, b"")
    stream.close()


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
def test_a_stream_is_decompressed(encoding, compress, serve, make):
    server = serve(answer(206, compress(DATA), content_encoding=encoding))
    stream = make(server)._api.open(get())
    assert read_all(stream) == (DATA, b"")
    stream.close()
    assert "gzip" in server.requests[0].headers["accept-encoding"]


BOMB = gzip.compress(bytes(50 * 2**20))


def test_a_stream_that_expands_is_read_in_small_pieces(serve, make):
    server = serve(answer(200, BOMB, content_encoding="gzip"))
    stream = make(server)._api.open(get())
    size, piece = 0, b" "
    while piece:
        piece = stream.read(5)
        assert len(piece) <= 2**20
        size += len(piece)
    stream.close()
    assert size == 50 * 2**20


HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN = {
    "length": answer(200, b"abc", content_length="9"),
    "chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc",
    "gzip": answer(200, gzip.compress(DATA)[:-9], content_encoding="gzip"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_stream_that_breaks_off_says_so(how, serve, make):
    server = serve(BROKEN[how])
    stream = make(server)._api.open(get())
    data, end = read_all(stream)
    assert end.message == "the response was cut short"
    assert b"abc".startswith(data) or DATA.startswith(data)
    stream.close()


def test_broken_compression_of_a_stream_says_so(serve, make):
    server = serve(answer(200, b"no gzip at all", content_encoding="gzip"))
    stream = make(server)._api.open(get())
    assert read_all(stream)[1].message == "the response's compression is broken"
    stream.close()


def test_a_stream_that_stalls_ends_a_read_in_time(serve, make):
    server = serve((HEAD + b"Content-Length: 9\r\n\r\nabc", STALL))
    stream = make(server)._api.open(get())
    data, end = read_all(stream, SHORT)
    assert data == b"abc" and end.timed_out
    stream.close()


def test_an_unknown_compression_of_a_stream_is_refused(serve, make):
    server = serve(answer(200, b"x", content_encoding="br"))
    with pytest.raises(NetworkError, match="compressed as 'br'"):
        make(server)._api.open(get())


def test_opening_a_stream_is_repeated_and_bounded(serve, make):
    server = serve(answer(503), CLOSE, answer(204))
    stream = make(server)._api.open(get())
    assert (stream.status, read_all(stream)) == (204, (b"", b""))
    assert stream.call.path == "/things"
    stream.close()
    with pytest.raises(RequestTimeoutError):
        make(serve(STALL), max_retries=0)._api.open(get(), timeout=SHORT)


# What is never shown

SECRETS = (TOKEN, KEY, HUSH, "very%2Fsecret", "very/secret")


def shown(error):
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(frames.format()) + repr(vars(error)) + repr(error.__context__)


@pytest.mark.parametrize(
    "fault",
    [
        answer(401, {"detail": f"{TOKEN} {KEY} {HUSH}"}),
        answer(302, location="http://evil.test/"),
        answer(302, location=f"http://{TOKEN}.test/"),
        RESET,
        b"garbage\r\n\r\n",
    ],
    ids=["echo", "redirect", "echoing redirect", "reset", "no http"],
)
def test_no_error_log_or_hook_shows_a_credential(fault, serve, make, caplog):
    caplog.set_level(logging.DEBUG)
    events = []
    server = serve(fault)
    hooks = dict.fromkeys(("request", "response", "retry"), events.append)
    client = make(server, max_retries=1, event_hooks=hooks)
    error = failure(client, get(credentials=ALL), (APIError, NetworkError))
    text = shown(error) + caplog.text + repr(events)
    text += repr([vars(record) for record in caplog.records])
    assert not [secret for secret in SECRETS if secret in text]
    assert "api_key=" in server.requests[0].target


def test_the_logs_of_the_libraries_show_no_credential(serve, make, caplog):
    caplog.set_level(logging.DEBUG)
    sent(make(serve(OK)), get(query="page=2", credentials=ALL))
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_no_object_shows_a_credential(serve, make):
    client = make(serve(OK))
    sent(client, get(credentials=ALL))
    things = [client, client._api.settings, *credentials().values()]
    text = repr(things) + repr([getattr(thing, "__dict__", "") for thing in things])
    text += repr(get(headers={"X": HUSH}, content=HUSH.encode()))
    assert not [secret for secret in SECRETS if secret in text]


# Settings and life


def test_it_reads_no_variable_and_no_profile_of_ai_spine(serve, make, monkeypatch):
    for name in ("API_KEY", "BASE_URL", "TIMEOUT", "MAX_RETRIES", "TENANT", "PROFILE"):
        monkeypatch.setenv(f"AI_SPINE_{name}", "wrong")
    server = serve(OK)
    client = make(server, None, credentials={})
    sent(client, get())
    assert (client.base_url, client.timeout) == (server.url, 30)
    assert not {"x-tenant-id", "authorization"} & set(server.requests[0].headers)


def test_a_client_with_other_options_shares_credentials_and_connections(serve, make):
    server = serve(OK)
    client = make(server)
    other = client.with_options(timeout=5, headers={"X-Team": "a"}, tenant="t")
    sent(other, get(credentials=ALL))
    seen = server.requests[0].headers
    assert (seen["x-team"], seen["x-tenant-id"]) == ("a", "t")
    assert seen["authorization"] == f"Bearer {TOKEN}"
    assert other.session is client.session
    assert repr(other) == f"RestClient(base_url={server.url!r})"


def test_it_travels_with_its_credentials(serve, make):
    server = serve(OK)
    client = make(server)
    for other in (pickle.loads(pickle.dumps(client)), copy.copy(client)):
        with other:
            sent(other, get(credentials=ALL))
    for request in server.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["cookie"] == f"sid={HUSH}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": "no url"}, "base_url .* such as https://api.example.com$"),
        ({"base_url": "http://a:b@c"}, "user name or password: use a credential"),
        ({"token": 7}, "the token of HeaderCredential must be text, not of type int"),
        ({"token": "a\n"}, "must be text that a header can hold"),
        ({"credentials": 7}, "credentials must be a mapping of names"),
        ({"credentials": {"key": "k"}}, "must map names to credentials such as"),
        (
            {"token": "t", "credentials": {"token": HeaderCredential("X", "k")}},
            "credentials must not have 'token' beside token",
        ),
        ({"timeout": 0}, "timeout must be"),
        ({"max_retries": -1}, "max_retries must be"),
        ({"tenant": "a\n"}, "tenant must be printable"),
        ({"headers": {"Authorization": "x"}}, "which the client sets: use token$"),
    ],
)
def test_a_wrong_setting_is_refused(options, message):
    with pytest.raises(ConfigurationError, match=message):
        RestClient(**{"base_url": "https://api.test", **options})


@pytest.mark.only_sync("both are classes of one source")
def test_the_client_of_ai_spine_is_one_as_well():
    with AISpine(base_url="https://api.test") as client:
        assert isinstance(client, RestClient)


def test_an_empty_token_is_none(serve, make):
    client = make(serve(OK), "", credentials={})
    assert client._api.settings.credentials == {}


def test_a_credential_over_plain_http_is_warned_of(library):
    with pytest.warns(InsecureTransportWarning, match=".test over plain http"):
        RestClient(f"http://rest-{library}.test", "t")
