"""Brings schemas into one form: without `allOf`, and with unions that stand alone.

Only what gives a schema its shape is looked at; bounds such as `minLength` are the server's to
check.
"""

from dataclasses import replace
from typing import Any, Dict, Iterator, List, Mapping, Optional, Set

from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.ir import UNSET, IRField, IRSpec, IRType
from ai_spine.sdk_sync.ir.reading import field_from_schema
from ai_spine.sdk_sync.ir.references import name_referred_to
from ai_spine.sdk_sync.ir.spec import field_of

_SCALARS = (IRType.STRING, IRType.INTEGER, IRType.NUMBER, IRType.BOOLEAN)
_UNIONS = ("anyOf", "oneOf")
_DEEPEST = 30
_LABELS = ("readOnly", "writeOnly", "deprecated", "title", "format")


class Schemas:
    """The schemas of a specification, each in its simplest form.

    Args:
        spec: The specification, sorted.

    Attributes:
        raw: The schemas that have names, as they are.
    """

    def __init__(self, spec: IRSpec) -> None:
        self.raw: Dict[str, IRField] = {
            name: field_of(model) for name, model in spec.models.items()
        }
        self._known: Dict[str, IRField] = {}
        self._busy: Set[str] = set()
        self._endless: Dict[str, bool] = {}

    def named(self, name: str) -> IRField:
        """Return what a name stands for, in its simplest form."""
        if name not in self._known:
            self._busy.add(name)
            found = self.simple(self.raw[name])
            self._busy.discard(name)
            self._known[name] = found
        return self._known[name]

    def simple(self, part: IRField, depth: int = 0) -> IRField:
        """Return a field without `allOf`; a union is neither an object nor within one.

        What cannot be said so is of any type.
        """
        if depth > _DEEPEST:
            return _any(part)
        schemas = part.constraints.get("allOf")
        if isinstance(schemas, list) and schemas:
            own = replace(part, constraints=_without(part.constraints, "allOf"))
            return _labelled(self._all_of(own, schemas, depth), own)
        if part.type is IRType.ANY and part.properties:
            return replace(part, type=IRType.OBJECT)
        return self._split(part)

    def as_object(self, part: IRField, depth: int = 0) -> Optional[IRField]:
        """Return an object as it is merged with others; `None` if it is none."""
        if part.type is IRType.REF:
            name = str(part.ref_name)
            if name in self._busy or name not in self.raw or depth > _DEEPEST:
                return None
            part = self.raw[name]
            if self._is_endless(name):
                part = _without_union(part)  # whose members are made of this object
            self._busy.add(name)
            try:
                return self.as_object(part, depth + 1)
            finally:
                self._busy.discard(name)
        if isinstance(part.constraints.get("discriminator"), Mapping):
            part = _without_union(part)  # those members are made of this object, too
        part = self.simple(part, depth + 1)
        if part.type is IRType.REF:
            return self.as_object(part, depth + 1)
        is_untyped = part.type is IRType.ANY and part.items is None
        is_enum = {"enum", "const"} & set(part.constraints)
        is_object = part.type is IRType.OBJECT or (is_untyped and not is_enum)
        return part if is_object else None

    def _all_of(self, own: IRField, schemas: List[Any], depth: int) -> IRField:
        """Return what fits a field and all members of its `allOf`."""
        try:
            members = [own, *(field_from_schema(own.name, each) for each in schemas)]
        except ImportError:
            return _any(own)
        telling = [each for each in members if _tells(each)]
        needed = [n for each in members for n in _required(each, of_shape=False)]
        if not telling:
            return own
        if len(telling) == 1 and not set(needed) - set(_required(telling[0])):
            return self.simple(telling[0], depth + 1)
        objects = [self.as_object(each, depth) for each in telling]
        if None not in objects:
            return _merged(own, [each for each in objects if each is not None], needed)
        return self._of_other_kinds(telling, depth) or _any(own)

    def _of_other_kinds(self, telling: List[IRField], depth: int) -> Optional[IRField]:
        """Return the members of `allOf` as one, if one is a union or all are scalars."""
        followed = [self._followed(each, depth) for each in telling]
        unions = [n for n, each in enumerate(followed) if each.union_types is not None]
        if len(unions) == 1:
            union = followed[unions[0]]
            others = [each for n, each in enumerate(telling) if n != unions[0]]
            return _spread(union, others)
        kinds = {each.type for each in followed}
        if len(kinds) == 1 and kinds <= set(_SCALARS):
            named = [each for each in telling if each.type is IRType.REF]
            if named:
                return named[0]
            last = followed[-1]
            rules: Dict[str, Any] = {}
            for each in followed:
                rules.update(each.constraints)
            return replace(last, constraints=rules)
        return None

    def _followed(self, part: IRField, depth: int) -> IRField:
        """Return what a reference leads to, in its simplest form."""
        for _ in range(_DEEPEST):
            if part.type is not IRType.REF:
                return self.simple(part, depth + 1)
            name = str(part.ref_name)
            if name in self._busy or name not in self.raw or self._is_endless(name):
                return part
            part = self.named(name)
        return part

    def _is_endless(self, name: str) -> bool:
        """Return whether a schema consists, among others, of itself."""
        if name not in self._endless:
            found: Set[str] = set()
            pending = [name]
            while pending:
                part = self.raw.get(pending.pop())
                more = set() if part is None else set(_parts(part.to_json_schema()))
                pending += more - found
                found |= more
            self._endless[name] = name in found
        return self._endless[name]

    def _split(self, part: IRField) -> IRField:
        """Return an object that is a union as well as a union of objects."""
        members = part.union_types
        if members is None and part.type is IRType.OBJECT:
            members = _members(part)
        if members is None:
            return part
        if part.type is IRType.OBJECT or part.properties is not None:
            if not any(map(_tells, members)):
                return _without_union(part)
            rest = replace(_without_union(part), nullable=False)
            union = IRField(
                part.name,
                IRType.UNION,
                union_types=members,
                nullable=part.nullable,
                constraints=part.constraints,
                description=part.description,
            )
            has_tag = isinstance(part.constraints.get("discriminator"), Mapping)
            is_base = has_tag and all(m.type is IRType.REF for m in members)
            return union if is_base or not part.properties else _spread(union, [rest])
        return part


