"""Tests of tools and the marketplace, in both clients, against the local server."""

import threading
import uuid
from urllib.parse import parse_qsl

import pytest

from ai_spine import (
    AISpine,
    APIError,
    BadRequestError,
    ConflictError,
    ExecutionError,
    NotFoundError,
    ServerError,
    ToolResult,
    ValidationError,
)
from ai_spine.local import LocalServer
from ai_spine.models import ToolExecution, ToolSearch
from tests.local import LIMIT, single, wait_until
from tests.raw_server import RawServer, answer
from tests.tool_service import ToolService

pytestmark = pytest.mark.every_client
PLACES = ("root", "prefixed")
SCHEMA = {"properties": [{"property_name": "text", "type": "string"}]}
UNKNOWN = str(uuid.UUID(int=9))


@pytest.fixture
def server():
    with LocalServer([single()], {"work": lambda input, config: {}}) as made:
        yield made


@pytest.fixture
def client(request, server):
    prefix = "/api/v1" if request.param == "prefixed" else ""
    with server.client(api_prefix=prefix) as made:
        yield made


@pytest.fixture
def serve():
    """Start tools that are stopped at the end."""
    made = []

    def start(*args):
        made.append(ToolService(*args))
        return made[-1]

    yield start
    for service in made:
        service.close()


def described(tool_id="t", endpoint="http://127.0.0.1:1", **more):
    return {"tool_id": tool_id, "name": tool_id.upper(), "endpoint": endpoint, **more}


# Definitions


def test_a_tool_is_created_and_returned_with_all_its_fields(client):
    given = described(
        description="Shouts.",
        tool_type=["TRANSLATION"],
        metadata={"team": "a"},
        input_schema=SCHEMA,
    )
    created = client.create_tool(given)
    assert {name: created[name] for name in given} == given
    assert (created.is_active, created.created_by) == (True, "local")
    assert created.created_at is not None and created.output_schema is None
    found = client.get_tool(created)
    assert dict(found) == dict(created)
    assert [dict(tool) for tool in client.list_tools()] == [dict(created)]


def test_a_tool_is_created_once(client):
    client.create_tool(described())
    with pytest.raises(ConflictError, match="Tool 't' already exists"):
        client.create_tool(described())


@pytest.mark.parametrize("tool_id", ["a/b", "a b", "ä", "x/y/z"])
def test_ids_with_odd_characters_survive_the_round_trip(client, tool_id):
    client.create_tool(described(tool_id))
    assert client.update_tool(tool_id, {"name": "new"}).name == "new"
    assert client.delete_tool(tool_id) is True


def test_an_update_changes_what_it_names_and_nothing_else(client):
    before = client.create_tool(described(description="old", metadata={"a": 1}))
    after = client.update_tool(before, {"description": "new", "tool_type": ["OCR"]})
    assert (after.description, after.tool_type) == ("new", ["OCR"])
    assert (after.name, after.metadata, after.id) == ("T", {"a": 1}, before.id)
    assert after.updated_at > before.updated_at


def test_a_tool_can_be_switched_off_and_on(client):
    client.create_tool(described())
    assert client.set_tool_status("t", False).is_active is False
    assert client.list_tools(active=True) == []
    assert client.list_tools(active=True, mine=True) == []
    assert [tool.tool_id for tool in client.list_tools(mine=True)] == ["t"]
    assert client.set_tool_status("t", True).is_active is True
    assert [tool.tool_id for tool in client.list_tools(active=True)] == ["t"]


def test_a_tool_is_deleted_once(client):
    client.create_tool(described())
    assert client.delete_tool("t") is True
    assert client.delete_tool("t") is False


def test_schemas_are_set_one_by_one(client):
    client.create_tool(described(input_schema=SCHEMA))
    client.create_tool_schemas("t", config_schema={"properties": []})
    found = client.get_tool_schemas("t")
    assert (found.tool_id, found.input_schema, found.output_schema) == (
        "t",
        SCHEMA,
        None,
    )
    assert found.config_schema == {"properties": []}


@pytest.mark.parametrize(
    "method, arguments",
    [
        ("get_tool", ()),
        ("update_tool", ({},)),
        ("set_tool_status", (True,)),
        ("get_tool_schemas", ()),
        ("execute_tool", ()),
        ("get_tool_execution", ()),
        ("get_marketplace_agent", ()),
    ],
)
def test_what_does_not_exist_is_not_found(client, method, arguments):
    with pytest.raises(NotFoundError, match="not found"):
        getattr(client, method)("zz", *arguments)


