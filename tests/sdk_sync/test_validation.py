"""Data is checked against models: all errors at once, and no value in any of them."""

import copy
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.errors import (
    ConfigError,
    SDKSyncWarning,
    ValidationError,
    VersionMismatchError,
)
from ai_spine.sdk_sync.ir import IRField, IRModel, IRSpec, IRType, SchemaVersion
from ai_spine.sdk_sync.validation import (
    RequestValidator,
    ResponseValidator,
    TypeValidator,
    ValidationContext,
)
from tests.raw_server import RawServer, answer
from tests.sdk_sync.strategies import models

pydantic = pytest.importorskip("pydantic")
SECRET = "sk-live-4711-do-not-print"


def field(name, kind=IRType.STRING, **more):
    return IRField(name, kind, **more)


search_input_model = IRModel(
    "SearchInput",
    fields=[
        field("query", required=True),
        field("limit", IRType.INTEGER, default=10, constraints={"maximum": 100}),
    ],
)
search_output_model = IRModel(
    "SearchOutput",
    SchemaVersion(1, 2),
    [
        field("results", IRType.ARRAY, required=True),
        field("total", IRType.INTEGER, required=True),
    ],
)


class SearchInput(pydantic.BaseModel):
    query: str
    limit: int = 10


def model_of(**schema):
    return IRModel.from_json_schema({"title": "M", **schema})


def errors_of(validator, data):
    with pytest.raises(ValidationError) as caught:
        validator.validate(data)
    return caught.value.validation_errors


def messages_of(validator, data):
    return [(e["field"], e["message"]) for e in errors_of(validator, data)]


# What the requirement prints.


def test_request_validation_works_as_printed(capsys):
    validator = RequestValidator(search_input_model)
    valid_data = {"query": "test search", "limit": 10}
    validated = validator.validate(valid_data)
    assert validated == valid_data
    try:
        invalid_data = {}
        validator.validate(invalid_data)
    except ValidationError as e:
        print(f"Validation failed: {e.message}")
        for error in e.validation_errors:
            print(f"  - {error}")
    assert capsys.readouterr().out == (
        "Validation failed: the request does not fit SearchInput 1.0.0: query is required\n"
        "  - {'path': '/query', 'field': 'query', 'error': 'missing', "
        "'message': 'is required'}\n"
    )


def test_response_validation_works_as_printed():
    validator = ResponseValidator(search_output_model)
    response_data = {"results": [...], "total": 10, "x-schema-version": "1.0.0"}
    validated = validator.validate(response_data)
    assert validated == {"results": [...], "total": 10}
    assert response_data["x-schema-version"] == "1.0.0"


def test_pydantic_integration_works_as_printed():
    validator = RequestValidator(search_input_model)
    validated_model = validator.validate_with_model({"query": "test"}, SearchInput)
    assert validated_model.query == "test"
    assert validated_model.limit == 10


# Errors


def test_all_errors_come_at_once_each_with_its_place_rule_and_words():
    item = {
        "type": "object",
        "properties": {"price": {"type": "number"}, "a/b": {"enum": ["x"]}},
        "required": ["price"],
    }
    model = model_of(
        type="object",
        properties={"items": {"type": "array", "items": item}, "id": {"minLength": 3}},
    )
    data = {"items": [{"price": "1"}, {"a/b": "y"}], "id": "ab"}
    assert errors_of(TypeValidator(model), data) == [
        {"path": "/id", "field": "id", "error": "minLength", "message": "is too short"},
        {
            "path": "/items/0/price",
            "field": "items[0].price",
            "error": "type_error",
            "message": "must be a number",
        },
        {
            "path": "/items/1/a~1b",
            "field": "items[1].a/b",
            "error": "enum",
            "message": 'must be one of "x"',
        },
        {
            "path": "/items/1/price",
            "field": "items[1].price",
            "error": "missing",
            "message": "is required",
        },
    ]


