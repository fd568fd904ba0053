"""What a schema says of each input of a flow, for those who ask for it or read it. Pure."""

import json
from typing import Any, Dict, List, Mapping

Schema = Mapping[str, Any]
_DEFINITIONS = "#/$defs/"


def inputs_of(schema: Schema) -> Dict[str, Schema]:
    """Return the schema of each input by its name; a reference leads to its definition.

    Example:
        >>> whole = {"properties": {"n": {"$ref": "#/$defs/N"}}, "$defs": {"N": {"type": "null"}}}
        >>> inputs_of(whole)
        {'n': {'type': 'null'}}
    """
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: _resolved(each, schema) for name, each in properties.items()}


def required_of(schema: Schema) -> List[str]:
    """Return the names of the inputs that the flow needs."""
    required = schema.get("required")
    return [str(name) for name in required] if isinstance(required, list) else []


def kinds_of(described: Schema, schema: Schema) -> List[str]:
    """Return the types of JSON that an input may have, those in `anyOf` as well.

    Args:
        described: The schema of the input.
        schema: The schema of the flow, which has the definitions.

    Returns:
        The names of the types; none if any value will do.
    """
    kind = described.get("type")
    kinds = [kind] if isinstance(kind, str) else list(kind or ())
    for each in described.get("anyOf") or ():
        within = kinds_of(_resolved(each, schema), schema)
        if not within:  # it names no type, so that the server decides
            return []
        kinds += within
    return kinds


def text_of(value: Any) -> str:
    """Return a value as people write it: text as it is, and all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _resolved(described: Any, schema: Schema) -> Schema:
    if not isinstance(described, Mapping):
        return {}
    reference = described.get("$ref")
    if not isinstance(reference, str) or not reference.startswith(_DEFINITIONS):
        return described
    found = (schema.get("$defs") or {}).get(reference[len(_DEFINITIONS) :])
    own = {name: each for name, each in described.items() if name != "$ref"}
    return {**found, **own} if isinstance(found, Mapping) else {}
