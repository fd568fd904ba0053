"""Plans types: what a field of the specification is in Python."""

from dataclasses import replace
from typing import Any, Dict, List, NamedTuple

from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.generators.python.keywords import (
    Keywords,
    rules_of,
    split_bounds,
    unknown_in,
)
from ai_spine.sdk_sync.generators.python.merging import Merger, says_nothing
from ai_spine.sdk_sync.generators.python.names import Names, class_name
from ai_spine.sdk_sync.generators.python.nulls import accepts_null
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.generators.python.schema_tables import SchemaTable
from ai_spine.sdk_sync.generators.python.unions import are_of_different_kinds, tags_of
from ai_spine.sdk_sync.generators.python.units import Unit, Units
from ai_spine.sdk_sync.ir import UNSET, IRField, IRType
from ai_spine.sdk_sync.ir.reading import field_from_schema
from ai_spine.utils import is_unicode, one_line

ANY = TypePlan("Any")
_SCALARS = {
    IRType.STRING: "str",
    IRType.INTEGER: "int",
    IRType.NUMBER: "float",
    IRType.BOOLEAN: "bool",
    IRType.NULL: "None",
}
_EMPTY_OF = {"uniqueItems": False, "additionalProperties": True}


class Place(NamedTuple):
    """Where a field is: in which unit, at which JSON Pointer, and how a class for it is named."""

    unit: Unit
    at: str
    hint: str

    def inner(self, step: str, word: str) -> "Place":
        """Return the place of a part of the field."""
        return Place(self.unit, f"{self.at}/{step}", f"{self.hint} {word}")


class Nested(NamedTuple):
    """An object within a schema, which gets a class of its own."""

    name: str
    part: IRField
    place: Place


