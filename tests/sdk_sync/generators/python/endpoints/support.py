"""Documents of our own, and packages generated of them."""

import importlib
import json
import sys

from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator
from ai_spine.sdk_sync.openapi import read_openapi

TEXT = {"type": "string"}
OK = {"200": {"description": "OK"}}


def body(schema, content_type="application/json", **more):
    """Return a request body or a response of one media type."""
    return {"description": "", "content": {content_type: {"schema": schema}}, **more}


def parameter(name, location="query", **more):
    needed = {"required": True} if location == "path" else {}
    return {"name": name, "in": location, "schema": TEXT, **needed, **more}


def document(paths, schemas=None, **more):
    """Return an OpenAPI document; `paths` has operations by `METHOD /path`."""
    items = {}
    for key, operation in paths.items():
        method, _, path = key.partition(" ")
        items.setdefault(path, {})[method.lower()] = {"responses": OK, **operation}
    components = {"schemas": schemas or {}, **more.pop("components", {})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1.2.0", **more.pop("info", {})},
        "paths": items,
        "components": components,
        **more,
    }


def read(folder, data):
    """Return what was read of a document."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(data))
    return read_openapi(path)


def generate(folder, data, name="shop", **options):
    """Generate the package of a document in a folder, and return its generator."""
    found = read(folder, data)
    options.setdefault("format", False)
    generator = EndpointsGenerator(
        found.spec,
        name,
        folder / "out",
        problems=[str(each) for each in found.problems],
        left_out=found.left_out,
        **options,
    )
    generator.generate_sync()
    return generator


def imported(monkeypatch, folder, name="shop"):
    """Import a package that was generated."""
    forget(name)
    monkeypatch.syspath_prepend(str(folder / "out"))
    return importlib.import_module(name)


def forget(name):
    for each in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
        del sys.modules[each]
