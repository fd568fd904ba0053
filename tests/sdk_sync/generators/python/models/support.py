"""What tests of models of endpoints share: packages made of schemas."""

import importlib
import itertools
import sys

from ai_spine.sdk_sync.generators.python.models import (
    REQUEST,
    RESPONSE,
    Root,
    emit_modules,
    plan_models,
)
from ai_spine.sdk_sync.generators.python.syntax import source_of
from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion
from ai_spine.sdk_sync.ir.reading import field_from_schema

STYLES = ("attrs", "pydantic")
_numbers = itertools.count()


def obj(required=(), **properties):
    """Return the schema of an object."""
    return {"type": "object", "properties": properties, "required": list(required)}


def ref(name):
    """Return a reference to a schema."""
    return {"$ref": f"#/$defs/{name}"}


def spec_of(schemas):
    """Return a specification of schemas by their names."""
    models = {n: IRModel.from_json_schema(s, name=n) for n, s in schemas.items()}
    return IRSpec(SchemaVersion(1), models=models)


def root(pointer, schema, direction, hint="", is_form=False):
    """Return a root; its hint is its pointer, unless it is said."""
    field = field_from_schema("body", schema)
    return Root(pointer, hint or pointer.strip("/"), field, direction, is_form)


def plan_of(schemas, sent=(), received=(), given={}, **roots):
    """Return the plan of schemas, some of which are sent or received."""
    found = [root(f"/sent/{n}", ref(n), REQUEST) for n in sent]
    found += [root(f"/received/{n}", ref(n), RESPONSE) for n in received]
    found += [root(f"/{n}", schema, way) for n, (schema, way) in roots.items()]
    return plan_models(spec_of(schemas), given, roots=found)


def written(plan, style="attrs"):
    """Return the text of each module of a plan."""
    return {n: source_of(tree) for n, tree in emit_modules(plan, style).items()}


class Package:
    """The models of a plan, imported from files."""

    def __init__(self, plan, style, folder):
        name = f"endpoint_models_{next(_numbers)}"
        self.name, self.style, self.folder = name, style, folder / name
        self.folder.mkdir()
        for module, text in written(plan, style).items():
            path = self.folder / f"{module}.py"
            path.write_text(text, encoding="utf-8")
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
        try:
            self.models = importlib.import_module(name)
        finally:
            sys.path.remove(str(folder))
        runtime = {"attrs": "attrs_models", "pydantic": "models"}[style]
        self.codec = importlib.import_module(f"ai_spine.sdk_sync.runtime.{runtime}")

    def read(self, kind, value):
        """Return JSON as a type, which may be the name of a model."""
        kind = getattr(self.models, kind) if isinstance(kind, str) else kind
        return self.codec.from_json(kind, value)

    def again(self, kind, value):
        """Return JSON that was read and written again."""
        return self.codec.to_json(self.read(kind, value))

    def imported(self):
        """Return the names of the modules that have been imported."""
        start = f"{self.name}."
        return {n[len(start) :] for n in sys.modules if n.startswith(start)}
