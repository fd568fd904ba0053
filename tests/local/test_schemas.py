"""Tests of the schemas of flows: given, kept, derived, and checked before anything runs."""

import pytest

from ai_spine import BadRequestError, ConfigurationError, Flow, ValidationError
from ai_spine.flows.definitions import read_definition
from ai_spine.local.agents.functions import AgentFunction
from ai_spine.local.schemas import Schemas, check_schemas, misfits, schemas_of
from ai_spine.local.server import SAMPLES
from tests.local import LIMIT, flow, node
from tests.raw_server import RawServer, answer

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "income": {"type": "number"},
        "terms": {"type": "array", "items": {"type": "integer"}},
        "kind": {"enum": ["new", "old"]},
    },
    "required": ["name", "income"],
    "additionalProperties": False,
}
FITS = {"name": "Ana", "income": 5}


def loan(**more):
    made = flow(node("n", "work"), flow_id="loan")
    return {**made, "input_schema": SCHEMA, **more}


def work(input, config):
    return {"seen": sorted(input)}


@pytest.fixture
def server(serve):
    return serve([loan()], {"work": work})


@pytest.fixture
def client(server):
    with server.client() as made:
        yield made


def problems(client, input_data):
    """Return where an input does not fit, and why, as the server says it."""
    with pytest.raises(BadRequestError) as caught:
        client.execute_flow("loan", input_data)
    assert caught.value.status_code == 422
    assert client.list_executions() == []
    return [(each["field"], each["message"]) for each in caught.value.details]


def test_an_input_that_fits_is_executed(client):
    done = client.execute_and_wait("loan", FITS, timeout=LIMIT)
    assert done.output["n"] == {"seen": ["income", "name"]}


@pytest.mark.parametrize(
    "input_data, found",
    [
        ({}, [("income", "Field required"), ("name", "Field required")]),
        ({**FITS, "income": "5"}, [("income", "Input must be a number")]),
        ({**FITS, "terms": [1, "x"]}, [("terms.1", "Input must be a whole number")]),
        ({**FITS, "kind": "odd"}, [("kind", 'Input must be one of "new", "old"')]),
        ({**FITS, "extra": 1}, [("extra", "Input is not known")]),
    ],
)
def test_an_input_that_does_not_fit_is_refused_before_anything_runs(
    client, input_data, found
):
    wanted = [(f"input_data.{field}", message) for field, message in found]
    assert problems(client, input_data) == wanted


def test_other_rules_are_told_in_words(client):
    ((field, message),) = problems(client, {**FITS, "name": ""})
    assert (field, message) == ("input_data.name", "Input should be non-empty")


def test_a_flow_shows_its_schemas_and_keeps_them_in_its_metadata(client):
    found = client.get_flow("loan")
    assert found.input_schema == SCHEMA and found.output_schema is None
    assert found.metadata == {"input_schema": SCHEMA}
    assert client.list_flows()[0].input_schema == SCHEMA


def test_schemas_of_a_new_flow_are_sent_in_its_metadata(client):
    created = client.create_flow({**loan(metadata={"team": "a"}), "flow_id": "other"})
    assert created.input_schema == SCHEMA
    assert created["metadata"] == {"team": "a", "input_schema": SCHEMA}
    body = read_definition(loan(output_schema=None, metadata=None))
    assert body["metadata"] == {"input_schema": SCHEMA}
    assert "input_schema" not in body and "output_schema" not in body
    assert read_definition(Flow.from_wire(loan()))["metadata"] == body["metadata"]


def test_a_schema_that_is_no_mapping_is_refused_before_it_is_sent():
    with pytest.raises(
        ValidationError, match="the input_schema of a flow must be a map"
    ):
        read_definition(loan(input_schema=[1]))


