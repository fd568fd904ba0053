"""Tests of the OpenAPI document: it is valid, and says what is really exchanged."""

import json
from pathlib import Path

import pytest

from ai_spine import AISpine, NotFoundError
from ai_spine.local import LocalServer
from ai_spine.operations import OPERATIONS
from ai_spine.operations.openapi import openapi_document
from ai_spine.transport.requests import RequestsTransport
from tests.local import single

FILE = Path(__file__).parent.parent / "docs" / "reference" / "openapi.json"


@pytest.fixture(scope="module")
def document():
    return openapi_document()


def test_the_document_is_valid(document):
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(json.loads(json.dumps(document)))


def test_the_document_is_the_same_each_time(document):
    assert json.dumps(openapi_document()) == json.dumps(document)


def test_the_document_of_the_docs_is_up_to_date(document):
    assert json.loads(FILE.read_text(encoding="utf-8")) == document


def test_each_operation_says_what_authorises_it(document):
    for operation in OPERATIONS:
        described = document["paths"][operation.path][operation.method.lower()]
        names = [name for each in described["security"] for name in each]
        assert names == {
            "API_KEY": ["apiKey"],
            "ACCESS_TOKEN": ["accessToken"],
            "NONE": [],
        }.get(operation.credential.name)


def test_the_fields_of_models_are_described(document):
    schemas = document["components"]["schemas"]
    execution = schemas["Execution"]
    assert execution["required"] == ["execution_id"]
    assert execution["properties"]["flow_id"] == {
        "type": ["string", "null"],
        "description": "The flow that is executed.",
    }
    nodes = schemas["Flow"]["properties"]["nodes"]
    assert nodes["items"] == {"$ref": "#/components/schemas/FlowNode"}
    total = schemas["SystemStatus"]["properties"]["agents"]
    assert total["additionalProperties"] == {"type": "integer"}


def test_the_command_prints_it_for_a_server(document):
    from click.testing import CliRunner

    from ai_spine.cli.main import cli

    run = CliRunner().invoke(cli, ["openapi", "--base-url", "https://spine.test"])
    assert run.exit_code == 0
    servers = [{"url": "https://spine.test"}]
    assert json.loads(run.output) == {**document, "servers": servers}


class Recorder:
    """Keeps what a client sends and receives, to compare it with the document."""

    def __init__(self, monkeypatch):
        self.exchanges = []
        send = RequestsTransport.send

        def recording(transport, request, timeout):
            response = send(transport, request, timeout)
            self.exchanges.append((request, response))
            return response

        monkeypatch.setattr(RequestsTransport, "send", recording)


@pytest.fixture
def recorder(monkeypatch):
    return Recorder(monkeypatch)


def use_everything(client):
    """Call each operation once that a key or a token allows."""
    flow, agent = single(), {"agent_id": "a", "endpoint": "http://agents.test"}
    client.create_agent(agent)
    client.create_flow(single("a", flow_id="g"))
    client.update_flow("g", single("a", flow_id="g", more=1))
    done = client.execute_and_wait(flow["flow_id"], {"n": 1}, {"from": "a test"})
    for call in (
        client.get_execution,
        client.get_execution_results,
        client.get_execution_messages,
        client.get_execution_logs,
    ):
        call(done)
    client.list_executions(flow_id="f", status="completed", limit=5, offset=0)
    with pytest.raises(NotFoundError):
        client.cancel_execution(done)
    for call in (client.list_flows, client.list_agents, client.health_check):
        call()
    for call in (client.get_metrics, client.get_status, client.get_current_user):
        call()
    client.get_flow("g"), client.get_agent("a")
    client.delete_flow("g"), client.delete_agent("a")
    client.list_flows(mine=True), client.list_agents(mine=True)
    client.list_agents(active=True), client.get_health(detailed=True)
    use_tools(client)
    client.get_user_profile(), client.get_api_key_status()
    client.generate_api_key(), client.revoke_api_key()
    with pytest.warns(DeprecationWarning):
        client.check_user_api_key("u"), client.generate_user_api_key("u")
        client.revoke_user_api_key("u")


def use_tools(client):
    schema = {"properties": [{"property_name": "n", "type": "integer"}]}
    tool = {"tool_id": "t", "name": "T", "endpoint": "http://127.0.0.1:1"}
    client.create_tool({**tool, "tool_type": ["OCR"], "input_schema": schema})
    client.update_tool("t", {"description": "new"}), client.set_tool_status("t", True)
    client.create_tool_schemas("t", config_schema=schema), client.get_tool_schemas("t")
    client.list_tools(), client.list_tools(active=True), client.list_tools(mine=True)
    client.search_tools("t", tool_types=["OCR"], created_by="local", limit=5)
    client.search_tools(is_active=None), client.get_tool("t")
    failed = client.execute_tool("t", {"n": 1}, {}, raise_on_failure=False)
    client.get_tool_execution(failed)
    client.delete_tool("t")
    client.list_marketplace_agents(search="x", min_rating=1, max_price=2.5, limit=1)
    with pytest.raises(NotFoundError):
        client.get_marketplace_agent("x")
    client.get_marketplace_categories(), client.get_marketplace_stats()


def test_what_is_exchanged_with_the_local_server_is_what_the_document_says(
    recorder, document
):
    jsonschema = pytest.importorskip("jsonschema")
    with LocalServer([single()], {"work": lambda input, config: {}}) as server:
        with server.client(access_token="token") as client:
            use_everything(client)
    called = set()
    for request, response in recorder.exchanges:
        operation = document["paths"][request.template][request.method.lower()]
        called.add(operation["operationId"])
        status = str(response.status)
        described = operation["responses"][status]
        if "$ref" in described:
            described = document["components"]["responses"][status]
        _check(jsonschema, document, described, json.loads(response.body))
        if request.content is not None:
            body = operation["requestBody"]
            _check(jsonschema, document, body, json.loads(request.content))
        known = {p["name"] for p in operation["parameters"] if p.get("in") == "query"}
        sent = {pair.partition("=")[0] for pair in request.query.split("&") if pair}
        assert sent <= known
    streamed = {each.name for each in OPERATIONS if each.streams}
    assert called == {each.name for each in OPERATIONS} - streamed


def _check(jsonschema, document, described, value):
    (content,) = described["content"].values()
    schema = {**content["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


def test_the_local_server_serves_it_with_its_own_address(document):
    with LocalServer([], []) as server, server.client() as client:
        served = client.request("GET", "/openapi.json")
        assert served == {**document, "servers": [{"url": server.url}]}


def test_a_client_needs_no_document():
    assert AISpine().base_url == openapi_document()["servers"][0]["url"]
