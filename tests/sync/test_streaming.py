"""Tests of following an execution: over streams, lost streams, and where there is none."""

import json
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from ai_spine import (
    AISpine,
    APIError,
    ExecutionError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)
from ai_spine.local import LocalServer
from tests.clients import ROOMS, own_session
from tests.faults.world import Counting
from tests.local import LIMIT, flow, node, single, timed_out, wait_until
from tests.raw_server import CLOSE, RESET, STALL, RawServer, answer

pytestmark = pytest.mark.every_transport

UNKNOWN = "12345678-1234-1234-1234-123456789abc"
STATES = [
    ("execution", "pending"),
    ("execution", "running"),
    ("node", "running"),
    ("node", "completed"),
    ("execution", "completed"),
]


@pytest.fixture
def make_server(gate):
    made = []

    def make(**options):
        def hold(input, config):
            gate.wait(LIMIT)
            return {"held": True}

        def fail(input, config):
            raise ValueError("no luck")

        def quick(input, config):
            return {"x": input.get("x")}

        two = flow(node("a", "quick"), node("b", "hold", ["a"]), flow_id="two")
        flows = [
            single("quick"),
            single("hold", "held"),
            single("fail", "failing"),
            two,
        ]
        agents = {"quick": quick, "hold": hold, "fail": fail}
        server = LocalServer(flows, agents, **options)
        made.append(server)
        http = server._http._server
        server.arrivals = http.application = Counting(http.application)
        return server

    yield make
    for server in made:
        server.close()


@pytest.fixture
def server(make_server):
    return make_server()


@pytest.fixture
def client(server):
    with server.client() as made:
        yield made


def states(events):
    return [(e.type, str((e.node or e.execution).status)) for e in events]


def follow(client, execution_id, **options):
    return client.stream_execution(execution_id, **{"timeout": LIMIT, **options})


def asked(server):
    return [f"{a.method} {a.path.rpartition('/')[2]}" for a in server.arrivals.of("")]


def event(number, status, name="execution"):
    body = {"execution_id": "e", "status": status}
    if name == "node":
        body = {"node_id": "n", "status": status}
    told = "" if number is None else f"id: {number}\n"
    return f"{told}event: {name}\ndata: {json.dumps(body)}\n\n".encode()


