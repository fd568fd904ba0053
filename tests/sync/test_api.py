"""Tests of what goes over the wire, what is repeated, and what comes back as which error."""

import copy
import gzip
import logging
import pickle
import socket
import uuid
from time import monotonic
from types import SimpleNamespace

import pytest

from ai_spine import (
    AISpine,
    AISpineError,
    APIError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    NetworkError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TimeoutError,
    ValidationError,
)
from ai_spine._sync.api import ApiClient
from ai_spine.operations import GET_FLOW, Operation
from ai_spine.policy.request_events import log_to_stderr
from ai_spine.transport.requests import RequestsTransport, bodies, direct, transport
from tests.clients import cookies_of, limit_bodies, own_session
from tests.raw_server import (
    CLOSE,
    RESET,
    STALL,
    TRICKLE,
    RawServer,
    answer,
    full_listener,
)

pytestmark = pytest.mark.every_client
KEY = "sk-very-secret"  # never a local: tracebacks with locals are searched for it
STARTED = answer(200, {"execution_id": "e", "status": "pending"})
FLOW = answer(200, {"flow_id": "f", "nodes": []})
OK = answer(200, {"ok": True})
SHORT = 0.2  # seconds until a server that says nothing is given up

UNCERTAIN = {
    "408": answer(408),
    "500": answer(500, {"detail": "'agent_id'"}),
    "502": answer(502, b"<html>Bad Gateway</html>"),
    "504": answer(504),
    "522": answer(522),
    "reset": RESET,
    "closed": CLOSE,
    "no answer": STALL,
    "cut short": answer(200, b"{", content_length="9"),
    "no body": answer(200, b"", content_length="9"),
    "cut status": b"HTTP/1.1 2",
    "no http": b"220 mail.test ESMTP\r\n\r\n",
    "cut headers": b"HTTP/1.1 200 OK\r\nX-Some",
    "cut after a header": b"HTTP/1.1 200 OK\r\nX-Some: thing\r\n",
    "cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{",
}
NOT_DONE = {"429": answer(429), "503": answer(503, {"detail": "busy"})}
METHODS = ["GET", "PUT", "DELETE", "POST"]


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []
        self.oversleeps = 0.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds + self.oversleeps


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def make_client(time):
    """Make clients whose time is `time`, and closes them."""
    clients = []

    def make(server, api_key=None, **options):
        client = AISpine(api_key, getattr(server, "url", server), **options)
        client._api.clock, client._api.sleep = time.clock, time.sleep
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def serve():
    """Start servers with a script, and stops them."""
    servers = []

    def start(*script, **options):
        servers.append(RawServer(*script, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def send(client, method, path="/things", **rest):
    """Send an operation of any method, with what it reads left as it is."""
    return client._api.call(Operation("thing", method, path, lambda data: data), **rest)


def failure(function, *args, **kwargs):
    """Return the error of the SDK that a call raises."""
    with pytest.raises(AISpineError) as caught:
        function(*args, **kwargs)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


# What is repeated


@pytest.mark.parametrize("retry_writes", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cause", NOT_DONE)
def test_what_the_server_did_not_do_is_sent_again(
    serve, make_client, cause, method, retry_writes
):
    server = serve(NOT_DONE[cause], NOT_DONE[cause], OK)
    client = make_client(server, retry_writes=retry_writes)
    assert send(client, method) == {"ok": True}
    assert [request.method for request in server.requests] == [method] * 3


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("cause", UNCERTAIN)
def test_what_may_have_run_is_sent_again_where_that_is_harmless(
    serve, make_client, cause, method
):
    server = serve(UNCERTAIN[cause], OK)
    client = make_client(server, timeout=SHORT if cause == "no answer" else 30)
    assert send(client, method) == {"ok": True}
    assert len(server.requests) == 2


@pytest.mark.parametrize("cause", UNCERTAIN)
def test_a_post_that_may_have_run_goes_out_once_and_says_so(serve, make_client, cause):
    server = serve(UNCERTAIN[cause], OK)
    client = make_client(server, timeout=SHORT if cause == "no answer" else 30)
    error = failure(client.execute_flow, "f", {})
    assert len(server.requests) == 1
    assert error.maybe_executed is True
    assert error.idempotency_key == server.requests[0].headers["idempotency-key"]
    assert "it may have run" in str(error) and error.idempotency_key in str(error)
    assert len(error.attempts) == 1 and error.attempts[0].delay is None


@pytest.mark.parametrize("cause", UNCERTAIN)
def test_with_retry_writes_a_post_that_may_have_run_is_sent_again(
    serve, make_client, cause
):
    server = serve(UNCERTAIN[cause], STARTED)
    timeout = SHORT if cause == "no answer" else 30
    client = make_client(server, timeout=timeout, retry_writes=True)
    assert client.execute_flow("f", {}).execution_id == "e"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "cause, kind, words",
    [
        (RESET, NetworkError, "the connection was lost: Connection reset by peer"),
        (CLOSE, NetworkError, "the connection was closed without a response"),
        (b"garbage\r\n\r\n", NetworkError, "the response is not HTTP"),
        (UNCERTAIN["cut chunk"], NetworkError, "the response was cut short"),
        (UNCERTAIN["cut headers"], NetworkError, "the response was cut short"),
        (
            answer(200, b"{", content_length="9"),
            NetworkError,
            "the response was cut short",
        ),
    ],
    ids=["reset", "closed", "garbage", "cut-chunk", "cut-headers", "cut-short"],
)
def test_a_lost_connection_is_a_network_error_of_one_sentence(
    serve, make_client, cause, kind, words, library
):
    server = serve(cause)
    error = failure(make_client(server).create_agent, {"agent_id": "a"})
    assert type(error) is kind
    if library != "requests" and cause == UNCERTAIN["cut headers"]:
        words = "the connection was closed without a response"  # all that they say
    assert str(error).startswith(f"{server.url}: {words}")
    assert "(POST /agents, request id " in str(error)
    assert error.request_id == server.requests[0].headers["x-request-id"]


def test_a_server_that_says_nothing_is_a_timeout_and_a_network_error(
    serve, make_client
):
    server = serve(STALL)
    error = failure(make_client(server, timeout=SHORT, max_retries=1).get_flow, "f")
    assert type(error) is RequestTimeoutError
    assert isinstance(error, (NetworkError, TimeoutError)) and isinstance(
        error, OSError
    )
    assert error.message == f"{server.url}: no response in time (0.2 s)"
    assert error.maybe_executed is False
    assert len(server.requests) == len(error.attempts) == 2


@pytest.mark.parametrize("retry_writes", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_a_refused_connection_is_tried_again(serve, make_client, method, retry_writes):
    server = serve(OK, listening=False)
    client = make_client(server, retry_writes=retry_writes)
    client._api.sleep = lambda _: server.listen()
    assert send(client, method) == {"ok": True}
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_connection_that_is_always_refused_is_an_error_that_ran_nothing(
    serve, make_client, time, method
):
    server = serve(listening=False)
    error = failure(send, make_client(server, max_retries=2), method)
    assert type(error) is NetworkError
    assert error.maybe_executed is False and "may have run" not in str(error)
    assert error.message == f"{server.url}: could not connect: Connection refused"
    assert len(error.attempts) == 3 and len(time.slept) == 2


@pytest.mark.parametrize("method", METHODS)
def test_a_connection_that_does_not_stand_in_time_is_tried_again(make_client, method):
    with full_listener() as url:
        client = make_client(url, max_retries=2, timeout=SHORT)
        error = failure(send, client, method)
    assert type(error) is RequestTimeoutError
    assert error.message.endswith("could not connect in time (0.2 s)")
    assert error.maybe_executed is False
    assert len(error.attempts) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_nobody_knows_is_tried_again(make_client, monkeypatch, method):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    error = failure(send, make_client("http://api.test", max_retries=1), method)
    assert (
        error.message == "http://api.test: could not connect: Name or service not known"
    )
    assert len(error.attempts) == 2 and error.maybe_executed is False
    assert error.unresolved is True


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_tls_that_never_began_is_tried_again(serve, make_client, method):
    server = serve(answer(400, b"this is plain http"))
    client = make_client(server.url.replace("http", "https"), max_retries=1)
    error = failure(send, client, method)
    assert "TLS" in str(error) and error.maybe_executed is False
    assert [request.method for request in server.requests] == ["TLS"] * 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 501, 505, 304])
@pytest.mark.parametrize("method", METHODS)
def test_a_refusal_is_never_repeated(serve, make_client, status, method):
    server = serve(answer(status))
    error = failure(send, make_client(server, retry_writes=True), method)
    assert error.status_code == status
    assert error.maybe_executed is False and error.transient is False
    assert len(server.requests) == 1


def test_without_retries_nothing_is_repeated(serve, make_client):
    server = serve(answer(503))
    failure(make_client(server, max_retries=0).get_flow, "f")
    assert len(server.requests) == 1


def test_the_error_of_the_last_attempt_says_that_an_earlier_one_may_have_run(
    serve, make_client
):
    server = serve(RESET, answer(409, {"detail": "key in use"}))
    error = failure(make_client(server, retry_writes=True).execute_flow, "f", {})
    assert type(error) is ConflictError
    assert error.maybe_executed is True and "it may have run" in str(error)


@pytest.mark.parametrize("key", [None, "order-4711"])
def test_all_attempts_of_a_post_carry_one_key_one_request_id_and_one_body(
    serve, make_client, key
):
    server = serve(answer(503), answer(429), STARTED)
    make_client(server).execute_flow("f", {"a": 1}, idempotency_key=key)
    first, *others = server.requests
    for name in ("idempotency-key", "x-request-id"):
        assert {request.headers[name] for request in others} == {first.headers[name]}
    assert [request.body for request in others] == [first.body] * 2
    assert first.headers["idempotency-key"] == (key or first.headers["idempotency-key"])


def test_each_call_has_a_key_and_a_request_id_of_its_own(serve, make_client):
    server = serve(STARTED)
    client = make_client(server)
    for _ in range(2):
        client.execute_flow("f", {})
    for name in ("idempotency-key", "x-request-id"):
        ids = [uuid.UUID(request.headers[name]) for request in server.requests]
        assert ids[0] != ids[1]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_is_harmless_to_repeat_carries_no_key(serve, make_client, method):
    server = serve(OK)
    send(make_client(server), method)
    assert "idempotency-key" not in server.requests[0].headers


# How long is slept


def test_the_sleeps_between_attempts_are_full_jitter(serve, make_client, time):
    server = serve(answer(503))
    error = failure(make_client(server, max_retries=6).get_flow, "f")
    assert len(time.slept) == 6
    for slept, most in zip(time.slept, [0.5, 1, 2, 4, 8, 8]):
        assert 0 <= slept <= most
    assert [attempt.number for attempt in error.attempts] == [1, 2, 3, 4, 5, 6, 7]
    assert [attempt.delay for attempt in error.attempts] == time.slept + [None]
    assert {attempt.outcome for attempt in error.attempts} == {"status 503"}
    assert "(GET /flows/f, 7 attempts, request id " in str(error)


@pytest.mark.parametrize("seconds", ["0", "7", "1.5", "60"])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_slept_exactly(
    serve, make_client, time, status, seconds
):
    server = serve(answer(status, retry_after=seconds), FLOW)
    make_client(server).get_flow("f")
    assert time.slept == [float(seconds)]


def test_retry_after_in_the_past_retries_at_once(serve, make_client, time):
    server = serve(answer(503, retry_after="Fri, 01 Jan 1999 00:00:00 GMT"), FLOW)
    make_client(server).get_flow("f")
    assert time.slept == [0]


@pytest.mark.parametrize("text", ["-5", "soon", "nan", "inf", ""])
def test_retry_after_that_makes_no_sense_leaves_the_jitter(
    serve, make_client, time, text
):
    server = serve(answer(503, retry_after=text), FLOW)
    make_client(server).get_flow("f")
    assert len(time.slept) == 1 and 0 <= time.slept[0] <= 0.5


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("60.5", 60.5),
        ("3600", 3600.0),
        ("9" * 20, 1e20),
        ("Tue, 01 Jan 2999 00:00:00 GMT", None),
    ],
)
def test_retry_after_beyond_a_minute_is_raised_at_once(
    serve, make_client, time, text, seconds
):
    server = serve(answer(429, {"detail": "slow down"}, retry_after=text), FLOW)
    error = failure(make_client(server).get_flow, "f")
    assert type(error) is RateLimitError
    assert error.retry_after == (seconds or error.retry_after) > 60
    assert time.slept == [] and len(server.requests) == 1