@pytest.mark.parametrize(
    "change, words",
    [
        (
            {"input_schema": {"type": "text"}},
            "its input_schema is no JSON Schema: at type",
        ),
        (
            {"output_schema": {"properties": 3}},
            "its output_schema is no JSON Schema: at",
        ),
        (
            {"metadata": {"example_input": {"name": 3}}},
            "its example_input does not fit its input_schema: income: is required; "
            "name: must be text",
        ),
    ],
)
def test_a_wrong_schema_or_example_is_refused_where_it_is_given(
    serve, client, change, words
):
    with pytest.raises(ConfigurationError, match=words):
        serve([loan(**change)], {"work": work})
    with pytest.raises(BadRequestError, match=words):
        client.create_flow({**loan(**change), "flow_id": "other"})
    with pytest.raises(BadRequestError, match=words):
        client.update_flow("loan", loan(**change))


@pytest.mark.parametrize(
    "reference", ["#/$defs/nope", "http://127.0.0.1:1/x", "file:///etc/passwd", 3]
)
def test_a_schema_must_stand_by_itself(serve, client, reference):
    wrong = loan(input_schema={"properties": {"n": {"$ref": reference}}})
    with pytest.raises(ConfigurationError, match="no JSON Schema"):
        serve([wrong], {"work": work})
    with pytest.raises(BadRequestError, match="no JSON Schema"):
        client.update_flow("loan", wrong)


def test_references_within_a_schema_are_followed():
    inner = {
        "$defs": {"a/b": {"type": "number"}, "C": {"$anchor": "c", "type": "null"}}
    }
    properties = {
        "n": {"$ref": "#/$defs/a~1b"},
        "m": {"$ref": "#c"},
        "o": {"$ref": "#"},
    }
    made = Flow.from_wire(loan(input_schema={**inner, "properties": properties}))
    check_schemas(made, "f.yaml")
    found = misfits(made.input_schema, {"n": "x", "m": 1, "o": {"n": "y"}})
    assert [str(each) for each in found] == [
        "m: must be null",
        "n: must be a number",
        "o.n: must be a number",
    ]


def test_a_schema_that_refers_elsewhere_is_never_fetched():
    with RawServer(answer(200, {"type": "string"})) as elsewhere:
        schema = {"properties": {"n": {"$ref": elsewhere.url}}}
        (found,) = misfits(schema, {"n": 1})
        assert "refers to what is not in it" in found.message
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "rule, value, words",
    [
        ({"type": "string", "format": "date"}, "2026-13-02", "must be a date"),
        ({"format": "date-time"}, "yesterday", "must be a date-time"),
        ({"format": "time"}, "25:00", "must be a time"),
        ({"format": "uuid"}, "x", "must be a uuid"),
        (
            {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "q",
            "a whole number or null",
        ),
        ({"minItems": 2}, [1], "must have at least 2 items"),
        ({"maxItems": 1}, [1, 2], "must have at most 1 item"),
    ],
)
def test_rules_are_told_in_plain_words(rule, value, words):
    (found,) = misfits({"properties": {"x": rule}}, {"x": value})
    assert words in found.message


def test_formats_that_fit_are_accepted():
    good = {"date": "2026-11-02", "date-time": "2026-11-02T10:00:00Z", "time": "10:00"}
    for name, value in {**good, "uuid": "1" * 32, "unknown": "x"}.items():
        assert misfits({"format": name}, value) == []
    assert misfits({"format": "date"}, 3) == []


def test_a_schema_that_is_no_object_is_refused():
    wrong = Flow.from_wire(loan(input_schema=["x"]))
    with pytest.raises(ConfigurationError, match="an object is expected"):
        check_schemas(wrong, "f.yaml")


def test_the_samples_need_no_check_since_they_are_right():
    from ai_spine.local.definitions import load_flows

    loaded = load_flows(SAMPLES)
    assert len(loaded) == 2
    for sample, source in loaded:
        check_schemas(sample, source)


# Derived from the agents


def agents_schemas(**known):
    return lambda agent_id: known.get(agent_id, Schemas())


def thing(name, required=()):
    return {
        "type": "object",
        "properties": {name: {"type": "number"}},
        "required": list(required),
    }