def test_schemas_of_an_unknown_tool_are_not_found(client):
    with pytest.raises(NotFoundError):
        client.create_tool_schemas("zz", input_schema=SCHEMA)


# Searching


def ids_of(found):
    return [tool.tool_id for tool in found.tools]


def test_tools_are_found_by_text_type_status_and_owner(client):
    client.create_tool(described("read", tool_type=["OCR"], description="Invoices"))
    client.create_tool(described("say", tool_type=["TRANSLATION", "OCR"]))
    client.create_tool(described("off", is_active=False))
    assert ids_of(client.search_tools("INVOICE")) == ["read"]
    assert ids_of(client.search_tools(tool_types=["OCR"])) == ["read", "say"]
    assert ids_of(client.search_tools(tool_types=("TRANSLATION",))) == ["say"]
    assert ids_of(client.search_tools()) == ["read", "say"]
    assert ids_of(client.search_tools(is_active=False)) == ["off"]
    assert ids_of(client.search_tools(is_active=None)) == ["off", "read", "say"]
    assert ids_of(client.search_tools(created_by="somebody")) == []


def test_a_search_is_repeated_although_it_is_a_post():
    busy, found = answer(502, {}), answer(200, {"tools": []})
    with RawServer(busy, found) as server, AISpine("", server.url) as client:
        assert client.search_tools("x").tools == []
        assert [request.method for request in server.requests] == ["POST", "POST"]
        assert "idempotency-key" not in server.requests[0].headers
    with RawServer(busy) as server:
        with AISpine("", server.url, max_retries=0) as client:
            with pytest.raises(ServerError) as caught:
                client.search_tools("x")
    assert not caught.value.maybe_executed


def test_a_search_is_paged(client):
    for name in "abc":
        client.create_tool(described(name))
    first = client.search_tools(limit=2)
    assert (ids_of(first), first.has_more, first.total_count) == (["a", "b"], True, 3)
    second = client.search_tools(limit=2, offset=2)
    assert (ids_of(second), second.has_more, second.offset) == (["c"], False, 2)


@pytest.mark.parametrize(
    "body", [{}, {"results": []}, {"tools": "abc"}, {"tools": [3]}]
)
def test_a_search_that_finds_no_list_is_an_error(body):
    with RawServer(answer(200, body)) as server, AISpine("", server.url) as client:
        with pytest.raises(APIError):
            client.search_tools()


@pytest.mark.parametrize(
    "method", ["get_tool", "get_tool_schemas", "get_tool_execution"]
)
def test_a_response_without_an_id_is_an_error(method):
    with RawServer(answer(200, {"x": 1})) as server, AISpine("", server.url) as client:
        with pytest.raises(APIError, match="without a tool_id"):
            getattr(client, method)("t")


def test_a_change_that_failed_is_an_error():
    failed = answer(200, {"success": False, "message": "no room"})
    with RawServer(failed) as server, AISpine("", server.url) as client:
        with pytest.raises(APIError, match="that it failed: no room"):
            client.create_tool(described())


@pytest.mark.only_sync("it makes no client")
def test_a_page_keeps_what_is_no_tool():
    assert ToolSearch.from_wire({"tools": "many"}).tools == "many"
    assert ToolSearch.from_wire({"tools": [{"tool_id": "t"}, 3]}).tools[1] == 3


# Executing


def test_a_tool_is_executed_and_recorded(client, serve):
    service = serve(lambda body: (200, {"loud": body["input_data"]["text"].upper()}))
    tool = client.create_tool(described(endpoint=service.url))
    result = client.execute_tool(tool, {"text": "a"}, {"speed": 2})
    assert (result.success, result.data, result.error) == (True, {"loud": "A"}, None)
    assert service.received == [
        {"input_data": {"text": "a"}, "config_data": {"speed": 2}}
    ]
    record = client.get_tool_execution(client.get_tool_execution(result))
    assert (record.tool_id, record.succeeded, record["status"]) == (
        "t",
        True,
        "success",
    )
    assert (record.input_data, record.output_data) == ({"text": "a"}, {"loud": "A"})
    assert record.config_data == {"speed": 2} and record.execution_time_ms >= 0
    assert record.started_at <= record.completed_at