def test_a_deadline_that_the_next_sleep_would_pass_ends_the_call(
    serve, make_client, time
):
    server = serve(answer(503, {"detail": "busy"}, retry_after="3"))
    error = failure(make_client(server, deadline=5, max_retries=9).get_flow, "f")
    assert type(error) is ServerError and error.message == "busy"
    assert error.retry_after == 3
    assert time.slept == [3.0] and len(server.requests) == 2


def test_the_shorter_of_two_deadlines_holds(serve, make_client, time):
    server = serve(answer(503, retry_after="3"))
    client = make_client(server, deadline=50, max_retries=9)
    failure(client._api.call, GET_FLOW, ids={"flow_id": "f"}, deadline=5)
    assert time.slept == [3.0]


def test_a_deadline_bounds_an_attempt_as_well(serve, make_client):
    server = serve(STALL)
    error = failure(make_client(server, deadline=SHORT, max_retries=0).get_flow, "f")
    assert error.message.endswith("no response in time (0.2 s)")


def test_nothing_is_sent_once_the_deadline_is_over(serve, make_client, time):
    server = serve(answer(503, retry_after="1"), FLOW)
    time.oversleeps = 100
    error = failure(make_client(server, deadline=5).get_flow, "f")
    assert type(error) is RequestTimeoutError
    assert "the deadline has passed" in str(error)
    assert len(server.requests) == 1


