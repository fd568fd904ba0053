"""Tests of fault injection, as seen by a client."""

import threading
from datetime import date

import pytest
import requests

from ai_spine import NetworkError, RateLimitError, ServerError, ValidationError
from ai_spine.local.faults import FaultScript
from tests.local import LIMIT, single, wait_until


@pytest.fixture
def server(serve):
    return serve([single()], {"work": lambda input, config: {"done": True}})


def statuses(http, url, count):
    return [http.get(url).status_code for _ in range(count)]


# Status


def test_a_status_is_returned_the_given_number_of_times(server, http):
    fault = server.faults.add("GET", "/flows", status=503, times=2)
    assert fault.met == 0
    assert statuses(http, f"{server.url}/flows", 4) == [503, 503, 200, 200]
    assert fault.met == 2


def test_a_fault_applies_to_one_request_by_default(server, http):
    server.faults.add("GET", "/flows", status=500)
    assert statuses(http, f"{server.url}/flows", 2) == [500, 200]


def test_a_fault_without_a_limit_applies_until_it_is_cleared(server, http):
    fault = server.faults.add("GET", "/flows", status=500, times=None)
    assert statuses(http, f"{server.url}/flows", 5) == [500] * 5
    server.faults.clear()
    assert statuses(http, f"{server.url}/flows", 1) == [200]
    assert fault.met == 5


def test_faults_apply_in_the_order_in_which_they_were_added(server, http):
    server.faults.add("GET", "/flows", status=503)
    server.faults.add("GET", "/flows", status=429, times=2)
    server.faults.add("*", "*", status=418)
    assert statuses(http, f"{server.url}/flows", 5) == [503, 429, 429, 418, 200]


def test_a_fault_sets_the_headers_and_the_body_of_the_response(server, http):
    body = {"error": {"code": "busy", "message": "Too much"}}
    headers = {"Retry-After": "7", "X-Test": "yes", "Content-Type": "application/x"}
    server.faults.add("GET", "/flows", status=429, headers=headers, body=body)
    response = http.get(f"{server.url}/flows")
    assert response.status_code == 429
    assert response.json() == body
    assert {name: response.headers[name] for name in headers} == headers


@pytest.mark.parametrize("body", [[], 0, "text", {"detail": "x"}])
def test_any_json_may_be_the_body(server, http, body):
    server.faults.add("GET", "/flows", status=500, body=body)
    assert http.get(f"{server.url}/flows").json() == body


@pytest.mark.parametrize(
    "status, reason", [(503, "Service Unavailable"), (599, "Unknown")]
)
def test_the_default_body_says_that_a_fault_was_requested(server, http, status, reason):
    server.faults.add("GET", "/flows", status=status)
    response = http.get(f"{server.url}/flows")
    assert response.status_code == status
    assert response.json() == {"detail": f"{reason} (an injected fault)"}


@pytest.mark.parametrize("status", [200, 204, 304, 599])
def test_the_connection_can_be_reused_after_any_status(server, http, status, caplog):
    server.faults.add("GET", "/flows", status=status)
    assert statuses(http, f"{server.url}/flows", 2) == [status, 200]
    # A busy machine makes waitress say that requests wait.
    assert not [each for each in caplog.records if each.name != "waitress.queue"]


def test_a_request_with_a_status_fault_has_no_effect(server, http):
    server.faults.add("POST", "/flows/execute", status=500)
    server.faults.add("DELETE", "/flows/*", status=500)
    body = {"flow_id": "f", "input_data": {}}
    assert http.post(f"{server.url}/flows/execute", json=body).status_code == 500
    assert http.delete(f"{server.url}/flows/f").status_code == 500
    assert http.get(f"{server.url}/executions").json()["count"] == 0
    assert http.get(f"{server.url}/flows").json()["count"] == 1


def test_the_client_retries_after_503_and_then_succeeds(server):
    fault = server.faults.add(
        "GET", "/flows", status=503, headers={"Retry-After": "0"}, times=2
    )
    with server.client() as client:
        assert [flow.flow_id for flow in client.list_flows()] == ["f"]
    assert fault.met == 2


def test_the_client_reports_retry_after(server):
    server.faults.add("GET", "/flows", status=429, headers={"Retry-After": "3600"})
    with server.client() as client:
        with pytest.raises(RateLimitError) as caught:
            client.list_flows()
    assert caught.value.retry_after == 3600


def test_the_client_does_not_retry_an_ambiguous_post(server):
    fault = server.faults.add("POST", "/flows/execute", status=500, times=None)
    with server.client() as client:
        with pytest.raises(ServerError):
            client.execute_flow("f", {})
    assert fault.met == 1


# Matching requests


