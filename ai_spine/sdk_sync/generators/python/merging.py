"""`allOf` as one object: the properties of all its members, each as all of them have it."""

from dataclasses import replace
from typing import Any, Dict, List, Optional

from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.generators.python.keywords import rules_of
from ai_spine.sdk_sync.generators.python.units import Units
from ai_spine.sdk_sync.ir import IRField, IRModel, IRType
from ai_spine.sdk_sync.ir.reading import field_from_schema

_MOST_MEMBERS = 50
_DEEPEST = 12  # members within members; merging may double a schema at each
_SCALARS = (IRType.STRING, IRType.INTEGER, IRType.NUMBER, IRType.BOOLEAN)


class Merger:
    """Merges the members of `allOf`; what a reference leads to is merged once.

    Args:
        units: What references lead to.
    """

    def __init__(self, units: Units) -> None:
        self._units = units
        self._found: Dict[str, Optional[IRField]] = {}

    def merged(
        self, part: IRField, scope: IRModel, depth: int = 0
    ) -> Optional[IRField]:
        """Return a field with `allOf` as a field without, if that says the same.

        Args:
            part: The field.
            scope: The model that has the references in it.
            depth: How many fields led to this one.

        Returns:
            A reference, if `allOf` only adds a description to one; an object with properties; or
            `None` if neither says the same.
        """
        schemas = part.constraints.get("allOf")
        if not isinstance(schemas, list) or not 0 < len(schemas) <= _MOST_MEMBERS:
            return None
        if part.type not in (IRType.ANY, IRType.OBJECT) or depth > _DEEPEST:
            return None
        rest = {name: v for name, v in part.constraints.items() if name != "allOf"}
        own = replace(part, constraints=rest)
        try:
            members = [field_from_schema(part.name, each) for each in schemas]
        except ImportError:
            return None
        only = members[0]
        if len(members) == 1 and only.type is IRType.REF and says_nothing(own):
            labels = {**only.constraints, **rest}
            return replace(
                own, type=only.type, ref_name=only.ref_name, constraints=labels
            )
        objects = [] if says_nothing(own) else [own]
        for member in members:
            found = self._as_object(member, scope, depth + 1)
            if found is None:
                return None
            objects.append(found)
        return _union_of(own, objects)

    def _as_object(
        self, part: IRField, scope: IRModel, depth: int
    ) -> Optional[IRField]:
        """Return a member without references and `allOf` of its own."""
        if part.type is IRType.REF:
            unit = self._units.find(str(part.ref_name), scope)
            if unit is None or rules_of(part.constraints, "any") or part.nullable:
                return None
            # Its references would find other definitions here.
            if unit.scope is not scope:
                if unit.scope.definitions or scope.definitions:
                    return None
            if unit.name not in self._found:
                self._found[unit.name] = None  # what refers to itself is not merged
                found = self._as_object(unit.part, scope, depth)
                self._found[unit.name] = found
            return self._found[unit.name]
        if "allOf" in part.constraints:
            flat = self.merged(part, scope, depth)
            return None if flat is None else self._as_object(flat, scope, depth)
        return part


def _union_of(own: IRField, objects: List[IRField]) -> Optional[IRField]:
    if not any(each.type is IRType.OBJECT for each in objects):
        return None
    found: Dict[str, IRField] = {}
    required: List[Any] = []
    for each in objects:
        more = rules_of(each.constraints, "any")
        names = more.pop("required", [])
        if more or each.nullable or not isinstance(names, list):
            return None
        if each.type not in (IRType.ANY, IRType.OBJECT) or each.items is not None:
            return None
        required += [name for name in names if name not in required]
        for name, inner in (each.properties or {}).items():
            found[name] = _both(found[name], inner) if name in found else inner
    properties = {
        name: replace(found[name], required=found[name].required or name in required)
        for name in sorted(found)
    }
    others = [name for name in required if name not in found]
    constraints = {n: v for n, v in own.constraints.items() if n != "required"}
    if others:
        constraints["required"] = others
    return replace(
        own, type=IRType.OBJECT, properties=properties, constraints=constraints
    )


def _both(first: IRField, second: IRField) -> IRField:
    """Return a property that two members have: its values fit both."""
    required = first.required or second.required
    if first.to_json_schema() == second.to_json_schema() or says_nothing(second):
        return replace(first, required=required)
    if says_nothing(first):
        return replace(second, required=required)
    keys = set(first.constraints) & set(second.constraints)
    agree = all(first.constraints[each] == second.constraints[each] for each in keys)
    if first.type is second.type and first.type in _SCALARS and agree:
        return replace(
            second,
            required=required,
            nullable=first.nullable and second.nullable,
            description=second.description or first.description,
            constraints={**first.constraints, **second.constraints},
        )
    schemas = [first.to_json_schema(), second.to_json_schema()]
    return IRField(
        first.name,
        IRType.ANY,
        required=required,
        description=second.description or first.description,
        constraints={"allOf": schemas},
    )


def says_nothing(part: IRField) -> bool:
    """Return whether any value fits."""
    return (
        part.type is IRType.ANY
        and not rules_of(part.constraints, "any")
        and part.items is None
        and part.properties is None
    )
