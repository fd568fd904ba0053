"""Tests of the local server's routes over plain HTTP."""

import itertools
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest
import requests

from ai_spine import __version__, operations
from ai_spine.utils import fill_in
from tests.local import LIMIT, flow, node, run, single, wait_until

ZERO = "00000000-0000-0000-0000-000000000000"
UNKNOWN = "12345678-1234-1234-1234-123456789abc"
PREFIXES = ("", "/api/v1")
AGENT = {"agent_id": "new", "endpoint": "http://127.0.0.1:9"}

# The keys of a real server's responses, as recorded; after the +, the keys added by this server.
KEYS = {
    "health": "status timestamp message startup_complete + version",
    "health_detailed": "status timestamp database mode",
    "status": "status components agents flows",
    "metrics": "total_executions successful_executions failed_executions cancelled_executions"
    " running_executions average_execution_time total_execution_time last_execution",
    "flows": "flows count",
    "flow": "flow_id name description version nodes entry_point exit_points metadata"
    " + created_at updated_at",
    "node": "id agent_id type depends_on config conditions",
    "started": "execution_id status result error execution_time",
    "execution": "execution_id flow_id status input_data output_data error_message created_at"
    " updated_at completed_at + metadata",
    "executions": "executions count flow_id",
    "executions_v1": "executions count limit offset",
    "message": "message",
    "results": "execution_id node_results count",
    "results_v1": "execution node_results",
    "result": "id execution_id node_id agent_id status input_data output_data created_at"
    " execution_time_ms updated_at completed_at + error_message",
    "messages": "messages count execution_id",
    "agents": "agents count",
    "agent": "agent_id name description endpoint capabilities agent_type is_active created_at"
    " updated_at",
    "error": "detail",
}


def has_keys(response, name):
    """Check that an object has the keys of a real response, and the added ones."""
    assert set(response) == set(KEYS[name].split()) - {"+"}, name
    return True


def work(input, config):
    return {"did": "work"}


@pytest.fixture
def server(serve):
    return serve([single()], {"work": work})


@pytest.fixture(params=PREFIXES, ids=["root", "prefixed"])
def base(request, server):
    """The base URL of flows, executions and agents."""
    return server.url + request.param


def execute(http, base, input_data=None, flow_id="f", **headers):
    body = {"flow_id": flow_id, "input_data": input_data or {}}
    return http.post(f"{base}/flows/execute", json=body, headers=headers)


def finished(http, base, execution_id):
    """Wait for an execution and return it."""

    def look():
        execution = http.get(f"{base}/executions/{execution_id}").json()
        return execution["completed_at"] and execution

    return wait_until(look)


# Shapes


def test_health_has_the_keys_of_the_real_server(server, http):
    response = http.get(f"{server.url}/health")
    assert response.status_code == 200
    assert has_keys(response.json(), "health")
    assert response.json()["status"] == "healthy"
    assert isinstance(response.json()["timestamp"], float)


def test_detailed_health_status_and_metrics_have_the_keys_of_the_real_server(
    server, http
):
    for path, name in (
        ("/health/detailed", "health_detailed"),
        ("/status", "status"),
        ("/metrics", "metrics"),
    ):
        response = http.get(server.url + path)
        assert response.status_code == 200
        assert has_keys(response.json(), name)


def test_status_counts_agents_and_flows(server, http):
    status = http.get(f"{server.url}/status").json()
    assert status["agents"] == {"total": 1, "active": 1}
    assert status["flows"] == {"total": 1}
    assert set(status["components"]) == {
        "registry",
        "communication",
        "memory",
        "orchestrator",
    }


def test_metrics_count_what_ran(serve, http, gate):
    agents = {
        "good": lambda i, c: {},
        "bad": lambda i, c: None,
        "held": lambda i, c: gate.wait(LIMIT) and {},
    }
    server = serve([single(name, name) for name in agents], agents)
    empty = http.get(f"{server.url}/metrics").json()
    assert empty["last_execution"] is None and empty["average_execution_time"] == 0
    for name in ("good", "good", "bad"):
        run(server, name)
    for _ in range(2):
        held = execute(http, server.url, flow_id="held").json()["execution_id"]
    http.post(f"{server.url}/executions/{held}/cancel")
    metrics = http.get(f"{server.url}/metrics").json()
    assert {k: v for k, v in metrics.items() if k.endswith("_executions")} == {
        "total_executions": 5,
        "successful_executions": 2,
        "failed_executions": 1,
        "cancelled_executions": 1,
        "running_executions": 1,
    }
    last = http.get(f"{server.url}/executions/{held}").json()["created_at"]
    assert metrics["last_execution"] == last
    total, average = metrics["total_execution_time"], metrics["average_execution_time"]
    assert total == pytest.approx(4 * average, abs=1e-4)