@pytest.mark.parametrize(
    "method, path, met",
    [
        ("GET", "/flows/f", True),
        ("get", "/flows/f", True),
        ("*", "/flows/f", True),
        ("*", "*", True),
        ("GET", "*", True),
        ("GET", "/flows/*", True),
        ("GET", "/*/f", True),
        ("POST", "/flows/f", False),
        ("GET", "/flows", False),
        ("GET", "/flows/F", False),
        ("GET", "/agents/*", False),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_method_and_path_select_the_requests(server, http, prefix, method, path, met):
    fault = server.faults.add(method, path, status=418)
    response = http.get(f"{server.url}{prefix}/flows/f?x=1")
    assert response.status_code == (418 if met else 200)
    assert fault.met == int(met)


def test_a_path_may_contain_any_letters(server, http):
    fault = server.faults.add("GET", "/flows/ñandú", status=418)
    assert http.get(f"{server.url}/flows/ñandú").status_code == 418
    assert fault.met == 1


def test_a_fault_applies_exactly_the_given_number_of_times_to_concurrent_requests(
    server,
):
    fault = server.faults.add("GET", "/flows", status=418, times=5)
    barrier, received = threading.Barrier(12), []

    def send():
        with requests.Session() as session:
            barrier.wait(LIMIT)
            received.append(session.get(f"{server.url}/flows").status_code)

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(received) == [200] * 7 + [418] * 5
    assert fault.met == 5


# Delay


def test_a_delay_without_a_status_only_delays(server, http):
    fault = server.faults.add("GET", "/flows", delay=0.01)
    assert http.get(f"{server.url}/flows").status_code == 200
    assert fault.met == 1


@pytest.mark.parametrize("more", [{}, {"status": 500}, {"drop_after_commit": True}])
def test_a_delayed_request_has_no_effect_yet_and_close_ends_the_delay(
    serve, http, more
):
    server = serve([single()], {"work": lambda input, config: {}})
    fault = server.faults.add("DELETE", "/flows/f", delay=600, **more)
    responses = []

    def delete():
        try:
            responses.append(requests.delete(f"{server.url}/flows/f"))
        except requests.ConnectionError:
            pass  # the server was closed

    sender = threading.Thread(target=delete)
    sender.start()
    wait_until(lambda: fault.met)
    assert http.get(f"{server.url}/flows/f").status_code == 200
    assert responses == []
    server.close()
    sender.join(LIMIT)
    assert not sender.is_alive()


def test_a_request_delayed_beyond_the_timeout_is_retried(server):
    server.faults.add("GET", "/flows", delay=1.5)
    retries = []
    with server.client(timeout=0.3, event_hooks={"retry": retries.append}) as client:
        assert len(client.list_flows()) == 1
    assert {event.cause for event in retries} == {"no response in time (0.3 s)"}


# Drops


def test_a_dropped_request_has_no_effect(server, http):
    server.faults.add("DELETE", "/flows/f", drop=True)
    with pytest.raises(requests.ConnectionError):
        http.delete(f"{server.url}/flows/f")
    assert http.get(f"{server.url}/flows/f").status_code == 200


def test_the_client_retries_a_dropped_get(server):
    fault = server.faults.add("GET", "/flows", drop=True)
    with server.client() as client:
        assert len(client.list_flows()) == 1
    assert fault.met == 1


def test_after_drop_after_commit_the_execution_exists(server):
    fault = server.faults.add("POST", "/flows/execute", drop_after_commit=True)
    with server.client() as client:
        with pytest.raises(NetworkError) as caught:
            client.execute_flow("f", {"x": 1})
        assert caught.value.maybe_executed
        assert fault.met == 1
        (execution,) = client.list_executions()
        assert execution.input_data == {"x": 1}
        again = client.execute_flow(
            "f", {"x": 1}, idempotency_key=caught.value.idempotency_key
        )
        assert again.execution_id == execution.execution_id
        done = client.wait_for_execution(execution.execution_id, LIMIT, 0.05)
        assert done.succeeded
        assert len(client.list_executions()) == 1


def test_after_drop_nothing_exists_but_the_client_cannot_know(server):
    server.faults.add("POST", "/flows/execute", drop=True)
    with server.client() as client:
        with pytest.raises(NetworkError) as caught:
            client.execute_flow("f", {})
        assert caught.value.maybe_executed
        assert client.list_executions() == []


@pytest.mark.parametrize("drop", ["drop", "drop_after_commit"])
def test_with_retry_writes_a_dropped_request_takes_effect_once(server, drop):
    fault = server.faults.add("POST", "/flows/execute", times=2, **{drop: True})
    with server.client(retry_writes=True) as client:
        started = client.execute_flow("f", {})
        (execution,) = client.list_executions()
        assert execution.execution_id == started.execution_id
        assert client.wait_for_execution(started.execution_id, LIMIT, 0.05).succeeded
    assert fault.met == 2


def test_a_creation_dropped_after_commit_takes_effect_once(server):
    server.faults.add("POST", "/agents", drop_after_commit=True)
    with server.client(retry_writes=True) as client:
        made = client.create_agent({"agent_id": "a", "endpoint": "http://127.0.0.1:1"})
        assert made.agent_id == "a"


def test_a_cancel_dropped_after_commit_succeeds(serve, gate):
    server = serve([single()], {"work": lambda i, c: gate.wait(LIMIT) and {}})
    server.faults.add("POST", "/executions/*/cancel", drop_after_commit=True)
    with server.client(retry_writes=True) as client:
        execution_id = client.execute_flow("f", {}).execution_id
        assert client.cancel_execution(execution_id).status == "cancelled"


def test_a_dropped_connection_does_not_affect_others(server):
    with requests.Session() as other, requests.Session() as dropped:
        assert other.get(f"{server.url}/flows").ok
        server.faults.add("GET", "/flows", drop=True)
        with pytest.raises(requests.ConnectionError):
            dropped.get(f"{server.url}/flows")
        assert other.get(f"{server.url}/flows").ok
        assert dropped.get(f"{server.url}/flows").ok


# Invalid arguments


@pytest.mark.parametrize(
    "options, words",
    [
        ({}, "a fault needs a status, drop, drop_after_commit or delay"),
        ({"body": {}}, "a fault needs a status"),
        ({"delay": 0}, "a fault needs a status"),
        ({"status": 500, "drop": True}, "a fault has one of status, drop and"),
        ({"drop": True, "drop_after_commit": True}, "a fault has one of status"),
        ({"status": 199}, "status must be from 200 to 599, not 199"),
        ({"status": 600}, "status must be from 200 to 599, not 600"),
        ({"status": "503"}, "status must be a whole number"),
        ({"status": True}, "status must be a whole number"),
        ({"delay": -1}, "delay must be a number of seconds above zero"),
        ({"delay": "1"}, "delay must be a number of seconds"),
        ({"status": 500, "times": 0}, "times must be at least 1"),
        ({"status": 500, "times": 1.5}, "times must be a whole number"),
        ({"status": 500, "body": {1, 2}}, "body"),
        ({"status": 500, "headers": {"Retry-After": 5}}, "headers"),
        ({"status": 500, "headers": {"X": "a\r\nB: c"}}, "headers"),
        ({"status": 500, "headers": ["X"]}, "headers must be a mapping"),
        ({"status": 500, "drop": "yes"}, "a fault has one of status, drop and"),
        ({"drop": True, "body": {"a": 1}}, "headers and body need the status"),
        ({"delay": 1, "headers": {"X": "a"}}, "headers and body need the status"),
    ],
)
def test_an_invalid_fault_is_refused(options, words):
    script = FaultScript()
    with pytest.raises(ValidationError) as caught:
        script.add("GET", "/flows", **options)
    assert words in str(caught.value)
    assert script.take("GET", "/flows") is None


@pytest.mark.parametrize(
    "method, path, words",
    [
        (None, "/flows", "method must be text, not of type NoneType"),
        ("GET", None, "path must be text, not of type NoneType"),
        ("GET", "flows", "path must begin with a slash or a star"),
        ("GET", "http://127.0.0.1/flows", "path must begin with a slash or a star"),
        ("GET", "/api/v1/flows", "path must not begin with /api/v1"),
    ],
)
def test_a_fault_that_cannot_match_a_request_is_refused(method, path, words):
    script = FaultScript()
    with pytest.raises(ValidationError, match=words):
        script.add(method, path, status=503)
    assert script.take("GET", "/flows") is None


def test_a_wait_survives_faults(serve, gate):
    server = serve([single()], {"work": lambda i, c: gate.wait(LIMIT) and {}})
    with server.client() as client:
        started = client.execute_flow("f", {})
        faults = [
            server.faults.add("GET", "/executions/*", status=503),
            server.faults.add("GET", "/executions/*", drop=True),
            server.faults.add("GET", "/executions/*", status=500),
        ]
        waiter = threading.Thread(
            target=lambda: client.wait_for_execution(started.execution_id, LIMIT, 0.05)
        )
        waiter.start()
        wait_until(lambda: all(fault.met for fault in faults))
        gate.set()
        waiter.join(LIMIT)
        assert not waiter.is_alive()


def test_a_body_is_encoded_as_the_client_encodes_inputs(server, http):
    body = {"since": date(2026, 11, 27)}
    server.faults.add("GET", "/flows", status=500, body=body)
    assert http.get(f"{server.url}/flows").json() == {"since": "2026-11-27"}