def test_the_message_shows_five_errors_and_counts_the_rest():
    model = IRModel("M", fields=[field(each, required=True) for each in "abcdefg"])
    with pytest.raises(ValidationError) as caught:
        TypeValidator(model).validate({})
    assert str(caught.value) == (
        "the data does not fit M 1.0.0: a is required; b is required; c is required; "
        "d is required; e is required; and 2 more"
    )
    assert caught.value.field_path == "/a"
    assert caught.value.code == "SDK005"


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "integer"},
        {"pattern": "^x"},
        {"minLength": 99},
        {"maxLength": 3},
        {"const": 1},
        {"enum": ["a"]},
        {"not": {}},
        {"format": "email"},
        {"format": "ipv4"},
        {"anyOf": [{"type": "integer"}, {"pattern": "^x"}]},
        {"oneOf": [{}, {"type": "string"}]},
        {"allOf": [False]},
        {"$ref": "#/$defs/N"},
    ],
    ids=str,
)
def test_no_error_repeats_a_value(rule):
    model = model_of(
        type="object",
        properties={"key": rule, "list": {"items": rule, "contains": {"const": 1}}},
        additionalProperties=rule,
        **{"$defs": {"N": {"type": "number"}}},
    )
    for validator in (RequestValidator(model), ResponseValidator(model)):
        data = {"key": SECRET, "list": [SECRET], "other": SECRET}
        with pytest.raises(ValidationError) as caught:
            validator.validate(data)
        assert len(caught.value.validation_errors) >= 3
        assert SECRET not in f"{caught.value} {caught.value.to_dict()}"


def test_long_names_and_words_are_cut():
    model = model_of(type="object", properties={"n" * 5000: {"enum": ["v" * 5000]}})
    (error,) = errors_of(TypeValidator(model), {"n" * 5000: 1})
    assert len(error["field"]) <= 300 and len(error["message"]) <= 300


def test_data_that_is_no_object_is_an_error_without_a_place():
    assert errors_of(RequestValidator(search_input_model), None) == [
        {"path": "", "field": "", "error": "type_error", "message": "must be an object"}
    ]


def test_data_that_is_nested_too_deeply_is_refused_and_not_followed():
    data = []
    for _ in range(10**5):
        data = [data]
    node = IRModel("Node", root=field("Node", IRType.ARRAY, items=field("i", "Node")))
    assert messages_of(TypeValidator(node), data) == [
        ("", "is nested too deeply: more than 100 levels")
    ]


def test_formats_are_checked():
    model = IRModel("M", fields=[field("mail", constraints={"format": "email"})])
    wrong = messages_of(RequestValidator(model), {"mail": "nobody"})
    assert wrong == [("mail", "must be an email address")]


# Defaults


def test_defaults_are_filled_in_a_copy_nested_as_well():
    def point(**more):
        x = {"type": "integer", "default": 0}
        return {"type": "object", "properties": {"x": x}, **more}

    model = model_of(
        type="object",
        properties={
            "a": point(),
            "list": {"type": "array", "items": {"$ref": "#/$defs/Point"}},
            "pair": {"prefixItems": [point()], "items": {}},
            "maybe": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Point"}]},
            "kind": {"oneOf": [point(required=["x"]), point(required=["y"])]},
            "tags": {"type": "array", "default": ["new"]},
            "none": {"default": None},
            "left": {"allOf": [point()]},
        },
        patternProperties={"^p_": point()},
        additionalProperties=point(),
        **{"$defs": {"Point": point()}},
    )
    data = {
        "a": {},
        "list": [{}, {"x": 1}],
        "pair": [{}, {}],
        "maybe": {},
        "kind": {"y": 1},
        "left": {},
        "p_1": {},
        "other": {},
    }
    before = copy.deepcopy(data)
    zero = {"x": 0}
    filled = TypeValidator(model).validate(data)
    assert data == before
    assert filled == {
        "a": zero,
        "list": [zero, {"x": 1}],
        "pair": [zero, {}],
        "maybe": zero,
        "kind": {"y": 1, "x": 0},
        "tags": ["new"],
        "none": None,
        "left": zero,
        "p_1": zero,
        "other": zero,
    }
    filled["tags"].append("x")
    assert TypeValidator(model).validate({})["tags"] == ["new"]


def test_defaults_of_conditions_are_those_that_apply():
    model = model_of(
        type="object",
        properties={"kind": {}},
        **{
            "if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
            "then": {"properties": {"n": {"default": 1}}},
            "else": {"properties": {"n": {"default": 2}}},
        },
        dependentSchemas={"kind": {"properties": {"m": {"default": 3}}}},
    )
    validate = TypeValidator(model).validate
    assert validate({"kind": "a"}) == {"kind": "a", "n": 1, "m": 3}
    assert validate({"kind": "b"}) == {"kind": "b", "n": 2, "m": 3}
    assert validate({}) == {"n": 2}


def test_a_default_that_leads_to_its_own_model_is_filled_once():
    node = IRModel("Node", fields=[field("next", "Node", default={})])
    assert TypeValidator(node).validate({}) == {"next": {}}


# References