@pytest.mark.parametrize("path", ["/health", "/health/detailed", "/metrics", "/status"])
def test_the_system_paths_have_no_prefix(server, http, path):
    response = http.get(f"{server.url}/api/v1{path}")
    assert response.status_code == 404
    assert response.json() == {"detail": "Not Found"}


def test_flows_can_be_listed_and_retrieved(base, http):
    listed = http.get(f"{base}/flows")
    assert listed.status_code == 200
    assert has_keys(listed.json(), "flows")
    got = http.get(f"{base}/flows/f")
    assert has_keys(got.json(), "flow")
    assert has_keys(got.json()["nodes"][0], "node")
    assert listed.json() == {"flows": [got.json()], "count": 1}


def test_a_flow_can_be_created_updated_and_deleted(base, http):
    created = http.post(f"{base}/flows", json=single(flow_id="new"))
    assert created.status_code == 200
    assert has_keys(created.json(), "flow")
    assert http.get(f"{base}/flows/new").json() == created.json()
    again = {**single(flow_id="new"), "name": "Renamed"}
    changed = http.put(f"{base}/flows/new", json=again)
    assert changed.status_code == 200
    assert has_keys(changed.json(), "flow")
    assert http.get(f"{base}/flows/new").json()["name"] == "Renamed"
    assert changed.json()["created_at"] == created.json()["created_at"]
    deleted = http.delete(f"{base}/flows/new")
    assert deleted.status_code == 200
    assert has_keys(deleted.json(), "message")
    assert http.get(f"{base}/flows/new").status_code == 404


def test_a_flow_that_exists_is_not_created_again(base, http):
    response = http.post(f"{base}/flows", json=single())
    assert response.status_code == 409
    assert response.json() == {"detail": "Flow 'f' already exists"}