def stream(*events, **headers):
    """Return an answer that ends with its connection."""
    fields = {"content_type": "text/event-stream", "connection": "close", **headers}
    lines = ["HTTP/1.1 200 OK"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + b"".join(events)


@pytest.fixture
def play():
    """Return a client of a server that plays a script."""
    opened = []

    def start(*script, **options):
        raw = RawServer(*script)
        client = AISpine(base_url=raw.url, **{"timeout": LIMIT, **options})
        client._api._policy.backoff_base = 0.001
        opened.extend([client.close, raw.stop])
        return client, raw

    yield start
    for close in opened:
        close()


# Streams


def test_events_come_as_they_happen_and_end_with_the_execution(client, gate):
    execution_id = client.execute_flow("two", {"x": 1}).execution_id
    events = follow(client, execution_id)
    seen = []
    while not (seen and seen[-1].node and seen[-1].node.node_id == "b"):
        seen.append(next(events))
    gate.set()
    seen += events
    assert [e.id for e in seen] == [str(n) for n in range(1, len(seen) + 1)]
    assert seen[-1].is_final and seen[-1].execution.succeeded
    assert [e.is_final for e in seen[:-1]] == [False] * 6
    assert dict(seen[-1].execution) == dict(client.get_execution(execution_id))


def test_a_failed_execution_is_yielded_and_not_raised(client):
    execution_id = client.execute_flow("failing", {}).execution_id
    last = list(follow(client, execution_id))[-1]
    assert last.is_final and last.execution.status == "failed"


def test_one_request_is_enough(server, client):
    execution_id = client.execute_flow("f", {}).execution_id
    assert states(follow(client, execution_id)) == STATES
    assert asked(server) == ["POST execute", "GET stream"]


def test_hooks_and_headers_are_those_of_other_requests(server):
    seen = []
    hooks = {"request": seen.append, "response": seen.append}
    with server.client(event_hooks=hooks, headers={"X-Cell": "c"}) as client:
        execution_id = client.execute_flow("f", {}).execution_id
        del seen[:]
        assert list(follow(client, execution_id))
    assert [(e.name, e.status_code) for e in seen] == [
        ("request", None),
        ("response", 200),
    ]
    assert seen[0].request_id == seen[1].request_id
    assert server.arrivals.of("c")[-1].path.endswith("/stream")


def test_a_wrong_argument_is_refused_before_anything_is_sent(client):
    for arguments in (
        {"execution_id": "", "timeout": 1},
        {"execution_id": "e", "timeout": 0},
    ):
        with pytest.raises(ValidationError):
            client.stream_execution(**arguments)


def test_an_unknown_execution_is_not_found(client):
    with pytest.raises(NotFoundError, match=UNKNOWN):
        list(follow(client, UNKNOWN))


def test_time_runs_out_for_the_whole_of_it(client):
    execution_id = client.execute_flow("held", {}).execution_id
    error = timed_out(
        lambda seconds: list(follow(client, execution_id, timeout=seconds)),
        " s; its last status was running",
    )
    assert not isinstance(error, NetworkError)
    assert error.last_status == "running"


def test_an_iterator_that_is_left_early_leaves_nothing_open(server, client):
    execution_id = client.execute_flow("held", {}).execution_id
    for leave in ("close", "break"):
        events = follow(client, execution_id)
        for _ in events:
            break
        assert server._site.publisher.count == 1
        events.close()
        wait_until(lambda: server._site.publisher.count == 0)
    free = client._api.state._free_streams
    assert free._value == free._initial_value


@pytest.mark.only_sync("Ctrl-C cancels the task")
def test_ctrl_c_names_the_execution_and_closes_the_connection(
    server, client, monkeypatch
):
    execution_id = client.execute_flow("held", {}).execution_id
    events = follow(client, execution_id)
    assert next(events)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("ai_spine.transport.requests.streams.extend_timeout", interrupt)
    words = f"stopped following execution {execution_id}, which continues"
    with pytest.raises(KeyboardInterrupt, match=words):
        list(events)
    wait_until(lambda: server._site.publisher.count == 0)


def test_a_client_with_one_connection_can_ask_while_it_follows(server, gate):
    with server.client(pool_size=1) as client:
        execution_id = client.execute_flow("held", {}).execution_id
        for _ in follow(client, execution_id):
            assert client.get_execution(execution_id)
            gate.set()


def test_more_followers_than_streams_ask_instead(server, gate):
    with server.client(pool_size=1) as client:
        execution_id = client.execute_flow("held", {}).execution_id
        first = follow(client, execution_id)
        assert next(first)
        second = follow(client, execution_id)
        assert next(second).id is None
        gate.set()
        assert list(second)[-1].execution.succeeded and list(first)[-1].is_final


def test_a_session_of_ones_own_follows_too(server, gate, library):
    gate.set()
    with own_session(library) as session, server.client(session=session) as client:
        execution_id = client.execute_flow("two", {}).execution_id
        assert list(follow(client, execution_id))[-1].id is not None


# Streams that are lost


@pytest.mark.parametrize(
    "ending", [CLOSE, RESET, STALL], ids=["close", "reset", "silence"]
)
def test_a_lost_stream_goes_on_where_it_was(play, ending):
    client, raw = play(
        (stream(event(1, "pending"), event(2, "running")[:-9]), ending),
        stream(event(2, "running"), event(3, "completed")),
        timeout=LIMIT if ending is not STALL else 0.2,
    )
    assert [e.id for e in follow(client, "e")] == ["1", "2", "3"]
    first, second = raw.requests
    assert "last-event-id" not in first.headers
    assert second.headers["last-event-id"] == "1"
    assert first.headers["accept"] == "text/event-stream"


def test_a_server_that_begins_anew_repeats_nothing(play):
    client, raw = play(
        stream(event(1, "pending"), event(2, "running", "node")),
        stream(event(1, "pending"), event(2, "running", "node"), event(3, "failed")),
    )
    assert [e.id for e in follow(client, "e")] == ["1", "2", "3"]


@pytest.mark.parametrize("names", [("a", "b", "c"), (None, None, None)], ids=str)
def test_events_whose_ids_are_no_numbers_are_yielded_once(play, names):
    told = [
        event(names[0], "running"),
        event(names[1], "running", "node"),
        event(names[2], "completed"),
    ]
    client, raw = play(stream(*told[:2]), stream(*told))
    assert len(list(follow(client, "e"))) == 3


def test_an_id_that_no_header_takes_is_not_sent_back(play):
    client, raw = play(
        stream(event("é\x1b[31m", "running")),
        stream(event("é\x1b[31m", "running"), event("end", "completed")),
    )
    assert len(list(follow(client, "e"))) == 2
    assert "last-event-id" not in raw.requests[1].headers


def test_a_server_that_asks_to_wait_is_heard(play):
    slept = []
    client, raw = play(
        stream(b"retry: 700\n\n", event(1, "running")),
        answer(503, retry_after="0.25"),
        stream(event(2, "completed")),
    )
    client._api.sleep = slept.append
    client._api.state.cooldown.extend = lambda until: None
    assert len(list(follow(client, "e"))) == 2
    assert slept == [0.7, 0.25]


def test_what_one_refusal_asks_to_wait_holds_for_no_other_failure(play):
    slept = []
    refusal = answer(503, retry_after="7")
    client, raw = play(refusal, CLOSE, stream(event(2, "completed")), max_retries=0)
    client._api.sleep = slept.append
    assert len(list(follow(client, "e"))) == 1
    assert len(slept) == 2 and slept[0] == 7 and slept[1] < 1


def test_an_end_whose_id_is_out_of_order_is_yielded_all_the_same(play):
    client, raw = play(stream(event(5, "running"), event(2, "completed")), answer(204))
    assert [e.id for e in follow(client, "e")] == ["5", "2"]


def test_types_that_are_not_known_are_passed_over(play):
    odd = b"event: party\ndata: x\n\ndata: {}\n\n: hi\n\n"
    client, raw = play(stream(odd, event(1, "completed")))
    assert [e.id for e in follow(client, "e")] == ["1"]


@pytest.mark.parametrize(
    "told, words",
    [
        (b"event: node\ndata: {sk-hush\n\n", "contains what is not JSON"),
        (b"event: execution\ndata: []\n\n", "contains a JSON array"),
        (
            b"event: node\ndata: " + b"[" * 100_000 + b"\n\n",
            "contains what is not JSON",
        ),
    ],
    ids=["no JSON", "no object", "too deep"],
)
def test_a_stream_that_cannot_be_read_is_an_error(play, told, words):
    client, raw = play(stream(told), api_key="sk-hush")
    with pytest.raises(APIError, match=words) as caught:
        list(follow(client, "e"))
    assert "hush" not in str(caught.value) and "\n" not in str(caught.value)
    assert not caught.value.transient and len(raw.requests) == 1


def test_what_a_stream_repeats_of_the_key_is_in_no_traceback(play):
    client, raw = play(stream(b"event: node\ndata: {sk-hush\n\n"), api_key="sk-hush")
    with pytest.raises(APIError) as caught:
        list(follow(client, "e"))
    frames = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    ).stack
    ours = [frame.locals for frame in frames if "streaming" in frame.filename]
    assert ours and "hush" not in repr(ours)


