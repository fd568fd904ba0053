"""Writes small OpenAPI documents, and reads them."""

import json

from ai_spine.sdk_sync.openapi import read_openapi

TEXT = {"type": "string"}
OK = {"200": {"description": "Fine."}}


def document(paths=None, *, version="3.1.0", schemas=None, **more):
    """Return an OpenAPI document."""
    made = {"openapi": version, "info": {"title": "Shop", "version": "1.2.0"}}
    components = {**({"schemas": schemas} if schemas else {})}
    components.update(more.pop("components", {}))
    if components:
        made["components"] = components
    return {**made, "paths": paths or {}, **more}


def read(folder, data, **options):
    """Write a document to a folder, as JSON or as a text of YAML, and read it."""
    is_text = isinstance(data, str)
    path = folder / ("openapi.yaml" if is_text else "openapi.json")
    path.write_text(data if is_text else json.dumps(data, indent=1), "utf-8")
    return read_openapi(path, **options)


def read_schema(folder, schema, *, version="3.1.0", **schemas):
    """Return the model of a schema that is in a document, and the sentences of its problems."""
    found = read(
        folder, document(version=version, schemas={"Thing": schema, **schemas})
    )
    return found.spec.models["Thing"], sentences(found)


def read_operation(folder, operation, path="/things", method="get", **more):
    """Return the endpoint of an operation, and the sentences of the problems."""
    operation = {"responses": OK, **operation}
    found = read(folder, document({path: {method: operation}}, **more))
    (endpoint,) = found.spec.endpoints.values()
    return endpoint, sentences(found)


def sentences(found):
    return [each.sentence for each in found.problems]