def test_a_flow_cannot_be_updated_with_another_id(base, http):
    response = http.put(f"{base}/flows/f", json=single(flow_id="g"))
    assert response.status_code == 400
    assert "'g'" in response.json()["detail"] and "'f'" in response.json()["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_flow_is_not_found(base, http, method):
    body = single(flow_id="nope") if method == "PUT" else None
    response = http.request(method, f"{base}/flows/nope", json=body)
    assert response.status_code == 404
    assert response.json() == {"detail": "Flow 'nope' not found"}


def test_an_execution_starts_and_completes(base, http):
    body = {"flow_id": "f", "input_data": {"x": 1}, "metadata": {"k": 1}}
    started = http.post(f"{base}/flows/execute", json=body)
    assert started.status_code == 200
    assert has_keys(started.json(), "started")
    assert {**started.json(), "execution_id": ""} == {
        "execution_id": "",
        "status": "pending",
        "result": None,
        "error": None,
        "execution_time": None,
    }
    done = finished(http, base, started.json()["execution_id"])
    assert has_keys(done, "execution")
    assert done["status"] == "completed"
    assert done["input_data"] == {"x": 1} and done["metadata"] == {"k": 1}
    assert done["output_data"] == {"n": {"did": "work"}}
    assert done["error_message"] is None


def test_null_metadata_is_empty(base, http):
    body = {"flow_id": "f", "input_data": {}, "metadata": None}
    started = http.post(f"{base}/flows/execute", json=body).json()
    done = finished(http, base, started["execution_id"])
    assert done["metadata"] == {}


def test_timestamps_are_utc_without_an_offset(base, http):
    started = execute(http, base).json()
    done = finished(http, base, started["execution_id"])
    for name in ("created_at", "updated_at", "completed_at"):
        moment = done[name]
        assert len(moment) == 26 and moment[10] == "T" and moment[19] == "."


def test_executing_an_unknown_flow_returns_200_and_starts_nothing(base, http):
    response = execute(http, base, flow_id="zz")
    assert response.status_code == 200
    assert response.json() == {
        "execution_id": ZERO,
        "status": "failed",
        "result": None,
        "error": "Flow 'zz' not found",
        "execution_time": None,
    }
    assert http.get(f"{base}/executions").json()["count"] == 0


@pytest.mark.parametrize(
    "prefix, listed, results",
    [("", "executions", "results"), ("/api/v1", "executions_v1", "results_v1")],
    ids=["root", "prefixed"],
)
def test_executions_and_results_have_the_shape_of_their_prefix(
    server, http, prefix, listed, results
):
    base = server.url + prefix
    done = finished(http, base, execute(http, base).json()["execution_id"])
    page = http.get(f"{base}/executions").json()
    assert has_keys(page, listed)
    assert page["executions"] == [done] and page["count"] == 1
    response = http.get(f"{base}/executions/{done['execution_id']}/results").json()
    assert has_keys(response, results)
    (result,) = response["node_results"]
    assert has_keys(result, "result")
    assert result["execution_id"] == done["execution_id"]
    assert result["node_id"] == "n" and result["agent_id"] == "work"
    assert result["output_data"] == {"did": "work"}
    if prefix:
        assert response["execution"] == done
    else:
        assert response["count"] == 1


@pytest.mark.parametrize("path", ["/messages/{}", "/executions/{}/messages"])
def test_an_execution_has_no_messages(base, http, path):
    execution_id = execute(http, base).json()["execution_id"]
    response = http.get(base + path.format(execution_id))
    assert response.status_code == 200
    assert has_keys(response.json(), "messages")
    assert response.json() == {"messages": [], "count": 0, "execution_id": execution_id}


def test_a_cancel_returns_a_message(serve, http, gate):
    server = serve([single()], {"work": lambda i, c: gate.wait(LIMIT) and {}})
    for prefix in PREFIXES:
        base = server.url + prefix
        execution_id = execute(http, base).json()["execution_id"]
        response = http.post(f"{base}/executions/{execution_id}/cancel")
        assert response.status_code == 200
        assert response.json() == {"message": "Execution cancelled successfully"}


def test_agents_can_be_listed_and_retrieved(base, http):
    got = http.get(f"{base}/agents/work")
    assert got.status_code == 200
    assert has_keys(got.json(), "agent")
    assert got.json()["endpoint"].startswith("python:")
    listed = http.get(f"{base}/agents").json()
    assert listed == {"agents": [got.json()], "count": 1}


def test_an_agent_is_created_and_deleted(base, http):
    body = {
        **AGENT,
        "name": "New",
        "description": "D",
        "capabilities": ["c"],
        "agent_type": "input",
    }
    created = http.post(f"{base}/agents", json=body)
    assert created.status_code == 200
    assert has_keys(created.json(), "agent")
    assert {name: created.json()[name] for name in body} == body
    assert http.get(f"{base}/agents/new").json() == created.json()
    assert has_keys(http.delete(f"{base}/agents/new").json(), "message")
    assert http.get(f"{base}/agents/new").status_code == 404


def test_an_agent_needs_no_more_than_an_id_and_an_endpoint(base, http):
    created = http.post(f"{base}/agents", json={**AGENT, "name": None}).json()
    assert created["name"] == "new" and created["description"] == ""
    assert created["capabilities"] == [] and created["agent_type"] == "processor"
    assert created["is_active"] is True


def test_an_agent_that_exists_is_not_created_again(base, http):
    response = http.post(f"{base}/agents", json={**AGENT, "agent_id": "work"})
    assert response.status_code == 409
    assert response.json() == {"detail": "Agent 'work' already exists"}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_agent_is_not_found(base, http, method):
    response = http.request(method, f"{base}/agents/zz")
    assert response.status_code == 404
    assert response.json() == {"detail": "Agent 'zz' not found"}


@pytest.mark.parametrize("endpoint", ["", "nowhere", "ftp://host", "http://", "http:["])
def test_an_agent_without_a_url_is_refused(base, http, endpoint):
    response = http.post(f"{base}/agents", json={**AGENT, "endpoint": endpoint})
    assert response.status_code == 400
    assert "must be an http or https URL" in response.json()["detail"]


@pytest.mark.parametrize("given", ["", " ", "..", "a\nb", "\ud800"])
def test_an_id_that_cannot_be_in_a_path_is_refused(base, http, given):
    agent = http.post(f"{base}/agents", json={**AGENT, "agent_id": given})
    made = http.post(f"{base}/flows", json=single(flow_id=given))
    assert agent.status_code == made.status_code == 400
    assert "agent_id" in agent.json()["detail"]
    assert "flow_id" in made.json()["detail"]


@pytest.mark.parametrize(
    "given", ["a/b", "a b", "ñandú", "a%2Fb", "a?b#c", "a//b", "a/", "execute"]
)
def test_an_id_with_special_characters_round_trips(base, http, given):
    path = quote(given, safe="")
    for noun, body in (
        ("agents", {**AGENT, "agent_id": given}),
        ("flows", single(flow_id=given)),
    ):
        assert http.post(f"{base}/{noun}", json=body).status_code == 200
        got = http.get(f"{base}/{noun}/{path}", allow_redirects=False)
        assert got.status_code == 200
        assert given in got.json().values()
        assert http.delete(f"{base}/{noun}/{path}").status_code == 200


def test_all_operations_of_the_client_except_accounts_have_a_route(server, http):
    ids = {**dict.fromkeys(("flow_id", "agent_id", "tool_id"), "zz")}
    ids["execution_id"] = UNKNOWN
    for operation, prefix in itertools.product(operations.OPERATIONS, PREFIXES):
        if operation.path.startswith("/api/v1/user"):
            continue
        path = fill_in(operation.template(prefix), ids)
        response = http.request(operation.method, server.url + path, json={})
        assert response.json() != {"detail": "Not Found"}, path
        assert response.status_code in (200, 404, 422), path


# Pages and filters


@pytest.fixture
def many(serve, http):
    """A server with 5 executions of `f` and 2 of the failing `g`, and their ids, newest first."""
    agents = {"work": work, "bad": lambda i, c: None}
    server = serve([single(), single("bad", "g")], agents)
    ids = [run(server, name).execution_id for name in "fffggff"]
    return server, ids[::-1]


@pytest.mark.parametrize(
    "query, chosen",
    [
        ("", slice(0, 7)),
        ("?limit=3", slice(0, 3)),
        ("?limit=3&offset=2", slice(2, 5)),
        ("?offset=5", slice(5, 7)),
        ("?offset=7", slice(7, 7)),
        ("?limit=1000", slice(0, 7)),
        ("?flow_id=g", slice(2, 4)),
        ("?status=failed", slice(2, 4)),
        ("?flow_id=g&limit=1&offset=1", slice(3, 4)),
        ("?flow_id=f&status=failed", slice(0, 0)),
        ("?flow_id=zz", slice(0, 0)),
        ("?status=strange", slice(0, 0)),
    ],
)
def test_executions_are_paged_and_filtered_newest_first(many, http, query, chosen):
    server, ids = many
    for prefix in PREFIXES:
        page = http.get(f"{server.url}{prefix}/executions{query}").json()
        listed = [execution["execution_id"] for execution in page["executions"]]
        assert listed == ids[chosen]
        assert page["count"] == len(listed)


def test_a_page_repeats_its_parameters(many, http):
    server, _ = many
    at_root = http.get(f"{server.url}/executions?flow_id=g&limit=1").json()
    assert at_root["flow_id"] == "g"
    assert http.get(f"{server.url}/executions").json()["flow_id"] is None
    page = http.get(f"{server.url}/api/v1/executions?limit=2&offset=1").json()
    assert (page["limit"], page["offset"]) == (2, 1)


@pytest.mark.parametrize(
    "query",
    "limit=0 limit=-1 limit=1001 limit=x limit= limit=1.5 limit=%D9%A1 offset=-1"
    " offset=9999999999999999999999".split(),
)
def test_an_invalid_page_is_refused_with_the_name_of_the_parameter(base, http, query):
    response = http.get(f"{base}/executions?{query}")
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert set(problem) == {"type", "loc", "msg", "input"}
    assert problem["loc"] == ["query", query.split("=")[0]]


# Invalid requests


@pytest.mark.parametrize(
    "path, body, missing",
    [
        ("/flows/execute", {"flow_id": "f"}, ["input_data"]),
        ("/flows/execute", {}, ["flow_id", "input_data"]),
        ("/flows", {"flow_id": "g"}, ["nodes"]),
        ("/flows", {}, ["flow_id", "nodes"]),
        ("/agents", {"name": "x"}, ["agent_id", "endpoint"]),
    ],
)
def test_all_missing_fields_are_reported_at_once(base, http, path, body, missing):
    response = http.post(base + path, json=body)
    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "missing",
                "loc": ["body", name],
                "msg": "Field required",
                "input": body,
            }
            for name in missing
        ]
    }


