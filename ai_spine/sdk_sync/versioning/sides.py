"""One of the two schemas that are compared: it follows references, and reads what is nested."""

from dataclasses import replace
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Set, Tuple

from ai_spine.sdk_sync.errors import SDKSyncError
from ai_spine.sdk_sync.ir import UNSET, IRField, IRModel, IRSpec, IRType
from ai_spine.sdk_sync.ir.reading import field_from_schema
from ai_spine.sdk_sync.ir.references import reference_to
from ai_spine.sdk_sync.ir.spec import field_of
from ai_spine.sdk_sync.versioning.keywords import allowed_values

NULL = IRType.NULL.value
KINDS = frozenset(
    each.value for each in IRType if each not in (IRType.ANY, IRType.UNION, IRType.REF)
)
ANYTHING = IRField("item", IRType.ANY)
_KIND_OF = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): NULL,
    list: "array",
    dict: "object",
}


class View(NamedTuple):
    """A field, with what its references lead to."""

    core: IRField
    """What describes the values: no reference, unless it leads nowhere."""
    nullable: bool
    default: Any
    outer: Mapping[str, Any]
    """The constraints beside references; empty if there is none."""
    inner: Mapping[str, Any]
    """The constraints of the core."""
    ref_name: Optional[str]
    """The last reference that was followed."""
    suffix: str
    """What leads from the field, or from that reference's target, to the core."""

    def pointer(self, base: str) -> str:
        """Return the JSON Pointer of the core, given that of the field."""
        if self.ref_name is not None:
            base = reference_to(self.ref_name)[1:]
        return base + self.suffix


class Side:
    """One of the two schemas that are compared.

    It keeps what it makes, so that a part of a schema is always the same object.

    Args:
        model: The model.
        spec: Where the models are to which it refers.
    """

    def __init__(self, model: IRModel, spec: Optional[IRSpec] = None) -> None:
        self.model = model
        self.root = field_of(model)
        self._spec = spec
        self._targets: Dict[str, Optional[IRField]] = {}
        self._bare: Dict[int, Tuple[IRField, IRField]] = {}
        self._parsed: Dict[int, Tuple[Any, Optional[IRField]]] = {}

    def view(self, field: IRField) -> View:
        """Return a field with what its references lead to; so with a union of one and null."""
        nullable, default, suffix = False, UNSET, ""
        outer: Dict[str, Any] = {}
        ref_name: Optional[str] = None
        seen: Set[int] = set()
        while True:
            nullable = nullable or _allows_null(field)
            default = field.default if default is UNSET else default
            following = self.target(field.ref_name)
            if following is not None and id(following) not in seen:
                seen.add(id(following))
                ref_name, suffix = field.ref_name, ""
            else:
                following = _only_member(field)
                if following is None:
                    break
                number = position(following, field.union_types or [])
                suffix += f"{union_pointer(field)}/{number}"
            outer = {**field.constraints, **outer}
            field = following
        return View(
            field, nullable, default, outer, field.constraints, ref_name, suffix
        )

    def target(self, name: Optional[str]) -> Optional[IRField]:
        """Return what a reference leads to; `None` if nothing is there."""
        if name is None:
            return None
        if name not in self._targets:
            self._targets[name] = self._resolve(name)
        return self._targets[name]

    def bare(self, field: IRField) -> IRField:
        """Return a field without its default, and without the null that is allowed beside it."""
        if not field.nullable and field.default is UNSET:
            return field  # a copy of a copy, and so on, would be compared without end
        if id(field) not in self._bare:
            made = replace(field, nullable=False, default=UNSET)
            self._bare[id(field)] = field, made
        return self._bare[id(field)][1]

    def parsed(self, schema: Any) -> Optional[IRField]:
        """Return the schema that a keyword has as a field; `None` if it is none."""
        if id(schema) not in self._parsed:
            try:
                field: Optional[IRField] = field_from_schema("", schema)
            except SDKSyncError:
                field = None
            self._parsed[id(schema)] = schema, field
        return self._parsed[id(schema)][1]

    def kinds(self, view: View) -> FrozenSet[str]:
        """Return the types of the values that a schema names, without null."""
        found: Set[str] = set()
        seen: Set[int] = set()
        pending = [view.core]
        while pending:
            core = pending.pop()
            if id(core) in seen:
                continue  # a union within itself adds no type
            seen.add(id(core))
            if core.union_types is None:
                found |= _kinds_said(core)
            else:
                pending += [self.view(each).core for each in core.union_types]
        return frozenset(found)

    def possible_kinds(self, view: View) -> FrozenSet[str]:
        """Return the types of the values that can fit: an enum of texts has texts only."""
        found = self.kinds(view)
        if allowed_values(view.inner) is not None:
            values = [*_listed(view.inner.get("enum"))]
            values += [view.inner["const"]] if "const" in view.inner else []
            return found & _widened(frozenset(_kind_of(each) for each in values))
        return found

    def _resolve(self, name: str) -> Optional[IRField]:
        if name in self.model.definitions:
            return self.model.definitions[name]
        known = None if self._spec is None else self._spec.models.get(name)
        if name == self.model.name and known in (None, self.model):
            return self.root
        return None if known is None else field_of(known)


def members_of(view: View) -> Optional[List[IRField]]:
    """Return the members of a union but null; `None` if it is no union."""
    if view.core.union_types is None:
        return None
    return [each for each in view.core.union_types if each.type is not IRType.NULL]


def union_pointer(field: IRField) -> str:
    """Return what leads from a union to its members."""
    keyword = "oneOf" if field.exclusive else "anyOf"
    return f"/anyOf/0/{keyword}" if field.nullable else f"/{keyword}"


def position(member: IRField, members: List[IRField]) -> int:
    """Return the number of a member of a union."""
    return next(n for n, each in enumerate(members) if each is member)


def covered(kinds: FrozenSet[str], by: FrozenSet[str]) -> bool:
    """Return whether some types are among others; whole numbers are among all numbers.

    Example:
        >>> covered(frozenset(["integer"]), frozenset(["number", "string"]))
        True
    """
    return kinds <= _widened(by)


def overlap(kinds: FrozenSet[str], others: FrozenSet[str]) -> bool:
    """Return whether a value can be of a type of both."""
    return bool(_widened(kinds) & _widened(others))


def _widened(kinds: FrozenSet[str]) -> FrozenSet[str]:
    return kinds | {"integer"} if "number" in kinds else kinds


def _kind_of(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return "integer"
    return _KIND_OF.get(type(value), "object")


def _kinds_said(field: IRField) -> FrozenSet[str]:
    types = field.constraints.get("type")
    if isinstance(types, list):
        return frozenset(types) - {NULL}
    if field.type.value in KINDS:
        return frozenset([field.type.value]) - {NULL}
    return KINDS - {NULL}


def _allows_null(field: IRField) -> bool:
    if field.nullable or field.type in (IRType.NULL, IRType.ANY):
        return True
    if field.type is IRType.UNION:
        members = field.union_types or ()
        types = field.constraints.get("type", ())
        return NULL in types or any(each.type is IRType.NULL for each in members)
    return False


def _only_member(field: IRField) -> Optional[IRField]:
    members = [each for each in field.union_types or () if each.type is not IRType.NULL]
    return members[0] if len(members) == 1 else None


def _listed(value: Any) -> List[Any]:
    return value if isinstance(value, list) else []
