"""The property that says which member of a union an object is."""

from typing import (
    Any,
    Dict,
    Generic,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    TypeVar,
)

from ai_spine.sdk_sync.generators.python.models.flattening import Schemas
from ai_spine.sdk_sync.generators.python.models.usage import Usage
from ai_spine.sdk_sync.ir import IRField, IRType
from ai_spine.sdk_sync.ir.references import name_referred_to

_DEEPEST = 10
T = TypeVar("T")


class Tag(NamedTuple, Generic[T]):
    """A property, and for each of its values which member it says."""

    property: str
    values: List[Tuple[str, T]]


class Tags:
    """Finds the properties that distinguish the members of unions.

    Args:
        schemas: The schemas with names.
        usage: Which of them are made of others.
    """

    def __init__(self, schemas: Schemas, usage: Usage) -> None:
        self._schemas, self._usage = schemas, usage

    def of_union(self, part: IRField, members: List[IRField]) -> "Optional[Tag[int]]":
        """Return the property for a union, and the numbers of its members."""
        said = part.constraints.get("discriminator")
        name = said.get("propertyName") if isinstance(said, Mapping) else None
        if isinstance(said, Mapping) and isinstance(name, str):
            return Tag(name, self._explicit(said, name, members))
        return self._implicit(members)

    def of_family(self, name: str) -> "Optional[Tag[str]]":
        """Return the property for a schema and those that are made of it, and their names."""
        below = self._usage.descendants(name)
        said = self._discriminator_of(name) if below else None
        if said is None or self._schemas.named(name).type is not IRType.OBJECT:
            return None
        members = [IRField("", IRType.REF, ref_name=each) for each in [name, *below]]
        values = self._explicit(said, said["propertyName"], members)
        return Tag(said["propertyName"], [(v, [name, *below][n]) for v, n in values])

    def _discriminator_of(self, name: str) -> Optional[Mapping[str, Any]]:
        for each in self._usage.ancestors(name):
            part = self._schemas.raw.get(each)
            said = part.constraints.get("discriminator") if part is not None else None
            if isinstance(said, Mapping) and isinstance(said.get("propertyName"), str):
                return said
        return None

    def _explicit(
        self, said: Mapping[str, Any], name: str, members: List[IRField]
    ) -> List[Tuple[str, int]]:
        """Return the values of a discriminator: mapped, in the schemas, or the schemas' names."""
        mapping = said.get("mapping")
        mapped: Dict[str, List[str]] = {}
        for value, reference in mapping.items() if isinstance(mapping, Mapping) else ():
            found = name_referred_to(reference)
            if found is not None:
                mapped.setdefault(found, []).append(value)
        values: Dict[str, int] = {}
        for number, member in enumerate(members):
            target = str(member.ref_name)
            known = mapped.get(target) or self._values(member, name)
            if not known and member.ref_name is not None:
                known = [target]
            for value in known or ():
                values.setdefault(value, number)
        return list(values.items())

    def _implicit(self, members: List[IRField]) -> "Optional[Tag[int]]":
        """Return a property that each object requires with values of its own."""
        objects = [n for n, each in enumerate(members) if self._properties(each)]
        if len(objects) < 2:
            return None
        candidates = sorted(
            set.intersection(*(set(self._properties(members[n])) for n in objects))
        )
        for name in candidates:
            known = {n: self._values(members[n], name) for n in objects}
            every = [value for each in known.values() for value in each or ()]
            if all(known.values()) and len(set(every)) == len(every):
                return Tag(name, [(v, n) for n in objects for v in known[n] or ()])
        return None

    def _properties(self, part: IRField, depth: int = 0) -> Dict[str, IRField]:
        """Return the required properties of an object."""
        part = self._followed(part)
        if part.union_types is not None and depth < _DEEPEST:
            common: Optional[Dict[str, IRField]] = None
            for each in part.union_types:
                own = self._properties(each, depth + 1)
                first = own if common is None else common
                common = {name: first[name] for name in sorted(first) if name in own}
                if not common:  # so that a union within itself takes no time
                    break
            return common or {}
        if part.type is not IRType.OBJECT or part.nullable:
            return {}
        return {n: each for n, each in (part.properties or {}).items() if each.required}

    def _values(self, part: IRField, name: str, depth: int = 0) -> Optional[List[str]]:
        """Return the texts that a property of an object, or of each member of a union, can be."""
        part = self._followed(part)
        if part.union_types is not None and depth < _DEEPEST:
            found: Dict[str, None] = {}
            for each in part.union_types:
                values = self._values(each, name, depth + 1)
                if values is None:
                    return None
                found.update(dict.fromkeys(values))
            return list(found)
        inner = (part.properties or {}).get(name)
        if inner is None:
            return None
        rules = self._followed(inner).constraints
        values = [rules["const"]] if "const" in rules else rules.get("enum")
        if not isinstance(values, list):
            return None
        texts = [each for each in values if isinstance(each, str)]
        return texts if len(texts) == len(values) else None

    def _followed(self, part: IRField) -> IRField:
        for _ in range(_DEEPEST):
            if part.type is not IRType.REF or part.ref_name not in self._schemas.raw:
                break
            part = self._schemas.named(str(part.ref_name))
        return self._schemas.simple(part)
