"""Tests of the streams of the local server, over plain HTTP."""

import json
import socket
import threading
from contextlib import ExitStack

import pytest
import requests

from ai_spine.local.http import streams
from ai_spine.policy.event_streams import EventParser
from tests.local import LIMIT, flow, node, single, wait_until

PREFIXES = ["", "/api/v1"]


@pytest.fixture
def server(serve, gate):
    def hold(input, config):
        gate.wait(LIMIT)
        return {"held": True}

    def big(input, config):
        return {"pad": "x" * 4_000_000}

    chain = flow(*(node(f"n{i}", "big", [f"n{i-1}"] if i else []) for i in range(4)))
    flows = [single("hold"), single("big", "big"), {**chain, "flow_id": "chain"}]
    return serve(flows, {"hold": hold, "big": big})


def start(server, http, flow_id="f"):
    body = {"flow_id": flow_id, "input_data": {}}
    answer = http.post(f"{server.url}/flows/execute", json=body)
    return answer.json()["execution_id"]


def open_stream(server, http, execution_id, prefix="", **headers):
    url = f"{server.url}{prefix}/executions/{execution_id}/stream"
    return http.get(url, headers=headers, stream=True, timeout=LIMIT)


def told(content):
    return [(e.id, e.type, json.loads(e.data)) for e in EventParser().feed(content)]


def statuses(events):
    return [(number, kind, data["status"]) for number, kind, data in events]


ALL = [
    ("1", "execution", "pending"),
    ("2", "execution", "running"),
    ("3", "node", "running"),
    ("4", "node", "completed"),
    ("5", "execution", "completed"),
]


@pytest.mark.parametrize("prefix", PREFIXES, ids=["root", "prefixed"])
def test_a_stream_tells_all_that_becomes_of_an_execution(server, http, gate, prefix):
    execution_id = start(server, http)
    with open_stream(server, http, execution_id, prefix) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        pieces = answer.iter_content(None)
        content = b""
        while b"id: 3" not in content:
            content += next(pieces)
        gate.set()
        content += b"".join(pieces)
    events = told(content)
    assert statuses(events) == ALL
    base = f"{server.url}/executions/{execution_id}"
    assert events[-1][2] == http.get(base).json()
    assert [events[3][2]] == http.get(f"{base}/results").json()["node_results"]
    assert events[2][2]["output_data"] is None


def test_a_stream_begins_behind_the_last_event_id(server, http, gate):
    gate.set()
    execution_id = start(server, http)
    whole = open_stream(server, http, execution_id).content
    for last in range(5):
        headers = {"Last-Event-ID": str(last)}
        rest = open_stream(server, http, execution_id, **headers).content
        assert told(rest) == told(whole)[last:]
    for last in (5, 999):  # which keeps a browser from coming again for ever
        headers = {"Last-Event-ID": str(last)}
        assert open_stream(server, http, execution_id, **headers).status_code == 204


def test_an_id_behind_all_others_leaves_out_what_was_only(server, http, gate):
    execution_id = start(server, http)
    wait_until(lambda: server._store.place_of(execution_id).number == 3)
    with open_stream(server, http, execution_id, **{"Last-Event-ID": "999"}) as answer:
        gate.set()
        assert [event[0] for event in told(answer.content)] == ["4", "5"]


def test_a_stream_says_the_same_after_a_restart(serve, http, tmp_path):
    options = {"db": tmp_path / "db"}
    first = serve([single()], {"work": lambda i, c: {"x": 1}}, **options)
    execution_id = start(first, http)
    before = open_stream(first, http, execution_id).content
    first.close()
    second = serve([single()], {"work": lambda i, c: {}}, **options)
    assert open_stream(second, http, execution_id).content == before


def test_an_interrupted_execution_ends_its_stream_after_a_restart(
    serve, http, tmp_path, gate
):
    options = {"db": tmp_path / "db"}
    hold = {"work": lambda i, c: gate.wait(LIMIT) and {}}
    first = serve([single()], hold, **options)
    execution_id = start(first, http)
    wait_until(lambda: first._store.place_of(execution_id).number == 3)
    first.close()
    second = serve([single()], hold, **options)
    rest = open_stream(second, http, execution_id, **{"Last-Event-ID": "3"}).content
    assert statuses(told(rest)) == [
        ("4", "node", "cancelled"),
        ("5", "execution", "failed"),
    ]


