"""Says in the words of openapi-core what a document says in others."""

from typing import Any, Dict, List, Mapping

_BY_TOKEN = ("oauth2", "openIdConnect")
_IGNORED = ("accept", "authorization", "content-type")
_UNIONS = ("oneOf", "anyOf")
_DEEPEST = 8  # references to follow


def readable(data: Mapping[str, Any], without: str = "") -> Dict[str, Any]:
    """Return a document that openapi-core reads as it is meant.

    It knows neither schemes that send a token nor names of those in upper case, and looks for
    schemas named like the values of a discriminator, which are not always names of schemas. In a
    document of version 3.1 it wants required properties in both directions.

    Args:
        data: The document, which is not changed.
        without: The keyword of properties that are not required: `readOnly` for requests,
            `writeOnly` for responses.

    Example:
        >>> scheme = {"type": "http", "scheme": "Bearer"}
        >>> readable({"components": {"securitySchemes": {"key": scheme}}})["components"]
        {'securitySchemes': {'key': {'type': 'http', 'scheme': 'bearer'}}}
    """
    made: Dict[str, Any] = _with_mappings(data, data, without)
    made.setdefault("paths", {})
    for item in _object(made["paths"]).values():
        for owner in (item, *_object(item).values()):
            parameters = _object(owner).get("parameters")
            if isinstance(parameters, list):
                parameters[:] = [each for each in parameters if not _is_ignored(each)]
    components = made.get("components")
    schemes = _object(components).get("securitySchemes")
    for name, scheme in _object(schemes).items():
        schemes[name] = _scheme(scheme)
    return made


def _object(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {}


def _is_ignored(parameter: Any) -> bool:
    """Return whether OpenAPI says that a parameter shall be ignored."""
    given = _object(parameter)
    return given.get("in") == "header" and str(given.get("name")).lower() in _IGNORED


def _scheme(scheme: Any) -> Any:
    if not isinstance(scheme, Mapping):
        return scheme
    if scheme.get("type") in _BY_TOKEN:
        return {"type": "http", "scheme": "bearer"}
    if isinstance(scheme.get("scheme"), str):
        return {**scheme, "scheme": scheme["scheme"].lower()}
    return scheme


def _with_mappings(part: Any, root: Mapping[str, Any], without: str) -> Any:
    """Return a copy with a mapping at each discriminator, or without those that have none."""
    if isinstance(part, list):
        return [_with_mappings(each, root, without) for each in part]
    if not isinstance(part, Mapping):
        return part
    made = {key: _with_mappings(each, root, without) for key, each in part.items()}
    _require_less(made, root, without)
    discriminator = _object(part.get("discriminator"))
    name = discriminator.get("propertyName")
    members = next((part[key] for key in _UNIONS if key in part), None)
    if isinstance(name, str) and isinstance(members, list):
        if not discriminator.get("mapping"):
            mapping = _mapping(name, members, root)
            del made["discriminator"]
            if mapping:
                made["discriminator"] = {**discriminator, "mapping": mapping}
    return made


def _require_less(
    schema: Dict[str, Any], root: Mapping[str, Any], without: str
) -> None:
    """Change a schema so that properties of the other direction need not be there."""
    required, properties = schema.get("required"), _object(schema.get("properties"))
    if without and isinstance(required, list):
        others = {
            name
            for name, each in properties.items()
            if _object(each).get(without) or _object(_target(each, root)).get(without)
        }
        schema["required"] = [each for each in required if each not in [*others]]


def _mapping(name: str, members: List[Any], root: Mapping[str, Any]) -> Dict[str, str]:
    """Return which schema each value names; nothing if a member cannot be named."""
    found: Dict[str, str] = {}
    for member in members:
        reference = _object(member).get("$ref")
        values = _values(name, member, root, 0)
        if not isinstance(reference, str) or not values:
            return {}
        for value in values:
            if found.setdefault(str(value), reference) != reference:
                return {}  # one value for two schemas
    return found


def _values(name: str, schema: Any, root: Mapping[str, Any], depth: int) -> List[Any]:
    """Return the values that a property of a schema may have, as far as it says them."""
    schema = _target(schema, root)
    part = _target(_object(_object(schema).get("properties")).get(name), root)
    if "const" in _object(part):
        return [part["const"]]
    if isinstance(_object(part).get("enum"), list):
        return list(part["enum"])
    members = _object(schema).get("allOf")
    for member in members if isinstance(members, list) and depth < _DEEPEST else ():
        found = _values(name, member, root, depth + 1)
        if found:
            return found
    return []


def _target(schema: Any, root: Mapping[str, Any]) -> Any:
    """Return what a reference within the document leads to."""
    for _ in range(_DEEPEST):
        reference = _object(schema).get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        schema = root
        for part in reference[2:].split("/"):
            schema = _object(schema).get(part.replace("~1", "/").replace("~0", "~"))
    return None