def read_late(monkeypatch):
    """Let the deadline pass between sending a request and reading the body."""
    for module in (transport, direct):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 0))
    monkeypatch.setattr(bodies, "time", SimpleNamespace(monotonic=lambda: 100))


@pytest.mark.only_sync("it sets the clock of one library")
def test_a_body_that_is_not_complete_in_time_is_a_timeout(
    serve, make_client, monkeypatch
):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n \r\n0\r\n\r\n"
    server = serve(chunked)
    client = make_client(server, max_retries=0)
    read_late(monkeypatch)
    error = failure(client.get_flow, "f")
    assert type(error) is RequestTimeoutError
    assert error.message.endswith("the response was not complete in time (30 s)")


def test_an_answer_that_trickles_in_is_given_up_in_time(serve, make_client):
    server = serve((answer(200, content_length="1000"), TRICKLE))
    client = make_client(server, timeout=SHORT, max_retries=0)
    client._api.clock = monotonic
    error = failure(client.get_flow, "f")
    server.stop()
    assert type(error) is RequestTimeoutError
    assert server.trickled_out is False


def test_a_response_that_is_complete_but_late_is_read(serve, make_client, monkeypatch):
    client = make_client(serve(FLOW), max_retries=0)
    read_late(monkeypatch)
    assert client.get_flow("f").flow_id == "f"