def test_models_of_the_specification_are_followed():
    user = IRModel("User", fields=[field("id", required=True)])
    pet = IRModel("Pet", fields=[field("owner", "User"), field("friend", "Pet")])
    spec = IRSpec(SchemaVersion(1), models={"User": user, "Pet": pet})
    validator = RequestValidator(pet, spec=spec)
    assert messages_of(validator, {"friend": {"owner": {"Id": "1"}}}) == [
        ("friend.owner.Id", "is not known; is 'id' meant?"),
        ("friend.owner.id", "is required"),
    ]


def test_a_reference_to_what_is_not_there_is_refused_and_nothing_is_fetched():
    with RawServer(answer(200, {})) as server:
        model = model_of(
            type="object",
            properties={"a": {"$ref": "#/$defs/User"}, "b": {"$ref": server.url}},
        )
        with pytest.raises(ConfigError) as caught:
            TypeValidator(model)
        assert server.requests == []
    assert f"refers to what is not there: 'User', '{server.url}'. Give" in str(
        caught.value
    )


def test_a_pointer_into_the_model_is_followed_and_one_to_nowhere_is_an_error():
    model = model_of(
        type="object",
        properties={
            "a": {"type": "object", "properties": {"n": {"default": 1}}},
            "b": {"$ref": "#/properties/a"},
            "c": {"allOf": [{"$ref": "#here"}]},
            "d": {"$ref": "#/allOf/0"},
        },
        allOf=[{"$anchor": "here", "description": "anything"}],
    )
    validator = RequestValidator(model)
    assert validator.validate({"b": {}, "d": {}})["b"] == {"n": 1}
    assert validator.validate({"c": {"n": 1}})["c"] == {"n": 1}
    lost = TypeValidator(model_of(properties={"a": {"$ref": "#/nowhere"}}))
    assert errors_of(lost, {"a": 1})[0]["error"] == "schema"


def test_a_union_with_a_pointer_to_nowhere_is_an_error_as_well():
    member = {"$ref": "#/nowhere"}
    model = model_of(type="object", properties={"a": {"anyOf": [member, {}]}})
    for validator in (TypeValidator(model), RequestValidator(model)):
        assert errors_of(validator, {"a": 1})[0]["error"] == "schema"


@pytest.mark.parametrize(
    "more",
    [
        {"$id": "https://schemas.test/m.json"},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"$id": "m.json", "$schema": "https://json-schema.org/draft/2020-12/schema"},
    ],
    ids=str,
)
def test_an_id_and_a_dialect_change_nothing_of_what_is_referred_to(more):
    point = {"type": "object", "properties": {"x": {"type": "integer", "default": 0}}}
    either = {"anyOf": [{"$ref": "#/definitions/Point"}, {"type": "null"}]}
    model = model_of(
        type="object",
        properties={"a": either, "b": {"$ref": "#/definitions/Point"}},
        definitions={"Point": point},
        **more,
    )
    data = {"a": {}, "b": {}}
    assert RequestValidator(model).validate(data) == {"a": {"x": 0}, "b": {"x": 0}}
    outer = IRModel("Outer", fields=[field("m", "M"), field("n", "M")])
    spec = IRSpec(SchemaVersion(1), models={"M": model})
    validator = RequestValidator(outer, spec=spec)
    assert validator.validate({"m": data})["m"]["a"] == {"x": 0}
    found = messages_of(validator, {"m": {"a": 5, "b": {"x": "1"}}})
    assert [name for name, _ in found] == ["m.a", "m.b.x"]


def test_a_model_that_only_refers_to_itself_is_refused():
    loop = IRModel("Loop", root=field("Loop", "Loop"))
    with pytest.raises(
        ConfigError, match="Loop 1.0.0 refers to itself without end by '#/"
    ):
        TypeValidator(loop)


@pytest.mark.parametrize("rule", [{"minimum": "x"}, {"pattern": "("}], ids=str)
def test_what_is_no_schema_is_refused_with_its_place(rule):
    model = model_of(type="object", properties={"a": rule})
    with pytest.raises(
        ConfigError, match="M 1.0.0 is no JSON Schema: at /properties/a"
    ):
        TypeValidator(model)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jsonschema.exceptions", None)
    with pytest.raises(
        ConfigError, match="needs jsonschema: pip install 'ai-spine-sdk"
    ):
        TypeValidator(search_input_model)


# Requests