@pytest.mark.parametrize(
    "path, body, field, kind",
    [
        ("/flows/execute", {"flow_id": 5, "input_data": {}}, "flow_id", "string"),
        ("/flows/execute", {"flow_id": None, "input_data": {}}, "flow_id", "string"),
        ("/flows/execute", {"flow_id": "f", "input_data": []}, "input_data", "dict"),
        (
            "/flows/execute",
            {"flow_id": "f", "input_data": {}, "metadata": "x"},
            "metadata",
            "dict",
        ),
        ("/flows", {"flow_id": "g", "nodes": {}}, "nodes", "list"),
        ("/agents", {**AGENT, "capabilities": "all"}, "capabilities", "list"),
        ("/agents", {**AGENT, "name": 5}, "name", "string"),
    ],
)
def test_fields_of_the_wrong_type_are_reported(base, http, path, body, field, kind):
    response = http.post(base + path, json=body)
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert problem["loc"] == ["body", field]
    assert problem["type"] == f"{kind}_type"
    assert problem["input"] == body[field]


BAD_BODIES = {
    "broken": (b"{bad", "json_invalid"),
    "empty": (b"", "json_invalid"),
    "not UTF-8": (b'{"\xff": 1}', "json_invalid"),
    "NaN": (b'{"flow_id": "f", "input_data": {"x": NaN}}', "json_invalid"),
    "infinite": (b'{"flow_id": "f", "input_data": {"x": 1e999}}', "json_invalid"),
    "too deep": (b'{"flow_id": "f", "input_data": ' + b"[" * 100000, "json_invalid"),
    "a list": (b"[]", "dict_type"),
    "null": (b"null", "dict_type"),
}


