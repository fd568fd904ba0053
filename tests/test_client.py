"""Tests of both clients, method by method, against a real server on a real socket."""

import inspect
import logging
import pickle
import threading

import pytest
import requests
import responses

from ai_spine import (
    AISpine,
    AISpineError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    Execution,
    ExecutionCancelledError,
    ExecutionError,
    NetworkError,
    NotFoundError,
    ServerError,
    ValidationError,
)
from ai_spine.local import LocalServer
from tests.dialect_b import DialectB
from tests.local import LIMIT, flow, node, single, timed_out, wait_until

pytestmark = pytest.mark.every_client
PLACES = ("root", "prefixed", "dialect B")
RESPONSES = pytest.mark.only_sync("`responses` sees requests alone")
PRODUCTION = "https://ai-spine-api-production.up.railway.app"
ZERO = "00000000-0000-0000-0000-000000000000"
UNKNOWN = "12345678-1234-1234-1234-123456789abc"
AGENT = {
    "agent_id": "remote",
    "name": "Remote",
    "endpoint": "http://127.0.0.1:1",
    "description": "Far away",
    "capabilities": ["c"],
    "agent_type": "processor",
}


def echo(input, config):
    return {"got": input.get("x")}


def fail(input, config):
    raise ValueError("no luck")


@pytest.fixture
def server(gate):
    def hold(input, config):
        gate.wait(LIMIT)
        return {"held": True}

    flows = [single("echo"), single("fail", "failing"), single("hold", "held")]
    with LocalServer(flows, {"echo": echo, "fail": fail, "hold": hold}) as made:
        yield made


@pytest.fixture
def client(request, server):
    """A client of the server: of each place that its API stands at, and of each dialect."""
    if request.param == "dialect B":
        with DialectB(server) as other, AISpine("", other.url) as made:
            yield made
        return
    prefix = "/api/v1" if request.param == "prefixed" else ""
    with server.client(api_prefix=prefix) as made:
        yield made


@pytest.fixture
def plain(server):
    """A client that repeats nothing, so that a test sees each failure."""
    with server.client(max_retries=0) as made:
        yield made


# Executing


@RESPONSES
@responses.activate
def test_the_example_of_the_requirements():
    responses.add(
        responses.POST,
        f"{PRODUCTION}/flows/execute",
        json={"execution_id": "exec-123", "status": "pending"},
    )
    client = AISpine()
    assert client.execute_flow("test-flow", {"data": "test"})["execution_id"] == (
        "exec-123"
    )
    client.close()


def test_an_execution_is_started_and_waited_for(client):
    started = client.execute_flow("f", {"x": 1}, {"team": "risk"})
    assert started.status == "pending" and started["status"] in ("pending", "queued")
    assert started.flow_id == "f" and started.was_started
    done = client.wait_for_execution(started.execution_id, LIMIT, 0.05)
    assert done.succeeded and done.is_done
    assert done.execution_id == started.execution_id
    assert done.input_data == {"x": 1}
    assert done.output_data == {"n": {"got": 1}}
    assert done.metadata == {"team": "risk"}
    assert done.duration.total_seconds() >= 0


def test_one_call_starts_and_waits(client):
    done = client.execute_and_wait("f", {"x": 1}, {"k": 1}, timeout=LIMIT, interval=0.1)
    assert done.output_data == {"n": {"got": 1}} and done.metadata == {"k": 1}


def test_the_same_idempotency_key_returns_the_same_execution(client):
    ids = {
        client.execute_flow("f", {}, idempotency_key="mine").execution_id
        for _ in range(3)
    }
    waited = client.execute_and_wait("f", {}, idempotency_key="mine", timeout=LIMIT)
    assert ids == {waited.execution_id}
    assert len(client.list_executions()) == 1
    with pytest.raises(ConflictError):
        client.execute_flow("f", {"other": 1}, idempotency_key="mine")


def test_each_call_has_its_own_key(client):
    assert len({client.execute_flow("f", {}).execution_id for _ in range(3)}) == 3