def test_a_request_refuses_what_the_model_does_not_know_and_suggests_a_name():
    model = model_of(
        type="object",
        properties={
            "Limit": {},
            "inner": {"type": "object", "properties": {"query": {}}},
        },
    )
    data = {"limit": 1, "inner": {"querry": 1, "zzz": SECRET}}
    assert messages_of(RequestValidator(model), data) == [
        ("inner.querry", "is not known; is 'query' meant?"),
        ("inner.zzz", "is not known"),
        ("limit", "is not known; is 'Limit' meant?"),
    ]
    assert TypeValidator(model).validate(data) == data


@pytest.mark.parametrize(
    "more, refused",
    [
        ({}, ["x"]),
        ({"additionalProperties": False}, ["x"]),
        ({"unevaluatedProperties": False}, ["", "x"]),
        ({"additionalProperties": True}, []),
        ({"additionalProperties": {"type": "integer"}}, []),
        ({"patternProperties": {"^x": {}}}, []),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, []),
        ({"allOf": [{"properties": {"x": {}}}]}, []),
        ({"allOf": [{"properties": {"x": {}}}], "additionalProperties": False}, ["x"]),
        ({"anyOf": [{"properties": {"x": {}}, "required": ["x"]}, {}]}, []),
        ({"anyOf": [{"properties": {"x": {}}, "required": ["z"]}, {}]}, ["x"]),
    ],
    ids=str,
)
def test_what_a_schema_says_of_other_properties_counts(more, refused):
    validator = RequestValidator(model_of(type="object", properties={"a": {}}, **more))
    try:
        validator.validate({"a": 1, "x": 2})
        found = []
    except ValidationError as error:
        found = [each["field"] for each in error.validation_errors]
    assert found == refused


def test_an_object_without_properties_may_have_any():
    data = {"headers": {"a": 1}, "any": {"b": {"c": 1}}}
    model = IRModel("M", fields=[field("headers", "object"), field("any", "any")])
    assert RequestValidator(model).validate(data) == data


# Responses


@pytest.mark.parametrize("more", [{}, {"additionalProperties": False}], ids=str)
@pytest.mark.parametrize("strict", [True, False])
def test_a_response_keeps_what_the_model_does_not_know(strict, more):
    model = model_of(type="object", properties={"a": {}}, **more)
    data = {"a": 1, "new": 2}
    assert ResponseValidator(model, strict).validate(data) == data


def test_a_lenient_validator_warns_and_returns_the_data():
    validator = ResponseValidator(search_output_model, strict=False)
    data = {"results": 5, "total": 1}
    words = "the response does not fit SearchOutput 1.2.0: results must be a list"
    with pytest.warns(SDKSyncWarning) as caught:
        assert validator.validate(data) == data
    assert str(caught[0].message) == words
    assert caught[0].filename == __file__
    with pytest.raises(ValidationError, match=words):
        ResponseValidator(search_output_model).validate(data)


@pytest.mark.parametrize("strict", [True, False])
def test_another_major_version_is_refused(strict):
    data = {"results": [], "total": 0, "x-schema-version": "2.0.0"}
    with pytest.raises(VersionMismatchError) as caught:
        ResponseValidator(search_output_model, strict).validate(data)
    error = caught.value
    assert (error.code, error.schema_name) == ("SDK004", "SearchOutput")
    assert (error.expected_version, error.actual_version) == ("1.2.0", "2.0.0")
    assert "generate the client again" in str(error)


@pytest.mark.parametrize("said", ["one", 1, None, "1.2", ["1.0.0"]], ids=str)
def test_a_malformed_version_is_an_error_or_a_warning(said):
    data = {"results": [], "total": 0, "x-schema-version": said}
    wrong = messages_of(ResponseValidator(search_output_model), data)
    assert wrong == [("x-schema-version", "must be a version such as 1.2.3")]
    with pytest.warns(SDKSyncWarning, match="must be a version such as 1.2.3"):
        found = ResponseValidator(search_output_model, strict=False).validate(data)
    assert found == {"results": [], "total": 0}


def test_a_model_may_have_a_field_of_that_name():
    model = IRModel("M", fields=[field("x-schema-version")])
    data = {"x-schema-version": "9.9.9"}
    assert ResponseValidator(model).validate(data) == data


def test_a_response_that_is_no_object_has_no_version():
    model = IRModel("Names", root=field("Names", IRType.ARRAY))
    assert ResponseValidator(model).validate(["x-schema-version"])


# Classes of pydantic


class Positive(pydantic.BaseModel):
    query: str
    limit: pydantic.PositiveInt = 10
    parts: list[int] = []


