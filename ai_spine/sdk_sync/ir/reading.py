"""Reads JSON Schemas as fields; nothing in them is lost."""

from typing import Any, Dict, List, Mapping, Optional, Tuple

from ai_spine.flows.definitions import MAX_DEPTH, is_too_deep
from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ConfigError, ImportError
from ai_spine.sdk_sync.ir.fields import (
    METADATA,
    NULL_SCHEMA,
    NULLABLE,
    UNSET,
    IRField,
    IRType,
)
from ai_spine.sdk_sync.ir.references import escaped, name_referred_to
from ai_spine.utils import one_line

_TYPES = {
    each.value: each
    for each in IRType
    if each not in (IRType.ANY, IRType.UNION, IRType.REF)
}
_UNIONS = ("anyOf", "oneOf")
_CORE_KEYWORDS = {"$ref", "items", "properties", *_UNIONS}
Keywords = Dict[str, Any]


def field_from_schema(
    name: str, schema: Any, *, required: bool = False, place: str = ""
) -> IRField:
    """Return a JSON Schema as a field.

    Args:
        name: The name of the field.
        schema: The schema: an object, or `True` or `False`.
        required: Whether the field may not be absent.
        place: The JSON Pointer of the schema, for errors.

    Raises:
        ImportError: It is no schema.

    Example:
        >>> field_from_schema("age", {"type": "integer", "minimum": 0}).constraints
        {'minimum': 0}
    """
    if isinstance(schema, bool):
        schema = {} if schema else {"not": {}}
    check_object(schema, place)
    if not place:
        check_depth(schema)
    rest: Keywords = dict(schema)
    nullable = _take_null(rest)
    kind, ref_name = _take_type(rest, place)
    union_types, exclusive = (
        _take_union(rest, place) if kind is IRType.UNION else (None, False)
    )
    items = rest.get("items")
    if isinstance(items, (Mapping, bool)):
        items = field_from_schema("item", rest.pop("items"), place=f"{place}/items")
    try:
        return IRField(
            name,
            kind,
            required=required,
            nullable=nullable and kind is not IRType.ANY,
            description=take_text(rest, "description"),
            default=rest.pop("default", UNSET),
            properties=take_properties(rest, place),
            metadata=take_metadata(rest),
            items=items if isinstance(items, IRField) else None,
            union_types=union_types,
            ref_name=ref_name,
            exclusive=exclusive,
            constraints=rest,
        )
    except ConfigError as error:
        raise ImportError(f"{_at(place)}: {error}") from None


def check_object(value: Any, place: str) -> None:
    """Refuse what is no object, and keys that are no texts.

    Raises:
        ImportError: It is none.
    """
    if not isinstance(value, Mapping):
        raise ImportError(
            f"{_at(place)} must be an object, not {kind_of(value)}"
            + (f" ({one_line(repr(value), 60)})" if value is not None else "")
        )
    for key in value:
        if not isinstance(key, str):
            raise ImportError(f"{_at(place)} has a key that is no text: {key!r}")


def check_depth(value: Any) -> None:
    """Refuse what is nested so deeply that reading it might end the program.

    Raises:
        ImportError: It is nested too deeply.
    """
    if is_too_deep(value):
        raise ImportError(f"it is nested too deeply: more than {MAX_DEPTH} levels")


def take_text(rest: Keywords, name: str) -> Optional[str]:
    """Remove and return a keyword if it is a text."""
    return rest.pop(name) if isinstance(rest.get(name), str) else None


def take_metadata(rest: Keywords) -> Dict[str, Any]:
    """Remove and return the metadata, if there are any."""
    found = rest.get(METADATA)
    return dict(rest.pop(METADATA)) if isinstance(found, Mapping) and found else {}


def take_properties(rest: Keywords, place: str) -> Optional[Dict[str, IRField]]:
    """Remove and return the properties; `required` keeps those names that no property has.

    Raises:
        ImportError: A property is no schema.
    """
    if not isinstance(rest.get("properties"), Mapping):
        return None
    schemas = rest.pop("properties")
    check_object(schemas, f"{place}/properties")
    required = rest.get("required")
    names = required if isinstance(required, list) else []
    found = {
        name: field_from_schema(
            name,
            schema,
            required=name in names,
            place=f"{place}/properties/{escaped(name)}",
        )
        for name, schema in schemas.items()
    }
    others = [name for name in names if name not in found]
    if isinstance(required, list):
        del rest["required"]
    if others:
        rest["required"] = others
    return found


def _take_null(rest: Keywords) -> bool:
    """Remove what only says that a value may be null, and return whether it was there."""
    kind = rest.get("type")
    if isinstance(kind, list) and len(kind) == 2 and "null" in kind:
        other = next((each for each in kind if each != "null"), "null")
        if other in _TYPES and other != "null":
            rest["type"] = other
            return True
    core = _nullable_core(rest)
    if core is None:
        return False
    del rest[NULLABLE], rest["anyOf"]
    rest.update(core)
    return True


def _nullable_core(rest: Keywords) -> Optional[Mapping[str, Any]]:
    """Return the reference or the union that may be null as well, if it is one."""
    members = rest.get("anyOf")
    if rest.get(NULLABLE) is not True or "type" in rest:
        return None
    if not isinstance(members, list) or len(members) != 2 or members[1] != NULL_SCHEMA:
        return None
    core = members[0]
    if not isinstance(core, Mapping) or set(core) - _CORE_KEYWORDS:
        return None
    if set(core) & (set(rest) - {"anyOf"}):
        return None
    is_union = any(isinstance(core.get(each), list) for each in _UNIONS)
    return core if is_union or name_referred_to(core.get("$ref")) else None


def _take_type(rest: Keywords, place: str) -> Tuple[IRType, Optional[str]]:
    """Remove what says the type; return it, and the name of the model if it is a reference."""
    kind = rest.get("type")
    if isinstance(kind, str) and kind in _TYPES:
        return _TYPES[rest.pop("type")], None
    if isinstance(kind, list) and kind and all(each in _TYPES for each in kind):
        return IRType.UNION, None
    if kind == IRType.ANY.value:  # no type of JSON Schema, but what some backends write
        del rest["type"]
    elif "type" in rest:
        raise ImportError(
            f"{one_line(repr(kind), 60)} is no type of JSON Schema, at {place or '/'}"
        )
    ref_name = name_referred_to(rest.get("$ref"))
    if ref_name is not None:
        del rest["$ref"]
        return IRType.REF, ref_name
    is_union = any(isinstance(rest.get(each), list) for each in _UNIONS)
    return (IRType.UNION if is_union else IRType.ANY), None


def _take_union(rest: Keywords, place: str) -> Tuple[Optional[List[IRField]], bool]:
    """Remove and return the members of a union, and whether exactly one must fit."""
    if isinstance(rest.get("type"), list):
        return None, False
    keyword = "anyOf" if isinstance(rest.get("anyOf"), list) else "oneOf"
    members = [
        field_from_schema("", member, place=f"{place}/{keyword}/{number}")
        for number, member in enumerate(rest.pop(keyword))
    ]
    return members, keyword == "oneOf"


def _at(place: str) -> str:
    return f"the schema at {place}" if place else "a schema"
