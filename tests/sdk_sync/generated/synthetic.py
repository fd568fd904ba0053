"""A large document of all that real ones have, made by a function."""

KINDS = ("string", "integer", "number", "boolean")
FORMATS = ("date", "date-time", "uuid", "email", None)
MEDIA = "application/json"


def large_document(groups=25, resources=2, version="3.1.0"):
    """Return a document with five operations for each resource of each group.

    Args:
        groups: How many tags there are.
        resources: How many resources a tag has.
        version: The version of OpenAPI.
    """
    paths, schemas = {}, {"Problem": _object(title="string", detail="string")}
    for group in range(groups):
        for number in range(resources):
            name = f"Thing{group}x{number}"
            schemas.update(_schemas(name, group * resources + number))
            paths.update(_paths(name, f"Group {group}"))
    return {
        "openapi": version,
        "info": {"title": "Large", "version": "1.2.3"},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _object(**kinds):
    return {"type": "object", "properties": {n: {"type": k} for n, k in kinds.items()}}


def _schemas(name, seed):
    fields = {
        f"field_{n}": {
            "type": KINDS[(seed + n) % len(KINDS)],
            "description": f"Field {n} of {name}.",
        }
        for n in range(8)
    }
    for n, each in enumerate(fields.values()):
        shape = FORMATS[(seed + n) % len(FORMATS)]
        if each["type"] == "string" and shape:
            each["format"] = shape
    states = {"type": "string", "enum": ["new", "done", f"state-{seed}"]}
    own = {
        **fields,
        "state": {"$ref": f"#/components/schemas/{name}State"},
        "parent": {
            "anyOf": [{"$ref": f"#/components/schemas/{name}"}, {"type": "null"}]
        },
        "tags": {"type": "array", "items": {"type": "string"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "kind": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    }
    base = {"type": "object", "required": ["field_0"], "properties": own}
    identified = {
        "allOf": [
            {"$ref": f"#/components/schemas/{name}Input"},
            {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}},
            },
        ]
    }
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    page = {
        "type": "object",
        "required": ["items"],
        "properties": {"items": items, "next_cursor": {"type": ["string", "null"]}},
    }
    return {
        f"{name}Input": base,
        name: identified,
        f"{name}State": states,
        f"{name}Page": page,
    }


def _content(name):
    return {"content": {MEDIA: {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def _paths(name, tag):
    def operation(verb, status, response=None, **more):
        content = _content(response) if response else {}
        return {
            "tags": [tag],
            "operationId": f"{verb}{name}",
            "summary": f"{verb} {name}.",
            "responses": {
                status: {"description": "Fine.", **content},
                "4XX": {"description": "No.", **_content("Problem")},
            },
            **more,
        }

    body = {"requestBody": {"required": True, **_content(f"{name}Input")}}
    query = [
        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
    ]
    own = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return {
        f"/{name.lower()}": {
            "get": operation("list", "200", f"{name}Page", parameters=query),
            "post": operation("create", "201", name, **body),
        },
        f"/{name.lower()}/{{id}}": {
            "parameters": own,
            "get": operation("get", "200", name),
            "put": operation("replace", "200", name, **body),
            "delete": operation("delete", "204"),
        },
    }