class TypePlanner:
    """Plans the types of fields.

    Args:
        units: The schemas with names of their own.
        names: Where the names of classes for objects within them come from.

    Attributes:
        nested: The objects that types refer to and that still need a class.
        table: The schemas that keywords refer to.
        warnings: What could not be typed or is not enforced.
    """

    def __init__(self, units: Units, names: Names) -> None:
        self.nested: List[Nested] = []
        self.table = SchemaTable(units)
        self.warnings: List[str] = []
        self._units = units
        self._names = names
        self._merger = Merger(units)

    def type_of(self, part: IRField, place: Place) -> TypePlan:
        """Return the type of a field, with null if null fits it."""
        part = self.flattened(part, place)
        if "const" in part.constraints or isinstance(
            part.constraints.get("enum"), list
        ):
            return self._enumerated(part, place)
        self._warn_of_unknown(part, place)
        found = self._type_without_null(part, place)
        return replace(found, nullable=self._accepts_null(part, place))

    def flattened(self, part: IRField, place: Place) -> IRField:
        """Return a field without `allOf`, if that says the same."""
        return self._merger.merged(part, place.unit.scope) or part

    def checked(self, keywords: Keywords, place: Place) -> Keywords:
        """Return keywords as generated code has them; none, with a warning, if they are wrong."""
        if not keywords:
            return {}
        try:
            return self.table.add(keywords, place.unit.scope)
        except ValueError as error:
            words = ", ".join(sorted(keywords))
            shown = one_line(f"{words} is not enforced: {error}", 300)
            self.warn(place, f"{shown}.")
            return {}

    def warn(self, place: Place, words: str) -> None:
        """Add a warning about a place."""
        self.warnings.append(f"{one_line(place.at, 300)}: {words}")

    def _type_without_null(self, part: IRField, place: Place) -> TypePlan:
        if part.type in _SCALARS:
            kind = _SCALARS[part.type]
            return self._bounded(TypePlan(kind), part.constraints, place)
        if part.type is IRType.ARRAY:
            return self._list(part, place)
        if part.type is IRType.OBJECT:
            return self._object(part, place)
        if part.type is IRType.REF:
            return self._reference(part, place)
        if part.type is IRType.UNION:
            return self._union(part, place)
        if not says_nothing(part):
            self.warn(place, "it has no single type, so that it is Any in Python.")
        return self._with(ANY, self._whole(part), place)

    def _bounded(self, plan: TypePlan, constraints: Any, place: Place) -> TypePlan:
        """Return a type with all that its constraints refuse."""
        bounds, left = split_bounds(rules_of(constraints, plan.kind), plan.kind)
        left = {n: v for n, v in left.items() if _EMPTY_OF.get(n, ...) is not v}
        if "pattern" in bounds and not self.checked(
            {"pattern": bounds["pattern"]}, place
        ):
            del bounds["pattern"]
        return self._with(replace(plan, bounds=bounds), left, place)

    def _with(self, plan: TypePlan, keywords: Keywords, place: Place) -> TypePlan:
        more = self.checked(keywords, place)
        if plan.keywords and more:
            more = {"allOf": [dict(plan.keywords), more]}
        return replace(plan, keywords=more or plan.keywords)

    def _list(self, part: IRField, place: Place) -> TypePlan:
        rules = dict(part.constraints)
        mixed = {"prefixItems", "items", "unevaluatedItems"} & set(rules)
        if mixed:
            if part.items is not None:
                rules["items"] = part.items.to_json_schema()
            return self._bounded(TypePlan("list", (ANY,)), rules, place)
        items = part.items or IRField("item", IRType.ANY)
        inner = self.type_of(items, place.inner("items", "item"))
        return self._bounded(TypePlan("list", (inner,)), rules, place)

    def _object(self, part: IRField, place: Place) -> TypePlan:
        if part.properties is None:
            return self._dict(part, place)
        if place.at == place.unit.pointer:  # the alias of an object that may be null
            place = place.inner("properties", "object")
        name = self._names.take(class_name(place.hint), place.at)
        self.nested.append(Nested(name, part, place))
        return TypePlan("name", name=name)

    def _dict(self, part: IRField, place: Place) -> TypePlan:
        rules = dict(part.constraints)
        others = rules.get("additionalProperties", True)
        inner = ANY
        if "patternProperties" not in rules:
            if others is False and place.unit.keeps_unknown:
                del rules["additionalProperties"]
            elif isinstance(others, dict):
                inside = place.inner("additionalProperties", "value")
                try:
                    values = field_from_schema("value", others)
                    inner = self.type_of(values.sorted(), inside)
                    del rules["additionalProperties"]
                except ImportError as error:
                    self.warn(inside, f"it is Any in Python: {error}.")
        return self._bounded(TypePlan("dict", (inner,)), rules, place)

    def _reference(self, part: IRField, place: Place) -> TypePlan:
        unit = self._units.find(str(part.ref_name), place.unit.scope)
        if unit is None:
            shown = one_line(repr(part.ref_name), 100)
            self.warn(place, f"it is Any in Python, because there is no model {shown}.")
            return ANY
        plan = TypePlan("name", name=unit.name)
        return self._with(plan, rules_of(part.constraints, "any"), place)

    def _union(self, part: IRField, place: Place) -> TypePlan:
        kinds = part.constraints.get("type")
        members = part.union_types
        rules = rules_of(part.constraints, "None")
        if members is None:
            members = [_of_kind(part, kind) for kind in kinds or () if kind != "null"]
        else:
            rules = rules_of(part.constraints, "any")
        keyword = "oneOf" if part.exclusive else "anyOf"
        inner = [
            self.type_of(member, place.inner(f"{keyword}/{n}", f"option {n + 1}"))
            for n, member in enumerate(members)
        ]
        if part.union_types is None:
            return self._with(_joined(inner), rules, place)
        if part.items is not None or part.properties is not None:
            return self._with(_joined(inner), self._whole(part), place)
        tags = tags_of(members, place.unit.scope, self._units)
        if part.exclusive and tags is None and not are_of_different_kinds(inner):
            rules["oneOf"] = [member.to_json_schema() for member in members]
        if tags is not None and place.unit.keeps_unknown:
            inner.append(_unknown_member(*tags))
        plan = _joined(inner)
        if tags is not None and len(plan.args) == len(inner):
            plan = replace(plan, ordered=True)
        return self._with(plan, rules, place)

    def _enumerated(self, part: IRField, place: Place) -> TypePlan:
        """Return the type of a field with `enum` or `const`."""
        values = part.constraints.get("enum")
        if "const" in part.constraints or not isinstance(values, list):
            return self._closed(part, [part.constraints.get("const")], "const", place)
        if place.unit.keeps_unknown and len(values) != 1:
            return self._opened(part, values, place)
        return self._closed(part, values, "enum", place)

    def _opened(self, part: IRField, values: List[Any], place: Place) -> TypePlan:
        """Return the type of an enum in a response: later versions may have more values."""
        rest = {n: v for n, v in part.constraints.items() if n != "enum"}
        texts = [value for value in values if _is_text(value)]
        if part.type is IRType.ANY and texts and set(map(type, values)) <= _TEXTS:
            nullable = None in values
            part = replace(part, type=IRType.STRING, nullable=nullable)
        plan = self.type_of(replace(part, constraints=rest), place)
        if plan.kind != "str" or plan.bounds or plan.keywords or not texts:
            return plan
        known = TypePlan("literal", values=tuple(dict.fromkeys(texts)))
        return TypePlan("union", (known, TypePlan("str")), nullable=plan.nullable)

    def _closed(
        self, part: IRField, values: List[Any], keyword: str, place: Place
    ) -> TypePlan:
        rest = {n: v for n, v in part.constraints.items() if n != keyword}
        schema = replace(part, constraints=rest, default=UNSET).to_json_schema()
        try:
            scope = place.unit.scope
            values = self.table.fitting(values, schema, scope)
        except ValueError as error:
            words = one_line(f"only its {keyword} is enforced: {error}", 300)
            self.warn(place, f"{words}.")
        if not values:
            self.warn(place, f"no value fits its {keyword}, so that it is Any.")
            return self._with(ANY, {"enum": []}, place)
        others = [each for each in values if each is not None]
        nullable = len(others) < len(values)
        if not others:
            return TypePlan("None", nullable=True)
        if all(map(_is_text, others)):
            known = tuple(dict.fromkeys(others))
            return TypePlan("literal", values=known, nullable=nullable)
        if all(isinstance(each, int) or _is_text(each) for each in others):
            plan = TypePlan("literal", values=_distinct(others), nullable=nullable)
            return self._with(plan, {"enum": others}, place)
        plan = replace(ANY, nullable=nullable)
        return self._with(plan, {"enum": values}, place)

    def _accepts_null(self, part: IRField, place: Place) -> bool:
        return accepts_null(part, place.unit.scope, self._units, self.table)

    def _whole(self, part: IRField) -> Keywords:
        """Return all rules of a field, those of its items and properties as well."""
        schema = replace(part, default=UNSET, nullable=False).to_json_schema()
        return rules_of(schema, "any")

    def _warn_of_unknown(self, part: IRField, place: Place) -> None:
        for name in unknown_in(part.constraints):
            self.warn(place, f"{one_line(repr(name), 60)} is not enforced.")


