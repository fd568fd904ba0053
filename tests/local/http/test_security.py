"""Tests of attacks on the local server, most of them over raw sockets."""

import gzip
import hmac
import http.client
import json
import logging
import socket
import sqlite3
import threading

import pytest

from ai_spine import BadRequestError, ConfigurationError
from ai_spine.local import LocalServer
from ai_spine.local.agents import http_agents
from ai_spine.local.http import wsgi_server as local_http
from tests.local import LIMIT, flow, is_one_sentence, node, run, single, wait_until
from tests.raw_server import TRICKLE, RawServer, answer

FOREIGN = "http://evil.example"
PATHS = ("/health", "/flows", "/api/v1/flows", "/metrics", "/nothing", "/%0a")
SECRETS = ("flask", "werkzeug", "waitress", "python/", "traceback", "sqlite", "select ")


def work(input, config):
    return {"did": "work"}


@pytest.fixture
def server(serve):
    return serve([single()], {"work": work})


class Response:
    """A response as read from a socket."""

    def __init__(self, sock, method="GET"):
        raw = http.client.HTTPResponse(sock, method=method)
        raw.begin()
        self.status, self.text = raw.status, raw.read().decode("utf-8")
        self.headers = {name.lower(): text for name, text in raw.getheaders()}

    @property
    def detail(self):
        """The error message, which must be one sentence and the only field."""
        body = json.loads(self.text)
        assert set(body) == {"detail"}
        assert is_one_sentence(body["detail"])
        return body["detail"]


def connect(server):
    port = int(server.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=LIMIT)


def send(server, head, body=b"", method="GET"):
    """Send lines and a body unchanged, and return the response."""
    lines = head if isinstance(head, bytes) else head.encode("latin-1")
    with connect(server) as sock:
        sock.sendall(lines.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)
        return Response(sock, method)


def send_request(server, path="/flows", method="GET", **headers):
    """Send a request with only these headers; a header that is None is left out."""
    headers = {"Host": "127.0.0.1", "Connection": "close", **headers}
    lines = [f"{n.replace('_', '-')}: {text}" for n, text in headers.items() if text]
    return send(server, "\n".join([f"{method} {path} HTTP/1.1", *lines]), b"", method)


def is_safe(response):
    """Check that a response has the security headers, and reveals nothing about the server."""
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/json"
    assert not {"server", "via", "set-cookie", "x-powered-by"} & set(response.headers)
    assert not [name for name in response.headers if name.startswith("access-control")]
    whole = (response.text + repr(response.headers)).lower()
    assert not [word for word in SECRETS if word in whole]
    return True


# Host names of other servers that resolve to this machine


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:1",
        "192.0.2.7:8000",
        "[::1]",
        "[::1]:8000",
        "localhost",
        "LocalHost:9",
        "localhost.",
        "spine.localhost:80",
    ],
)
@pytest.mark.parametrize("path", ["/health", "/flows"])
def test_a_host_that_dns_cannot_rebind_is_accepted(server, host, path):
    response = send_request(server, path, Host=host)
    assert response.status == 200 and is_safe(response)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "user@127.0.0.1",
        "127.0.0.1/x",
        "127.0.0.1, 127.0.0.1",
        "127.0.0.1 127.0.0.1",
        "127.0.0.1:port",
        "[::1",
        "::1",
        "[evil.example]",
        "[]",
        ":80",
        "0x7f000001",
        "\xff\xfe",
        None,
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_any_other_host_is_refused_on_every_path(server, host, path):
    response = send_request(server, path, Host=host)
    assert response.status == 403 and is_safe(response)
    assert "ost" in response.detail


def test_a_duplicate_host_header_is_refused(server):
    response = send(server, "GET /health HTTP/1.1\nHost: localhost\nHost: localhost")
    assert response.status == 403


def test_a_request_of_http_1_0_needs_a_host_too(server):
    assert send(server, "GET /health HTTP/1.0\nX: y").status == 403
    assert send(server, "GET /health HTTP/1.0\nHost: localhost").status == 200