def test_the_longest_timeout_is_one_that_sockets_can_take(serve, make_client):
    assert make_client(serve(FLOW), timeout=1e9).get_flow("f").flow_id == "f"


# What is sent


def test_each_request_of_a_client_names_its_tenant_and_no_other_clients_do(
    serve, make_client
):
    server = serve(FLOW, UNCERTAIN["500"], FLOW, FLOW, FLOW, FLOW)
    client = make_client(server, tenant="acme", workspace="ws-1", max_retries=1)
    client.get_flow("f")
    client.get_flow("f")
    client.with_options(tenant="beta").get_flow("f")
    client.with_options(tenant="", workspace="").get_flow("f")
    make_client(server).get_flow("f")
    names = ("x-tenant-id", "x-workspace-id")
    sent = [
        tuple(request.headers.get(name) for name in names)
        for request in server.requests
    ]
    own = ("acme", "ws-1")
    assert sent == [own, own, own, ("beta", "ws-1"), (None, None), (None, None)]


def test_the_headers_of_the_tenant_can_have_other_names(serve, make_client):
    server = serve(FLOW)
    names = {"tenant_header": "X-Org", "workspace_header": "X-Team"}
    client = make_client(
        server, tenant="acme", workspace="w", headers={"X-Tenant-Id": "own"}, **names
    )
    client.get_flow("f")
    headers = server.requests[0].headers
    assert [headers["x-org"], headers["x-team"]] == ["acme", "w"]
    assert headers["x-tenant-id"] == "own"
    for name in names.values():
        with pytest.raises(ConfigurationError, match=f"headers must not set {name}"):
            client.with_options(headers={name: "x"})


def test_a_copy_of_a_client_in_another_process_has_its_tenant(serve, make_client):
    server = serve(FLOW)
    client = make_client(server, tenant="acme")
    with pickle.loads(pickle.dumps(client)) as copied:
        copied.get_flow("f")
    assert server.requests[0].headers["x-tenant-id"] == "acme"


def test_a_request_carries_the_headers_of_the_sdk_and_those_given(serve, make_client):
    server = serve(STARTED)
    client = make_client(server, KEY, headers={"X-Team": "a", "user-agent": "mine"})
    client.execute_flow("f", {"text": "ñ"}, {"m": None})
    request = server.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-team"] == "a"
    assert request.headers["user-agent"] == "mine"
    assert "gzip" in request.headers["accept-encoding"]
    expected = {"flow_id": "f", "input_data": {"text": "ñ"}, "metadata": {"m": None}}
    assert request.json == expected