def test_what_an_older_version_has_written_can_be_followed(serve, http, tmp_path):
    path = tmp_path / "db"
    first = serve([single()], {"work": lambda i, c: {}}, db=path)
    execution_id = start(first, http)
    assert open_stream(first, http, execution_id).content
    first._store._execute("DROP TABLE events")
    first.close()
    second = serve([single()], {"work": lambda i, c: {}}, db=path)
    events = told(open_stream(second, http, execution_id).content)
    assert statuses(events) == [
        ("1", "node", "completed"),
        ("2", "execution", "completed"),
    ]


def test_an_answer_about_an_execution_tells_of_its_stream(server, http, gate):
    for prefix in PREFIXES:
        body = {"flow_id": "f", "input_data": {}}
        made = http.post(f"{server.url}{prefix}/flows/execute", json=body)
        execution_id = made.json()["execution_id"]
        got = http.get(f"{server.url}{prefix}/executions/{execution_id}")
        path = f"{prefix}/executions/{execution_id}/stream"
        link = f'<{path}>; rel="monitor"; type="text/event-stream"'
        assert made.headers["Link"] == got.headers["Link"] == link
    unknown = {"flow_id": "no-such", "input_data": {}}
    refused = http.post(f"{server.url}/flows/execute", json=unknown)
    assert "Link" not in refused.headers


def test_a_server_without_streams_neither_has_nor_tells_of_them(serve, http):
    server = serve([single()], {"work": lambda i, c: {}}, streams=False)
    execution_id = start(server, http)
    got = http.get(f"{server.url}/executions/{execution_id}")
    assert "Link" not in got.headers
    assert open_stream(server, http, execution_id).json() == {"detail": "Not Found"}