def test_a_refused_head_request_has_no_body(server):
    with connect(server) as sock:
        sock.sendall(b"HEAD / HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n")
        response = b"".join(iter(lambda: sock.recv(4096), b""))
    assert response.startswith(b"HTTP/1.1 403 ") and response.endswith(b"\r\n\r\n")


def test_the_error_for_a_refused_host_says_how_to_allow_it(server):
    response = send_request(server, Host="spine.example:80").detail
    assert "'spine.example'" in response and "allowed_hosts" in response
    assert len(send_request(server, Host="x" * 20000).detail) < 250


def test_a_refused_request_does_not_use_up_a_fault(server):
    fault = server.faults.add("*", "*", status=503, times=None)
    assert send_request(server, Host="evil.example").status == 403
    assert send_request(server, Origin=FOREIGN).status == 403
    assert fault.met == 0
    assert send_request(server).status == 503


def test_the_host_of_the_server_and_allowed_hosts_are_accepted(serve, monkeypatch):
    real = socket.getaddrinfo

    def find(host, *args, **more):
        return real("127.0.0.1" if host == "Here.example" else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", find)
    names = ["Spine.Example", "b\xfccher.example"]
    server = serve([single()], {"work": work}, host="Here.example", allowed_hosts=names)
    for host in ("here.example:1", "spine.example", "xn--bcher-kva.example"):
        assert send_request(server, Host=host).status == 200
    assert send_request(server, Host="sub.spine.example").status == 403


def test_the_name_of_this_machine_is_accepted_on_all_interfaces(serve, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "My-Machine")
    on_all_interfaces, on_loopback = serve([], {}, host="0.0.0.0"), serve([], {})
    assert send_request(on_all_interfaces, Host="my-machine:80").status == 200
    assert send_request(on_loopback, Host="my-machine:80").status == 403
    assert send_request(on_all_interfaces, Host="evil.example").status == 403


@pytest.mark.parametrize(
    "allowed",
    ["spine.example", 5, None, [5], [""], ["h:80"], ["http://h"], ["a b"], ["*,x"]],
)
def test_invalid_allowed_hosts_are_refused_in_one_sentence(allowed):
    with pytest.raises(ConfigurationError, match="^allowed_hosts must be") as caught:
        LocalServer([], {}, allowed_hosts=allowed)
    assert is_one_sentence(caught.value)


# Requests from other origins


@pytest.mark.parametrize(
    "origin",
    [
        FOREIGN,
        "null",
        "http://127.0.0.1:1",
        "http://localhost:PORT",
        "https://127.0.0.1",
        "ftp://127.0.0.1:PORT",
        "127.0.0.1:PORT",
        "http://127.0.0.1:PORT, http://127.0.0.1:PORT",
        "http://user@127.0.0.1:PORT",
        "file://",
        "x" * 20000,
    ],
)
def test_a_request_from_another_origin_is_refused_before_it_has_effects(server, origin):
    port = server.url.rpartition(":")[2]
    body = b'{"flow_id": "f", "input_data": {}}'
    response = send(
        server,
        f"POST /flows/execute HTTP/1.1\nHost: 127.0.0.1:{port}\nContent-Type: text/plain\n"
        f"Origin: {origin.replace('PORT', port)}\nContent-Length: {len(body)}",
        body,
    )
    assert response.status == 403 and is_safe(response)
    assert "another origin" in response.detail
    assert json.loads(send_request(server, "/executions").text)["count"] == 0


@pytest.mark.parametrize(
    "host, origin",
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost", "http://LOCALHOST:80"),
        ("localhost:443", "https://localhost"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_request_from_the_same_origin_is_accepted(server, host, origin):
    response = send_request(server, Host=host, Origin=origin)
    assert response.status == 200 and is_safe(response)


@pytest.mark.parametrize("origin", [FOREIGN, "http://127.0.0.1", None])
@pytest.mark.parametrize("path", ["/flows", "/nothing"])
def test_no_preflight_request_is_allowed(server, origin, path):
    preflight = {"Access_Control_Request_Method": "POST"}
    response = send_request(server, path, "OPTIONS", Origin=origin, **preflight)
    assert response.status in (403, 404, 405) and is_safe(response)


# Responses


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "FOO", "TRACE"])
@pytest.mark.parametrize(
    "path",
    [
        "/health",
        "/flows/f",
        "/executions/nope",
        "/flows/..%2f..%2fetc%2fpasswd",
        "/../../etc/passwd",
        "//flows",
        "/%00",
        "/%ff%fe",
        "/%0d%0aX:%20y",
        "/flows?limit=%00",
        "*",
        "http://other.example/flows",
        "/" + "a" * 30000,
    ],
)
def test_every_response_is_json_that_reveals_nothing(server, method, path):
    response = send_request(server, path, method)
    assert response.status < 500 and is_safe(response)
    if method == "HEAD":
        assert response.text == ""


def test_responses_of_faults_are_safe_too(server):
    server.faults.add("GET", "/flows", status=500)
    assert is_safe(send_request(server))


MALFORMED = {
    "no HTTP": b"hello",
    "an unknown version": b"GET / HTTP/1.1.1\nHost: localhost",
    "a method in lower case": b"get / HTTP/1.1\nHost: localhost",
    "a header without a colon": b"GET / HTTP/1.1\nHost localhost",
    "a header with a space in its name": b"GET / HTTP/1.1\nHost : localhost",
    "a header that begins with a folded line": b"GET / HTTP/1.1\n folded",
    "a null in a header": b"GET / HTTP/1.1\nHost: local\x00host",
    "a URL that cannot be parsed": b"GET http://[x/ HTTP/1.1\nHost: localhost",
    "an invalid length": b"GET / HTTP/1.1\nHost: localhost\nContent-Length: -1",
    "a length that is too long": b"GET / HTTP/1.1\nHost: localhost\nContent-Length: "
    + b"9" * 5000,
}


@pytest.mark.parametrize("head", MALFORMED.values(), ids=MALFORMED)
def test_a_request_that_is_not_http_is_refused_in_json(server, head):
    response = send(server, head)
    assert response.status == 400 and is_safe(response)
    assert response.detail == "The request is not valid HTTP"
    assert send_request(server).status == 200


def test_an_error_of_the_store_reveals_nothing(server, caplog):
    server._site.store._db.execute("DROP TABLE executions")
    response = send_request(server, "/executions")
    assert response.status == 500 and is_safe(response)
    assert response.detail == "Internal Server Error"
    assert "no such table" in caplog.text
    server._site.store._db.execute("CREATE TABLE executions (execution_id, status)")


def test_an_execution_does_not_reveal_an_error_of_the_store(serve, monkeypatch):
    server = serve([single()], {"work": work})

    def fail(*_, **__):
        raise sqlite3.OperationalError("no such table: node_results in /secret/place")

    monkeypatch.setattr(server._site.store, "start_node", fail)
    execution = run(server)
    assert execution.error_message == "The server failed; see its log"


def test_line_breaks_in_a_path_are_not_logged(server, caplog, monkeypatch):
    def fail(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(server._site.store, "get", fail)
    assert send_request(server, "/flows/a%1b[31mFAKE%e2%80%a8b").status == 500
    (line,) = [r.getMessage() for r in caplog.records if "FAKE" in r.getMessage()]
    assert line == "GET /flows/a [31mFAKE b failed"


def test_the_http_server_logs_one_line_for_each_error(server, caplog, monkeypatch):
    def fail(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(server.faults, "take", fail)
    with caplog.at_level(logging.INFO):
        response = send_request(server, "/a%0aFAKE%1b[31m")
    assert response.status == 500 and is_safe(response)
    assert response.detail == "Internal Server Error"
    (line,) = [r.getMessage() for r in caplog.records if "FAKE" in r.getMessage()]
    assert line.isprintable()


# Keys


@pytest.mark.parametrize("key", ["", "sk-righ", "sk-right1", "SK-RIGHT", "\xff" * 50])
def test_a_wrong_key_is_refused(serve, key):
    server = serve([], {}, api_key="sk-right")
    response = send_request(server, Authorization=f"Bearer {key}")
    assert response.status == 401 and is_safe(response)
    assert send_request(server, Authorization="Bearer sk-right").status == 200


def test_keys_are_compared_as_digests_in_constant_time(serve, monkeypatch):
    compared = []

    def compare_digest(given, expected):
        compared.append((len(given), len(expected)))
        return False

    server = serve([], {}, api_key="sk-right")
    monkeypatch.setattr(hmac, "compare_digest", compare_digest)
    for key in ("", "sk-right", "x" * 1000):
        assert send_request(server, Authorization=f"Bearer {key}").status == 401
    assert compared == [(32, 32)] * 3


def test_the_key_of_a_server_is_not_stored_in_its_database(serve, tmp_path):
    server = serve([single()], {"work": work}, api_key="sk-right", db=tmp_path / "db")
    assert run(server).succeeded
    for path in tmp_path.iterdir():
        assert b"sk-right" not in path.read_bytes()


# Injection


@pytest.mark.parametrize(
    "value", ["' OR '1'='1", "f'; DROP TABLE executions; --", "%", "_", "f\x00", '"f"']
)
def test_sql_in_ids_and_filters_is_data(server, http, value):
    assert run(server).succeeded
    for name in ("flow_id", "status"):
        response = http.get(f"{server.url}/executions", params={name: value}).json()
        assert response["executions"] == []
    quoted = percent_encode(value)
    for noun in ("flows", "agents"):
        assert http.get(f"{server.url}/{noun}/{quoted}").status_code == 404
        assert http.delete(f"{server.url}/{noun}/{quoted}").status_code == 404
    assert http.get(f"{server.url}/executions/{quoted}").status_code in (404, 422)
    for name in ("limit", "offset"):
        bad = http.get(f"{server.url}/executions", params={name: value})
        assert bad.status_code == 422
    headers = {"Idempotency-Key": value.replace("\x00", "")}
    body = {"flow_id": value, "input_data": {}}
    response = http.post(f"{server.url}/flows/execute", json=body, headers=headers)
    assert response.status_code in (200, 422)
    assert http.get(f"{server.url}/executions").json()["count"] == 1
    assert http.get(f"{server.url}/flows").json()["count"] == 1


def percent_encode(value):
    return "".join(f"%{byte:02x}" for byte in value.encode("utf-8"))


@pytest.mark.parametrize(
    "text",
    ["{0.__class__}", "{input}", "%(x)s", "${HOME}", "{{7*7}}", "__import__('os')"],
)
def test_templates_and_code_in_input_are_data(serve, http, text):
    rule = {"field": text, "op": "==", "value": text}
    flows = [
        flow(
            node("choice", "echo", type="conditional", conditions={"end": rule}),
            node("end", "echo", ["choice"]),
        )
    ]
    server = serve(flows, {"echo": lambda input, config: input})
    execution = run(server, input_data={text: text})
    assert execution.succeeded
    found = "." not in text  # in a condition's field, a dot separates nested keys
    assert ("end" in execution.output_data) is found
    response = http.get(f"{server.url}/flows/{percent_encode(text)}").json()
    assert response == {"detail": f"Flow {text!r} not found"}


def test_a_registered_agent_must_be_an_http_url(server, http):
    for endpoint in ("python:os.system", "file:///etc/passwd", "http://h\nost", "os"):
        body = {"agent_id": "new", "endpoint": endpoint}
        assert http.post(f"{server.url}/agents", json=body).status_code == 400


# Sizes


def posted(server, body, path="/flows/execute", method="POST"):
    head = f"{method} {path} HTTP/1.1\nHost: localhost\nContent-Length: {len(body)}"
    return send(server, head, body)


NESTED = {
    "lists": (b"[" * 101, b"]" * 101),
    "mappings": (b'{"a":' * 100 + b"{}", b"}" * 100),
    "unclosed": (b"[" * 100000, b""),
}


@pytest.mark.parametrize("before, after", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "/flows"),
        ("PUT", "/flows/f"),
        ("POST", "/flows/execute"),
        ("POST", "/api/v1/agents"),
        ("POST", "/executions/12345678-1234-1234-1234-123456789abc/cancel"),
        ("POST", "/api/v1/user/keys/generate"),
        ("DELETE", "/api/v1/user/keys/revoke"),
    ],
)
def test_json_that_is_nested_too_deeply_is_refused(server, before, after, method, path):
    response = posted(server, before + after, path, method)
    assert response.status == 422 and is_safe(response)
    (problem,) = json.loads(response.text)["detail"]
    assert "JSON" in problem["msg"] and "nested too deeply" in problem["msg"]


def test_a_hundred_levels_and_a_thousand_empty_lists_are_executed(server, http):
    deep = json.loads("[" * 98 + "]" * 98)  # plus two levels for the body and the input
    body = {"flow_id": "f", "input_data": {"x": deep}}
    assert http.post(f"{server.url}/flows/execute", json=body).status_code == 200
    body["input_data"]["x"] = [[]] * 1000
    assert http.post(f"{server.url}/flows/execute", json=body).status_code == 200
    body["input_data"]["x"] = [deep]
    assert http.post(f"{server.url}/flows/execute", json=body).status_code == 422


@pytest.mark.parametrize("levels", [101, 700, 100000])
def test_a_deeply_nested_output_of_an_agent_fails_its_node(serve, levels):
    def nest(input, config):
        made = []
        for _ in range(levels):
            made = [made]
        return {"x": made}

    execution = run(serve([single()], {"work": nest}))
    assert execution.status == "failed"
    assert "agent 'work' returned" in execution.error_message
    assert "nested" in execution.error_message


@pytest.mark.parametrize("levels", [101, 700])
def test_a_deeply_nested_response_of_an_http_agent_fails_its_node(serve, levels):
    nested = b"[" * levels + b"]" * levels
    for body, words in [
        (b'{"status": "success", "output": {"x": %s}}', "nested deeper than 100"),
        (b'{"status": "error", "error_message": %s}', "agent 'work' at "),
    ]:
        with RawServer(answer(200, body % nested)) as service:
            execution = run(serve([single()], {"work": service.url}))
        assert execution.status == "failed"
        assert words in execution.error_message
        assert len(execution.error_message) < 700


@pytest.mark.parametrize("kind", ["flow", "agent"])
def test_deep_nesting_in_the_store_does_not_crash_the_server(serve, tmp_path, kind):
    server = serve([single()], {"work": work}, db=tmp_path / "db")
    body = '{"x": ' + "[" * 50000 + "]" * 50000 + "}"
    query = "UPDATE definitions SET body = ? WHERE kind = ?"
    server._site.store._db.execute(query, (body, kind))
    if kind == "agent":
        assert is_one_sentence(run(server).error_message)
    response = send_request(server, f"/{kind}s")
    assert response.status == 500 and is_safe(response)
    server.reset()
    assert run(server).succeeded


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(server):
    head = "POST /flows HTTP/1.1\nHost: localhost\nContent-Length: 99999999999"
    response = send(server, head)
    assert response.status == 413 and is_safe(response)
    assert response.detail == "The body must be smaller than 16777216 bytes"


def test_a_chunked_body_is_limited_too(server, monkeypatch):
    monkeypatch.setattr(server._http._server.adj, "max_request_body_size", 5000)
    head = "POST /flows HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked"
    response = send(
        server, head, b"1000\r\n" + b"x" * 4096 + b"\r\n400\r\n" + b"x" * 894
    )
    assert response.status == 413 and is_safe(response)


@pytest.mark.parametrize("ending", [b"1;x=" + b"y" * 5000, b"0\r\nX: " + b"y" * 5000])
def test_an_endless_line_between_chunks_is_refused(server, ending):
    head = "POST /flows HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked"
    response = send(server, head, ending)
    assert response.status == 400 and is_safe(response)


def test_a_chunked_body_is_accepted(server):
    body = b'{"flow_id": "f", "input_data": {}}'
    head = "POST /flows/execute HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked"
    response = send(server, head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    assert response.status == 200


def test_headers_are_limited(server):
    with connect(server) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 66000)
        response = Response(sock)
    assert response.status == 431 and is_safe(response)
    assert response.detail == "The headers must be smaller than 65536 bytes"


# Request smuggling


SMUGGLED = b"GET /flows?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "lines, status",
    [
        ("Content-Length: 5\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: chunked\nContent-Length: 5", 400),
        ("Content-Length: 0\nContent-Length: 50", 400),
        ("Content-Length: 0, 50", 400),
        ("Content-Length: +0", 400),
        ("Content-Length: 0x10", 400),
        ("Transfer-Encoding: identity", 501),
        ("Transfer-Encoding: xchunked", 501),
        ("Transfer-Encoding: chunked, gzip", 501),
        ("Transfer-Encoding: \x0bchunked", 400),
        ("Transfer-Encoding : chunked", 400),
        ("Content-Length: 5\n Transfer-Encoding: chunked", 400),
    ],
)
def test_a_request_with_an_ambiguous_length_is_refused_and_the_connection_closed(
    server, lines, status
):
    fault = server.faults.add("GET", "/flows", status=418, times=None)
    with connect(server) as sock:
        head = f"POST /flows HTTP/1.1\nHost: localhost\n{lines}".replace("\n", "\r\n")
        sock.sendall(head.encode("latin-1") + b"\r\n\r\n0\r\n\r\n" + SMUGGLED)
        response = Response(sock)
    assert response.status == status and is_safe(response)
    assert response.headers["connection"] == "close"
    assert send_request(server, "/health").status == 200
    assert fault.met == 0


