"""Schemas of OpenAPI 3.0 and 3.1 in one dialect; and keywords that no dialect allows."""

import pytest

from ai_spine.sdk_sync.ir import IRType
from tests.sdk_sync.openapi.support import TEXT, document, read, read_schema

REF = {"$ref": "#/components/schemas/A"}
NULL = {"type": "null"}


def schema_of(folder, schema, version="3.0.3"):
    """Return a schema of a field as it is read, and the sentences."""
    whole = {"type": "object", "properties": {"f": schema}}
    model, said = read_schema(folder, whole, version=version, A=TEXT, B=TEXT)
    return model.get_field("f").to_json_schema(), said


@pytest.mark.parametrize(
    "old, new",
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"nullable": True}, {}),
        ({"type": "null", "nullable": True}, {"type": "null"}),
        ({"type": "any", "nullable": True}, {}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": "string", "enum": ["a", None], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": "string", "const": "a", "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {**REF, "nullable": True},
            {"anyOf": [{"$ref": "#/$defs/A"}, NULL], "x-nullable": True},
        ),
        (
            {"allOf": [REF], "nullable": True, "description": "D"},
            {
                "anyOf": [{"$ref": "#/$defs/A"}, NULL],
                "x-nullable": True,
                "description": "D",
            },
        ),
        (
            {"type": "object", "allOf": [REF, {"maxLength": 3}], "nullable": True},
            {
                "anyOf": [
                    {
                        "type": "object",
                        "allOf": [{"$ref": "#/$defs/A"}, {"maxLength": 3}],
                    },
                    NULL,
                ]
            },
        ),
        (
            {"oneOf": [REF, {"type": "integer"}], "nullable": True, "x-a": 1},
            {
                "anyOf": [
                    {"oneOf": [{"$ref": "#/$defs/A"}, {"type": "integer"}]},
                    NULL,
                ],
                "x-nullable": True,
                "x-a": 1,
            },
        ),
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            {"type": "integer", "exclusiveMinimum": 1},
        ),
        (
            {"type": "integer", "maximum": 9, "exclusiveMaximum": False},
            {"type": "integer", "maximum": 9},
        ),
        ({"type": "string", "example": "a"}, {"type": "string", "examples": ["a"]}),
        (
            {"type": "string", "example": "a", "examples": ["b"]},
            {"type": "string", "examples": ["b"]},
        ),
        ({"type": ["string"]}, {"type": "string"}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": "number", "maxLength": 3.0}, {"type": "number", "maxLength": 3}),
        ({"description": None, "type": "string"}, {"type": "string"}),
        ({"description": 5}, {"description": "5"}),
        ({"items": [TEXT]}, {"items": [TEXT]}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
    ],
)
def test_a_schema_of_3_0_is_lifted(tmp_path, old, new):
    assert schema_of(tmp_path, old) == (new, [])