def nested(levels):
    value = {}
    for _ in range(levels):
        value = {"a": value}
    return value


FAILURES = [
    (lambda body: (500, {}), "responded with status 500"),
    (lambda body: (302, {}), "responded with status 302"),
    (lambda body: (200, [1]), "the response is not a JSON object"),
    (lambda body: (200, {"a": float("nan")}), "the response is not JSON: NaN"),
    (lambda body: (200, nested(101)), "nested too deeply"),
]


@pytest.mark.parametrize("fail, words", FAILURES, ids=[words for _, words in FAILURES])
def test_a_tool_that_fails_is_an_error_or_a_result(client, serve, fail, words):
    client.create_tool(described(endpoint=serve(fail).url))
    with pytest.raises(ExecutionError, match=f"tool 't' failed: .*{words}") as caught:
        client.execute_tool("t", {})
    failed = caught.value.execution
    assert isinstance(failed, ToolResult)
    assert failed.status == "failed" and words in failed.error_message
    result = client.execute_tool("t", {}, raise_on_failure=False)
    assert (result.success, result.data) == (False, None) and words in result.error
    record = client.get_tool_execution(result.execution_id)
    assert (record.status, record.succeeded) == ("failed", False)
    assert words in record.error_message


def test_a_tool_that_is_not_there_fails_without_its_password(client):
    url = "http://user:hunter2@127.0.0.1:1/?api_key=sk-99&x=1"
    client.create_tool(described(endpoint=url))
    with pytest.raises(ExecutionError) as caught:
        client.execute_tool("t")
    shown = str(caught.value) + str(dict(caught.value.execution))
    assert "hunter2" not in shown and "sk-99" not in shown and "x=1" in shown
    assert "\n" not in str(caught.value)


def test_an_inactive_tool_is_not_executed(client, serve):
    service = serve()
    client.create_tool(described(endpoint=service.url, is_active=False))
    with pytest.raises(BadRequestError, match="Tool 't' is not active"):
        client.execute_tool("t", {})
    assert service.received == []


def test_the_same_key_executes_a_tool_once(client, serve):
    service = serve()
    client.create_tool(described(endpoint=service.url))
    found = {
        client.execute_tool("t", {"n": 1}, idempotency_key="mine").execution_id
        for _ in range(3)
    }
    assert len(found) == 1 and len(service.received) == 1
    with pytest.raises(ConflictError):
        client.execute_tool("t", {"n": 2}, idempotency_key="mine")
    client.delete_tool("t")
    again = client.execute_tool("t", {"n": 1}, idempotency_key="mine")
    assert {again.execution_id} == found


@pytest.mark.only_sync("threads share one client")
def test_tools_take_no_more_than_half_of_the_servers_threads(server, serve):
    may_end = threading.Event()
    service = serve(lambda body: (200, {}) if may_end.wait(LIMIT) else (500, {}))
    found, refused = [], []
    with server.client(max_retries=0) as client:
        client.create_tool(described(endpoint=service.url))

        def execute():
            try:
                found.append(client.execute_tool("t"))
            except ServerError as error:
                refused.append(error)

        threads = [threading.Thread(target=execute) for _ in range(7)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(refused) == 3 and len(service.received) == 4)
        assert client.health_check().is_healthy
        may_end.set()
        for thread in threads:
            thread.join(LIMIT)
    assert len(found) == 4 and {error.status_code for error in refused} == {503}