def test_chunked_bodies_over_http_1_0_are_refused(server):
    head = "POST /flows HTTP/1.0\nHost: localhost\nConnection: keep-alive"
    response = send(
        server, head + "\nTransfer-Encoding: chunked", b"0\r\n\r\n" + SMUGGLED
    )
    assert response.status == 400 and is_safe(response)


# Clients that stall


HALVES = (
    b"",
    b"GET /fl",
    b"POST /flows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
    + b"x" * 600000,
    b"POST /flows HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx",
)


def our_threads():
    return {t for t in threading.enumerate() if t.name.startswith(("ai-", "waitress"))}


def test_incomplete_requests_do_not_block_others(server):
    stalled = [connect(server) for _ in range(20)]
    try:
        for number, sock in enumerate(stalled):
            sock.sendall(HALVES[number % len(HALVES)])
        assert run(server).succeeded
    finally:
        for sock in stalled:
            sock.close()


def test_close_drops_incomplete_requests_and_leaves_no_threads():
    before = our_threads()
    server = LocalServer([single()], {"work": work})
    channels = server._http._server.active_channels
    stalled = [connect(server) for _ in range(20)]
    for number, sock in enumerate(stalled):
        sock.sendall(HALVES[number % len(HALVES)])
    wait_until(lambda: len(channels) == 20)
    assert run(server).succeeded
    server.close()
    wait_until(lambda: our_threads() <= before)
    assert not channels
    for sock in stalled:
        with sock:
            assert is_closed(sock)


