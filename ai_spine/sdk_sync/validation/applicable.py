"""Finds which parts of a JSON Schema apply to each place in a value."""

import copy
import re
from typing import Any, Dict, Iterator, List, Mapping, Set, Tuple, Union
from urllib.parse import unquote

from ai_spine.sdk_sync.ir.fields import JSONSchema

Path = Tuple[Union[str, int], ...]
_ANYTHING = {"additionalProperties": True}
_OPEN = ("additionalProperties", "unevaluatedProperties")


class Applicable:
    """Finds which parts of a schema apply to each place in a value.

    Args:
        validator: The validator of the whole schema, to find the members of unions that fit.
    """

    def __init__(self, validator: Any) -> None:
        self._validator = validator
        self._root: JSONSchema = validator.schema

    def places(self, value: Any) -> Iterator[Tuple[Path, Any, List[JSONSchema]]]:
        """Yield each object and list in a value, its path, and the schemas that apply to it.

        What is within a value is looked at after it, so that it may be changed meanwhile.
        """
        pending: List[Tuple[Path, Any, List[Any]]] = [((), value, [self._root])]
        while pending:
            path, each, schemas = pending.pop(0)
            found = self._flattened(schemas, each)
            if not isinstance(each, (dict, list)) or not found:
                continue
            children = list(_children(each))
            yield path, each, found
            for name, child in children:
                parts = [part for s in found for part in _parts_for(s, name, each)]
                pending.append(((*path, name), child, parts))

    def _flattened(self, schemas: List[Any], value: Any) -> List[JSONSchema]:
        """Return the schemas, and those that they refer to or consist of."""
        found: List[JSONSchema] = []
        seen: Set[int] = set()
        pending = list(schemas)
        while pending:
            each = pending.pop(0)
            if isinstance(each, dict) and id(each) not in seen:
                seen.add(id(each))
                found.append(each)
                pending += self._beside(each, value)
        return found

    def _beside(self, schema: JSONSchema, value: Any) -> Iterator[Any]:
        if "$ref" in schema:
            yield self._resolved(schema["$ref"])
        yield from schema.get("allOf", ())
        for keyword in ("anyOf", "oneOf"):
            for member in schema.get(keyword, ()):
                if self._fits(member, value):
                    yield member
        if "if" in schema:
            fits = self._fits(schema["if"], value)
            yield schema["if"] if fits else {}
            yield schema.get("then" if fits else "else", {})
        for name, part in schema.get("dependentSchemas", {}).items():
            if isinstance(value, dict) and name in value:
                yield part

    def _fits(self, schema: Any, value: Any) -> bool:
        from referencing.exceptions import Unresolvable

        try:
            return bool(self._validator.evolve(schema=schema).is_valid(value))
        except Unresolvable:  # which the validation of the whole value reports
            return False

    def _resolved(self, reference: str) -> Any:
        """Return what a pointer leads to; what cannot be followed may hold anything."""
        found: Any = self._root
        for part in unquote(reference).split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdigit():
                found = dict(enumerate(found)).get(int(name))
            else:
                found = found.get(name) if isinstance(found, dict) else None
        is_pointer = reference == "#" or reference.startswith("#/")
        return found if is_pointer and found is not None else _ANYTHING


def unknown_names(value: Any, schemas: List[JSONSchema]) -> Tuple[List[str], List[str]]:
    """Return the names in an object that no schema knows, and those that the schemas know.

    An object without properties may have any, and one that says what else it may have is left to
    the validator.
    """
    known = [name for each in schemas for name in each.get("properties", {})]
    says_more = any(
        each.get(keyword, False) is not False for each in schemas for keyword in _OPEN
    )
    if not isinstance(value, dict) or says_more:
        return [], known
    if not any("properties" in each for each in schemas):
        return [], known
    patterns = [p for each in schemas for p in each.get("patternProperties", {})]
    unknown = [
        name
        for name in value
        if name not in known and not any(re.search(p, name) for p in patterns)
    ]
    return unknown, known


def add_defaults(value: Any, schemas: List[JSONSchema]) -> None:
    """Add the defaults of the properties that an object has not."""
    if isinstance(value, dict):
        for schema in schemas:
            for name, part in schema.get("properties", {}).items():
                if isinstance(part, dict) and "default" in part:
                    value.setdefault(name, copy.deepcopy(part["default"]))


def _children(value: Any) -> Iterator[Tuple[Union[str, int], Any]]:
    return iter(value.items()) if isinstance(value, dict) else enumerate(value)


def _parts_for(schema: JSONSchema, name: Any, value: Any) -> Iterator[Any]:
    """Yield the schemas that a schema has for a property or an item."""
    if isinstance(value, list):
        first: List[Any] = schema.get("prefixItems", [])
        if name < len(first):
            yield first[name]
        else:
            yield schema.get("items", {})
        return
    properties: Mapping[str, Any] = schema.get("properties", {})
    patterns: Dict[str, Any] = schema.get("patternProperties", {})
    matching = [part for pattern, part in patterns.items() if re.search(pattern, name)]
    yield from matching
    if name in properties:
        yield properties[name]
    elif not matching:
        yield schema.get("additionalProperties", {})
