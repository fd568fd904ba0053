"""Tests of the local server's event streams over plain HTTP."""

import json
import socket
import struct
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
    response = http.post(f"{server.url}/flows/execute", json=body)
    return response.json()["execution_id"]


def open_stream(server, http, execution_id, prefix="", **headers):
    url = f"{server.url}{prefix}/executions/{execution_id}/stream"
    return http.get(url, headers=headers, stream=True, timeout=LIMIT)


def events_of(content):
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
def test_a_stream_has_every_event_of_an_execution(server, http, gate, prefix):
    execution_id = start(server, http)
    with open_stream(server, http, execution_id, prefix) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        pieces = response.iter_content(None)
        content = b""
        while b"id: 3" not in content:
            content += next(pieces)
        gate.set()
        content += b"".join(pieces)
    events = events_of(content)
    assert statuses(events) == ALL
    base = f"{server.url}/executions/{execution_id}"
    assert events[-1][2] == http.get(base).json()
    assert [events[3][2]] == http.get(f"{base}/results").json()["node_results"]
    assert events[2][2]["output_data"] is None


def test_a_stream_starts_after_the_last_event_id(server, http, gate):
    gate.set()
    execution_id = start(server, http)
    whole = open_stream(server, http, execution_id).content
    for last in range(5):
        headers = {"Last-Event-ID": str(last)}
        rest = open_stream(server, http, execution_id, **headers).content
        assert events_of(rest) == events_of(whole)[last:]
    for last in (5, 999):  # 204 stops a browser from reconnecting
        headers = {"Last-Event-ID": str(last)}
        assert open_stream(server, http, execution_id, **headers).status_code == 204


def test_a_last_event_id_that_is_too_large_skips_only_past_events(server, http, gate):
    execution_id = start(server, http)
    wait_until(lambda: server._site.store.place_of(execution_id).number == 3)
    with open_stream(
        server, http, execution_id, **{"Last-Event-ID": "999"}
    ) as response:
        gate.set()
        assert [event[0] for event in events_of(response.content)] == ["4", "5"]


def test_a_stream_is_the_same_after_a_restart(serve, http, tmp_path):
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
    wait_until(lambda: first._site.store.place_of(execution_id).number == 3)
    first.close()
    second = serve([single()], hold, **options)
    rest = open_stream(second, http, execution_id, **{"Last-Event-ID": "3"}).content
    assert statuses(events_of(rest)) == [
        ("4", "node", "cancelled"),
        ("5", "execution", "failed"),
    ]


def test_a_database_of_an_older_version_can_be_streamed(serve, http, tmp_path):
    path = tmp_path / "db"
    first = serve([single()], {"work": lambda i, c: {}}, db=path)
    execution_id = start(first, http)
    assert open_stream(first, http, execution_id).content
    first._site.store._execute("DROP TABLE events")
    first.close()
    second = serve([single()], {"work": lambda i, c: {}}, db=path)
    events = events_of(open_stream(second, http, execution_id).content)
    assert statuses(events) == [
        ("1", "node", "completed"),
        ("2", "execution", "completed"),
    ]


def test_the_response_about_an_execution_links_to_its_stream(server, http, gate):
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


def test_a_server_without_streams_neither_has_nor_links_to_them(serve, http):
    server = serve([single()], {"work": lambda i, c: {}}, streams=False)
    execution_id = start(server, http)
    got = http.get(f"{server.url}/executions/{execution_id}")
    assert "Link" not in got.headers
    assert open_stream(server, http, execution_id).json() == {"detail": "Not Found"}


def test_an_invalid_request_for_a_stream_is_refused_in_json(server, http):
    unknown = "12345678-1234-1234-1234-123456789abc"
    response = open_stream(server, http, unknown)
    assert response.status_code == 404
    assert response.json() == {"detail": f"Execution {unknown!r} not found"}
    assert open_stream(server, http, "no-uuid").status_code == 422
    execution_id = start(server, http)
    response = open_stream(server, http, execution_id, **{"Last-Event-ID": "x"})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["header", "Last-Event-ID"]


def test_a_stream_needs_the_key(serve, http):
    server = serve([single()], {"work": lambda i, c: {}}, api_key="sk-1")
    response = open_stream(server, http, "12345678-1234-1234-1234-123456789abc")
    assert response.status_code == 401


def test_a_head_request_for_a_stream_has_no_body(server, http):
    execution_id = start(server, http)
    response = http.head(
        f"{server.url}/executions/{execution_id}/stream", timeout=LIMIT
    )
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert (
        wait_until(lambda: server._site.publisher.count == 0) and not response.content
    )


def test_an_http_1_0_client_gets_events_without_chunked_encoding(server, gate, http):
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
    assert b"chunked" not in head and statuses(events_of(body)) == ALL


def test_requests_are_served_while_200_streams_are_open(server, http, gate):
    execution_id = start(server, http)
    with ExitStack() as stack:
        sessions = [stack.enter_context(requests.Session()) for _ in range(200)]
        opened = []
        for session in sessions:
            session.trust_env = False
            opened.append(open_stream(server, session, execution_id))
        wait_until(lambda: server._site.publisher.count == 200)
        assert http.get(f"{server.url}/health", timeout=LIMIT).ok
        gate.set()
        for response in opened:
            assert statuses(events_of(response.content)) == ALL
    wait_until(lambda: server._site.publisher.count == 0)
    wait_until(lambda: len(server._http._server.active_channels) <= 1)