def _members(part: IRField) -> Optional[List[IRField]]:
    """Return the members of a union among the constraints of an object."""
    for keyword in _UNIONS:
        schemas = part.constraints.get(keyword)
        if isinstance(schemas, list) and schemas:
            try:
                return [field_from_schema("", each) for each in schemas]
            except ImportError:
                return None
    return None


def _parts(schema: Any) -> Iterator[str]:
    """Yield the names of the schemas that a schema consists of."""
    if isinstance(schema, Mapping):
        name = name_referred_to(schema.get("$ref"))
        if name is not None:
            yield name
        for keyword in ("allOf", *_UNIONS):
            members = schema.get(keyword)
            for each in members if isinstance(members, list) else ():
                yield from _parts(each)


def _spread(union: IRField, others: List[IRField]) -> IRField:
    """Return a union each of whose members fits other schemas as well."""
    schemas = [each.to_json_schema() for each in others]
    members = [
        IRField(
            "", IRType.ANY, constraints={"allOf": [*schemas, each.to_json_schema()]}
        )
        for each in union.union_types or ()
        if each.type is not IRType.NULL
    ]
    return replace(union, union_types=members)


def _without_union(part: IRField) -> IRField:
    rules = _without(part.constraints, *_UNIONS)
    if part.union_types is None:
        return replace(part, constraints=rules)
    return replace(
        part, type=IRType.OBJECT, union_types=None, exclusive=False, constraints=rules
    )


def _tells(part: IRField) -> bool:
    """Return whether a member says of which shape a value is."""
    if part.type is not IRType.ANY or part.properties is not None:
        return True
    return bool({"enum", "const", "allOf"} & set(part.constraints))


def _required(part: IRField, of_shape: bool = True) -> List[str]:
    """Return the names of the required properties, or of those without a schema."""
    own = [n for n, each in (part.properties or {}).items() if each.required]
    names = part.constraints.get("required", [])
    others = [each for each in names if isinstance(each, str)]
    return [*own, *others] if of_shape else others


def _merged(own: IRField, objects: List[IRField], needed: List[str]) -> IRField:
    """Return an object with the properties of several."""
    found: Dict[str, IRField] = {}
    rules: Dict[str, Any] = {}
    for each in objects:
        needed = [*needed, *_required(each)]
        for name, inner in (each.properties or {}).items():
            found[name] = _both(found[name], inner) if name in found else inner
        if isinstance(each.constraints.get("additionalProperties"), Mapping):
            rules["additionalProperties"] = each.constraints["additionalProperties"]
    left = sorted(set(needed) - found.keys())
    if left:
        rules["required"] = left
    described = [each.description for each in objects if each.description]
    return IRField(
        own.name,
        IRType.OBJECT,
        properties={
            name: replace(found[name], required=name in needed)
            for name in sorted(found)
        }
        or None,
        description=described[-1] if described else None,
        constraints=rules,
    )


def _both(first: IRField, second: IRField) -> IRField:
    """Return a property that two members have: the second says more, if both say something."""
    if not _tells(second):
        return _labelled(first, second)
    if not _tells(first) or first.type in _SCALARS:
        return _labelled(second, first)
    if any({"enum", "const"} & set(each.constraints) for each in (first, second)):
        return second
    shapes = (IRType.OBJECT, IRType.REF, IRType.ANY)
    if first.type not in shapes or second.type not in shapes:
        return second
    if first.type is second.type is IRType.REF:  # both at once might have no end
        return second
    schemas = [first.to_json_schema(), second.to_json_schema()]
    return IRField(first.name, IRType.ANY, constraints={"allOf": schemas})


def _labelled(part: IRField, own: IRField) -> IRField:
    """Return a field that has what its owner says of it."""
    labels = {n: own.constraints[n] for n in _LABELS if n in own.constraints}
    if "discriminator" in own.constraints:
        labels["discriminator"] = own.constraints["discriminator"]
    return replace(
        part,
        name=own.name,
        required=own.required,
        nullable=part.nullable or own.nullable,
        description=own.description or part.description,
        default=part.default if own.default is UNSET else own.default,
        constraints={**part.constraints, **labels},
    )


def _any(part: IRField) -> IRField:
    return IRField(
        part.name,
        IRType.ANY,
        required=part.required,
        description=part.description,
        constraints={"x-unclear": True},
    )


def _without(rules: Mapping[str, Any], *names: str) -> Dict[str, Any]:
    return {name: value for name, value in rules.items() if name not in names}