def is_closed(sock):
    """Wait for data, and return whether the other side has closed the connection."""
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("half", HALVES[1:])
def test_a_request_that_arrives_too_slowly_is_dropped(server, monkeypatch, half):
    monkeypatch.setattr(local_http, "REQUEST_SECONDS", 0.05)
    with connect(server) as sock:
        sock.sendall(half)
        assert is_closed(sock)


def test_a_client_that_does_not_read_does_not_block_others(serve, http, monkeypatch):
    monkeypatch.setattr(local_http, "_THREADS", 2)
    server = serve([flow(node("in"), node("out", None, ["in"]))])
    done = run(server, input_data={"x": "x" * (6 * 2**20)})
    path = f"/api/v1/executions/{done.execution_id}/results"  # 36 MiB
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connect(server) as sock:
        sock.sendall(2 * head.encode())
        assert sock.recv(1) == b"H"
        assert http.get(f"{server.url}/health", timeout=LIMIT).ok
        server.close()
        assert not server._http._dispatcher.threads


def test_a_failed_start_leaves_no_thread(server):
    before = our_threads()
    with pytest.raises(ConfigurationError):
        LocalServer([], {}, port=int(server.url.rpartition(":")[2]))
    wait_until(lambda: our_threads() <= before)


# Agents that attack the server


