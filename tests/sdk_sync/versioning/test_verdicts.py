"""Verdicts hold for real values: what is said to be safe is accepted by a validator."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator

from ai_spine.sdk_sync.ir import IRModel, SchemaVersion
from ai_spine.sdk_sync.versioning import CompatibilityChecker

NAMES = ["a", "b", "c"]
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 2, 3, 5, -1, 2.5, 4.0, "", "a", "b", "ab", "zzzzzzz", "1"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def schemas(draw, depth=2):
    """A random schema of which few values are likely to be valid or not by chance."""
    kinds = ["string", "integer", "number", "boolean", "null", "enum", "any", "types"]
    if depth:
        kinds += ["array", "object", "object", "anyOf", "ref", "map", "allOf"]
    kind = draw(st.sampled_from(kinds))
    inner = schemas(depth=depth - 1) if depth else st.nothing()
    if kind == "any":
        return {}
    if kind == "ref":
        return {"$ref": "#/$defs/Node"}
    if kind == "allOf":
        return {"allOf": draw(st.lists(inner, min_size=1, max_size=2))}
    if kind == "enum":
        values = st.lists(SCALARS, min_size=1, max_size=3, unique_by=repr)
        return {"enum": draw(values)}
    if kind == "anyOf":
        return {"anyOf": draw(st.lists(inner, min_size=1, max_size=3))}
    if kind == "types":
        names = st.sampled_from(["string", "integer", "null", "array"])
        return {"type": draw(st.lists(names, min_size=1, max_size=3, unique=True))}
    schema = {"type": "object" if kind == "map" else kind}
    if kind == "array":
        schema["items"] = draw(inner)
    elif kind == "map":
        schema["additionalProperties"] = draw(inner)
    elif kind == "object":
        closed_object(draw, schema, inner)
    elif kind in ("integer", "number"):
        add_some(draw, schema, "minimum", "maximum", "exclusiveMinimum", "multipleOf")
    elif kind == "string":
        add_some(draw, schema, "minLength", "maxLength")
    is_nullable = kind != "null" and draw(maybe)
    return {**schema, "type": [schema["type"], "null"]} if is_nullable else schema


maybe = st.sampled_from([False, False, True])


def closed_object(draw, schema, inner):
    names = draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True))
    schema["properties"] = {name: draw(inner) for name in names}
    schema["required"] = [name for name in names if draw(st.booleans())]
    schema["additionalProperties"] = draw(st.just(False) | inner)


def add_some(draw, schema, *keywords):
    for keyword in keywords:
        if draw(maybe):
            schema[keyword] = draw(st.integers(1 if keyword == "multipleOf" else 0, 4))


def model_of(draw, schema):
    node = {}
    closed_object(draw, node, schemas(depth=1))
    node["type"] = "object"
    return IRModel.from_json_schema(
        {"title": "M", "$defs": {"Node": node}, **schema}, version=SchemaVersion(1)
    )


@st.composite
def pairs(draw):
    """Two models; often the second is the first with a part of it replaced."""
    old = draw(schemas())
    new = copy.deepcopy(old)
    if draw(st.booleans()):
        new = draw(schemas())
    else:
        for part in parts_of(new):
            if draw(maybe):
                change(draw, part)
    return model_of(draw, old), model_of(draw, new)


def parts_of(schema):
    found = [schema]
    for each in schema.get("properties", {}).values():
        found += parts_of(each)
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            found += parts_of(schema[keyword])
    for each in schema.get("anyOf", []):
        found += parts_of(each)
    return found


def change(draw, part):
    if part.get("required"):
        part["required"] = part["required"][1:]
    elif part.get("enum"):
        part["enum"] = part["enum"][1:] or ["new"]
    elif part.get("type") == "integer":
        part["type"] = "number"
    elif "anyOf" in part:
        part["anyOf"].append({"type": "boolean"})
    elif isinstance(part.get("type"), list):
        part["type"] = part["type"][:1]
    else:
        part.clear()
        part.update(draw(schemas(depth=0)))


@given(pairs(), st.lists(VALUES, min_size=8, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_change_that_is_called_safe_refuses_no_value(pair, values):
    old, new = pair
    first, second = (Draft202012Validator(each.to_json_schema()) for each in pair)
    for direction, (sender, reader) in {
        "request": (first, second),
        "response": (second, first),
    }.items():
        is_safe, changes = CompatibilityChecker(direction).check_compatibility(old, new)
        if is_safe:
            for value in values:
                assert not sender.is_valid(value) or reader.is_valid(value), (
                    direction,
                    value,
                    [each.description for each in changes],
                )
