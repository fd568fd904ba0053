"""Tests of `/api/_meta`, and of flows as tools, over plain HTTP."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import jsonschema
import pytest
import requests

from ai_spine.local import agent
from ai_spine.local.http.waits import MOST_WAITING
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.sdk_sync.ir.bundling import bundled
from tests.needs import from_310
from tests.local import LIMIT, flow, node, single, wait_until

UNKNOWN_KEY = {"Authorization": "Bearer wrong"}
SCHEMA = {
    "type": "object",
    "properties": {"amount": {"type": "number"}, "name": {"type": "string"}},
    "required": ["amount"],
}


@agent("doubler", description="Doubles.")
def double(amount: float) -> dict:
    return {"amount": 2 * amount}


@pytest.fixture
def server(serve):
    return serve(
        [
            {
                **single("doubler", "double_it"),
                "input_schema": SCHEMA,
                "version": "2.1.0",
            },
            single("doubler", "Año nuevo"),
        ],
        [double],
    )


@pytest.fixture
def get(http, server):
    """Get a document of the server."""
    return lambda path: http.get(f"{server.url}/api/_meta{path}", timeout=LIMIT)


@pytest.fixture
def call(http, server):
    """Execute a tool of the server."""

    def post(name, body, **headers):
        url = f"{server.url}/api/tools/{quote(name)}/execute"
        return http.post(url, json=body, headers=headers, timeout=LIMIT)

    return post


# What there is


@from_310
def test_the_manifest_has_a_tool_for_each_flow_with_the_flows_version(get):
    manifest = get("/schemas").json()
    assert list(manifest) == ["version", "api_version", "models", "tools"]
    assert manifest["tools"]["double_it"] == {"versions": ["2.1.0"], "latest": "2.1.0"}
    assert manifest["models"]["DoubleItInput"]["latest"] == "2.1.0"
    assert list(manifest["tools"]) == ["A_o_nuevo_239258c6", "double_it"]


@from_310
def test_a_model_is_a_json_schema_by_which_inputs_can_be_checked(get):
    schema = get("/schemas/models/DoubleItInput?version=2.1.0").json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["title"], schema["type"]) == ("DoubleItInput", "object")
    assert schema["properties"] == SCHEMA["properties"]
    assert schema["required"] == ["amount"]
    jsonschema.validate({"amount": 3}, schema)


@from_310
def test_a_tool_says_what_it_takes_and_which_flow_it_is(get):
    tool = get("/tools/A_o_nuevo_239258c6").json()
    assert tool["metadata"]["flow_id"] == "Año nuevo"
    assert tool["input_schema"]["properties"]["amount"]["type"] == "number"
    assert (tool["streaming"], tool["auth_required"]) == (True, False)


@from_310
def test_the_spec_is_what_the_sdk_reads_and_has_the_agents(get):
    spec = IRSpec.from_dict(get("/spec?version=3.0.0&api_version=7").json())
    assert (str(spec.version), spec.api_version) == ("3.0.0", "7")
    assert spec.agents["doubler"].description == "Doubles."
    missing = [bundled(model, spec.models)[1] for model in spec.models.values()]
    assert missing == [[]] * len(spec.models)
    assert any("output is not known" in each for each in spec.metadata["warnings"])


@pytest.mark.parametrize(
    "path, words",
    [
        (
            "/schemas/models/DoubleItInputs",
            "no model 'DoubleItInputs'; is 'DoubleItInput'",
        ),
        ("/tools/double", "there is no tool 'double'"),
        ("/tools/double_it?version=9.0.0", "has no version 9.0.0; there is 2.1.0"),
    ],
)
@from_310
def test_what_is_not_there_is_404_with_a_sentence(get, path, words):
    response = get(path)
    assert response.status_code == 404
    assert words in response.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/schemas/models/DoubleItInput", "/tools/double_it", "/spec"]
)
@from_310
def test_a_version_that_is_none_is_422(get, path):
    response = get(f"{path}?version=latest")
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert problem["loc"] == ["query", "version"]
    assert "three numbers" in problem["msg"]


@from_310
def test_a_flow_that_is_added_later_is_there_at_once(server, get):
    server.add_flow("later", lambda input, config: {})
    assert "later" in get("/schemas").json()["tools"]


def test_a_server_without_sdk_sync_says_so_and_still_serves_flows(
    get, call, monkeypatch
):
    monkeypatch.setitem(sys.modules, "ai_spine.sdk_sync.metadata", None)
    response = get("/schemas")
    assert response.status_code == 501
    assert "SDK-Sync is not there" in response.json()["detail"]
    assert call("double_it", {"amount": 1}).status_code == 200


def test_the_specification_can_be_had_in_python(server):
    spec = server.export_schemas("2.0.0")
    assert str(spec.version) == "2.0.0"
    assert sorted(spec.tools) == ["A_o_nuevo_239258c6", "double_it"]


# Executing


def test_the_body_is_the_input_and_the_response_is_the_output(server, call):
    response = call("double_it", {"amount": 4})
    assert response.status_code == 200
    assert response.json() == {"n": {"amount": 8}}
    (execution,) = server.executions()
    assert response.headers["X-Execution-Id"] == execution.execution_id
    assert execution.execution_id in response.headers["Link"]


def test_a_flow_whose_id_can_be_no_name_is_executed_by_its_tools_name(call):
    assert call("A_o_nuevo_239258c6", {"amount": 1}).json() == {"n": {"amount": 2}}


def test_an_input_that_does_not_fit_is_422_and_nothing_is_executed(server, call):
    response = call("double_it", {"name": 5})
    assert response.status_code == 422
    places = [(each["loc"], each["msg"]) for each in response.json()["detail"]]
    assert places == [
        (["body", "amount"], "Field required"),
        (["body", "name"], "Input must be text"),
    ]
    assert server.executions() == []


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'"x"'])
def test_a_body_that_is_no_object_is_422(http, server, content):
    url = f"{server.url}/api/tools/double_it/execute"
    assert http.post(url, data=content, timeout=LIMIT).status_code == 422


def test_an_unknown_tool_is_404_and_the_right_one_is_suggested(call):
    response = call("double_its", {"amount": 4})
    assert response.status_code == 404
    assert response.json()["detail"].endswith("is 'double_it' meant?")


def test_a_repetition_with_the_same_key_gets_the_output_of_the_same_execution(
    server, call
):
    first, second = (
        call("double_it", {"amount": 4}, **{"Idempotency-Key": "k"}) for _ in "ab"
    )
    assert first.json() == second.json() == {"n": {"amount": 8}}
    assert second.headers["Idempotency-Key"] == "k"
    assert len(server.executions()) == 1


def test_a_key_that_was_used_for_another_input_is_409(call):
    call("double_it", {"amount": 4}, **{"Idempotency-Key": "k"})
    response = call("double_it", {"amount": 5}, **{"Idempotency-Key": "k"})
    assert response.status_code == 409


def test_a_flow_that_fails_is_500_with_the_reason_and_the_execution(serve, http):
    def fail(input, config):
        raise ValueError("no scale")

    server = serve([single("work")], {"work": fail})
    response = http.post(f"{server.url}/api/tools/f/execute", json={}, timeout=LIMIT)
    assert response.status_code == 500
    (execution,) = server.executions()
    body = response.json()
    assert (body["execution_id"], body["status"]) == (execution.execution_id, "failed")
    assert body["detail"].startswith("Node 'n' failed: ValueError: no scale")


class Slow:
    """A server with a flow that works until the gate opens, and requests that wait for it."""

    def __init__(self, serve, gate, **options):
        def work(input, config):
            gate.wait(LIMIT)
            return {"did": input["n"]}

        self.server = serve([single("work")], {"work": work}, **options)
        self.gate, self.pool = gate, ThreadPoolExecutor()

    def ask(self, number, **headers):
        url = f"{self.server.url}/api/tools/f/execute"
        return self.pool.submit(
            requests.post, url, json={"n": number}, headers=headers, timeout=LIMIT
        )

    def wait_for_start(self, count=1):
        wait_until(lambda: len(self.server.executions()) == count)
        return self.server.executions()


@pytest.fixture
def slow(serve, gate):
    made = Slow(serve, gate)
    yield made
    gate.set()
    made.pool.shutdown()


def test_a_flow_that_is_cancelled_is_409(slow):
    waiting = slow.ask(1)
    (execution,) = slow.wait_for_start()
    with slow.server.client() as client:
        client.cancel_execution(execution.execution_id)
    response = waiting.result(LIMIT)
    assert (response.status_code, response.json()["status"]) == (409, "cancelled")


def test_repetitions_wait_for_the_first(slow):
    waiting = [slow.ask(1, **{"Idempotency-Key": "k"}) for _ in range(2)]
    slow.wait_for_start()
    slow.gate.set()
    assert [each.result(LIMIT).json() for each in waiting] == [{"n": {"did": 1}}] * 2
    assert len(slow.server.executions()) == 1


def test_only_some_may_wait_at_once_and_others_are_still_served(slow, http):
    waiting = [slow.ask(number) for number in range(MOST_WAITING)]
    slow.wait_for_start(MOST_WAITING)
    refused = slow.ask(9).result(LIMIT)
    assert refused.status_code == 503
    assert refused.json()["detail"] == "3 requests wait for flows already; try again"
    assert http.get(f"{slow.server.url}/health", timeout=LIMIT).ok
    slow.gate.set()
    assert {each.result(LIMIT).status_code for each in waiting} == {200}
    assert slow.ask(9).result(LIMIT).status_code == 200


def test_a_flow_that_takes_too_long_is_504_and_continues(slow, monkeypatch):
    monkeypatch.setattr(slow.server._waits, "seconds", 0.01)
    response = slow.ask(1).result(LIMIT)
    assert response.status_code == 504
    (execution,) = slow.server.executions()
    assert response.json() == {
        "detail": f"Execution {execution.execution_id} is not done after 0.01 s; it continues",
        "execution_id": execution.execution_id,
    }
    slow.gate.set()
    wait_until(lambda: slow.server.executions(status="completed"))


def test_a_reset_ends_the_wait(slow):
    waiting = slow.ask(1)
    slow.wait_for_start()
    slow.server.reset()
    response = waiting.result(LIMIT)
    assert response.status_code == 503
    assert "the server was reset" in response.json()["detail"]


def test_closing_the_server_does_not_wait_for_the_flow(slow):
    waiting = slow.ask(1)
    slow.wait_for_start()
    closing = threading.Thread(target=slow.server.close)
    closing.start()
    closing.join(4.0)  # seconds; the threads of the server are given 5
    assert not closing.is_alive()
    try:
        assert waiting.result(LIMIT).status_code == 503
    except requests.ConnectionError:  # closed before the response was read
        pass


# Who may come


@from_310
def test_the_routes_need_the_key_of_the_server(serve, http):
    server = serve([single("doubler")], [double], api_key="secret")
    url, key = server.url, {"Authorization": "Bearer secret"}
    for headers in ({}, UNKNOWN_KEY):
        assert http.get(f"{url}/api/_meta/spec", headers=headers).status_code == 401
        tool = http.post(
            f"{url}/api/tools/f/execute", json={"amount": 1}, headers=headers
        )
        assert tool.status_code == 401
    assert http.post(f"{url}/api/tools/f/execute", json={"amount": 1}, headers=key).ok
    tool = http.get(f"{url}/api/_meta/tools/f", headers=key).json()
    assert tool["auth_required"] is True


@from_310
def test_tenants_have_their_own_tools(serve, http):
    server = serve([single("doubler")], [double], tenants=True)
    ours, theirs = {"X-Tenant-Id": "ours"}, {"X-Tenant-Id": "theirs"}
    made = flow(node("in"), flow_id="mine")
    http.post(f"{server.url}/flows", json=made, headers=ours).raise_for_status()
    listed = [
        list(http.get(f"{server.url}/api/_meta/schemas", headers=each).json()["tools"])
        for each in (ours, theirs)
    ]
    assert listed == [["f", "mine"], ["f"]]
    assert list(server.export_schemas(tenant="ours").tools) == ["f", "mine"]
    call = http.post(f"{server.url}/api/tools/mine/execute", json={}, headers=theirs)
    assert call.status_code == 404
    assert http.get(f"{server.url}/api/_meta/schemas").status_code == 400


def test_a_page_of_another_origin_may_not_ask(http, server):
    headers = {"Origin": "https://evil.example"}
    url = f"{server.url}/api/tools/double_it/execute"
    assert http.post(url, json={"amount": 1}, headers=headers).status_code == 403
