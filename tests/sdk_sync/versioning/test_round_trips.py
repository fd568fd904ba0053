"""Data of random models survives an upgrade and the way back; code stays text."""

import ast
import copy
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator

from ai_spine.sdk_sync.ir import IRModel, SchemaVersion
from ai_spine.sdk_sync.versioning import MigrationGenerator, VersionManager
from tests.sdk_sync.strategies import CANARY, NAMES, models

V1, V2 = SchemaVersion(1), SchemaVersion(2)
SCALARS = ["string", "integer", "number", "boolean"]
WORDS = ["a", "b", "/", "a~b", "'"]


@st.composite
def shapes(draw, depth=2):
    """A schema of closed objects, lists, maps, references and scalars, without unions."""
    kinds = [
        *SCALARS,
        *SCALARS,
        *(["object", "object", "array", "map", "ref"] if depth else []),
    ]
    kind = draw(st.sampled_from(kinds))
    if kind == "ref":
        return {"$ref": "#/$defs/Node"}
    if kind == "array":
        return {"type": "array", "items": draw(shapes(depth=depth - 1))}
    if kind == "map":
        values = draw(shapes(depth=depth - 1))
        return {"type": "object", "additionalProperties": values}
    if kind == "object":
        return draw(objects(depth=depth - 1))
    return {"type": [kind, "null"] if draw(st.booleans()) else kind}


@st.composite
def objects(draw, depth=2):
    names = draw(st.lists(st.sampled_from(WORDS), max_size=3, unique=True))
    return {
        "type": "object",
        "properties": {name: draw(shapes(depth=depth)) for name in names},
        "required": [name for name in names if draw(st.booleans())],
        "additionalProperties": False,
    }


@st.composite
def changed(draw, schema):
    """A schema of which parts were added, removed, renamed, or made nullable or required."""
    schema = copy.deepcopy(schema)
    if "properties" not in schema:
        for keyword in ("items", "additionalProperties"):
            if isinstance(schema.get(keyword), dict):
                schema[keyword] = draw(changed(schema[keyword]))
        if schema.get("type") == "integer":
            schema["type"] = draw(st.sampled_from(["integer", "number", "string"]))
        elif schema.get("type") in SCALARS and draw(st.booleans()):
            schema["type"] = [schema["type"], "null"]
        return schema
    properties, required = {}, []
    for name, inner in schema["properties"].items():
        fate = draw(st.sampled_from(["keep", "keep", "keep", "rename", "remove"]))
        if fate != "remove":
            inner = draw(changed(inner))
            renamed = {"x-renamed-from": name} if fate == "rename" else {}
            new_name = f"{name}2" if fate == "rename" else name
            properties[new_name] = {**inner, **renamed}
            if name in schema["required"] or draw(st.booleans()):
                required.append(new_name)
    if draw(st.booleans()):
        properties["new"] = draw(shapes(depth=1))
        required += draw(st.sampled_from([[], ["new"]]))
    return {**schema, "properties": properties, "required": required}


