"""A specification with a bit of everything, for what looks at generated code as a whole."""

from ai_spine.sdk_sync.ir import IRTool, SchemaVersion
from tests.sdk_sync.generators.python.support import spec_of

TEXT = {"type": "string"}


def sample():
    """Return the specification."""
    spec = spec_of(
        {
            "Color": {"enum": ["red", "green"]},
            "Size": {"type": "integer", "minimum": 1, "description": "In metres"},
            "Anything": {},
            "Nothing": {"type": "null"},
            "Ids": {"type": "array", "items": TEXT, "uniqueItems": True},
            "Pet": {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]},
            "Cat": {
                "type": "object",
                "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
                "required": ["kind"],
            },
            "Dog": {
                "type": "object",
                "properties": {
                    "kind": {"const": "dog"},
                    "size": {"$ref": "#/$defs/Size"},
                },
                "required": ["kind"],
            },
            "Order": {
                "type": "object",
                "description": "An order",
                "minProperties": 1,
                "required": ["id", "note"],
                "properties": {
                    "id": {"type": "string", "minLength": 1, "description": "Its key"},
                    "class": {"type": ["string", "null"]},
                    "note": {"type": ["string", "null"], "maxLength": 80},
                    "color": {"$ref": "#/$defs/Color"},
                    "pets": {"type": "array", "items": {"$ref": "#/$defs/Pet"}},
                    "parent": {"$ref": "#/$defs/Order"},
                    "limit": {"type": "integer", "default": 10, "maximum": 99},
                    "tags": {"type": "array", "items": TEXT, "default": ["a"]},
                    "modes": {
                        "type": "array",
                        "items": {"enum": ["x", "y"]},
                        "default": ["x"],
                    },
                    "more": {
                        "type": "object",
                        "additionalProperties": {"type": "number"},
                    },
                    "place": {
                        "type": "object",
                        "properties": {"street": TEXT, "floor": {"type": "integer"}},
                    },
                    "value": {
                        "anyOf": [{"type": "integer"}, TEXT, {"type": "boolean"}]
                    },
                    "any": {},
                    "none": {"type": "null"},
                    "mixed": {"enum": [1, "a", None]},
                    "not": {"not": {"$ref": "#/$defs/Ids"}},
                },
            },
        }
    )
    models = spec.models
    spec.tools["shop"] = IRTool(
        "shop", SchemaVersion(1), "", models["Color"], models["Order"]
    )
    return spec
