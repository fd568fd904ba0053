"""Examples in documents: small ones that fit, and none for schemas that are wrong or huge."""

import pytest

from ai_spine.sdk_sync.examples import example_of, fits_model
from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion

V1 = SchemaVersion(1)


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