@pytest.mark.parametrize("path", ["/flows/execute", "/flows", "/agents"])
@pytest.mark.parametrize("body, kind", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_not_a_json_object_is_refused(server, http, path, body, kind):
    headers = {"Content-Type": "application/json"}
    response = http.post(server.url + path, data=body, headers=headers)
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert problem["type"] == kind
    assert problem["loc"][0] == "body"
    assert {"type", "loc", "msg"} <= set(problem)


@pytest.mark.parametrize("body", [b"{bad", b"[]"])
def test_a_refused_body_is_reported_with_the_keys_of_the_real_server(
    server, http, body
):
    response = http.post(f"{server.url}/flows/execute", data=body)
    (problem,) = response.json()["detail"]
    assert set(problem) >= {"type", "loc", "msg", "input"}


def test_very_large_numbers_round_trip(base, http):
    data = '{"flow_id": "f", "input_data": {"x": 1e308, "y": 123456789012345678901}}'
    headers = {"Content-Type": "application/json"}
    started = http.post(f"{base}/flows/execute", data=data, headers=headers).json()
    done = finished(http, base, started["execution_id"])
    assert done["input_data"] == {"x": 1e308, "y": 123456789012345678901}


def test_an_unknown_flow_id_with_a_surrogate_is_not_a_server_error(base, http, caplog):
    response = execute(http, base, flow_id="\ud800")
    assert response.status_code < 500


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/executions/{}"),
        ("POST", "/executions/{}/cancel"),
        ("GET", "/executions/{}/results"),
        ("GET", "/executions/{}/messages"),
        ("GET", "/messages/{}"),
    ],
)
def test_an_execution_id_must_be_a_uuid_and_known(base, http, method, path):
    bad = http.request(method, base + path.format("nope"))
    assert bad.status_code == 422
    (problem,) = bad.json()["detail"]
    assert problem["type"] == "uuid_parsing"
    assert problem["loc"] == ["path", "execution_id"]
    assert problem["msg"].startswith("Input should be a valid UUID")
    assert problem["input"] == "nope"
    unknown = http.request(method, base + path.format(UNKNOWN))
    assert unknown.status_code == 404
    assert unknown.json()["detail"].startswith(f"Execution {UNKNOWN!r} not found")


@pytest.mark.parametrize(
    "write", [str.upper, lambda text: text.replace("-", "")], ids=["upper", "hex"]
)
def test_an_execution_id_may_be_any_form_of_the_uuid(base, http, write):
    execution_id = execute(http, base).json()["execution_id"]
    for path in ("", "/results", "/messages"):
        response = http.get(f"{base}/executions/{write(execution_id)}{path}")
        assert response.status_code == 200
        assert execution_id in response.text


@pytest.mark.parametrize("path", ["/nothing", "/api/v1", "/flows/f/x/y", "/x?y=1"])
def test_an_unknown_path_is_a_404_in_json(server, http, path):
    response = http.get(server.url + path)
    assert response.status_code == 404
    assert set(response.json()) == {"detail"}
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "method, path",
    [
        ("PUT", "/agents"),
        ("PATCH", "/flows/f"),
        ("DELETE", "/executions"),
        ("POST", "/executions/x/results"),
        ("POST", "/health"),
    ],
)
def test_a_wrong_method_is_refused_with_the_allowed_methods(server, http, method, path):
    response = http.request(method, server.url + path)
    assert response.status_code == 405
    assert response.json() == {"detail": "Method Not Allowed"}
    assert "GET" in response.headers["Allow"]