def test_an_http_agent_that_trickles_fails_at_the_timeout_of_its_node(serve):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
    with RawServer((head, TRICKLE)) as service:
        flows = [single("drip", timeout=0.3), single("work", "other")]
        agents = {"drip": service.url, "work": work}
        server = serve(flows, agents, max_workers=1)
        execution = run(server)
        assert run(server, "other").succeeded  # which needs the only thread
        assert not service.trickled_out
    assert execution.status == "failed"
    assert "time" in execution.error_message


def test_the_location_of_a_redirect_of_an_http_agent_is_ignored(serve):
    body = {"status": "success", "output": {}}
    with RawServer(answer(302, body, location="http://[")) as service:
        assert run(serve([single()], {"work": service.url})).succeeded


def test_a_deeply_nested_input_is_not_sent_to_an_http_agent():
    deep = []
    for _ in range(5000):
        deep = [deep]
    task = http_agents.Task("e", "n", {"x": deep}, {}, None)
    with pytest.raises(http_agents.AgentFailed) as caught:
        http_agents.HttpAgent("work", "http://127.0.0.1:1").run(task)
    assert str(caught.value).endswith("nested too deeply for JSON")


@pytest.mark.parametrize("status", [200, 302, 500])
def test_the_size_of_an_http_agents_response_is_limited(serve, monkeypatch, status):
    monkeypatch.setattr(http_agents, "MAX_AGENT_RESPONSE_BYTES", 2**20)
    body = b"x" * (2**20 + 1)
    location = {"location": "http://127.0.0.1:1/"} if status == 302 else {}
    with RawServer(answer(status, body, **location)) as service:
        execution = run(serve([single()], {"work": service.url}))
    assert execution.status == "failed"
    assert "the response is larger than 1 MiB" in execution.error_message
    assert len(service.requests) == 1


