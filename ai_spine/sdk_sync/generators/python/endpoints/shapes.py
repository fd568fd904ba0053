"""What a schema of JSON has, through references and `allOf`. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Dict, FrozenSet, Tuple

from ai_spine.sdk_sync.ir.references import name_referred_to

_MAX_DEPTH = 20  # of references and `allOf`, which may be circular
_VARIANTS = ("anyOf", "oneOf")
Place = Tuple[str, ...]
Schema = Mapping[str, Any]


class Shapes:
    """Looks into schemas.

    Args:
        definitions: The schemas that references lead to, by their names.

    Example:
        >>> shapes = Shapes({"Page": {"properties": {"items": {"type": "array"}}}})
        >>> list(shapes.properties({"$ref": "#/$defs/Page"}))
        ['items']
    """

    def __init__(self, definitions: "Mapping[str, Any]") -> None:
        self._definitions = definitions

    def properties(self, schema: Any) -> "Dict[str, Schema]":
        """Return the properties of an object, with references resolved."""
        found: Dict[str, Schema] = {}
        for part in self._parts(schema, _MAX_DEPTH):
            own = part.get("properties")
            if isinstance(own, Mapping):
                found.update((str(name), each) for name, each in own.items())
        return {name: self.resolved(each) for name, each in found.items()}

    def types(self, schema: Any) -> "FrozenSet[str]":
        """Return the types that a schema allows, without null; none if it says none."""
        found = set()
        for part in self._parts(schema, _MAX_DEPTH):
            kind = part.get("type")
            found.update(kind if isinstance(kind, list) else [kind] if kind else [])
            if "properties" in part:
                found.add("object")
        return frozenset(str(each) for each in found if each != "null")

    def items(self, schema: Any) -> Any:
        """Return the schema of the items of a list; `None` if it says none."""
        for part in self._parts(schema, _MAX_DEPTH):
            if "items" in part:
                return part["items"]
        return None

    def is_url(self, schema: Any) -> bool:
        """Return whether a text is a URL."""
        formats = {part.get("format") for part in self._parts(schema, _MAX_DEPTH)}
        return bool(formats & {"uri", "url", "uri-reference"})

    def resolved(self, schema: Any) -> Schema:
        """Return what a reference leads to."""
        for _ in range(_MAX_DEPTH):
            if not isinstance(schema, Mapping):
                return {}
            name = name_referred_to(schema.get("$ref"))
            if name is None or name not in self._definitions:
                return schema
            schema = self._definitions[name]
        return {}

    def _parts(self, schema: Any, depth: int) -> "Iterator[Schema]":
        """Yield a schema and those that it consists of; null beside one variant is no variant."""
        found = self.resolved(schema)
        if not depth:
            return
        yield found
        for each in found.get("allOf") or ():
            yield from self._parts(each, depth - 1)
        for keyword in _VARIANTS:
            variants = [
                each
                for each in found.get(keyword) or ()
                if not (isinstance(each, Mapping) and each.get("type") == "null")
            ]
            if len(variants) == 1:
                yield from self._parts(variants[0], depth - 1)