def test_the_first_agents_say_what_a_flow_needs():
    made = Flow.from_wire(
        {
            "flow_id": "f",
            "nodes": [
                {"id": "in"},
                {"id": "a", "agent_id": "a", "depends_on": ["in"]},
                {"id": "b", "agent_id": "b", "depends_on": ["in"]},
                {"id": "c", "agent_id": "c", "depends_on": ["a"]},
            ],
            "exit_points": ["b", "c"],
        }
    )
    of_agent = agents_schemas(
        a=Schemas(thing("x", ["x"])),
        b=Schemas({**thing("y"), "$defs": {"Y": {}}}, thing("out")),
        c=Schemas(
            thing("z", ["z"]), {**thing("end"), "$defs": {"E": {"type": "null"}}}
        ),
    )
    schemas = schemas_of(made, of_agent)
    assert schemas.input_schema["required"] == ["x"]
    assert list(schemas.input_schema["properties"]) == ["x", "y"]
    assert schemas.output_schema["properties"] == {"b": thing("out"), "c": thing("end")}
    assert schemas.output_schema["$defs"] == {"E": {"type": "null"}}


def test_a_field_that_two_agents_describe_must_fit_both():
    nodes = [{"id": name, "agent_id": name} for name in "ab"]
    made = Flow.from_wire({"flow_id": "f", "nodes": nodes, "exit_points": []})
    least = {"properties": {"x": {"minimum": 3}}}
    schemas = schemas_of(made, agents_schemas(a=Schemas(thing("x")), b=Schemas(least)))
    assert misfits(schemas.input_schema, {"x": 1}) != []
    assert misfits(schemas.input_schema, {"x": 3}) == []
    assert schemas.output_schema is None


def test_without_types_nothing_is_derived():
    made = Flow.from_wire(flow(node("n", "work")))
    assert schemas_of(made, agents_schemas()) == Schemas(None, None)


class Typed(AgentFunction):
    """An agent that describes itself."""

    input_schema = thing("x", ["x"])
    output_schema = thing("y")


def test_derived_schemas_are_shown_and_checked_but_not_kept(serve):
    typed = Typed(work, "work")
    server = serve([flow(node("n", "work"))], {"work": typed})
    with server.client() as client:
        shown = client.get_flow("f")
        assert shown.input_schema == Typed.input_schema
        assert shown.output_schema["properties"] == {"n": Typed.output_schema}
        with pytest.raises(BadRequestError, match="Field required"):
            client.execute_flow("f", {})
        client.update_flow("f", shown)
        assert client.get_flow("f").metadata == {}
        client.delete_agent("work")
        client.create_agent({"agent_id": "work", "endpoint": "http://127.0.0.1:1"})
        assert client.get_flow("f").input_schema is None


@pytest.mark.parametrize(
    "schema, reference",
    [
        ({"$ref": "#"}, "#"),
        ({"properties": {"a": {"$ref": "#/properties/a"}}}, "#/properties/a"),
        ({"$anchor": "x", "if": {"not": {"$dynamicRef": "#x"}}}, "#x"),
    ],
    ids=str,
)
def test_a_schema_without_end_fits_nothing_and_is_refused_in_a_flow(schema, reference):
    (found,) = misfits(schema, {"a": 1})
    words = f"refers to itself without end by '{reference}'"
    assert str(found) == f"the input: cannot be checked: its schema {words}"
    made = Flow.from_wire(loan(input_schema=schema))
    with pytest.raises(ConfigurationError) as caught:
        check_schemas(made, "f.yaml")
    assert str(caught.value) == (
        f"f.yaml: its input_schema cannot be checked: it {words}"
    )


def test_a_number_that_no_float_can_be_is_a_misfit():
    (found,) = misfits({"multipleOf": 0.5}, 10**400)
    assert found.message == "has a number that is too large to be checked"


@pytest.mark.parametrize(
    "schema",
    [
        {"items": False},
        {"prefixItems": [True], "items": False},
        {"unevaluatedItems": {"type": "integer"}},
    ],
)
def test_items_that_are_too_many_are_not_repeated(schema):
    (found,) = misfits(schema, ["hunter2", "hunter2"])
    assert found.message == "has more items than are allowed"