@pytest.mark.parametrize("method", ["execute_flow", "execute_and_wait"])
def test_an_unknown_flow_is_an_execution_error_in_the_servers_words(client, method):
    with pytest.raises(ExecutionError) as caught:
        getattr(client, method)("zz", {})
    assert str(caught.value) == "Flow 'zz' not found"
    assert caught.value.execution.execution_id == ZERO
    assert caught.value.execution.flow_id == "zz"
    assert not caught.value.execution.was_started


@RESPONSES
@responses.activate
def test_the_zero_id_is_an_error_even_where_the_server_says_nothing_of_one():
    responses.add(
        responses.POST,
        f"{PRODUCTION}/flows/execute",
        json={"execution_id": ZERO, "status": "pending"},
    )
    with AISpine() as client:
        with pytest.raises(ExecutionError, match="flow 'f' did not start"):
            client.execute_flow("f", {})


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("", {}), "flow_id must not be empty"),
        ((5, {}), "flow_id must be text"),
        (("..", {}), "flow_id must not be '..'"),
        (("f", None), "input_data must be a mapping"),
        (("f", [1]), "input_data must be a mapping"),
        (("f", {"x": {1}}), "input_data.x is of type set"),
        (("f", {"x": float("nan")}), "input_data.x is nan"),
        (("f", {}, "text"), "metadata must be a mapping"),
        (("f", {}, {"m": object()}), "metadata.m is of type object"),
    ],
)
@pytest.mark.parametrize("method", ["execute_flow", "execute_and_wait"])
def test_a_bad_argument_is_refused_before_anything_is_sent(
    server, client, method, arguments, words
):
    sent = server.faults.add("*", "*", status=500, times=None)
    with pytest.raises(ValidationError) as caught:
        getattr(client, method)(*arguments)
    assert words in str(caught.value)
    assert sent.met == 0


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": "5"},
        {"timeout": float("inf")},
        {"interval": -1},
        {"interval": None},
        {"idempotency_key": "a\nb"},
        {"idempotency_key": ""},
    ],
)
def test_a_bad_option_of_a_wait_is_refused_before_the_flow_is_started(client, options):
    with pytest.raises(ValidationError) as caught:
        client.execute_and_wait("f", {}, **options)
    assert next(iter(options)) in str(caught.value)
    assert client.list_executions() == []


# Waiting


def test_a_failed_execution_raises_with_what_failed(client):
    with pytest.raises(ExecutionError) as caught:
        client.execute_and_wait("failing", {}, timeout=LIMIT)
    execution = caught.value.execution
    assert execution.status == "failed"
    assert str(caught.value).startswith(
        f"execution {execution.execution_id} of flow failing failed: "
        "Node 'n' failed: ValueError: no luck (test_client.py:"
    )
    assert not isinstance(caught.value, ExecutionCancelledError)


def test_a_cancelled_execution_raises_an_error_of_its_own(client):
    started = client.execute_flow("held", {})
    client.cancel_execution(started.execution_id)
    with pytest.raises(ExecutionCancelledError, match="was cancelled") as caught:
        client.wait_for_execution(started.execution_id, LIMIT)
    assert caught.value.execution.status == "cancelled"


def test_a_failed_execution_is_returned_if_it_must_not_raise(client):
    done = client.execute_and_wait("failing", {}, timeout=LIMIT, raise_on_failure=False)
    assert done.status == "failed" and not done.succeeded
    again = client.wait_for_execution(
        done.execution_id, LIMIT, 0.05, raise_on_failure=False
    )
    assert dict(again) == dict(done)


def test_on_progress_is_called_after_each_poll(client, gate):
    seen = []

    def note(execution):
        seen.append(execution)
        if execution.status == "running":
            gate.set()

    done = client.execute_and_wait(
        "held", {}, timeout=LIMIT, interval=0.05, on_progress=note
    )
    assert all(isinstance(execution, Execution) for execution in seen)
    assert "running" in [execution.status for execution in seen]
    assert dict(seen[-1]) == dict(done)
    assert [execution.is_done for execution in seen].count(True) == 1


def test_an_error_of_the_callers_own_ends_the_wait(client):
    class Enough(Exception):
        pass

    def stop(execution):
        raise Enough()

    with pytest.raises(Enough):
        client.execute_and_wait("f", {}, timeout=LIMIT, on_progress=stop)