def test_a_get_has_neither_body_nor_content_type(serve, make_client):
    server = serve(FLOW)
    make_client(server).get_flow("f")
    request = server.requests[0]
    assert request.body == b"" and "content-type" not in request.headers
    assert request.headers["user-agent"].startswith("ai-spine-sdk-python/")
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "flow_id, target",
    [
        ("a/b", "/base/api/v1/flows/a%2Fb"),
        ("../x?y#z", "/base/api/v1/flows/..%2Fx%3Fy%23z"),
        ("%2e%2e", "/base/api/v1/flows/%252e%252e"),
        ("ñ ;", "/base/api/v1/flows/%C3%B1%20%3B"),
        ("...", "/base/api/v1/flows/..."),
    ],
)
def test_an_id_arrives_as_one_segment_under_base_and_prefix(
    serve, make_client, flow_id, target
):
    server = serve(FLOW)
    client = make_client(server.url + "/base/", api_prefix="api/v1")
    client.get_flow(flow_id)
    assert server.requests[0].target == target


def test_query_parameters_are_encoded_and_left_out_if_none(serve, make_client):
    server = serve(answer(200, {"executions": []}))
    make_client(server).list_executions("a&b", limit=5)
    assert server.requests[0].target == "/executions?flow_id=a%26b&limit=5"


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get_flow(".."),
        lambda client: client.delete_agent(""),
        lambda client: client.get_execution("a\nb"),
        lambda client: client.execute_flow("f", None),
        lambda client: client.execute_flow("f", {"x": {1}}),
        lambda client: client.execute_flow("f", {}, {"x": float("nan")}),
        lambda client: client.execute_flow("f", {}, idempotency_key="a\nb"),
        lambda client: client.create_agent({"name": "no id"}),
        lambda client: client.create_agent({"agent_id": "a", 5: {"x": {1}}}),
        lambda client: client.list_executions(limit=0),
        lambda client: client.wait_for_execution("e", timeout=-1),
        lambda client: client.execute_and_wait("f", {}, interval=0),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(serve, make_client, call):
    server = serve(OK)
    error = failure(call, make_client(server))
    assert type(error) is ValidationError
    assert server.requests == []


# What comes back


@pytest.mark.parametrize(
    "body, words",
    [
        (b"<html></html>", "the response is not JSON (unknown type, 13 bytes)"),
        (b"\xff\xfe", "the response is not JSON (unknown type, 2 bytes)"),
        (b'{"a": ', "the response is not JSON (unknown type, 6 bytes)"),
        (b"[" * 10**5, "the response is not JSON (unknown type, 100000 bytes)"),
        (b"", "the server responded with nothing where a JSON object was expected"),
        (b" \n", "the server responded with nothing where a JSON object was expected"),
        (b"null", "the server responded with nothing where a JSON object was expected"),
        (
            b"[]",
            "the server responded with a JSON array where a JSON object was expected",
        ),
        (
            b'"f"',
            "the server responded with a JSON string where a JSON object was expected",
        ),
    ],
    ids=lambda value: repr(value[:6]) if isinstance(value, bytes) else "",
)
def test_an_answer_that_cannot_be_read_is_an_api_error(serve, make_client, body, words):
    server = serve(answer(200, body))
    error = failure(make_client(server).get_flow, "f")
    assert type(error) is APIError
    assert (error.status_code, error.message) == (200, words)
    assert error.transient is False and len(server.requests) == 1


def test_a_post_whose_answer_cannot_be_read_may_have_run(serve, make_client):
    server = serve(answer(200, b"<html>", content_type="text/html"))
    error = failure(make_client(server, retry_writes=True).execute_flow, "f", {})
    assert error.message == "the response is not JSON (text/html, 6 bytes)"
    assert error.maybe_executed is True and len(server.requests) == 1


def test_a_list_where_there_is_none_is_named(serve, make_client):
    error = failure(make_client(serve(answer(200, {"agents": []}))).list_flows)
    assert error.message == "the server responded with no list of flows"


@pytest.mark.parametrize(
    "reply", [answer(204), answer(200), answer(200, {"message": "gone"})]
)
def test_a_deletion_needs_no_body(serve, make_client, reply):
    assert make_client(serve(reply)).delete_agent("a") is True


def test_a_compressed_answer_is_read(serve, make_client):
    body = gzip.compress(b'{"flow_id": "f"}')
    server = serve(answer(200, body, content_encoding="gzip"))
    assert make_client(server).get_flow("f").flow_id == "f"


@pytest.mark.parametrize("method, maybe", [("GET", False), ("POST", True)])
def test_a_compression_that_is_broken_is_not_tried_again(
    serve, make_client, method, maybe
):
    server = serve(answer(200, b"not gzip at all", content_encoding="gzip"))
    error = failure(send, make_client(server, retry_writes=True), method)
    assert error.message.endswith("the response's compression is broken")
    assert error.maybe_executed is maybe and len(server.requests) == 1


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_answer_beyond_the_limit_is_not_read(
    serve, make_client, monkeypatch, compress
):
    limit_bodies(monkeypatch, 2**20)
    coding = {} if compress is bytes else {"content_encoding": "gzip"}
    server = serve(answer(200, compress(b" " * (2**20 + 1)), **coding))
    error = failure(make_client(server).get_flow, "f")
    assert type(error) is NetworkError
    assert error.message.endswith("the response is larger than 1 MiB")
    assert len(server.requests) == 1


