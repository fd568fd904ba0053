"""What tests of generated models share: modules made of specifications, and values for them."""

import fcntl
import gc
import importlib.util
import itertools
import random
import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.generators.python import pydantic_models
from ai_spine.sdk_sync.generators.python.keywords import rewritten
from ai_spine.sdk_sync.generators.python.syntax import source_of
from ai_spine.sdk_sync.generators.python.units import names_in
from ai_spine.sdk_sync.ir import (
    UNSET,
    IRField,
    IRModel,
    IRSpec,
    IRTool,
    IRType,
    SchemaVersion,
)
from ai_spine.sdk_sync.ir.references import escaped, reference_to
from tests.sdk_sync.strategies import fields, specs

_numbers = itertools.count()
TYPES = Path(__file__).parents[4] / ".mypy_cache" / "of-generated-code"


def spec_of(schemas, outputs=()):
    """Return a specification of schemas by name; some are the output of a tool."""
    models = {
        name: IRModel.from_json_schema(schema, name=name)
        for name, schema in schemas.items()
    }
    version = SchemaVersion(1)
    tools = {
        name: IRTool(name, version, "", IRModel(f"{name} in"), models[name])
        for name in outputs
    }
    return IRSpec(version, models=models, tools=tools)


def imported(plan, folder, emit=pydantic_models.emit):
    """Return the module of a plan, imported from a file."""
    name = f"generated_models_{next(_numbers)}"
    path = folder / f"{name}.py"
    path.write_bytes(source_of(emit(plan)).encode("utf-8"))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@st.composite
def specs_with_aliases(draw):
    """A random specification whose models may be of any type, or have definitions of their own."""
    spec = draw(specs(most=3))
    names = [*spec.models, *draw(st.lists(st.sampled_from(["A", "b c"]), unique=True))]
    models = dict(spec.models)
    for name in draw(st.lists(st.sampled_from(names or ["A"]), unique=True)):
        root = draw(fields(names=st.just(name), models=names))
        root = replace(root, description=None, metadata={})
        own = st.dictionaries(
            st.sampled_from(names or ["A"]), fields(models=names), max_size=2
        )
        try:
            models[name] = IRModel(name, root=root, definitions=draw(own))
        except ConfigError:  # an object with properties is no alias
            continue
    return replace(spec, models=models)


class Expected:
    """What generated models should accept: the schema, closed or open as the class is."""

    def __init__(self, plan):
        self.plan = plan
        self.classes = {each.pointer: each for each in plan.classes}
        units = plan.units.all
        raw = {unit.name: f"raw {unit.name}" for unit in units}
        self.schemas = {"anything": {}}
        self.schemas.update(
            {unit.name: self.of(unit.part, unit.pointer, unit) for unit in units}
        )
        for unit in units:
            schema = self.referring(unit.part.to_json_schema(), unit)
            self.schemas[f"raw {unit.name}"] = rewritten(schema, raw)

    def validator(self, unit):
        return Draft202012Validator(
            {"$ref": reference_to(unit.name), "$defs": self.schemas}
        )

    def referring(self, schema, unit, prefix=""):
        found = {n: self.plan.units.find(n, unit.scope) for n in names_in(schema)}
        names = {
            name: prefix + other.name if other else "anything"
            for name, other in found.items()
        }
        return rewritten(schema, names)

    def of(self, part, at, unit):
        schema = self.referring(part.to_json_schema(), unit)
        for name in ("default", "description", "x-metadata"):
            schema.pop(name, None)
        if unit.keeps_unknown and len(part.constraints.get("enum", [0])) > 1:
            del schema["enum"]
        if part.items is not None:
            schema["items"] = self.of(part.items, f"{at}/items", unit)
        if part.properties is not None:
            schema["properties"] = self.properties(part, at, unit)
            if not unit.keeps_unknown:
                schema["additionalProperties"] = False
        if part.union_types is not None:
            schema.update(self.union(part, schema, at, unit))
        return schema

    def properties(self, part, at, unit):
        plan = self.classes[at]
        if plan.alias is not None:
            plan = self.classes[f"{at}/properties"]
            at = plan.pointer
        fields = {each.wire: each for each in plan.fields}
        found = {}
        for name, inner in part.properties.items():
            schema = self.of(inner, f"{at}/properties/{escaped(name)}", unit)
            if not inner.required and fields[name].default in (UNSET, None):
                schema = {"anyOf": [schema, {"type": "null"}]}
            found[name] = schema
        return found

    def union(self, part, schema, at, unit):
        keyword = "oneOf" if part.exclusive else "anyOf"
        members = [
            self.of(each, f"{at}/{keyword}/{n}", unit)
            for n, each in enumerate(part.union_types)
        ]
        schema.pop("oneOf", None)
        if part.nullable:
            members.append({"type": "null"})
        new = {"anyOf": members}
        if part.exclusive:
            raw = [each.to_json_schema() for each in part.union_types]
            raw = self.referring({"oneOf": raw}, unit, "raw ")
            new["allOf"] = [
                {"anyOf": [raw, {"type": "null"}]} if part.nullable else raw
            ]
        return new