def test_a_line_without_end_is_an_error(play, monkeypatch):
    monkeypatch.setattr(
        "ai_spine._sync.streaming.EventParser.__init__.__defaults__", (99,)
    )
    client, raw = play(stream(b"data: " + b"x" * 200))
    with pytest.raises(APIError, match="a line of more than 99 bytes"):
        list(follow(client, "e"))


def test_a_packed_stream_is_an_error(play):
    client, raw = play(stream(event(1, "completed"), content_encoding="gzip"))
    with pytest.raises(NetworkError, match="compressed as 'gzip'"):
        list(follow(client, "e"))


def test_a_refusal_is_raised(server, client):
    execution_id = client.execute_flow("f", {}).execution_id
    body = {"detail": "not for you, sk-1"}
    server.faults.add("GET", "/executions/*/stream", status=403, body=body)
    with pytest.raises(PermissionDeniedError):
        list(follow(client, execution_id))


# Servers without streams


@pytest.mark.parametrize("status", [404, 405, 406, 501, 200, 204])
def test_a_server_without_a_stream_is_asked_instead(server, client, gate, status):
    server.faults.add("GET", "/executions/*/stream", status=status, times=None)
    execution_id = client.execute_flow("two", {}).execution_id
    events, seen = follow(client, execution_id), []
    while not (seen and seen[-1].node and seen[-1].node.node_id == "b"):
        seen.append(next(events))
    gate.set()
    seen += events
    assert {e.id for e in seen} == {None} and len(set(states(seen))) >= 3
    told = [(e.node.node_id, str(e.node.status)) for e in seen if e.node]
    assert len(told) == len(set(told)) and told[-1] == ("b", "completed")
    assert seen[-1].is_final


