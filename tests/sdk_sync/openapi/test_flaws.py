"""A document with any flaw at any place is read, and nothing in it is lost in silence."""

import json
import random

import pytest

from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.sdk_sync.openapi import write_openapi
from tests.sdk_sync.openapi.support import read

JUNK = [
    *(None, 5, -1.5, True, "", "x", "#/components/schemas/User", "\ud800", [], {}),
    *([None], {"": {}}, {"type": "x"}, {"nullable": True}, {"x-metadata": 5}),
    *({"$ref": 5}, {"$ref": "#"}, {"$ref": "#/paths"}, {"$ref": "http://[x"}),
    *({"$id": "http://[x"}, {"$anchor": "a"}, {"$ref": "a b%ZZ#%ff"}),
]
KEYS = [
    *("$ref", "$id", "$defs", "type", "nullable", "enum", "required", "allOf", "items"),
    *("discriminator", "security", "parameters", "in", "x-name", "", "/", "~"),
]
USER = {"$ref": "#/components/schemas/User"}
WHOLE = {
    "openapi": "3.0.3",
    "info": {"title": "A", "version": "1.0.0"},
    "servers": [{"url": "/v1"}],
    "security": [{"key": []}],
    "paths": {
        "/users/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {
                "operationId": "get",
                "tags": ["users"],
                "responses": {"200": {"$ref": "#/components/responses/User"}},
            },
            "put": {
                "security": [{}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": USER}},
                },
                "responses": {"default": {"description": "", "headers": {"X": {}}}},
            },
        }
    },
    "components": {
        "parameters": {
            "Id": {"name": "id", "in": "path", "required": True, "schema": {}}
        },
        "responses": {
            "User": {"description": "", "content": {"*/*": {"schema": USER}}}
        },
        "schemas": {
            "User": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "enum": ["a"], "nullable": True},
                    "friends": {"type": "array", "items": USER},
                    "kind": {"oneOf": [USER, {"type": "integer", "minimum": 1}]},
                },
            }
        },
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    },
}


@pytest.mark.parametrize("seed", range(10))
def test_no_flaw_spoils_more_than_its_place(tmp_path, seed):
    choose = random.Random(seed)
    for _ in range(15):
        data = flawed(choose)
        try:
            found = read(tmp_path, data)
        except ImportError as error:
            assert "OpenAPI" in str(error)
            continue
        spec = found.spec
        assert found.operations == len(spec.endpoints) + len(found.left_out)
        errors = [each for each in found.problems if each.severity == "error"]
        assert len(errors) == len(found.left_out)
        assert IRSpec.from_json(spec.to_json()) == spec
        again = read(tmp_path, write_openapi(spec)).spec
        assert again.models == spec.models
        assert len(again.endpoints) == len(spec.endpoints)


def flawed(choose):
    """Return the document with junk at some places."""
    data = json.loads(json.dumps(WHOLE))
    places = list(places_in(data))
    for _ in range(choose.choice([1, 2, 5])):
        container, key = choose.choice(places)
        if isinstance(container, dict) and choose.random() < 0.4:
            key = choose.choice(KEYS)
        container[key] = choose.choice(JUNK)
    return data


def places_in(value):
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in pairs:
        yield value, key
        if isinstance(part, (dict, list)):
            yield from places_in(part)