def test_an_answer_of_just_the_limit_is_read(serve, make_client, monkeypatch):
    body = b'{"flow_id": "f"}'
    limit_bodies(monkeypatch, len(body))
    assert make_client(serve(answer(200, body))).get_flow("f").flow_id == "f"


def test_an_error_has_the_request_id_of_the_response(serve, make_client):
    server = serve(answer(404, {"detail": "Flow 'f' not found"}, x_request_id="srv-1"))
    error = failure(make_client(server).get_flow, "f")
    assert type(error) is NotFoundError and error.request_id == "srv-1"
    assert str(error) == "404: Flow 'f' not found (GET /flows/f, request id srv-1)"


@pytest.mark.filterwarnings("ignore::ai_spine.InsecureTransportWarning")
def test_a_key_is_sent_to_a_host_with_an_international_name(serve, make_client):
    proxy = serve(FLOW)
    client = make_client("http://bücher.test", KEY, proxies={"http": proxy.url})
    client.get_flow("f")
    assert proxy.requests[0].target == "http://xn--bcher-kva.test/flows/f"
    assert proxy.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_follows_a_redirect_within_its_origin(serve, make_client, status):
    server = serve(answer(status, location="/new?x=1"), FLOW)
    assert make_client(server, KEY).get_flow("f").flow_id == "f"
    assert [request.target for request in server.requests] == ["/flows/f", "/new?x=1"]
    assert server.requests[1].headers["authorization"] == f"Bearer {KEY}"


def test_five_redirects_are_followed_and_a_sixth_is_not(serve, make_client):
    server = serve(*[answer(302, location="/again")] * 5, FLOW)
    assert make_client(server).get_flow("f").flow_id == "f"
    server = serve(answer(302, location="/again"))
    error = failure(make_client(server).get_flow, "f")
    assert "redirected more than 5 times" in str(error)
    assert len(server.requests) == 6


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_follows_a_redirect_that_keeps_the_method(serve, make_client, status):
    server = serve(answer(status, location="/elsewhere"), STARTED)
    make_client(server, KEY).execute_flow("f", {"a": 1})
    first, second = server.requests
    assert (second.method, second.target) == ("POST", "/elsewhere")
    assert second.body == first.body
    assert second.headers["idempotency-key"] == first.headers["idempotency-key"]


@pytest.mark.parametrize("status", [301, 302, 303])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_redirect_that_would_change_the_method_is_refused(
    serve, make_client, status, method
):
    server = serve(answer(status, location="/elsewhere"), OK)
    error = failure(send, make_client(server, retry_writes=True), method)
    assert f"redirected a {method} ({status})" in str(error)
    assert type(error) is NetworkError and len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_origin_is_refused(serve, make_client, status, method):
    other = serve(OK)
    server = serve(answer(status, location=other.url + "/steal?token=hush"))
    error = failure(send, make_client(server, KEY), method)
    assert f"redirected to another origin, {other.url}, which is not followed" in str(
        error
    )
    assert "hush" not in str(error)
    assert other.requests == [] and len(server.requests) == 1


@pytest.mark.parametrize(
    "location", ["https://{0}/x", "//127.0.0.2/x", "http://{0}@evil.test/x"]
)
def test_another_scheme_or_host_is_another_origin(serve, make_client, location):
    server = serve()
    server._script[:] = [answer(302, location=location.format(server.url[7:]))]
    assert "another origin" in str(failure(make_client(server, KEY).get_flow, "f"))


@pytest.mark.parametrize("location", ["http://[::1", "http://h:99999/"])
def test_a_redirect_to_what_is_no_url_is_refused(serve, make_client, location):
    server = serve(answer(302, location=location))
    error = failure(make_client(server).get_flow, "f")
    assert (
        "the server redirected to an invalid URL" in str(error)
        and len(server.requests) == 1
    )


def test_the_body_of_a_redirect_is_not_read(serve, make_client):
    endless = (answer(302, b"", location="/new", content_length="999999999"), STALL)
    client = make_client(serve(endless, FLOW), timeout=SHORT, max_retries=0)
    assert client.get_flow("f").flow_id == "f"


def test_a_redirect_without_a_target_is_an_error_answer(serve, make_client):
    assert failure(make_client(serve(answer(302))).get_flow, "f").status_code == 302


# The log, proxies, and what requests would bring along