def test_what_the_class_refuses_is_an_error_of_ours_without_the_value():
    validator = ResponseValidator(search_input_model, strict=False)
    data = {"query": SECRET, "limit": -5, "parts": [1, SECRET]}
    with pytest.raises(ValidationError) as caught:
        validator.validate_with_model(data, Positive)
    assert [e["path"] for e in caught.value.validation_errors] == ["/limit", "/parts/1"]
    assert caught.value.validation_errors[0]["error"] == "greater_than"
    assert "the response does not fit the class Positive: limit Input" in str(
        caught.value
    )
    assert SECRET not in str(caught.value.to_dict())


def test_the_model_comes_before_the_class():
    with pytest.raises(ValidationError, match="does not fit SearchInput 1.0.0"):
        RequestValidator(search_input_model).validate_with_model({}, SearchInput)
    with pytest.raises(ConfigError, match="<class 'dict'> is no model class"):
        RequestValidator(search_input_model).validate_with_model({"query": "a"}, dict)


# Contexts


def test_a_context_collects_over_several_validators():
    context = ValidationContext(strict=True)
    RequestValidator(search_input_model).check({}, context)
    ResponseValidator(search_output_model).check({"results": []}, context)
    assert [each["field"] for each in context.errors] == ["query", "total"]
    assert context.has_errors()
    with pytest.raises(ValidationError, match="the data does not fit: query is requ"):
        context.finish()
    context.clear()
    assert not context.has_errors() and context.warnings == []
    context.finish()


def test_a_strict_context_raises_at_the_end_of_its_block():
    with pytest.raises(ValidationError, match="a.b is odd") as caught:
        with ValidationContext() as context:
            context.add_error("is odd", ["a", "b"], error="odd")
            context.add_warning("is old", ["c"])
    assert caught.value.validation_errors == [
        {"path": "/a/b", "field": "a.b", "error": "odd", "message": "is odd"}
    ]
    with pytest.raises(KeyError):
        with ValidationContext() as context:
            context.add_error("is odd")
            raise KeyError


def test_a_lenient_context_warns():
    with pytest.warns(SDKSyncWarning, match="does not fit: a is odd; c is old"):
        with ValidationContext(strict=False) as context:
            context.add_error("is odd", ["a"])
            context.add_warning("is old", ["c"])


# Properties


SIMPLE = {
    IRType.STRING: "abc",
    IRType.INTEGER: 2,
    IRType.NUMBER: 2,
    IRType.BOOLEAN: True,
}


def valid(part):
    """Return a value that a field accepts, if a simple one does."""
    rules = part.constraints
    if "enum" in rules or "const" in rules:
        return rules.get("enum", [rules.get("const")])[0]
    if part.nullable or part.type in (IRType.NULL, IRType.ANY):
        return None
    if part.type is IRType.ARRAY:
        item = None if part.items is None else valid(part.items)
        return [item] * rules.get("minItems", 0)
    if part.type is IRType.OBJECT:
        return {n: valid(inner) for n, inner in (part.properties or {}).items()}
    if part.type is IRType.UNION:
        return valid(part.union_types[0])
    return "a@b.test" if rules.get("format") else SIMPLE[part.type]


@given(models(), st.data())
@settings(max_examples=30, deadline=None)
def test_valid_data_is_returned_with_all_that_it_had(model, data):
    made = {each.name: valid(each) for each in model.fields}
    optional = [each.name for each in model.fields if not each.required]
    if optional:
        made.pop(data.draw(st.sampled_from(optional)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = RequestValidator(model).validate(made)
        except ValidationError as error:
            # Members of a `oneOf` may overlap, which no simple value can avoid.
            rules = {each["error"] for each in error.validation_errors}
            assert rules <= {"oneOf"}
            return
    assert _only_adds(found, made)


def _only_adds(found, made):
    """Return whether a value is another one with defaults added."""
    if isinstance(made, dict):
        return all(
            name in found and _only_adds(found[name], made[name]) for name in made
        )
    if isinstance(made, list):
        return all(map(_only_adds, found, made))
    return found == made


@given(
    models(), st.recursive(st.none() | st.text(max_size=3) | st.integers(), st.lists)
)
@settings(max_examples=40, deadline=None)
def test_any_data_is_valid_or_an_error_with_places(model, data):
    made = {each.name: data for each in model.fields}
    for validator in (RequestValidator(model), ResponseValidator(model)):
        try:
            validator.validate(made)
        except ValidationError as error:
            assert all(each["path"].startswith("/") for each in error.validation_errors)