def test_a_client_that_disconnects_closes_its_stream(server, http):
    execution_id = start(server, http)
    response = open_stream(server, http, execution_id)
    wait_until(lambda: server._site.publisher.count == 1)
    response.close()
    wait_until(lambda: server._site.publisher.count == 0)


def test_too_many_streams_are_refused(server, http, monkeypatch):
    monkeypatch.setattr("ai_spine.local.http.stream_routes.MAX_STREAMS", 1)
    execution_id = start(server, http)
    with open_stream(server, http, execution_id):
        wait_until(lambda: server._site.publisher.count == 1)
        assert open_stream(server, http, execution_id).status_code == 503


@pytest.mark.parametrize("end", ["close", "reset"])
def test_close_and_reset_end_the_streams(server, http, end):
    execution_id = start(server, http)
    with open_stream(server, http, execution_id) as response:
        pieces = response.iter_content(None)
        assert next(pieces)
        getattr(server, end)()
        with pytest.raises(requests.RequestException):
            assert not list(pieces)
    names = [thread.name for thread in threading.enumerate()]
    assert end == "reset" or "ai-spine-streams" not in names


def test_a_slow_reader_does_not_block_others_and_its_buffer_is_bounded(server, http):
    execution_id = start(server, http, "chain")
    address = server.url.rpartition("/")[2].split(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((address[0], int(address[1])))
        request = (
            f"GET /executions/{execution_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        slow.sendall(request.encode())
        wait_until(lambda: server._site.store.place_of(execution_id).is_done)
        whole = open_stream(
            server, http, execution_id
        ).content  # a fast client reads everything
        (stream,) = server._site.publisher._open()
        largest = 2 * 4_100_000  # an event, and its encoded form
        assert 0 < stream.channel.total_outbufs_len < largest + 65536
        assert stream.number < 11
        slow.settimeout(LIMIT)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        content = bytearray()
        while not content.endswith(b"\r\n0\r\n\r\n"):
            content += slow.recv(1 << 20)
    assert len(events_of(whole)) == 11
    assert content.count(b"\nevent: ") == 11


def test_an_idle_stream_is_kept_alive_by_comments(server, http, monkeypatch):
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.05)
    execution_id = start(server, http)
    with open_stream(server, http, execution_id) as response:
        lines = response.iter_lines()
        comments = (line for line in lines if line.startswith(b":"))
        assert next(comments) == next(comments) == b": keep-alive"


def test_an_error_in_one_stream_does_not_affect_others(
    server, http, monkeypatch, caplog, gate
):
    broken, working = start(server, http), start(server, http)
    events_after = server._site.store.events_after

    def failing(execution_id, number, limit):
        if execution_id == broken:
            raise RuntimeError("no such luck")
        return events_after(execution_id, number, limit)

    monkeypatch.setattr(server._site.store, "events_after", failing)
    with pytest.raises(requests.RequestException):
        assert open_stream(server, http, broken).content is None
    gate.set()
    assert statuses(events_of(open_stream(server, http, working).content)) == ALL
    assert f"a stream of execution {broken} broke" in caplog.text


def test_faults_apply_to_streams(server, http, gate):
    gate.set()
    execution_id = start(server, http)
    path = "/executions/*/stream"
    server.faults.add("GET", path, status=503)
    assert open_stream(server, http, execution_id).status_code == 503
    for how in ("drop", "drop_after_commit"):
        server.faults.add("GET", path, **{how: True})
        with pytest.raises(requests.ConnectionError):
            open_stream(server, http, execution_id)
    assert statuses(events_of(open_stream(server, http, execution_id).content)) == ALL
    wait_until(lambda: server._site.publisher.count == 0)


def test_requests_on_the_connection_of_a_stream_are_ignored(server, http, gate):
    execution_id = start(server, http)
    address = server.url.rpartition("/")[2].split(":")
    request = (
        f"GET /executions/{execution_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    with socket.create_connection(address, timeout=LIMIT) as plain:
        plain.sendall(request.encode() * 2)
        wait_until(lambda: server._site.publisher.count == 1)
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        gate.set()
        content = b"".join(iter(lambda: plain.recv(65536), b""))
    assert content.count(b"HTTP/1.1") == 1 and b"healthy" not in content
    assert content.count(b"\nevent: ") == 5


def test_who_leaves_before_the_end_of_a_stream_has_come_leaves_no_error(
    server, http, caplog
):
    execution_id = start(server, http, "big")
    wait_until(lambda: server._site.store.place_of(execution_id).is_done)
    channels = server._http._server.active_channels
    address = server.url.rpartition("/")[2].split(":")
    with socket.create_connection(address, timeout=LIMIT) as reader:
        reader.sendall(
            f"GET /executions/{execution_id}/stream HTTP/1.1\r\nHost: localhost\r\n"
            "Last-Event-ID: 4\r\n\r\n".encode()
        )
        ends = [False, True]  # closed when the 4 MB are sent, which nobody reads
        wait_until(
            lambda: sorted(c.close_when_flushed for c in channels.values()) == ends
        )
        # To close it now is to reset it.
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: len(channels) == 1)
    assert not caplog.records