def test_a_body_that_is_too_large_is_refused_from_its_content_length(server):
    address = urlsplit(server.url)
    with closing(HTTPConnection(address.hostname, address.port)) as connection:
        connection.putrequest("POST", "/flows/execute")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(17 * 2**20))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_an_unexpected_error_is_a_500_without_details(
    server, http, caplog, monkeypatch
):
    def fail(kind):
        raise RuntimeError("private matters")

    monkeypatch.setattr(server._site.store, "all", fail)
    response = http.get(f"{server.url}/flows")
    assert response.status_code == 500
    assert response.json() == {"detail": "Internal Server Error"}
    assert "private matters" in caplog.text


def test_a_trailing_slash_does_not_matter(base, http):
    assert http.get(f"{base}/flows/", allow_redirects=False).status_code == 200


# Headers and connections


def test_the_request_id_is_echoed(base, http):
    for path in ("/flows", "/flows/nope", "/nothing"):
        response = http.get(base + path, headers={"X-Request-Id": "my-id"})
        assert response.headers["X-Request-Id"] == "my-id"


@pytest.mark.parametrize("given", [None, "", "x" * 300, "ñ"])
def test_a_request_id_is_created_if_none_can_be_echoed(server, http, given):
    headers = {} if given is None else {"X-Request-Id": given.encode("latin-1")}
    listed = [
        http.get(f"{server.url}/flows", headers=headers).headers["X-Request-Id"]
        for _ in range(2)
    ]
    assert all(str(uuid.UUID(text)) == text for text in listed)
    assert listed[0] != listed[1]


def test_requests_of_one_session_share_a_connection(server):
    with requests.Session() as session:
        for path in ("/flows", "/flows/nope", "/agents"):
            response = session.get(server.url + path)
            assert response.raw.version == 11
        body = {"flow_id": "f", "input_data": {}}
        assert session.post(f"{server.url}/flows/execute", json=body).ok
        pools = session.get_adapter(server.url).poolmanager.pools
        (pool,) = [pools[key] for key in pools.keys()]
        assert pool.num_connections == 1


def test_responses_are_json(base, http):
    for path in ("/flows", "/flows/f", "/agents", "/executions"):
        assert http.get(base + path).headers["Content-Type"] == "application/json"


# Keys


PROTECTED = [
    ("GET", "/flows"),
    ("POST", "/flows"),
    ("POST", "/flows/execute"),
    ("GET", "/flows/f"),
    ("PUT", "/flows/f"),
    ("DELETE", "/flows/f"),
    ("GET", "/executions"),
    ("GET", f"/executions/{UNKNOWN}"),
    ("POST", f"/executions/{UNKNOWN}/cancel"),
    ("GET", f"/executions/{UNKNOWN}/results"),
    ("GET", f"/messages/{UNKNOWN}"),
    ("GET", "/agents"),
    ("POST", "/agents"),
    ("GET", "/agents/work"),
    ("DELETE", "/agents/work"),
    ("GET", "/health/detailed"),
    ("GET", "/metrics"),
    ("GET", "/status"),
    ("GET", "/nothing"),
    ("PUT", "/agents"),
]
REFUSED_KEYS = {
    "none": {},
    "empty": {"Authorization": ""},
    "wrong": {"Authorization": "Bearer wrong"},
    "prefix of the key": {"Authorization": "Bearer secre"},
    "no key": {"Authorization": "Bearer"},
    "other scheme": {"Authorization": "Basic secret"},
    "no scheme": {"Authorization": "secret"},
    "odd characters": {"Authorization": b"Bearer s\xe9cret"},
}


@pytest.fixture
def server_with_key(serve):
    return serve([single()], {"work": work}, api_key="secret")