def test_a_wait_that_runs_out_of_time_names_the_id_and_the_last_status(client, gate):
    started = client.execute_flow("held", {})
    error = timed_out(
        lambda seconds: client.wait_for_execution(
            started.execution_id, timeout=seconds, interval=0.05
        ),
        "its last status was ",
    )
    assert error.execution_id == started.execution_id
    assert error.last_status in ("running", "pending")
    assert started.execution_id in str(error)
    assert f"its last status was {error.last_status}" in str(error)
    gate.set()
    assert client.wait_for_execution(started.execution_id, LIMIT, 0.05).succeeded


def test_a_wait_that_sees_nothing_says_so(server, plain):
    started = plain.execute_flow("held", {})
    server.faults.add("GET", "/executions/*", status=503, times=None)
    error = timed_out(
        lambda seconds: plain.wait_for_execution(
            started.execution_id, timeout=seconds, interval=0.05
        ),
        "its status was never seen, and the last request failed: ",
    )
    assert error.last_status is None


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 503, "headers": {"Retry-After": "0"}},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 500},
        {"status": 502},
        {"status": 504},
        {"drop": True},
        {"drop_after_commit": True},
    ],
    ids=str,
)
def test_a_wait_survives_transient_failures(server, plain, fault):
    started = plain.execute_flow("f", {"x": 1})
    met = server.faults.add("GET", "/executions/*", times=3, **fault)
    done = plain.wait_for_execution(started.execution_id, LIMIT, 0.05)
    assert done.succeeded
    assert met.met == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_ends_a_wait_at_once(server, plain, status):
    started = plain.execute_flow("held", {})
    plain._api.state.streams_unsupported = True
    met = server.faults.add("GET", "/executions/*", status=status, times=None)
    with pytest.raises(Exception) as caught:
        plain.wait_for_execution(started.execution_id, LIMIT, 0.05)
    assert caught.value.status_code == status
    assert met.met == 1


def test_an_unknown_execution_is_not_waited_for(client):
    with pytest.raises(NotFoundError):
        client.wait_for_execution(UNKNOWN, LIMIT)