TEXTS = ["", "a", "b", "class", "A long text of its own", "__import__('os').abort()"]
JUNK = [
    None,
    True,
    False,
    0,
    1,
    2.0,
    -1,
    4,
    1.5,
    *TEXTS,
    [],
    {},
    [1],
    {"x": 1},
    {"a": None},
]


def guess(part, spec, rnd, depth=4):
    """Return a value that often fits a field."""
    if rnd.random() < 0.08 or depth < 0:
        return rnd.choice(JUNK)
    if part.nullable and rnd.random() < 0.3:
        return None
    for keyword in ("enum",):
        if keyword in part.constraints and rnd.random() < 0.8:
            return rnd.choice(part.constraints[keyword])
    if part.type is IRType.STRING:
        return rnd.choice(TEXTS)
    if part.type is IRType.INTEGER:
        number = rnd.randint(-4, 10)
        return float(number) if rnd.random() < 0.1 else number
    if part.type is IRType.NUMBER:
        return rnd.choice([rnd.randint(-4, 10), rnd.random() * 4])
    if part.type is IRType.BOOLEAN:
        return rnd.random() < 0.5
    if part.type is IRType.ARRAY and part.items is not None:
        number = rnd.randint(0, 3)
        return [guess(part.items, spec, rnd, depth - 1) for _ in range(number)]
    if part.type is IRType.OBJECT and part.properties is not None:
        return _guess_object(part.properties.values(), spec, rnd, depth)
    if part.union_types:
        return guess(rnd.choice(part.union_types), spec, rnd, depth - 1)
    if part.type is IRType.REF:
        found = spec.resolve(part.ref_name)
        return guess(found or IRField("", IRType.ANY), spec, rnd, depth - 1)
    return None if part.type is IRType.NULL else rnd.choice(JUNK)


def _guess_object(fields, spec, rnd, depth):
    found = {
        each.name: guess(each, spec, rnd, depth - 1)
        for each in fields
        if rnd.random() < (0.97 if each.required else 0.5)
    }
    if rnd.random() < 0.1:
        found[rnd.choice(["unknown", "class", "self", "x y"])] = rnd.choice(JUNK)
    return found


def seeded(seed):
    return random.Random(seed)


def check_types(*paths):
    """Check code as strictly as users may, without what it imports."""
    from mypy import api

    config = Path(__file__).with_name("mypy.ini")
    options = [f"--config-file={config}", f"--cache-dir={TYPES}"]
    TYPES.mkdir(parents=True, exist_ok=True)
    limit, thresholds = sys.getrecursionlimit(), gc.get_threshold()
    # One at a time: the second reads what the first has found out about the SDK and its libraries.
    with (TYPES / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            said, _, status = api.run([*options, *map(str, paths)])
        finally:
            # mypy raises these, and unfreezes what `pytest_collection` has frozen.
            sys.setrecursionlimit(limit)
            gc.set_threshold(*thresholds)
            gc.collect()
            gc.freeze()
    assert status == 0, said