@pytest.mark.only_sync("threads share one client")
def test_no_change_is_lost_when_several_are_made_at_once(server):
    names = ("description", "endpoint", "name")
    with server.client() as client:
        client.create_tool(described())
        for turn in range(20):
            values = {name: f"http://{name}.test/{turn}" for name in names}
            threads = [
                threading.Thread(target=client.update_tool, args=("t", {n: value}))
                for n, value in values.items()
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(LIMIT)
            tool = client.get_tool("t")
            assert {name: tool[name] for name in names} == values


@pytest.mark.only_sync("threads share one client")
def test_a_repetition_waits_for_the_first_request(server, serve):
    arrived, may_end = threading.Event(), threading.Event()

    def hold(body):
        arrived.set()
        may_end.wait(LIMIT)
        return 200, {}

    service = serve(hold)
    with server.client() as client:
        client.create_tool(described(endpoint=service.url))
        found = []

        def execute():
            result = client.execute_tool("t", {}, idempotency_key="mine")
            found.append(result.execution_id)

        threads = [threading.Thread(target=execute) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert arrived.wait(LIMIT)
        assert client.list_tools()  # the store is not locked meanwhile
        may_end.set()
        for thread in threads:
            thread.join(LIMIT)
    assert len(found) == 3 and len(set(found)) == 1
    assert len(service.received) == 1


# What a server refuses, and what is refused before


@pytest.mark.parametrize(
    "change, words",
    [
        (
            {"endpoint": "ftp://x"},
            "tool 't': its endpoint must be an http or https URL",
        ),
        ({"endpoint": 3}, "Input should be a valid string"),
        ({"name": None}, "Input should be a valid string"),
        ({"tool_type": "OCR"}, "Input should be a valid list"),
        ({"tool_type": [1]}, "Input should be a list of texts"),
        ({"is_active": "no"}, "Input should be a valid boolean"),
        ({"input_schema": []}, "Input should be a valid dictionary"),
        ({"config_schema": {}}, "Its properties should be a list"),
        ({"tool_id": "."}, "tool_id must not be '.'"),
        ({"tool_id": "active"}, "No tool can have the id 'active'"),
        ({"tool_id": "x/schemas"}, "it is a path of the API"),
        ({"tool_id": "x" * 101}, "At most 100 characters"),
        ({"name": ""}, "From 1 to 200 characters"),
    ],
    ids=str,
)
def test_what_the_server_refuses_of_a_tool_is_reported_in_its_words(
    client, change, words
):
    with pytest.raises((BadRequestError, ValidationError)) as caught:
        client.create_tool({**described(), **change})
    assert words in str(caught.value) + str(getattr(caught.value, "details", ""))
    assert client.list_tools() == []


@pytest.mark.parametrize(
    "name, value", [("limit", 101), ("offset", -1), ("limit", "1")]
)
def test_the_server_refuses_pages_that_there_are_not(client, name, value):
    body = {name: value}
    with pytest.raises(BadRequestError):
        client.request("POST", "/api/v1/tools/search", json=body)


REFUSED = [
    ("create_tool", (3,), {}, "tool_config must be a mapping"),
    ("create_tool", ({},), {}, "tool_config.tool_id must be text"),
    ("update_tool", ("t", 3), {}, "changes must be a mapping"),
    (
        "update_tool",
        ("t", {"tool_id": "u"}),
        {},
        "changes.tool_id is 'u', but the tool",
    ),
    ("get_tool", ("",), {}, "tool_id must not be empty"),
    ("get_tool", (3,), {}, "tool_id must be text"),
    ("create_tool_schemas", ("t",), {}, "no schema is given: pass input_schema"),
    ("create_tool_schemas", ("t",), {"input_schema": 3}, "input_schema must be a map"),
    ("set_tool_status", ("t", "inactive"), {}, "is_active must be True or False"),
    ("search_tools", (), {"is_active": "no"}, "is_active must be True or False"),
    ("list_tools", (), {"active": "no"}, "active must be True or False"),
    ("list_tools", (), {"mine": 1}, "mine must be True or False"),
    ("list_agents", (), {"active": "no"}, "active must be True or False"),
    ("list_flows", (), {"mine": "no"}, "mine must be True or False"),
    ("get_health", (), {"detailed": "no"}, "detailed must be True or False"),
    ("search_tools", (3,), {}, "query must be text"),
    ("search_tools", (), {"tool_types": "OCR"}, "tool_types must be a list of texts"),
    ("search_tools", (), {"tool_types": [1]}, "tool_types\\[0\\] must be text"),
    ("search_tools", (), {"created_by": 3}, "created_by must be text"),
    ("search_tools", (), {"limit": 101}, "limit must be at most 100"),
    ("search_tools", (), {"offset": -1}, "offset must be at least 0"),
    ("execute_tool", ("t", 3), {}, "input_data must be a mapping"),
    ("execute_tool", ("t", {}, 3), {}, "config_data must be a mapping"),
    ("execute_tool", ("t",), {"idempotency_key": ""}, "idempotency_key must be"),
    ("get_tool_execution", ("",), {}, "execution_id must not be empty"),
    ("get_tool_execution", (ToolResult(True),), {}, "execution_id must not be empty"),
    ("list_marketplace_agents", (), {"search": 3}, "search must be text"),
    ("list_marketplace_agents", (), {"category": 3}, "category must be text"),
    ("list_marketplace_agents", (), {"sort_by": 3}, "sort_by must be text"),
    ("list_marketplace_agents", (), {"min_rating": -1}, "min_rating must be a number"),
    ("list_marketplace_agents", (), {"max_price": "1"}, "max_price must be a number"),
    ("list_marketplace_agents", (), {"limit": 0}, "limit must be at least 1"),
    ("list_marketplace_agents", (), {"offset": -1}, "offset must be at least 0"),
]


@pytest.mark.parametrize("method, arguments, options, words", REFUSED)
def test_bad_arguments_are_refused_before_anything_is_sent(
    client, method, arguments, options, words
):
    with pytest.raises(ValidationError, match=words):
        getattr(client, method)(*arguments, **options)


# Other servers


def test_a_server_that_sends_no_more_than_a_message_is_understood():
    message = answer(200, {"success": True, "message": "done"})
    with RawServer(message) as server, AISpine("", server.url) as client:
        tool = client.create_tool(described())
        assert (tool.tool_id, tool.name) == ("t", "T")
        assert client.update_tool("t", {"name": "U"}).tool_id == "t"
        changed = client.set_tool_status("t", False)
        assert (changed.tool_id, changed.is_active) == ("t", False)
        schemas = client.create_tool_schemas("t", input_schema=SCHEMA)
        assert (schemas.tool_id, schemas.input_schema) == ("t", SCHEMA)


def test_a_response_that_does_not_say_what_came_of_it_is_an_error():
    with RawServer(answer(200, {})) as server, AISpine("", server.url) as client:
        with pytest.raises(
            APIError, match="does not say whether it succeeded"
        ) as caught:
            client.execute_tool("t", {})
    assert caught.value.maybe_executed


def test_a_secret_that_a_tool_repeats_is_not_shown():
    failed = answer(200, {"success": False, "error": "no such key: sk-secret-123"})
    with RawServer(failed) as server, AISpine("sk-secret-123", server.url) as client:
        with pytest.raises(ExecutionError, match="no such key: [*]{3}") as caught:
            client.execute_tool("t", {})
    assert "sk-secret-123" not in str(dict(caught.value.execution))


@pytest.mark.only_sync("it makes no client")
def test_a_tool_execution_keeps_a_status_that_no_flow_has():
    assert ToolExecution.from_wire({"status": "timeout"}).status == "timeout"


# Agents, flows and health


def test_agents_can_be_limited_to_active_ones_and_ones_own(client, server):
    work = server._site.store.get("agent", "work")
    server._site.store.put(
        "agent", "off", {**work, "agent_id": "off", "is_active": False}
    )

    def listed(**limits):
        return [agent.agent_id for agent in client.list_agents(**limits)]

    assert listed() == listed(mine=True) == ["off", "work"]
    assert listed(active=True) == listed(active=True, mine=True) == ["work"]


def test_flows_can_be_limited_to_ones_own(client):
    assert [flow.flow_id for flow in client.list_flows(mine=True)] == ["f"]


def test_health_can_be_asked_for_in_detail(client):
    detailed = client.get_health(detailed=True)
    assert (detailed.is_healthy, detailed.database) == (True, "connected")
    plain = client.get_health()
    assert (plain.is_healthy, plain.database) == (True, None)


# The marketplace


def test_what_is_asked_of_the_marketplace_is_sent():
    wanted = {"search": "a b", "category": "c", "min_rating": 4.5, "max_price": 7}
    wanted = {**wanted, "sort_by": "price", "limit": 3, "offset": 9}
    with RawServer(answer(200, [])) as server, AISpine("", server.url) as client:
        assert client.list_marketplace_agents(**wanted) == []
        path, _, query = server.requests[0].target.partition("?")
    assert path == "/api/v1/marketplace/agents"
    assert dict(parse_qsl(query)) == {name: str(v) for name, v in wanted.items()}


def test_nothing_is_on_offer_on_the_local_server(client):
    assert client.list_marketplace_agents(search="x", limit=5)["agents"] == []
    assert client.get_marketplace_categories() == {"categories": []}
    assert client.get_marketplace_stats() == {"total_agents": 0}
