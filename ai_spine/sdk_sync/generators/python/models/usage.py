"""Which schemas are sent, which are received, and which need one shape for each."""

from typing import Dict, Iterable, List, Mapping, Sequence, Set

from ai_spine.sdk_sync.generators.python.keywords import subschemas
from ai_spine.sdk_sync.generators.python.models.flattening import Schemas
from ai_spine.sdk_sync.generators.python.models.roots import REQUEST, RESPONSE, Root
from ai_spine.sdk_sync.generators.python.units import names_in
from ai_spine.sdk_sync.ir import IRField
from ai_spine.sdk_sync.ir.references import name_referred_to

BOTH = "both"
"""The shape of what is sent and received alike."""
_ONE_WAY = ("readOnly", "writeOnly")


class Usage:
    """Where the schemas with names are used.

    Args:
        schemas: The schemas.
        roots: What endpoints send and receive.
    """

    def __init__(self, schemas: Schemas, roots: Sequence[Root]) -> None:
        self._raw = schemas.raw
        written = {name: part.to_json_schema() for name, part in schemas.raw.items()}
        self._next = {
            name: _named(names_in(each), each) for name, each in written.items()
        }
        self._children = self._find_children(written)
        self._parents = {
            name: [n for n, below in self._children.items() if name in below]
            for name in written
        }
        used = {
            direction: self._reached(
                name
                for root in roots
                if root.direction == direction
                for name in _used_by(root.field)
            )
            for direction in (REQUEST, RESPONSE)
        }
        self._sent, self._received = used[REQUEST], used[RESPONSE]
        flagged = {name for name, each in written.items() if _has_one_way(each)}
        both = self._sent & self._received
        self._split = {n for n in both if self._reached([n]) & flagged}
        self._files = self._reached(
            name for root in roots if root.is_form for name in _used_by(root.field)
        )

    def shapes_of(self, name: str) -> List[str]:
        """Return the shapes of a schema: one of three, or two of them."""
        if name in self._split:
            return [RESPONSE, REQUEST]
        if name in self._sent:
            return [BOTH if name in self._received else REQUEST]
        return [RESPONSE]

    def is_split(self, name: str) -> bool:
        """Return whether a schema has two shapes."""
        return name in self._split

    def is_in_form(self, name: str) -> bool:
        """Return whether a schema is part of a multipart form."""
        return name in self._files

    def descendants(self, name: str) -> List[str]:
        """Return the schemas that are made of one by `allOf`, in order."""
        found: Set[str] = set()
        pending = [name]
        while pending:
            for each in self._children.get(pending.pop(), ()):
                if each not in found and each != name:
                    found.add(each)
                    pending.append(each)
        return sorted(found)

    def ancestors(self, name: str) -> List[str]:
        """Return the schemas that one is made of, itself first."""
        found = [name]
        for each in found:
            found += [n for n in self._parents.get(each, ()) if n not in found]
        return found

    def _find_children(self, written: Mapping[str, object]) -> Dict[str, List[str]]:
        found: Dict[str, List[str]] = {}
        for name in sorted(written):
            schemas = self._raw[name].constraints.get("allOf")
            for each in schemas if isinstance(schemas, list) else ():
                parent = isinstance(each, Mapping) and name_referred_to(
                    each.get("$ref")
                )
                if parent:
                    found.setdefault(parent, []).append(name)
        return found

    def _has_tag(self, name: str) -> bool:
        parts = (self._raw[each] for each in self.ancestors(name) if each in self._raw)
        return any("discriminator" in each.constraints for each in parts)

    def _reached(self, names: Iterable[str]) -> Set[str]:
        pending = list(names)
        found: Set[str] = set()
        while pending:
            name = pending.pop()
            if name in found or name not in self._next:
                continue
            found.add(name)
            pending += self._next[name]
            if name in self._children and self._has_tag(name):
                pending += self._children[name]
        return found


def _used_by(part: IRField) -> List[str]:
    schema = part.to_json_schema()
    return _named(names_in(schema), schema)


def _named(names: List[str], schema: object) -> List[str]:
    """Return names, and those that discriminators have."""
    found = list(names)
    for each in subschemas(schema):
        tag = each.get("discriminator")
        mapping = tag.get("mapping") if isinstance(tag, Mapping) else None
        for reference in mapping.values() if isinstance(mapping, Mapping) else ():
            name = name_referred_to(reference)
            if name is not None:
                found.append(name)
    return found


def _has_one_way(schema: object) -> bool:
    return any(each.get(f) is True for each in subschemas(schema) for f in _ONE_WAY)