def test_a_stream_that_is_gone_is_gone_on_with_by_asking(play):
    done = {"execution_id": "e", "status": "completed"}
    nodes = {"node_results": [{"node_id": "n", "status": "completed"}]}
    client, raw = play(
        stream(event(1, "running"), event(2, "completed", "node")),
        answer(404, {"detail": "Not Found"}),
        answer(200, done),
        answer(200, nodes),
    )
    assert states(follow(client, "e")) == [
        ("execution", "running"),
        ("node", "completed"),
        ("execution", "completed"),
    ]


def test_a_server_without_node_results_still_reports_the_execution(make_server):
    server = make_server(streams=False)
    with server.client() as client:
        execution_id = client.execute_flow("f", {}).execution_id
        server.faults.add("GET", "/executions/*/results", status=404, times=None)
        assert list(follow(client, execution_id))[-1].is_final


# Waits


def test_a_wait_takes_two_requests(server, client):
    seen = []
    done = client.execute_and_wait("f", {"x": 1}, on_progress=seen.append)
    assert done.output_data == {"n": {"x": 1}}
    assert asked(server) == ["POST execute", "GET stream"]
    assert [str(e.status) for e in seen] == ["pending", "running", "completed"]


def test_a_wait_learns_of_the_stream_by_its_first_look(server, gate):
    seen = []
    with server.client() as starter, server.client() as waiter:
        execution_id = starter.execute_flow("held", {}).execution_id
        wait_until(lambda: starter.get_execution(execution_id).status == "running")
        before = len(asked(server))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(
                waiter.wait_for_execution, execution_id, LIMIT, on_progress=seen.append
            )
            wait_until(lambda: server._site.publisher.count == 1)
            gate.set()
            assert waiting.result().succeeded
    assert [line for line in asked(server)[before:]] == [
        f"GET {execution_id}",
        "GET stream",
    ]
    assert "pending" not in [e.status for e in seen]


def test_copies_of_a_client_know_of_the_stream(server, client):
    execution_id = client.execute_flow("f", {}).execution_id
    client.with_options(timeout=9).wait_for_execution(execution_id)
    assert asked(server) == ["POST execute", "GET stream"]


def test_the_url_of_the_link_is_never_asked(play):
    link = '<http://127.0.0.1:9/evil>; rel="monitor"; type="text/event-stream"'
    started = answer(200, {"execution_id": "e", "status": "pending"}, link=link)
    client, raw = play(started, stream(event(1, "completed")))
    assert client.execute_and_wait("f", {}).succeeded
    assert [r.target for r in raw.requests] == [
        "/flows/execute",
        "/executions/e/stream",
    ]


def test_a_failure_and_a_timeout_of_a_wait_are_as_ever(client):
    with pytest.raises(ExecutionError, match="no luck"):
        client.execute_and_wait("failing", {})
    timed_out(
        lambda seconds: client.execute_and_wait("held", {}, timeout=seconds),
        "its last status was running",
    )