@pytest.mark.parametrize("headers", REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_everything_but_health_needs_the_key(server_with_key, http, headers):
    for (method, path), prefix in itertools.product(PROTECTED, PREFIXES):
        response = http.request(
            method, server_with_key.url + prefix + path, headers=headers
        )
        assert response.status_code == 401, (method, prefix + path)
        assert response.json() == {"detail": "Invalid or missing API key"}
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert "X-Request-Id" in response.headers
    assert http.get(f"{server_with_key.url}/health", headers=headers).status_code == 200
    assert execute(http, server_with_key.url, Authorization="Bearer secret").ok


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_right_key_is_accepted(server_with_key, http, scheme):
    headers = {"Authorization": f"{scheme} secret"}
    assert http.get(f"{server_with_key.url}/flows", headers=headers).status_code == 200
    assert (
        http.delete(f"{server_with_key.url}/flows/f", headers=headers).status_code
        == 200
    )


def test_a_server_without_a_key_accepts_any_key(server, http):
    headers = {"Authorization": "Bearer whatever"}
    assert http.get(f"{server.url}/flows", headers=headers).status_code == 200


# Idempotency


def test_the_same_key_and_body_return_the_same_execution(server, http):
    key = {"Idempotency-Key": "k1"}
    first = execute(http, server.url, {"x": 1}, **key)
    finished(http, server.url, first.json()["execution_id"])
    for prefix in PREFIXES:
        again = execute(http, server.url + prefix, {"x": 1}, **key)
        assert again.status_code == 200
        assert again.json() == first.json()
        assert again.headers["Idempotency-Key"] == "k1"
    assert http.get(f"{server.url}/executions").json()["count"] == 1


def test_the_order_of_the_fields_in_a_body_does_not_matter(server, http):
    listed = set()
    for body in (
        '{"flow_id": "f", "input_data": {"a": 1, "b": 2}}',
        '{"input_data": {"b": 2, "a": 1},\n "flow_id": "f"}',
    ):
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        response = http.post(f"{server.url}/flows/execute", data=body, headers=headers)
        listed.add(response.json()["execution_id"])
    assert len(listed) == 1


def test_without_a_key_or_with_another_each_request_starts_an_execution(server, http):
    for headers in ({}, {}, {"Idempotency-Key": "a"}, {"Idempotency-Key": "b"}):
        assert "Idempotency-Key" not in execute(http, server.url).headers
        assert execute(http, server.url, **headers).ok
    assert http.get(f"{server.url}/executions").json()["count"] == 8


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "application/x-www-form-urlencoded"],
)
def test_the_same_key_with_another_body_is_refused(server, http, content_type):
    headers = {"Idempotency-Key": "k", "Content-Type": content_type}
    responses = [
        http.post(
            f"{server.url}/flows/execute",
            data=json.dumps({"flow_id": "f", "input_data": {"x": x}}),
            headers=headers,
        )
        for x in (1, 2)
    ]
    assert [response.status_code for response in responses] == [200, 409]
    assert "'k'" in responses[1].json()["detail"]
    assert responses[1].headers["Idempotency-Key"] == "k"
    assert http.get(f"{server.url}/executions").json()["count"] == 1


def test_the_same_key_for_another_path_is_refused(server, http):
    key = {"Idempotency-Key": "k"}
    assert execute(http, server.url, **key).ok
    response = http.post(f"{server.url}/agents", json=AGENT, headers=key)
    assert response.status_code == 409
    assert http.get(f"{server.url}/agents").json()["count"] == 1


def test_only_one_of_16_concurrent_requests_with_one_key_starts_an_execution(
    serve, http
):
    ran = []
    server = serve([single()], {"work": lambda i, c: ran.append(1) or {}})
    barrier = threading.Barrier(16)
    body = {"flow_id": "f", "input_data": {"x": 1}}

    def send(number):
        with requests.Session() as session:
            session.get(f"{server.url}/health")
            barrier.wait(LIMIT)
            return session.post(
                f"{server.url}/flows/execute",
                json=body,
                headers={"Idempotency-Key": "once"},
            )

    with ThreadPoolExecutor(16) as threads:
        responses = list(threads.map(send, range(16)))
    assert {response.status_code for response in responses} == {200}
    (execution_id,) = {response.json()["execution_id"] for response in responses}
    finished(http, server.url, execution_id)
    assert http.get(f"{server.url}/executions").json()["count"] == 1
    assert ran == [1]


@pytest.mark.parametrize(
    "path, body", [("/agents", AGENT), ("/flows", single(flow_id="new"))]
)
def test_repeated_creations_with_one_key_create_once(base, http, path, body):
    key = {"Idempotency-Key": "k"}
    responses = [http.post(base + path, json=body, headers=key) for _ in range(3)]
    assert [response.status_code for response in responses] == [200] * 3
    assert responses[0].json() == responses[1].json() == responses[2].json()
    assert responses[2].headers["Idempotency-Key"] == "k"
    other = http.post(base + path, json=body, headers={"Idempotency-Key": "other"})
    assert other.status_code == 409
    assert "already exists" in other.json()["detail"]


