"""Tests of flows as tools of a model, in both clients, against the local server."""

import pytest

from ai_spine import (
    AISpine,
    BadRequestError,
    ExecutionError,
    NotFoundError,
    ValidationError,
)
from ai_spine.local import LocalServer
from tests.local import LIMIT, flow, node, single
from tests.raw_server import RawServer, answer

pytestmark = pytest.mark.every_client
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
}
FORMATS = ("openai", "anthropic", "mcp")


def double(input, config):
    return {"twice": input["n"] * 2}


def fail(input, config):
    raise ValueError("no luck")


@pytest.fixture
def requests_of():
    """Return the requests that a client has sent."""
    return []


@pytest.fixture
def client(requests_of):
    agents = {"double": double, "fail": fail}
    with_schema = flow(node("n", "double"), flow_id="double", input_schema=SCHEMA)
    odd = flow(node("n", "double"), flow_id="twice as much")
    flows = [with_schema, odd, single("fail", "failing")]
    hooks = {"request": lambda event: requests_of.append((event.method, event.path))}
    with LocalServer(flows, agents) as server:
        with server.client(event_hooks=hooks) as made:
            yield made


def name_of_the_odd_one(client):
    (name,) = [
        tool["name"]
        for tool in client.flows_as_tools("mcp")
        if tool["name"].startswith("twice_as_much_")
    ]
    return name


def test_all_flows_are_tools_in_the_form_of_each_api(client, requests_of):
    openai = client.flows_as_tools()
    assert client.flows_as_tools(format="openai", mine=True) == openai
    assert requests_of[0] == ("GET", "/flows") != requests_of[1]
    assert {tool["type"] for tool in openai} == {"function"}
    functions = [tool["function"] for tool in openai]
    described = [(each["name"], each["parameters"]) for each in functions]
    assert len(described) == 3 and ("double", SCHEMA) in described
    for form, key in (("anthropic", "input_schema"), ("mcp", "inputSchema")):
        tools = client.flows_as_tools(format=form)
        assert [(tool["name"], tool[key]) for tool in tools] == described


def test_the_schemas_of_tools_are_json_schemas():
    validators = pytest.importorskip("jsonschema.validators")
    with LocalServer() as server, server.client() as client:
        tools = client.flows_as_tools()
    assert [tool["function"]["name"] for tool in tools] == [
        "credit_analysis",
        "sentiment-analysis",
    ]
    for tool in tools:
        schema = tool["function"]["parameters"]
        validators.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object" and schema["properties"]


@pytest.mark.parametrize("form", ["OpenAI", "gemini", 3, None])
def test_a_format_that_there_is_not_is_refused(client, requests_of, form):
    with pytest.raises(
        ValidationError, match="format must be one of openai, anthropic, mcp, not"
    ):
        client.flows_as_tools(form)
    assert requests_of == []


@pytest.mark.parametrize("arguments", [{"n": 2}, '{"n": 2}'])
def test_a_call_executes_the_flow_and_waits(client, requests_of, arguments):
    execution = client.call_flow_tool("double", arguments, {"by": "m"}, timeout=LIMIT)
    assert execution.succeeded and execution.output == {"n": {"twice": 4}}
    assert execution.metadata == {"by": "m"}
    assert ("GET", "/flows") not in requests_of


def test_a_derived_name_leads_back_to_its_flow_with_one_more_request(
    client, requests_of
):
    name = name_of_the_odd_one(client)
    del requests_of[:]
    execution = client.call_flow_tool(name, {"n": 3}, timeout=LIMIT)
    assert execution.flow_id == "twice as much"
    assert execution.output == {"n": {"twice": 6}}
    assert requests_of[:2] == [("GET", "/flows"), ("POST", "/flows/execute")]


def test_the_id_of_a_flow_is_taken_although_it_is_no_name(client, requests_of):
    assert client.call_flow_tool("twice as much", {"n": 1}, timeout=LIMIT).succeeded
    assert ("GET", "/flows") not in requests_of


def test_no_arguments_are_an_empty_input(client):
    for arguments in (None, "", " \n"):
        with pytest.raises(BadRequestError, match="n: Field required"):
            client.call_flow_tool("double", arguments)
    with pytest.raises(BadRequestError, match="n: Field required"):
        client.call_flow_tool("double")


@pytest.mark.parametrize(
    "arguments, words",
    [
        ('{"n": ', "the arguments of tool 'double' are not JSON: "),
        ("[" * 100_000, "are not JSON"),
        ("[1]", "must be an object, not of type list"),
        ("3", "must be an object"),
        (3, "must be a mapping or the JSON of an object"),
        ('{"n": NaN}', "input_data.n"),
    ],
    ids=["cut", "deep", "list", "number", "int", "NaN"],
)
def test_arguments_that_cannot_be_read_are_refused_before_anything_is_sent(
    client, requests_of, arguments, words
):
    with pytest.raises(ValidationError) as caught:
        client.call_flow_tool("double", arguments)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert requests_of == []


def test_a_bad_argument_is_named(client):
    with pytest.raises(BadRequestError, match="input_data.n: .*whole number"):
        client.call_flow_tool("double", {"n": "a lot"})


def test_a_flow_that_fails_raises_or_is_returned(client):
    with pytest.raises(ExecutionError, match="of flow failing failed: .*no luck"):
        client.call_flow_tool("failing", {}, timeout=LIMIT)
    failed = client.call_flow_tool("failing", {}, raise_on_failure=False, timeout=LIMIT)
    assert failed.status == "failed"


@pytest.mark.parametrize("name, meant", [("duoble", "double"), ("faling", "failing")])
def test_an_unknown_name_suggests_a_close_one(client, requests_of, name, meant):
    with pytest.raises(ValidationError) as caught:
        client.call_flow_tool(name, {})
    expected = f"there is no flow for the tool {name!r}; is {meant!r} meant?"
    assert str(caught.value) == expected
    assert requests_of.count(("GET", "/flows")) == 1


def test_an_unknown_derived_name_is_refused_without_an_execution(client, requests_of):
    with pytest.raises(ValidationError, match="no flow for the tool 'x_deadbeef'"):
        client.call_flow_tool("x_deadbeef", {})
    assert requests_of == [("GET", "/flows")]


def test_a_name_that_is_no_text_is_refused(client, requests_of):
    with pytest.raises(ValidationError, match="name must be text"):
        client.call_flow_tool(3, {})
    assert requests_of == []


def test_a_server_that_responds_404_for_an_unknown_flow_is_understood():
    responses = [answer(404, {"detail": "no"}), answer(200, [{"flow_id": "double"}])]
    with RawServer(*responses) as server, AISpine("", server.url) as client:
        with pytest.raises(ValidationError, match="is 'double' meant"):
            client.call_flow_tool("duoble", {})


def test_an_execution_that_has_gone_is_no_unknown_name():
    started = {"execution_id": "e", "status": "pending"}
    responses = [answer(200, started), answer(404, {"detail": "gone"})]
    with RawServer(*responses) as server, AISpine("", server.url) as client:
        with pytest.raises(NotFoundError) as caught:
            client.call_flow_tool("double", {})
    assert caught.value.path == "/executions/e"