@pytest.mark.only_sync("Ctrl-C cancels the task")
def test_ctrl_c_in_a_wait_names_the_execution(server, client, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("ai_spine.transport.requests.streams.extend_timeout", interrupt)
    with pytest.raises(
        KeyboardInterrupt, match="stopped waiting for execution .* continues"
    ):
        client.execute_and_wait("held", {})
    wait_until(lambda: server._site.publisher.count == 0)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403},
        {"status": 500},
        {"drop": True},
        {"status": 404},
        {"status": 200},
    ],
    ids=str,
)
def test_a_wait_whose_stream_fails_goes_on_by_looking(server, client, caplog, fault):
    client._api._policy.backoff_base = 0.001
    server.faults.add("GET", "/executions/*/stream", times=None, **fault)
    assert client.execute_and_wait("f", {}, timeout=LIMIT).succeeded
    warned = [r for r in caplog.records if "stream failed" in r.getMessage()]
    assert len(warned) == (0 if fault.get("status") in (404, 200) else 1)


def test_a_server_that_has_no_stream_after_all_is_not_asked_for_one_again(
    server, client
):
    server.faults.add("GET", "/executions/*/stream", status=404, times=None)
    for _ in range(3):
        assert client.execute_and_wait("f", {}).succeeded
    assert asked(server).count("GET stream") == 1


def test_an_unknown_execution_keeps_no_other_from_being_streamed(server, client):
    for ask in (follow, lambda *a: [client.wait_for_execution(*a[1:])]):
        with pytest.raises(NotFoundError):
            list(ask(client, UNKNOWN))
        before = len(asked(server))
        assert client.execute_and_wait("f", {}).succeeded
        assert asked(server)[before:] == ["POST execute", "GET stream"]


def test_an_execution_that_is_gone_amid_its_stream_keeps_no_other_from_it(
    server, client
):
    events = follow(client, client.execute_flow("held", {}).execution_id)
    assert next(events)
    server.reset()
    with pytest.raises(NotFoundError):
        list(events)
    before = len(asked(server))
    assert client.execute_and_wait("f", {}).succeeded
    assert asked(server)[before:] == ["POST execute", "GET stream"]


def test_an_execution_whose_stream_is_over_keeps_no_other_from_being_streamed(
    server, client
):
    server.faults.add("GET", "/executions/*/stream", status=204)
    for _ in range(2):
        assert client.execute_and_wait("f", {}).succeeded
    assert asked(server).count("GET stream") == 2


@pytest.mark.parametrize(
    "told", [b": hello\n\n", b"event: party\ndata: {}\n\n"], ids=["comment", "unknown"]
)
def test_a_stream_without_events_is_given_up(play, monkeypatch, told):
    for room in ROOMS:
        monkeypatch.setattr(f"ai_spine.{room}.streaming.STREAM_PATIENCE", 0.05)
    link = '</s>; rel="monitor"; type="text/event-stream"'
    client, raw = play(
        answer(200, {"execution_id": "e", "status": "pending"}, link=link),
        (stream(told), STALL),
        answer(200, {"execution_id": "e", "status": "completed"}),
    )
    assert client.execute_and_wait("f", {}, timeout=LIMIT).succeeded
    assert len(raw.requests) == 3


def test_an_error_of_on_progress_is_the_callers_and_closes_the_stream(server, client):
    def explode(execution):
        raise NetworkError("mine")

    with pytest.raises(NetworkError, match="mine"):
        client.execute_and_wait("held", {}, on_progress=explode)
    wait_until(lambda: server._site.publisher.count == 0)


def test_no_stream_is_opened_where_none_is_announced(make_server):
    server = make_server(streams=False)
    with server.client() as client:
        assert client.execute_and_wait("f", {}).succeeded
    assert "GET stream" not in asked(server)


def test_many_threads_wait_over_one_small_pool(server):
    with server.client(pool_size=2) as client, ThreadPoolExecutor(16) as pool:
        done = list(
            pool.map(lambda n: client.execute_and_wait("f", {"x": n}), range(64))
        )
    assert [execution.output["n"]["x"] for execution in done] == list(range(64))
    wait_until(lambda: server._site.publisher.count == 0)