@pytest.mark.only_sync("tests/asynchronous/test_cancellation.py has the other half")
def test_ctrl_c_says_which_execution_goes_on(client, monkeypatch, gate):
    def interrupt(seconds):
        raise KeyboardInterrupt

    started = client.execute_flow("held", {})
    client._api.state.streams_unsupported = True
    monkeypatch.setattr(client._api, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        client.wait_for_execution(started.execution_id, LIMIT)
    words = f"stopped waiting for execution {started.execution_id}, which continues"
    assert str(caught.value) == words
    monkeypatch.undo()
    gate.set()
    assert client.wait_for_execution(started.execution_id, LIMIT, 0.05).succeeded


def test_many_threads_may_share_a_client(server):
    with server.client(pool_size=4) as client:
        barrier, done = threading.Barrier(8), []

        def work(number):
            barrier.wait(LIMIT)
            execution = client.execute_and_wait(
                "f", {"x": number}, timeout=LIMIT, interval=0.05
            )
            done.append((number, execution.output_data["n"]["got"]))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert sorted(done) == [(n, n) for n in range(8)]


# Asking about executions


def test_an_execution_is_returned_with_its_times(client):
    done = client.execute_and_wait("f", {"x": "ñ"}, timeout=LIMIT)
    got = client.get_execution(done.execution_id)
    assert dict(got) == dict(done)
    assert got.created_at.utcoffset().total_seconds() == 0
    assert got.created_at <= got.completed_at


@pytest.mark.parametrize(
    "method",
    [
        "get_execution",
        "cancel_execution",
        "get_execution_results",
        "get_execution_messages",
        "rerun_execution",
    ],
)
def test_an_unknown_execution_is_not_found(client, method):
    with pytest.raises(NotFoundError) as caught:
        getattr(client, method)(UNKNOWN)
    assert UNKNOWN in str(caught.value)
    assert caught.value.status_code == 404
    with pytest.raises(BadRequestError, match="valid UUID"):
        getattr(client, method)("nope")
    for bad in ("", "..", 5, None):
        with pytest.raises(ValidationError):
            getattr(client, method)(bad)


def test_executions_are_listed_newest_first_filtered_and_paged(client):
    for name in ("f", "failing", "f"):
        client.execute_and_wait(name, {}, timeout=LIMIT, raise_on_failure=False)
    everything = client.list_executions()
    assert [execution.flow_id for execution in everything] == ["f", "failing", "f"]
    ids = [execution.execution_id for execution in everything]

    def listed(*arguments, **options):
        return [e.execution_id for e in client.list_executions(*arguments, **options)]

    assert listed("failing") == ids[1:2]
    assert listed(status="completed") == [ids[0], ids[2]]
    assert listed("f", "failed") == []
    assert listed(limit=1) == ids[:1]
    assert listed(limit=1, offset=2) == ids[2:]
    assert listed("f", "completed", 5, 1) == ids[2:]


@pytest.mark.parametrize(
    "options",
    [
        {"flow_id": ""},
        {"status": 5},
        {"limit": 0},
        {"limit": "1"},
        {"offset": -1},
        {"offset": 1.5},
    ],
)
def test_a_bad_filter_is_refused(client, options):
    with pytest.raises(ValidationError, match=next(iter(options))):
        client.list_executions(**options)


def test_all_executions_are_yielded_page_by_page(client):
    started = [client.execute_flow("f", {"x": n}).execution_id for n in range(5)]
    for page_size in (1, 2, 5, 100):
        walked = [e.execution_id for e in client.iter_executions(page_size=page_size)]
        assert walked == started[::-1]
    assert list(client.iter_executions("failing")) == []
    for execution_id in started:
        client.wait_for_execution(execution_id, LIMIT, 0.05)
    completed = list(client.iter_executions("f", "completed", page_size=2))
    assert [execution.execution_id for execution in completed] == started[::-1]
    with pytest.raises(ValidationError, match="page_size"):
        client.iter_executions(page_size=0)


def test_no_execution_is_yielded_twice_while_new_ones_are_started(client):
    started = [client.execute_flow("f", {}).execution_id for _ in range(4)]
    walked = []
    for execution in client.iter_executions(page_size=2):
        walked.append(execution.execution_id)
        if len(walked) < 4:
            client.execute_flow("f", {})
    assert len(walked) == len(set(walked))
    assert set(started) <= set(walked)


# Executing again


def test_an_execution_is_run_again_with_the_same_flow_input_and_metadata(client):
    first = client.execute_and_wait("f", {"x": 1, "y": 2}, {"team": "risk"})
    again = client.rerun_execution(first.execution_id)
    assert again.execution_id != first.execution_id and again.flow_id == "f"
    done = client.wait_for_execution(again, LIMIT, 0.05)
    assert done.input_data == {"x": 1, "y": 2}
    assert done.metadata == {"team": "risk"}
    assert done.output_data == first.output_data
    assert client.get_execution(first) == first


@pytest.mark.parametrize(
    "changes, input_data",
    [
        ({}, {"x": {"a": 1}, "y": 2}),
        ({"x": {"b": 1}}, {"x": {"b": 1}, "y": 2}),
        ({"z": 3}, {"x": {"a": 1}, "y": 2, "z": 3}),
        ({"y": None}, {"x": {"a": 1}, "y": None}),
    ],
    ids=["nothing", "a field", "a new field", "null"],
)
def test_fields_of_the_input_are_changed_where_asked(client, changes, input_data):
    first = client.execute_flow("f", {"x": {"a": 1}, "y": 2})
    again = client.rerun_execution(first, changes)
    assert client.get_execution(again).input_data == input_data


@pytest.mark.parametrize("metadata", [{}, {"team": "sales"}], ids=str)
def test_other_metadata_replaces_the_originals(client, metadata):
    first = client.execute_flow("f", {}, {"team": "risk", "run": 1})
    again = client.rerun_execution(first, metadata=metadata)
    assert (client.get_execution(again).metadata or {}) == metadata


def test_an_execution_that_runs_or_has_failed_is_run_again(client):
    for flow_id in ("held", "failing"):
        first = client.execute_flow(flow_id, {"x": 1})
        assert client.rerun_execution(first).flow_id == flow_id


def test_the_same_idempotency_key_runs_an_execution_again_once(client):
    first = client.execute_flow("f", {})
    again = [client.rerun_execution(first, idempotency_key="k") for _ in range(2)]
    assert len({each.execution_id for each in again} - {first.execution_id}) == 1


@pytest.mark.parametrize(
    "arguments, options",
    [
        ((["x"],), {}),
        (("x=1",), {}),
        ((), {"metadata": "m"}),
        ((), {"idempotency_key": ""}),
    ],
    ids=str,
)
def test_a_bad_argument_of_a_rerun_is_refused_before_anything_is_sent(
    server, client, arguments, options
):
    met = server.faults.add("*", "*", status=500, times=None)
    with pytest.raises(ValidationError):
        client.rerun_execution(UNKNOWN, *arguments, **options)
    assert met.met == 0


@pytest.mark.parametrize(
    "body, missing",
    [
        ({"input_data": {}}, "flow"),
        ({"flow_id": "", "input_data": {}}, "flow"),
        ({"flow_id": "f"}, "input"),
        ({"flow_id": "f", "input_data": None}, "input"),
        ({"flow_id": "f", "input_data": "{}"}, "input"),
    ],
    ids=str,
)
def test_an_execution_that_a_server_shows_in_part_is_not_run_again(
    server, plain, body, missing
):
    shown = {"execution_id": "e", "status": "completed", **body}
    server.faults.add("GET", "/executions/*", status=200, body=shown)
    with pytest.raises(ExecutionError) as caught:
        plain.rerun_execution(UNKNOWN)
    assert str(caught.value) == (
        f"execution e cannot be run again: the server does not send its {missing}; "
        "use execute_flow"
    )
    assert caught.value.execution.execution_id == "e"
    assert plain.list_executions() == []


def test_an_execution_of_a_deleted_flow_is_not_run_again(client):
    first = client.execute_and_wait("f", {})
    client.delete_flow("f")
    with pytest.raises(ExecutionError, match="not found"):
        client.rerun_execution(first)


def test_a_cancelled_execution_is_returned(client):
    started = client.execute_flow("held", {})
    cancelled = client.cancel_execution(started.execution_id)
    assert cancelled.status == "cancelled"
    assert cancelled.error_message == "Execution cancelled by user"
    with pytest.raises(NotFoundError, match="not found or not running"):
        client.cancel_execution(started.execution_id)


def test_the_results_of_each_node_are_returned(client):
    done = client.execute_and_wait("f", {"x": 1}, timeout=LIMIT)
    (result,) = client.get_execution_results(done.execution_id)
    assert (result.node_id, result.agent_id) == ("n", "echo")
    assert result.status == "completed"
    assert result.input_data == {"x": 1} and result.output_data == {"got": 1}
    assert result.execution_time_ms >= 0


def test_an_execution_has_no_messages_here(client):
    started = client.execute_flow("f", {})
    assert list(client.get_execution_messages(started.execution_id)) == []


# Flows


def test_flows_are_listed_and_returned(client):
    assert [made.flow_id for made in client.list_flows()] == ["f", "failing", "held"]
    got = client.get_flow("f")
    assert got.flow_id == "f" and got.exit_points == ["n"]
    assert [(n.id, n.agent_id) for n in got.nodes] == [("n", "echo")]


def test_an_unknown_flow_is_not_found(client):
    with pytest.raises(NotFoundError, match="Flow 'zz' not found"):
        client.get_flow("zz")
    with pytest.raises(NotFoundError, match="Flow 'zz' not found"):
        client.update_flow("zz", single("echo", "zz"))
    assert client.delete_flow("zz") is False


def test_a_flow_is_created_changed_run_and_deleted(client):
    made = client.create_flow(flow(node("a", "echo"), flow_id="new", name="New"))
    assert made.flow_id == "new" and made.name == "New"
    done = client.execute_and_wait("new", {"x": 1}, timeout=LIMIT)
    assert done.output_data == {"a": {"got": 1}}
    with pytest.raises(ConflictError, match="already exists"):
        client.create_flow(single("echo", "new"))
    changed = client.update_flow("new", single("echo", "new"))
    assert [n.id for n in changed.nodes] == ["n"]
    assert client.execute_and_wait("new", {"x": 2}, timeout=LIMIT).output_data == {
        "n": {"got": 2}
    }
    assert client.delete_flow("new") is True
    assert client.delete_flow("new") is False
    with pytest.raises(NotFoundError):
        client.get_flow("new")


def test_a_flow_of_the_server_can_be_sent_back(client):
    got = client.get_flow("f")
    assert client.delete_flow("f")
    assert client.create_flow(got).nodes[0].agent_id == "echo"
    assert client.update_flow("f", got).flow_id == "f"
    assert client.execute_and_wait("f", {}, timeout=LIMIT).succeeded


def test_a_flow_that_cannot_run_is_refused_with_all_its_problems(client):
    bad = flow(node("n", "ghost", ["m"]), flow_id="bad", exits=["x"])
    with pytest.raises(BadRequestError) as caught:
        client.create_flow(bad)
    for words in ("'ghost'", "depends on 'm'", "exit point 'x'"):
        assert words in str(caught.value)


@pytest.mark.parametrize("method", ["get_flow", "delete_flow"])
@pytest.mark.parametrize("bad", ["", ".", "..", "a\nb", 5, None])
def test_a_flow_id_that_cannot_be_one_is_refused(client, method, bad):
    with pytest.raises(ValidationError, match="flow_id"):
        getattr(client, method)(bad)


# Agents


def test_agents_are_listed_and_returned(client):
    agents = client.list_agents()
    assert [made.agent_id for made in agents] == ["echo", "fail", "hold"]
    got = client.get_agent("echo")
    assert got.agent_id == "echo" and got.is_active is True
    assert got.agent_type == "processor"


def test_an_agent_is_created_and_deleted(client):
    made = client.create_agent(AGENT)
    assert {name: getattr(made, name) for name in AGENT} == AGENT
    assert dict(client.get_agent("remote")) == dict(made)
    with pytest.raises(ConflictError, match="Agent 'remote' already exists"):
        client.create_agent(AGENT)
    assert client.delete_agent("remote") is True
    assert client.delete_agent("remote") is False
    with pytest.raises(NotFoundError, match="Agent 'remote' not found"):
        client.get_agent("remote")


@pytest.mark.parametrize(
    "bad", [None, [], "text", {}, {"agent_id": ""}, {"agent_id": 5}, {"name": "x"}]
)
def test_an_agent_without_an_id_is_refused_before_it_is_sent(server, client, bad):
    sent = server.faults.add("POST", "/agents", status=500)
    with pytest.raises(ValidationError, match="agent_config"):
        client.create_agent(bad)
    assert sent.met == 0


def test_what_the_server_refuses_of_an_agent_is_reported_in_its_words(client):
    with pytest.raises(BadRequestError) as caught:
        client.create_agent({"agent_id": "a", "name": "no endpoint"})
    assert caught.value.details == [
        {"field": "endpoint", "message": "Field required", "type": "missing"}
    ]


@pytest.mark.parametrize("method", ["get_agent", "delete_agent"])
@pytest.mark.parametrize("bad", ["", "..", 5, None])
def test_an_agent_id_that_cannot_be_one_is_refused(client, method, bad):
    with pytest.raises(ValidationError, match="agent_id"):
        getattr(client, method)(bad)


@pytest.mark.parametrize("agent_id", ["a/b", "a b", "ñandú", "50%", "a?b#c"])
def test_ids_with_odd_characters_survive_the_round_trip(client, agent_id):
    client.create_agent({**AGENT, "agent_id": agent_id})
    assert client.get_agent(agent_id).agent_id == agent_id
    assert client.delete_agent(agent_id) is True


# The system


def test_the_server_reports_that_it_is_healthy(client):
    health = client.health_check()
    assert health.is_healthy and health.status == "healthy"
    assert health.timestamp.utcoffset().total_seconds() == 0
    assert health.message and health.version


def test_the_server_counts(client):
    client.execute_and_wait("f", {}, timeout=LIMIT)
    client.execute_and_wait("failing", {}, timeout=LIMIT, raise_on_failure=False)
    metrics = client.get_metrics()
    assert metrics.total_executions == 2
    assert metrics.successful_executions == metrics.failed_executions == 1
    assert metrics.running_executions == metrics.cancelled_executions == 0
    assert metrics.average_execution_time >= 0
    assert metrics.last_execution.utcoffset().total_seconds() == 0


def test_the_server_reports_its_components(client):
    status = client.get_status()
    assert status.status == "operational"
    assert status.components["orchestrator"] == "active"
    assert status.agents == {"total": 3, "active": 3}
    assert status.flows == {"total": 3}


# Any request


def test_any_request_may_be_sent(plain):
    client = plain
    assert client.request("GET", "/health")["status"] == "healthy"
    page = client.request("get", "/executions", params={"limit": 5, "flow_id": None})
    assert page["count"] == 0
    body = {"flow_id": "f", "input_data": {}}
    started = client.request("POST", "/flows/execute", json=body)
    assert client.wait_for_execution(started["execution_id"], LIMIT, 0.05).succeeded
    with pytest.raises(NotFoundError):
        client.request("DELETE", "/agents/zz")


@pytest.mark.parametrize(
    "arguments, options",
    [
        (("FETCH", "/flows"), {}),
        ((5, "/flows"), {}),
        (("GET", ""), {}),
        (("GET", 5), {}),
        (("GET", "https://elsewhere.example/"), {}),
        (("POST", "/flows"), {"json": [1]}),
        (("GET", "/flows"), {"params": "x=1"}),
    ],
)
def test_an_invalid_request_is_refused(client, arguments, options):
    with pytest.raises(ValidationError):
        client.request(*arguments, **options)


# The client itself


def test_a_client_shows_its_settings(server, library):
    with AISpine("sk-1", server.url + "/", 7, 2) as client:
        assert client.base_url == server.url
        assert (client.timeout, client.max_retries) == (7, 2)
        assert repr(client) == f"AISpine(base_url={server.url!r})"
        kinds = [kind.__module__ for kind in type(client.session).__mro__]
        assert any(kind.partition(".")[0] == library for kind in kinds)


def test_a_client_with_other_options_is_another_that_shares_connections(server):
    with server.client(max_retries=0) as client:
        changed = client.with_options(timeout=3, max_retries=5, headers={"X-A": "1"})
        assert (changed.timeout, changed.max_retries) == (3, 5)
        assert client.max_retries == 0
        assert changed.session is client.session
        server.faults.add("GET", "/flows", status=503, headers={"Retry-After": "0"})
        assert len(changed.list_flows()) == 3
        server.faults.add("GET", "/flows", status=503)
        with pytest.raises(ServerError):
            client.list_flows()
        with pytest.raises(NetworkError):
            server.faults.add("GET", "/flows", delay=0.5)
            client.with_options(deadline=0.1).list_flows()


def test_retry_writes_may_be_switched_on_for_one_call(server):
    server.faults.add("POST", "/flows/execute", drop_after_commit=True)
    with server.client() as client:
        client.with_options(retry_writes=True).execute_flow("f", {})
        assert len(client.list_executions()) == 1


@pytest.mark.parametrize(
    "options",
    [{"timeout": 0}, {"max_retries": -1}, {"deadline": "x"}, {"headers": 5}],
)
def test_an_option_that_is_wrong_is_refused(server, options):
    with server.client() as client:
        with pytest.raises(ConfigurationError):
            client.with_options(**options)


def test_a_client_works_again_after_close(server):
    client = server.client()
    first = client.session
    client.list_flows()
    client.close()
    client.close()
    assert len(client.list_flows()) == 3
    assert client.session is not first
    client.close()


@pytest.mark.only_sync("tests/sync and tests/transport have the others")
def test_a_session_of_the_callers_own_is_used_and_stays_open(server):
    with requests.Session() as session:
        session.headers["X-Mine"] = "yes"
        with server.client(session=session) as client:
            assert client.session is session
            assert len(client.list_flows()) == 3
        assert session.get(f"{server.url}/health").ok


@pytest.mark.only_sync("tests/asynchronous/test_refusals.py has the others")
@pytest.mark.parametrize(
    "options",
    [{"proxies": {}}, {"verify": False}, {"cert": "client.pem"}],
)
def test_settings_of_a_session_are_refused_beside_it(options):
    with requests.Session() as session:
        with pytest.raises(ConfigurationError, match="on the session that you pass"):
            AISpine(session=session, **options)
    with pytest.raises(ConfigurationError, match="must be a requests.Session"):
        AISpine(session="session")


def test_a_pickled_client_works(server):
    with server.client(api_prefix="/api/v1", max_retries=1) as client:
        with pickle.loads(pickle.dumps(client)) as copy:
            assert copy.base_url == client.base_url and copy.max_retries == 1
            assert len(copy.list_flows()) == 3


@pytest.fixture
def quiet_log():
    """Put back what `debug` changes for the whole process."""
    log = logging.getLogger("ai_spine")
    level, handlers = log.level, list(log.handlers)
    yield
    log.setLevel(level)
    log.handlers[:] = handlers


def test_debug_logs_each_attempt(server, caplog, quiet_log):
    with server.client(debug=True) as client:
        client.list_flows()
    assert "GET /flows -> 200" in caplog.text


def test_a_deadline_ends_a_call_with_all_its_attempts(server):
    server.faults.add("GET", "/flows", status=503, times=None)
    with server.client(deadline=0.2, max_retries=100) as client:
        with pytest.raises((ServerError, NetworkError)):
            client.list_flows()


def test_a_server_that_is_gone_is_a_network_error(server):
    with server.client(max_retries=0) as client:
        client.list_flows()
        server.close()
        with pytest.raises(NetworkError, match=server.url) as caught:
            client.execute_flow("f", {})
        assert not caught.value.maybe_executed


@pytest.mark.only_sync("tests/asynchronous/test_parity.py compares the docs")
def test_every_public_method_has_a_docstring():
    for name, member in inspect.getmembers(AISpine):
        if not name.startswith("_"):
            assert inspect.getdoc(member), name


def test_an_execution_may_be_waited_for_by_many_at_once(server, gate):
    with server.client() as client:
        execution_id = client.execute_flow("held", {}).execution_id
        seen, done = [], []

        def wait():
            done.append(
                client.wait_for_execution(
                    execution_id, LIMIT, 0.05, on_progress=seen.append
                )
            )

        threads = [threading.Thread(target=wait) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(seen) >= 4)
        gate.set()
        for thread in threads:
            thread.join(LIMIT)
        assert [execution.succeeded for execution in done] == [True] * 4


def test_closing_a_client_with_other_options_leaves_the_connections_open(plain):
    session = plain.session
    with plain.with_options(timeout=5) as other:
        assert other.session is session
    assert plain.session is session


@RESPONSES
def test_a_wait_survives_a_page_of_html_from_a_proxy():
    url = f"{PRODUCTION}/executions/{UNKNOWN}"
    with responses.RequestsMock() as mock, AISpine() as client:
        mock.get(url, body="<html>", content_type="text/html")
        mock.get(url, json={"execution_id": UNKNOWN, "status": "completed"})
        client._api.sleep = lambda seconds: None
        assert client.wait_for_execution(UNKNOWN).succeeded


@RESPONSES
def test_a_server_may_respond_to_a_definition_with_nothing():
    definition = {"flow_id": "f", "name": "F", "nodes": [{"id": "n"}]}
    with responses.RequestsMock() as mock, AISpine() as client:
        mock.put(f"{PRODUCTION}/flows/f", status=204)
        mock.post(f"{PRODUCTION}/flows", json={"message": "created"})
        updated, created = client.update_flow("f", definition), client.create_flow(
            definition
        )
    for told in (updated, created):
        assert (told.flow_id, told.name, told.nodes[0].id) == ("f", "F", "n")


@RESPONSES
@pytest.mark.parametrize(
    "answer",
    [
        {"body": "x", "content_type": "text/sk-hush"},
        {"status": 500, "headers": {"X-Request-Id": "sk-hush"}},
        {"json": {"execution_id": ZERO, "status": "failed", "error": "bad sk-hush"}},
    ],
)
def test_a_key_that_the_server_repeats_is_not_in_the_error(answer):
    with responses.RequestsMock() as mock, AISpine("sk-hush") as client:
        mock.post(f"{PRODUCTION}/flows/execute", **answer)
        with pytest.raises(AISpineError) as caught:
            client.execute_flow("f", {})
    assert "hush" not in str(caught.value) and "***" in str(caught.value)
