"""How the members of a union are distinguished: by the kind of JSON, or by a property."""

from typing import Dict, List, Optional, Set, Tuple

from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.generators.python.units import Units
from ai_spine.sdk_sync.ir import IRField, IRModel, IRType

_KINDS = {
    "str": "string",
    "int": "number",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
}


def are_of_different_kinds(members: List[TypePlan]) -> bool:
    """Return whether no value can fit two members, by the kind of JSON alone.

    Example:
        >>> are_of_different_kinds([TypePlan("str"), TypePlan("int")])
        True
        >>> are_of_different_kinds([TypePlan("int"), TypePlan("float")])
        False
    """
    seen: Set[str] = set()
    for member in members:
        kind = _KINDS.get(member.kind)
        if member.kind == "literal" and all(isinstance(v, str) for v in member.values):
            kind = "string"
        if kind is None or kind in seen or member.nullable:
            return False
        seen.add(kind)
    return True


def tags_of(
    members: List[IRField], scope: IRModel, units: Units
) -> Optional[Tuple[str, List[str]]]:
    """Return the property that says which member an object is, and its values.

    Args:
        members: The members of a union.
        scope: The model that has the references in them.
        units: What the references lead to.

    Returns:
        `None` if there is no property that each member requires, each with a value of its own.
    """
    found = [_tags(member, scope, units) for member in members]
    for name in sorted(set.intersection(*map(set, found))) if found else ():
        values = [tags[name] for tags in found]
        if len(set(values)) == len(values):
            return name, values
    return None


def single_value(part: IRField) -> Optional[str]:
    """Return the only text that a field accepts; `None` if there are others or none."""
    if "const" in part.constraints:
        value = part.constraints["const"]
    else:
        values = part.constraints.get("enum")
        value = values[0] if isinstance(values, list) and len(values) == 1 else None
    return value if isinstance(value, str) else None


def _tags(part: IRField, scope: IRModel, units: Units) -> Dict[str, str]:
    if part.nullable:
        return {}
    if part.type is IRType.REF:
        unit = units.find(str(part.ref_name), scope)
        if unit is None or unit.part.type is IRType.REF:
            return {}
        return _tags(unit.part, unit.scope, units)
    if part.type is not IRType.OBJECT:
        return {}
    found = {
        name: single_value(inner)
        for name, inner in (part.properties or {}).items()
        if inner.required
    }
    return {name: value for name, value in found.items() if value is not None}