def test_the_decompressed_size_of_an_http_agents_response_is_limited(
    serve, monkeypatch
):
    monkeypatch.setattr(http_agents, "MAX_AGENT_RESPONSE_BYTES", 2**20)
    compressed = gzip.compress(b" " * (50 * 2**20))
    with RawServer(answer(200, compressed, content_encoding="gzip")) as service:
        execution = run(serve([single()], {"work": service.url}))
    assert "the response is larger than 1 MiB" in execution.error_message
    assert service.requests[0].headers["accept-encoding"] == "identity"


def test_the_key_and_cookies_are_not_sent_to_http_agents(serve, monkeypatch):
    monkeypatch.setenv("AI_SPINE_API_KEY", "sk-environment")
    body = {"status": "success", "output": {}}
    with RawServer(answer(200, body, set_cookie="a=b")) as service:
        server = serve([single()], {"work": service.url}, api_key="sk-right")
        assert run(server).succeeded and run(server).succeeded
    for request in service.requests:
        response = repr(request)
        assert "sk-" not in response and "cookie" not in request.headers
        assert "authorization" not in request.headers


def test_http_agents_are_called_through_a_proxy_unless_they_are_local(
    serve, http, monkeypatch
):
    body = answer(200, {"status": "success", "output": {}})
    with RawServer(body) as service, RawServer(body) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        flows = [single("near", "near"), single("far", "far")]
        agents = {"near": service.url, "far": "http://agent.example"}
        server = serve(flows, agents)
        with server.client(session=http) as client:  # a session without proxies
            for flow_id in ("near", "far"):
                assert client.execute_and_wait(flow_id, {}, timeout=LIMIT).succeeded
    assert [request.target for request in service.requests] == ["/execute"]
    (proxied,) = proxy.requests
    assert proxied.target == "http://agent.example/execute"


# Slow requests


def test_a_flow_with_too_many_nodes_is_refused(server):
    nodes = [
        {"id": f"n{n}", "depends_on": [f"n{n - 1}"] if n else []} for n in range(1001)
    ]
    with server.client() as client:
        with pytest.raises(
            BadRequestError, match="it has 1001 nodes, and may have 1000"
        ):
            client.create_flow({"flow_id": "long", "nodes": nodes})
