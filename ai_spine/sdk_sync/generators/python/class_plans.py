"""Plans classes: the fields of an object, their names and defaults."""

from dataclasses import replace
from typing import Any, Dict, Iterable, List, Mapping, Tuple

from ai_spine.sdk_sync.generators.python.keywords import (
    APPLICATORS,
    in_order,
    is_count,
    rules_of,
)
from ai_spine.sdk_sync.generators.python.names import NOT_FIELDS, Names, field_name
from ai_spine.sdk_sync.generators.python.plan_parts import (
    ClassPlan,
    FieldPlan,
    TypePlan,
)
from ai_spine.sdk_sync.generators.python.type_plans import Place, TypePlanner
from ai_spine.sdk_sync.generators.python.units import Unit
from ai_spine.sdk_sync.ir import UNSET, IRField, IRType
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.utils import is_unicode, one_line

# Keywords that do not look at the properties which a schema declares.
_ALONE = frozenset(
    "required minProperties maxProperties propertyNames dependentRequired"
    " dependentSchemas not allOf anyOf oneOf if then else $ref".split()
)


class ClassPlanner:
    """Plans classes and aliases.

    Args:
        types: What plans the types of their fields.
    """

    def __init__(self, types: TypePlanner) -> None:
        self._types = types

    def of_unit(self, unit: Unit) -> ClassPlan:
        """Return the class or the alias of a schema with a name of its own."""
        place = Place(unit, unit.pointer, unit.name)
        part = self._types.flattened(unit.part, place)
        owner = unit.scope
        plan = ClassPlan(
            unit.name, unit.pointer, part.description, owner.version, owner.namespace
        )
        if unit.model is not None:
            plan = replace(
                plan,
                description=unit.model.description,
                tags=list(unit.model.tags),
            )
        if is_object(part):
            return self.of_object(plan, part, place)
        return replace(plan, alias=self._types.type_of(part, place))

    def of_object(self, plan: ClassPlan, part: IRField, place: Place) -> ClassPlan:
        """Return a class with the properties of an object as its fields."""
        rules = {
            name: value
            for name, value in rules_of(part.constraints, "dict").items()
            if not (name == "additionalProperties" and isinstance(value, bool))
        }
        keeps = self._keeps_unknown(part, place)
        if part.constraints.get("additionalProperties") is False and keeps:
            if APPLICATORS & set(rules):
                rules["additionalProperties"] = False
        if set(rules) - _ALONE:
            rules = {"properties": {n: {} for n in part.properties or ()}, **rules}
        if "unevaluatedProperties" in rules:
            rules = rules_of(replace(part, default=UNSET).to_json_schema(), "dict")
        return replace(
            plan,
            fields=self._fields(part, place),
            keeps_unknown=keeps,
            keywords=self._types.checked(rules, place),
        )

    def _keeps_unknown(self, part: IRField, place: Place) -> bool:
        others = part.constraints.get("additionalProperties")
        if place.unit.keeps_unknown or APPLICATORS & set(part.constraints):
            return True
        return others is True or isinstance(others, Mapping)

    def _fields(self, part: IRField, place: Place) -> List[FieldPlan]:
        found: List[FieldPlan] = []
        for wire, inner in (part.properties or {}).items():
            inside = place.inner(f"properties/{escaped(wire)}", wire)
            if is_unicode(wire):
                found.append(self._field(inner, inside))
            else:
                words = "it has no field, because its name is no Unicode text."
                self._types.warn(inside, words)
        return found

    def _field(self, part: IRField, place: Place) -> FieldPlan:
        kind = self._types.type_of(part, place)
        return FieldPlan(
            field_name(part.name),
            part.name,
            kind,
            required=part.required,
            description=part.description,
            default=UNSET if part.required else self._default(part, kind, place),
        )

    def _default(self, part: IRField, kind: TypePlan, place: Place) -> Any:
        value = in_order(part.default)
        if value is UNSET or (value is None and not kind.nullable):
            return UNSET
        try:
            schema = replace(part, default=UNSET).to_json_schema()
            fits = self._types.table.fits(value, schema, place.unit.scope)
        except ValueError:
            fits = False
        shown = one_line(repr(value), 60)
        if not fits:
            self._types.warn(place, f"its default {shown} does not fit it.")
            return UNSET
        if isinstance(value, (list, dict)) and value and _has_names(kind):
            self._types.warn(place, f"its default {shown} is only documentation.")
            return UNSET
        is_whole = kind.kind == "int" and is_count(abs(value) if value else value)
        return int(value) if is_whole else value


def is_object(part: IRField) -> bool:
    """Return whether a field is an object with properties, and nothing else."""
    if part.type is not IRType.OBJECT or part.properties is None or part.nullable:
        return False
    return not {"enum", "const"} & set(part.constraints)


def _has_names(kind: TypePlan) -> bool:
    return any(each.kind == "name" for each in kind.walk())


def named_fields(
    plan: ClassPlan, classes: Iterable[str], given: Mapping[str, str]
) -> Tuple[ClassPlan, Dict[str, str]]:
    """Return a class whose fields have names of their own, and those names to remember.

    Fields that can be named as in JSON come first.

    Args:
        plan: The class.
        classes: The names of all classes, which no field may hide.
        given: Names given earlier, by JSON Pointer.
    """
    keys = {
        each.wire: f"{plan.pointer}/properties/{escaped(each.wire)}/name"
        for each in plan.fields
    }
    earlier = {key: given[key] for key in keys.values() if key in given}
    names = Names(earlier, reserved=[*NOT_FIELDS, *classes])
    ordered = sorted(plan.fields, key=lambda each: each.name != each.wire)
    found = {each.wire: names.take(each.name, keys[each.wire]) for each in ordered}
    fields = [replace(each, name=found[each.wire]) for each in plan.fields]
    # A class that is added later may have a name in capitals.
    remembered = {
        keys[each.wire]: each.name
        for each in fields
        if each.name != each.wire or each.name[:1].isupper()
    }
    return replace(plan, fields=fields), remembered