@st.composite
def values(draw, schema, node, depth=6):
    """A value that fits a schema."""
    if "$ref" in schema:
        schema = node
    kind = schema["type"]
    if isinstance(kind, list):
        kind = draw(st.sampled_from(kind))
    if kind == "array":
        count = draw(st.integers(0, 2 if depth > 0 else 0))
        return [draw(values(schema["items"], node, depth - 1)) for _ in range(count)]
    if kind == "object" and "properties" not in schema:
        inner = values(schema["additionalProperties"], node, depth - 1)
        return draw(st.dictionaries(st.sampled_from(WORDS), inner, max_size=depth > 0))
    if kind == "object":
        assume(depth > -20)
        return {
            name: draw(values(inner, node, depth - 1))
            for name, inner in schema["properties"].items()
            if name in schema["required"] or (depth > 0 and draw(st.booleans()))
        }
    scalars = {
        "string": st.sampled_from(["", "a", "5", CANARY]),
        "integer": st.integers(-5, 5),
        "number": st.sampled_from([1.5, -2.25, 3]),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return draw(scalars[kind])


@st.composite
def versions(draw):
    """Two versions of a model, and data of the first."""
    node = draw(objects(depth=1))
    node["required"] = []  # otherwise no finite value may fit
    new_node = draw(changed(node))
    new_node["required"] = []
    old = draw(objects())
    pair = [
        IRModel.from_json_schema(
            {**schema, "$defs": {"Node": inner}}, name="M", version=version
        )
        for schema, inner, version in (
            (old, node, V1),
            (draw(changed(old)), new_node, V2),
        )
    ]
    return (*pair, draw(values(old, node)))


@given(versions())
@settings(max_examples=50, deadline=None)
def test_an_upgrade_fits_the_new_version_and_the_way_back_loses_nothing(drawn):
    old, new, data = drawn
    before = copy.deepcopy(data)
    migration = MigrationGenerator().generate(old, new)
    # What is written to a file is what is executed.
    migration = type(migration).from_dict(migration.to_dict())
    manager = VersionManager()
    upgraded = manager.execute_migration(migration, data)
    assert data == before
    Draft202012Validator(new.to_json_schema()).validate(upgraded)
    back = manager.execute_migration(migration, upgraded, "downgrade")
    Draft202012Validator(old.to_json_schema()).validate(back)
    check_kept(before, back, old.to_json_schema(), new.to_json_schema())


def check_kept(before, back, old, new):
    """Compare what both versions can hold, place by place."""
    old, new = (
        schema_of["$defs"]["Node"] if "$ref" in schema else schema
        for schema, schema_of in ((old, old), (new, new))
    )
    if not isinstance(before, dict) or "properties" not in old:
        return
    kept = {
        inner.get("x-renamed-from", name) for name, inner in new["properties"].items()
    }
    for name, value in before.items():
        if name in kept and not isinstance(value, (dict, list)):
            assert back[name] == value


@given(models(), models(), NAMES)
@settings(max_examples=25, deadline=None)
def test_code_is_a_function_whatever_the_names_and_defaults_are(first, second, name):
    old = replace(first, name="M", version=V1)
    new = replace(second, name="M", version=V2)
    migration = MigrationGenerator().generate(old, new)
    for code in (migration.upgrade_code, migration.downgrade_code):
        for statement in [] if code is None else ast.parse(code).body:
            assert isinstance(statement, ast.FunctionDef)
            for call in ast.walk(statement):
                if isinstance(call, ast.Call):
                    assert ast.unparse(call.func).split("[")[0] in CALLS, code
                if isinstance(call, ast.Name):
                    assert call.id in KNOWN, code


CALLS = {
    "data.copy",
    "convert",
    "parts",
    "keys",
    *(
        f"{part}.{verb}"
        for part in ("migrated", "part")
        for verb in ("pop", "setdefault")
    ),
}
KNOWN = {
    "data",
    "migrated",
    "part",
    "key",
    "convert",
    "parts",
    "keys",
    "Dict",
    "str",
    "Any",
}


@given(NAMES, NAMES)
@settings(max_examples=50, deadline=None)
def test_a_name_that_is_code_stays_a_name(before, after):
    assume(before != after)
    text = {"type": "string", "default": CANARY}
    pair = (
        {
            "type": "object",
            "properties": {before: {"type": "object", "properties": {"x": text}}},
        },
        {
            "type": "object",
            "properties": {
                after: {"type": "object", "properties": {}, "x-renamed-from": before}
            },
        },
    )
    old, new = (
        IRModel.from_json_schema(schema, name="M", version=version)
        for schema, version in zip(pair, (V1, V2))
    )
    code = MigrationGenerator().generate(old, new).downgrade_code
    texts = {
        each.value
        for each in ast.walk(ast.parse(code))
        if isinstance(each, ast.Constant)
    }
    assert {before, after, CANARY} <= texts