def test_what_cannot_be_streamed_is_refused_in_the_dialect(server, http):
    unknown = "12345678-1234-1234-1234-123456789abc"
    answer = open_stream(server, http, unknown)
    assert answer.status_code == 404
    assert answer.json() == {"detail": f"Execution {unknown!r} not found"}
    assert open_stream(server, http, "no-uuid").status_code == 422
    execution_id = start(server, http)
    answer = open_stream(server, http, execution_id, **{"Last-Event-ID": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "Last-Event-ID"]


def test_a_stream_needs_the_key(serve, http):
    server = serve([single()], {"work": lambda i, c: {}}, api_key="sk-1")
    answer = open_stream(server, http, "12345678-1234-1234-1234-123456789abc")
    assert answer.status_code == 401


def test_a_head_of_a_stream_has_no_body_and_ends(server, http):
    execution_id = start(server, http)
    answer = http.head(f"{server.url}/executions/{execution_id}/stream", timeout=LIMIT)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert wait_until(lambda: server._publisher.count == 0) and not answer.content


def test_a_client_of_http_1_0_gets_the_events_bare(server, gate, http):
    gate.set()
    execution_id = start(server, http)
    address = server.url.rpartition("/")[2].split(":")
    with socket.create_connection(address, timeout=LIMIT) as plain:
        request = (
            f"GET /executions/{execution_id}/stream HTTP/1.0\r\nHost: localhost\r\n\r\n"
        )
        plain.sendall(request.encode())
        content = b"".join(iter(lambda: plain.recv(65536), b""))
    head, _, body = content.partition(b"\r\n\r\n")
    assert b"chunked" not in head and statuses(told(body)) == ALL


def test_ordinary_requests_are_answered_while_200_streams_are_open(server, http, gate):
    execution_id = start(server, http)
    with ExitStack() as stack:
        sessions = [stack.enter_context(requests.Session()) for _ in range(200)]
        opened = []
        for session in sessions:
            session.trust_env = False
            opened.append(open_stream(server, session, execution_id))
        wait_until(lambda: server._publisher.count == 200)
        assert http.get(f"{server.url}/health", timeout=LIMIT).ok
        gate.set()
        for answer in opened:
            assert statuses(told(answer.content)) == ALL
    wait_until(lambda: server._publisher.count == 0)
    wait_until(lambda: len(server._http._server.active_channels) <= 1)


def test_a_client_that_goes_away_frees_everything(server, http):
    execution_id = start(server, http)
    answer = open_stream(server, http, execution_id)
    wait_until(lambda: server._publisher.count == 1)
    answer.close()
    wait_until(lambda: server._publisher.count == 0)


def test_too_many_streams_are_refused(server, http, monkeypatch):
    monkeypatch.setattr("ai_spine.local.http.stream_routes.MAX_STREAMS", 1)
    execution_id = start(server, http)
    with open_stream(server, http, execution_id):
        wait_until(lambda: server._publisher.count == 1)
        assert open_stream(server, http, execution_id).status_code == 503


@pytest.mark.parametrize("end", ["close", "reset"])
def test_the_end_of_the_server_ends_its_streams(server, http, end):
    execution_id = start(server, http)
    with open_stream(server, http, execution_id) as answer:
        pieces = answer.iter_content(None)
        assert next(pieces)
        getattr(server, end)()
        with pytest.raises(requests.RequestException):
            assert not list(pieces)
    names = [thread.name for thread in threading.enumerate()]
    assert end == "reset" or "ai-spine-streams" not in names


def test_a_slow_reader_holds_up_nobody_and_fills_no_memory(server, http):
    execution_id = start(server, http, "chain")
    address = server.url.rpartition("/")[2].split(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((address[0], int(address[1])))
        request = (
            f"GET /executions/{execution_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        slow.sendall(request.encode())
        wait_until(lambda: server._store.place_of(execution_id).is_done)
        whole = open_stream(server, http, execution_id).content  # much, to a quick one
        (stream,) = server._publisher._open()
        largest = 2 * 4_100_000  # what one event holds, and what it is told in
        assert 0 < stream.channel.total_outbufs_len < largest + 65536
        assert stream.number < 11
        slow.settimeout(LIMIT)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        content = bytearray()
        while not content.endswith(b"\r\n0\r\n\r\n"):
            content += slow.recv(1 << 20)
    assert len(told(whole)) == 11
    assert content.count(b"\nevent: ") == 11


def test_a_silent_stream_is_kept_alive_by_comments(server, http, monkeypatch):
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.05)
    execution_id = start(server, http)
    with open_stream(server, http, execution_id) as answer:
        lines = answer.iter_lines()
        comments = (line for line in lines if line.startswith(b":"))
        assert next(comments) == next(comments) == b": keep-alive"


def test_a_stream_that_breaks_takes_no_other_along(
    server, http, monkeypatch, caplog, gate
):
    broken, sound = start(server, http), start(server, http)
    event_after = server._store.event_after

    def failing(execution_id, number):
        if execution_id == broken:
            raise RuntimeError("no such luck")
        return event_after(execution_id, number)

    monkeypatch.setattr(server._store, "event_after", failing)
    with pytest.raises(requests.RequestException):
        assert open_stream(server, http, broken).content is None
    gate.set()
    assert statuses(told(open_stream(server, http, sound).content)) == ALL
    assert f"a stream of execution {broken} broke" in caplog.text


def test_faults_befall_streams(server, http, gate):
    gate.set()
    execution_id = start(server, http)
    path = "/executions/*/stream"
    server.faults.add("GET", path, status=503)
    assert open_stream(server, http, execution_id).status_code == 503
    for how in ("drop", "drop_after_commit"):
        server.faults.add("GET", path, **{how: True})
        with pytest.raises(requests.ConnectionError):
            open_stream(server, http, execution_id)
    assert statuses(told(open_stream(server, http, execution_id).content)) == ALL
    wait_until(lambda: server._publisher.count == 0)


def test_what_is_sent_on_the_connection_of_a_stream_is_passed_over(server, http, gate):
    execution_id = start(server, http)
    address = server.url.rpartition("/")[2].split(":")
    request = (
        f"GET /executions/{execution_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    with socket.create_connection(address, timeout=LIMIT) as plain:
        plain.sendall(request.encode() * 2)
        wait_until(lambda: server._publisher.count == 1)
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        gate.set()
        content = b"".join(iter(lambda: plain.recv(65536), b""))
    assert content.count(b"HTTP/1.1") == 1 and b"healthy" not in content
    assert content.count(b"\nevent: ") == 5