@pytest.mark.parametrize(
    "schema, kept, words",
    [
        ({"type": "file"}, {}, "type cannot be 'file': it is left out"),
        ({"type": []}, {}, "type cannot be []: it is left out"),
        ({"type": 5}, {}, "type cannot be 5: it is left out"),
        ({"type": ["a"]}, {}, "type cannot be ['a']: it is left out"),
        (
            {"type": "string", "enum": []},
            {"type": "string"},
            "enum cannot be []: it is left out",
        ),
        ({"required": True}, {}, "required cannot be True: it is left out"),
        ({"allOf": []}, {}, "allOf cannot be []: it is left out"),
        ({"anyOf": {}}, {}, "anyOf cannot be {}: it is left out"),
        ({"minimum": "1"}, {}, "minimum cannot be '1': it is left out"),
        ({"minimum": True}, {}, "minimum cannot be a boolean: it is left out"),
        ({"maxLength": -1}, {}, "maxLength cannot be -1: it is left out"),
        ({"maxLength": True}, {}, "maxLength cannot be True: it is left out"),
        ({"pattern": 5}, {}, "pattern cannot be 5: it is left out"),
        ({"readOnly": "yes"}, {}, "readOnly cannot be 'yes': it is left out"),
        ({"title": []}, {}, "title cannot be []: it is left out"),
        (
            {"exclusiveMinimum": True},
            {},
            "exclusiveMinimum has no minimum: it is left out",
        ),
        ({"properties": []}, {}, "this must be an object: it is left out"),
        ({"discriminator": "kind"}, {}, "this must be an object: it is left out"),
        (5, {}, "a schema must be an object: any value is allowed"),
        (None, {}, "a schema must be an object: any value is allowed"),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_keyword_that_cannot_be_is_left_out(tmp_path, version, schema, kept, words):
    assert schema_of(tmp_path, schema, version) == (kept, [words])


def test_nullable_is_taken_in_3_1_with_a_warning(tmp_path):
    found, said = schema_of(tmp_path, {"type": "string", "nullable": True}, "3.1.0")
    assert found == {"type": ["string", "null"]}
    assert said == ["`nullable` is no keyword of OpenAPI 3.1: it is taken"]


def test_names_of_properties_are_no_keywords(tmp_path):
    properties = {"$ref": TEXT, "nullable": TEXT, "type": TEXT, "$id": TEXT}
    model, said = read_schema(tmp_path, {"type": "object", "properties": properties})
    assert ([each.name for each in model.fields], said) == (list(properties), [])


def test_data_is_left_as_it_is(tmp_path):
    data = {"$ref": "#/none", "nullable": True}
    model, said = read_schema(
        tmp_path, {"const": data, "enum": [data], "default": data}
    )
    assert model.root.constraints == {"const": data, "enum": [data]}
    assert (model.root.default, said) == (data, [])


def test_the_names_and_references_of_a_discriminator_lead_to_models(tmp_path):
    mapping = {"a": "A/1", "b": "#/components/schemas/B", "c": "C.json"}
    schema = {
        "oneOf": [{"$ref": "#/components/schemas/B"}],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }
    model, said = read_schema(tmp_path, schema, **{"A/1": TEXT, "B": TEXT})
    assert model.root.constraints["discriminator"] == {
        "propertyName": "kind",
        "mapping": {"a": "#/$defs/A~11", "b": "#/$defs/B"},
    }
    assert len(said) == 1 and "no such file" in said[0]


def test_schemas_within_all_keywords_are_lifted(tmp_path):
    old, new = {"type": "string", "nullable": True}, {"type": ["string", "null"]}
    keywords = ("additionalProperties", "not", "if", "contains", "propertyNames")
    schema = {
        **dict.fromkeys(keywords, old),
        "patternProperties": {"x": old},
        "prefixItems": [old],
        "allOf": [old, True],
    }
    found, _ = schema_of(tmp_path, schema)
    assert found == {
        **dict.fromkeys(keywords, new),
        "patternProperties": {"x": new},
        "prefixItems": [new],
        "allOf": [new, True],
    }


def test_a_version_of_another_form_is_replaced(tmp_path):
    model, said = read_schema(tmp_path, {"type": "string", "x-version": "2024-01"})
    assert str(model.version) == "1.0.0"
    assert "1.0.0 is taken" in said[0]


@pytest.mark.parametrize("name", ["", "\ud800"])
def test_a_schema_without_a_name_is_left_out(tmp_path, name):
    found = read(tmp_path, document(schemas={name: TEXT, "A": TEXT}))
    assert list(found.spec.models) == ["A"]
    assert found.problems[0].sentence == "a schema needs a name: it is left out"


def test_a_schema_that_the_representation_has_not_allows_any_value(tmp_path):
    schema = {"type": "object", "properties": {"a": TEXT}, "x-metadata": 5}
    found = read(tmp_path, document(schemas={"A": schema, "B": TEXT}))
    assert found.spec.models["A"].root.type is IRType.ANY
    assert found.spec.models["B"].root.type is IRType.STRING
    assert found.problems[0].sentence.endswith("any value is allowed")
