"""What goes into the representation comes out of it again."""

import json
import random

import pytest
from hypothesis import given, settings

from ai_spine.sdk_sync.ir import IRField, IRModel, IRSpec, IRType, SchemaVersion
from ai_spine.sdk_sync.ir.reading import field_from_schema
from tests.sdk_sync.strategies import fields, models, specs


@given(fields(models=["User", "a/b~c %"]))
@settings(max_examples=100, deadline=None)
def test_a_field_is_its_own_json_schema(each):
    schema = json.loads(json.dumps(each.to_json_schema()))
    assert field_from_schema(each.name, schema, required=each.required) == each


@given(models(others=["User"]))
@settings(max_examples=50, deadline=None)
def test_a_model_is_its_own_json_schema(model):
    schema = json.loads(json.dumps(model.to_json_schema()))
    assert IRModel.from_json_schema(schema) == model


@given(specs())
@settings(max_examples=30, deadline=None)
def test_a_specification_is_its_own_json_in_any_order_of_keys(spec):
    assert IRSpec.from_json(spec.to_json()) == spec
    data = _shuffled(json.loads(spec.to_json()))
    assert IRSpec.from_dict(data).compute_hash() == spec.compute_hash()


def _shuffled(value):
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: _shuffled(value[key]) for key in keys}
    return [_shuffled(each) for each in value] if isinstance(value, list) else value


SCHEMAS = [
    {},
    {"type": "string", "enum": ["a", None], "x-unit": "m"},
    {"type": ["string", "integer"], "minLength": 3},
    {"type": ["string", "null"]},
    {"type": ["string", "integer", "null"]},
    {"$ref": "other.json#/a", "description": "beside it"},
    {"$ref": "#/$defs/A", "default": None},
    {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]},
    {"anyOf": [{"type": "string"}], "oneOf": [{"type": "string"}], "allOf": [{}]},
    {"type": "array", "items": {"type": "string"}, "prefixItems": [{}]},
    {"type": "array", "items": [{"type": "string"}]},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "object", "properties": {"a": {}}, "required": ["a", "b"]},
    {"properties": {"a": {"not": {}}}, "patternProperties": {"^x": {}}},
    {"required": ["a"]},
    {"type": "object", "properties": {}, "dependentSchemas": {"a": {}}},
    {"if": {}, "then": {"const": 1}, "$comment": "kept"},
    {"description": 5, "title": ["no text"]},
    {"type": "string", "x-nullable": True},
    {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}], "x-nullable": True},
    {"anyOf": [{"type": "string"}, {"type": "null"}], "x-nullable": True},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_json_schema_comes_out_as_it_went_in(schema):
    assert field_from_schema("f", schema).to_json_schema() == schema


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_json_schema_at_the_root_of_a_model_is_kept(schema):
    written = IRModel.from_json_schema(schema, name="M").to_json_schema()
    assert {**{"title": "M", "x-version": "1.0.0"}, **schema}.items() <= written.items()
    assert IRModel.from_json_schema(written) == IRModel.from_json_schema(
        schema, name="M"
    )


def test_definitions_of_both_dialects_are_kept_with_the_model():
    schema = {
        "title": "Order",
        "type": "object",
        "properties": {"item": {"$ref": "#/definitions/Item"}},
        "definitions": {"Item": {"type": "string"}},
    }
    model = IRModel.from_json_schema(schema)
    assert model.definitions["Item"].type is IRType.STRING
    written = model.to_json_schema()
    assert written["properties"] == {"item": {"$ref": "#/$defs/Item"}}
    assert written["$defs"] == {"Item": {"type": "string"}}


def test_a_model_whose_title_is_another_keeps_both():
    model = IRModel.from_json_schema({"title": "A user", "enum": [1]}, name="User")
    assert model.to_json_schema()["title"] == "A user"
    assert IRModel.from_json_schema(model.to_json_schema()).name == "User"


def test_a_bundle_has_all_that_is_referred_to_and_no_more():
    a = IRModel("A", fields=[IRField("b", IRType.REF, ref_name="B")])
    b = IRModel("B", fields=[IRField("a", IRType.REF, ref_name="A")])
    spec = IRSpec(SchemaVersion(1), models={"A": a, "B": b, "C": IRModel("C")})
    assert sorted(spec.json_schema_of(a)["$defs"]) == ["A", "B"]