def test_the_log_shows_each_attempt_and_each_sleep(serve, make_client, caplog):
    caplog.set_level(logging.DEBUG, logger="ai_spine")
    server = serve(answer(503, retry_after="2"), FLOW)
    make_client(server).get_flow("f")
    first, again, last = [record.getMessage() for record in caplog.records]
    request_id = server.requests[0].headers["x-request-id"]
    assert first == f"GET /flows/f -> 503 in 0 ms (attempt 1, request id {request_id})"
    assert again.startswith(
        "GET /flows/f: retrying in 2.00 s because of status 503 (attempt 1"
    )
    assert last.startswith("GET /flows/f -> 200 in 0 ms (attempt 2")


def test_a_proxy_that_is_given_wins_over_the_one_of_the_environment(
    serve, make_client, monkeypatch
):
    given, other = serve(FLOW), serve(FLOW)
    monkeypatch.setenv("http_proxy", other.url)
    client = make_client("http://api.test", proxies={"http": given.url})
    client.get_flow("f")
    assert [request.target for request in given.requests] == ["http://api.test/flows/f"]
    assert other.requests == []


def test_the_proxy_of_the_environment_holds_without_one_given(
    serve, make_client, monkeypatch
):
    proxy = serve(FLOW)
    monkeypatch.setenv("http_proxy", proxy.url)
    make_client("http://api.test").get_flow("f")
    assert [request.target for request in proxy.requests] == ["http://api.test/flows/f"]


@pytest.mark.parametrize("key", [None, KEY], ids=["keyless", "with a key"])
@pytest.mark.parametrize("is_own", [False, True])
def test_netrc_is_never_read(
    serve, make_client, monkeypatch, tmp_path, key, is_own, library
):
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login user password hush\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server = serve(FLOW)
    with own_session(library) as session:
        make_client(server, key, session=session if is_own else None).get_flow("f")
    assert server.requests[0].headers.get("authorization") == (key and f"Bearer {key}")


def test_cookies_are_neither_kept_nor_sent(serve, make_client):
    cookie = "session=1; Path=/"
    server = serve(answer(302, location="/next", set_cookie=cookie), FLOW)
    client = make_client(server)
    client.get_flow("f")
    client.get_flow("f")
    assert cookies_of(client.session) == []
    assert not any("cookie" in request.headers for request in server.requests)


# Event hooks


def test_hooks_see_each_attempt_its_outcome_and_the_sleep(serve, make_client):
    events = []
    hooks = {
        "request": events.append,
        "response": [events.append],
        "retry": events.append,
    }
    server = serve(answer(503, retry_after="2"), RESET, FLOW)
    make_client(server, event_hooks=hooks).get_flow("f")
    told = [(event.name, event.attempt, event.status_code) for event in events]
    assert told == [
        ("request", 1, None),
        ("response", 1, 503),
        ("retry", 1, None),
        ("request", 2, None),
        ("response", 2, None),
        ("retry", 2, None),
        ("request", 3, None),
        ("response", 3, 200),
    ]
    assert (events[2].cause, events[2].delay) == ("status 503", 2.0)
    assert (
        events[4].cause
        == events[5].cause
        == "the connection was lost: Connection reset by peer"
    )
    assert events[4].elapsed == 0
    sent = {request.headers["x-request-id"] for request in server.requests}
    assert {event.request_id for event in events} == sent
    assert {(event.method, event.path) for event in events} == {("GET", "/flows/f")}


def test_hooks_of_one_event_are_called_in_their_order(serve, make_client):
    calls = []
    hooks = {"request": [lambda _: calls.append(1), lambda _: calls.append(2)]}
    make_client(serve(FLOW), event_hooks=hooks).get_flow("f")
    assert calls == [1, 2]


@pytest.mark.parametrize("name", ["request", "response", "retry"])
def test_a_hook_that_fails_is_logged_and_breaks_nothing(
    serve, make_client, caplog, name
):
    seen = []

    def failing(event):
        raise RuntimeError("my hook")

    hooks = {name: [failing, seen.append]}
    server = serve(answer(503), FLOW)
    assert make_client(server, KEY, event_hooks=hooks).get_flow("f").flow_id == "f"
    assert seen and f"the {name} hook" in caplog.text and "my hook" in caplog.text
    assert KEY not in caplog.text


# Life of a client


def test_a_session_of_the_users_own_is_used_and_left_open(serve, make_client, library):
    server = serve(FLOW)
    with own_session(library) as session:
        session.headers["X-Mine"] = "1"
        client = make_client(server, session=session)
        client.close()
        assert client.session is session
        client.get_flow("f")
    assert server.requests[0].headers["x-mine"] == "1"


