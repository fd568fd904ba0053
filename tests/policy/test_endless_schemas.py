"""Tests of finding references that lead back to themselves."""

import pytest

from ai_spine.policy.endless_schemas import endless_reference
from ai_spine.policy.misfits import compile_schema

A, B = {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}


@pytest.mark.parametrize(
    "schema, reference",
    [
        ({"$ref": "#"}, "#"),
        ({**A, "$defs": {"a": B, "b": A}}, "#/$defs/a"),
        ({"items": {"properties": {"x": A}}, "$defs": {"a": A}}, "#/$defs/a"),
        ({"prefixItems": [{}, A], "$defs": {"a": {"allOf": [A]}}}, "#/$defs/a"),
        ({"dependentSchemas": {"x": {"anyOf": [{"$ref": "#"}]}}}, "#"),
        ({"$anchor": "x", "if": {"not": {"$dynamicRef": "#x"}}}, "#x"),
        ({"$id": "http://a/b", "oneOf": [{"$ref": "b"}]}, "b"),
    ],
    ids=str,
)
def test_a_reference_that_leads_back_for_the_same_value_is_found(schema, reference):
    assert endless_reference(schema) == reference
    with pytest.raises(ValueError, match="refers to itself without end by"):
        compile_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"next": {"$ref": "#"}}, "items": [{"$ref": "#"}]},
        {"additionalProperties": {"$ref": "#"}, "propertyNames": {"$ref": "#"}},
        {"allOf": [A, A], "$ref": "#/$defs/a", "$defs": {"a": {"items": A}}},
        {"$defs": {"a": A}},
        {"properties": {"$ref": {"enum": [{"$ref": "#"}]}}},
        {"$ref": "#/$defs/none", "$dynamicRef": "#none", "not": True},
        {"$ref": "http://127.0.0.1:9/none"},
        {"$ref": "https://json-schema.org/draft/2020-12/schema"},
    ],
    ids=str,
)
def test_a_reference_that_comes_to_an_end_is_none(schema):
    assert endless_reference(schema) is None


@pytest.mark.parametrize("last, found", [({}, None), (A, "#/$defs/a")], ids=str)
def test_a_chain_may_be_longer_than_the_stack_of_python(last, found):
    chain = {f"c{n}": {"$ref": f"#/$defs/c{n + 1}"} for n in range(3000)}
    definitions = {"a": {"$ref": "#/$defs/c0"}, **chain, "c3000": last}
    assert endless_reference({**A, "$defs": definitions}) == found
