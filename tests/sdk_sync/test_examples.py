"""Examples in documents: small ones that fit, and none for schemas that are wrong or huge."""

import pytest

from ai_spine.sdk_sync.examples import (
    Example,
    example_of,
    example_of_field,
    fits_model,
)
from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion
from ai_spine.sdk_sync.ir.reading import field_from_schema

V1 = SchemaVersion(1)
TEXT = {"type": "string"}


def model_of(name, schema):
    return IRModel.from_json_schema(schema, name=name)


def example(schema, **others):
    models = {name: model_of(name, each) for name, each in others.items()}
    return example_of(IRSpec(V1, models=models), model_of("M", schema))


def object_of(**properties):
    return {"type": "object", "properties": properties, "required": list(properties)}


@pytest.mark.parametrize(
    "schema, expected",
    [
        ({"type": "array", "items": {"type": "string"}, "minItems": 2.0}, ["text"] * 2),
        ({"type": "string", "minLength": 6.0}, "textxx"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "number", "exclusiveMinimum": 1.5}, 2),
        ({"enum": ["a", "b"]}, "a"),
        ({"const": {"a": None}}, {"a": None}),
        ({"type": "string", "example": "here"}, "here"),
        ({"type": "string", "format": "email"}, "ana@example.com"),
        ({"anyOf": [{"type": "boolean"}, {"type": "string"}]}, True),
        (object_of(a={"default": 5}), {"a": 5}),
    ],
)
def test_an_example_fits(schema, expected):
    assert example(schema) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "string", "minLength": "x"},
        {"type": "array", "minItems": "x"},
        {"type": "array", "minItems": -1.5},
        {"type": "integer", "exclusiveMinimum": "x"},
        {"type": "integer", "maximum": "x"},
        {"type": "string", "pattern": "["},
        {"type": "string", "pattern": 5},
        {"$ref": "#/$defs/Missing"},
    ],
)
def test_a_schema_that_is_wrong_has_no_example(wrong):
    assert example(object_of(a=wrong)) is None
    assert not fits_model(IRSpec(V1), model_of("M", object_of(a=wrong)), {"a": 1})


@pytest.mark.parametrize(
    "huge",
    [
        {"type": "array", "items": {"type": "string"}, "minItems": 10**9},
        {"type": "string", "minLength": 10**10},
    ],
)
def test_nothing_huge_is_made(huge):
    assert example(object_of(a=huge)) is None


def test_a_schema_that_branches_at_each_step_is_given_up_soon():
    following = {
        f"M{n}": object_of(**dict.fromkeys("abcdefghij", {"$ref": f"#/$defs/M{n + 1}"}))
        for n in range(8)
    }
    assert example({"$ref": "#/$defs/M0"}, **following, M8={"type": "string"}) is None


@pytest.mark.parametrize("other", ["A", "B"])
def test_a_schema_that_is_itself_has_no_example(other):
    models = {"A": {"$ref": f"#/$defs/{other}"}, "B": {"$ref": "#/$defs/A"}}
    assert example({"$ref": "#/$defs/A"}, **models) is None


def field_example(schema, **options):
    others = options.pop("others", {})
    models = {name: model_of(name, each) for name, each in others.items()}
    found = example_of_field(
        IRSpec(V1, models=models), field_from_schema("body", schema), **options
    )
    return None if found is None else found.value


def test_a_full_example_has_what_may_be_absent():
    schema = {"type": "object", "properties": {"a": TEXT, "b": {"type": "integer"}}}
    assert field_example(schema) == {}
    assert field_example(schema, full=True) == {"a": "text", "b": 1}


def test_null_is_an_example_and_not_the_lack_of_one():
    assert example_of_field(
        IRSpec(V1), field_from_schema("a", {"type": "null"})
    ) == Example(None)
    assert field_example({"not": {}}) is None


def test_an_example_for_requests_has_nothing_that_only_responses_have():
    schema = object_of(id={**TEXT, "readOnly": True}, name=TEXT)
    assert field_example(schema, without="readOnly", full=True) == {"name": "text"}
    assert field_example(schema, full=True) == {"id": "text", "name": "text"}


def test_all_parts_of_a_composition_are_in_an_example():
    base = {"type": "object", "properties": {"id": {"type": "integer"}}}
    schema = {
        "allOf": [
            {"$ref": "#/$defs/Base"},
            {"required": ["id", "kind"], "properties": {"kind": {"enum": ["a", "b"]}}},
            {"properties": {"kind": {"enum": ["b"]}, "id": {"minimum": 3}}},
        ]
    }
    assert field_example(schema, others={"Base": base}) == {"id": 3, "kind": "b"}


def test_an_example_of_a_union_has_the_name_that_its_discriminator_maps():
    schema = {
        "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
        "discriminator": {"propertyName": "is", "mapping": {"cat": "#/$defs/Cat"}},
    }
    cat, dog = ({"type": "object", "required": ["is", each]} for each in ("a", "b"))
    assert field_example(schema, others={"Cat": cat, "Dog": dog})["is"] == "cat"


@pytest.mark.parametrize(
    "schema, expected",
    [
        ({"type": "string", "pattern": "^[A-Z]{3}$"}, "AAA"),
        ({"type": ["null", "integer"], "multipleOf": 5, "minimum": 7}, 10),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "array", "items": TEXT, "minItems": 2, "uniqueItems": True}, 2),
        ({"type": "array", "items": {"enum": [1, 2]}, "minItems": 2}, 2),
        ({"type": "array", "prefixItems": [TEXT, {"type": "integer"}]}, ["text", 1]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"key1": 1}),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}], "not": {"const": 1}}, 5),
        ({"type": "integer", "example": "wrong"}, 1),
        ({"minLength": 6}, "textxx"),
        ({"type": "string", "format": "date"}, "2026-01-31"),
    ],
)
def test_a_full_example_fits(schema, expected):
    found = field_example(schema, full=True)
    if isinstance(expected, int) and isinstance(found, list):
        assert len(found) == expected
    elif "not" in schema:
        assert found is None
    else:
        assert found == expected


def test_a_schema_that_refers_to_itself_has_an_example_that_ends():
    tree = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/T"}}},
    }
    assert "children" in field_example(
        {"$ref": "#/$defs/T"}, full=True, others={"T": tree}
    )