def test_a_closed_client_opens_again_when_it_is_used(serve, make_client):
    client = make_client(serve(FLOW))
    before = client.session
    client.close()
    client.close()
    assert client.get_flow("f").flow_id == "f"
    assert client.session is not before


@pytest.mark.only_sync("it makes the client by hand")
def test_an_api_client_takes_a_clock_and_a_sleep(serve, time):
    server = serve(answer(503, retry_after="4"), FLOW)
    settings = AISpine(base_url=server.url)._api.settings
    client = ApiClient(
        settings, RequestsTransport(settings), clock=time.clock, sleep=time.sleep
    )
    assert client.call(GET_FLOW, ids={"flow_id": "f"}).flow_id == "f"
    client.close()
    assert time.slept == [4.0]


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda client: pickle.loads(pickle.dumps(client))]
)
def test_a_clone_keeps_its_key_and_settings_and_has_a_session_of_its_own(
    serve, make_client, clone
):
    server = serve(FLOW)
    client = make_client(server, KEY, timeout=7, headers={"X-Team": "a"})
    with clone(client) as twin:
        assert twin.session is not client.session
        twin.get_flow("f")
    headers = server.requests[0].headers
    assert (headers["authorization"], headers["x-team"]) == (f"Bearer {KEY}", "a")
    assert (twin.base_url, twin.timeout) == (server.url, 7)


@pytest.fixture
def bare_log():
    """The logger of the SDK without handlers, put back as it was."""
    log = logging.getLogger("ai_spine")
    level, handlers = log.level, log.handlers[:]
    log.handlers[:] = []
    yield log
    log.handlers[:] = handlers
    log.setLevel(level)


def test_debug_shows_the_log_on_stderr_once(serve, make_client, bare_log, capsys):
    client = make_client(serve(FLOW), KEY, debug=True)
    log_to_stderr()
    client.get_flow("f")
    printed = capsys.readouterr().err
    assert printed.count("GET /flows/f -> 200") == 1 and KEY not in printed
    assert len(bare_log.handlers) == 1


# Waiting, as far as it goes over the wire


def test_a_wait_survives_what_passes_and_raises_what_does_not(serve, make_client, time):
    running, done = (
        {"id": "e", "status": status} for status in ("running", "completed")
    )
    server = serve(answer(200, running), answer(503), RESET, answer(200, done))
    seen = []
    client = make_client(server, max_retries=0)
    execution = client.wait_for_execution("e", on_progress=seen.append)
    assert execution.succeeded and len(server.requests) == 4
    assert [each.status for each in seen] == ["running", "completed"]
    error = failure(make_client(serve(answer(401))).wait_for_execution, "e")
    assert type(error) is AuthenticationError


@pytest.mark.parametrize("status, pauses", [("running", 1), ("completed", 0)])
def test_what_was_started_just_now_is_looked_at_after_a_pause(
    serve, make_client, time, status, pauses
):
    started, done = ({"id": "e", "status": s} for s in (status, "completed"))
    server = serve(answer(200, started), answer(200, done))
    assert make_client(server).execute_and_wait("f", {}).succeeded
    assert len(server.requests) == 2 and len(time.slept) == pauses


def test_a_later_wait_for_a_flow_polls_when_its_executions_usually_end(
    serve, make_client, time
):
    started = {"execution_id": "e", "flow_id": "f", "status": "running"}
    running, began = answer(200, started), "2026-11-27T10:00:00Z"
    times = {"created_at": began, "completed_at": "2026-11-27T10:00:08Z"}
    done = answer(200, {**started, "status": "completed", **times})
    client = make_client(serve(running, done, running, running, running, done))
    client.execute_and_wait("f", {})
    time.slept.clear()
    client.with_options(timeout=5).execute_and_wait("f", {})
    assert time.slept == pytest.approx([0.05, 0.45, 2.0], abs=0.5)


def test_a_wait_bounds_its_requests_and_its_sleeps(serve, make_client, time):
    server = serve(answer(200, {"id": "e", "status": "running"}))
    error = failure(make_client(server).wait_for_execution, "e", timeout=10)
    assert type(error) is TimeoutError
    assert (error.execution_id, error.last_status) == ("e", "running")
    assert time.now <= 1010.001 and max(time.slept) <= 2.0


def test_a_wait_for_a_server_that_stays_busy_ends_in_time(serve, make_client, time):
    server = serve(answer(503, retry_after="4"))
    error = failure(
        make_client(server, max_retries=9).wait_for_execution, "e", timeout=10
    )
    assert type(error) is TimeoutError and "the last request failed: 503" in str(error)
    assert time.now <= 1010.001
    assert error.last_status is None