def test_refused_requests_do_not_use_up_their_key(server, http):
    key = {"Idempotency-Key": "k"}
    refused = [
        http.post(f"{server.url}/flows/execute", json={}, headers=key),
        http.post(f"{server.url}/agents", json={**AGENT, "endpoint": "x"}, headers=key),
        http.post(
            f"{server.url}/agents", json={**AGENT, "agent_id": "work"}, headers=key
        ),
        http.post(f"{server.url}/flows", json=single("ghost", "g"), headers=key),
        http.post(f"{server.url}/executions/{UNKNOWN}/cancel", headers=key),
    ]
    assert [response.status_code for response in refused] == [422, 400, 409, 400, 404]
    assert {response.headers["Idempotency-Key"] for response in refused} == {"k"}
    unknown = execute(http, server.url, flow_id="new", **key)
    assert unknown.json()["execution_id"] == ZERO
    assert http.post(f"{server.url}/flows", json=single(flow_id="new")).ok
    started = execute(http, server.url, flow_id="new", **key)
    assert started.json()["status"] == "pending"


def test_a_cancel_repeated_with_its_key_succeeds_again(serve, http, gate):
    server = serve([single()], {"work": lambda i, c: gate.wait(LIMIT) and {}})
    execution_id = execute(http, server.url).json()["execution_id"]
    url = f"{server.url}/executions/{execution_id}/cancel"
    key = {"Idempotency-Key": "k"}
    responses = [http.post(url, headers=key) for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[0].json() == responses[1].json()
    assert http.post(url).status_code == 404
    assert http.post(url, headers={"Idempotency-Key": "other"}).status_code == 404


def test_a_get_does_not_echo_the_idempotency_key(server, http):
    response = http.get(f"{server.url}/flows", headers={"Idempotency-Key": "k"})
    assert "Idempotency-Key" not in response.headers


# Definitions and executions


def test_a_flow_created_over_http_runs(base, http, server):
    made = flow(node("a", "work"), node("b", None, ["a"], type="output"), flow_id="new")
    assert http.post(f"{base}/flows", json=made).ok
    assert run(server, "new", {"x": 1}).output_data == {"b": {"x": 1, "did": "work"}}


def test_an_agent_over_http_replaces_a_function(server, http):
    assert http.delete(f"{server.url}/agents/work").ok
    body = {"agent_id": "work", "endpoint": "http://127.0.0.1:1"}
    assert http.post(f"{server.url}/agents", json=body).ok
    execution = run(server)
    assert execution.status == "failed"
    assert "http://127.0.0.1:1" in execution.error_message


def test_a_node_id_with_a_surrogate_does_not_hang_its_flow(server, http, caplog):
    response = http.post(
        f"{server.url}/flows", json=flow(node("\ud800", "work"), flow_id="g")
    )
    if response.ok:
        assert run(server, "g").is_done
    else:
        assert response.status_code == 400


def test_the_same_key_returns_the_same_execution_after_its_flow_is_deleted(
    server, http
):
    body, headers = {"flow_id": "f", "input_data": {}}, {"Idempotency-Key": "k"}
    first = http.post(f"{server.url}/flows/execute", json=body, headers=headers).json()
    assert http.delete(f"{server.url}/flows/f").status_code == 200
    again = http.post(f"{server.url}/flows/execute", json=body, headers=headers).json()
    assert again == first


def test_a_cancel_with_a_key_of_another_request_is_refused(server, http):
    headers = {"Idempotency-Key": "k"}
    body = {"flow_id": "f", "input_data": {}}
    started = http.post(
        f"{server.url}/flows/execute", json=body, headers=headers
    ).json()
    url = f"{server.url}/executions/{started['execution_id']}/cancel"
    assert http.post(url, json={}, headers=headers).status_code == 409


def test_the_root_lists_the_paths(serve):
    server = serve()
    response = requests.get(server.url, timeout=LIMIT)
    assert response.headers["Content-Type"].startswith("application/json")
    index = response.json()
    assert (index["name"], index["version"]) == ("AI Spine local server", __version__)
    for name in ("flows", "health"):
        assert requests.get(server.url + index[name], timeout=LIMIT).ok
    page = requests.get(server.url, headers={"Accept": "text/html"}, timeout=LIMIT)
    assert page.headers["Content-Type"].startswith("text/html")


def test_the_root_of_a_server_with_a_key_needs_the_key(serve):
    server = serve(api_key="sk-1")
    assert requests.get(server.url, timeout=LIMIT).status_code == 401