_TEXTS = {str, type(None)}


def _of_kind(part: IRField, kind: str) -> IRField:
    """Return the member of a union of types that is of one of them."""
    rules = rules_of(part.constraints, "any")
    mine = {
        name: value
        for name, value in rules.items()
        if name not in rules_of({name: value}, "None")
    }
    return IRField(
        part.name,
        IRType(kind),
        constraints=mine,
        items=part.items if kind == "array" else None,
        properties=part.properties if kind == "object" else None,
    )


def _joined(members: List[TypePlan]) -> TypePlan:
    """Return the union of types: each once, and null apart."""
    found: Dict[str, TypePlan] = {}
    nullable = any(each.nullable for each in members)
    for each in members:
        if each.kind != "None":
            plain = replace(each, nullable=False)
            found.setdefault(repr(plain), plain)
    if not found:
        return TypePlan("None", nullable=True)
    if any(each == ANY for each in found.values()):
        return ANY
    if len(found) == 1:
        return replace(next(iter(found.values())), nullable=nullable)
    return TypePlan("union", tuple(found.values()), nullable=nullable)


def _unknown_member(name: str, values: List[str]) -> TypePlan:
    """Return the member of a union that keeps objects of kinds that came later."""
    known: Dict[str, Any] = {name: {"enum": values}}
    keywords = {"required": [name], "not": {"properties": known}}
    return TypePlan("dict", (ANY,), keywords=keywords)


def _is_text(value: Any) -> bool:
    """Return whether a value is a text that a `Literal` can have."""
    return isinstance(value, str) and is_unicode(value)


def _distinct(values: List[Any]) -> Any:
    """Return values without repetitions; true is not 1."""
    return tuple({(type(value), value): value for value in values}.values())
