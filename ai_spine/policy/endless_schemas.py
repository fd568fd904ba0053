"""Finds references of a JSON Schema that lead back to themselves, for the same value. Pure."""

from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

# Keywords whose schemas apply to the same value, and to parts of it.
_SAME = "not if then else allOf anyOf oneOf dependentSchemas dependencies".split()
_INNER = (
    "properties patternProperties additionalProperties unevaluatedProperties propertyNames"
    " items prefixItems additionalItems unevaluatedItems contains".split()
)
_NAMED = ("properties", "patternProperties", "dependentSchemas", "dependencies")

Part = Tuple[Any, Any]
"""A schema, and what resolves the references in it."""


def endless_reference(schema: Any) -> Optional[str]:
    """Return a reference that leads back to itself for the same value; `None` if none does.

    A validator would follow it without end. A schema may refer to itself within a property or an
    item, since each value has an end.

    Args:
        schema: A valid JSON Schema.

    Example:
        >>> endless_reference({"allOf": [{"$ref": "#"}]})
        '#'
        >>> endless_reference({"properties": {"next": {"$ref": "#"}}})
    """
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(schema)
    starts: List[Part] = [(schema, Registry().resolver_with_root(resource))]
    finished: Set[int] = set()
    while starts:
        # Depth first, by a list: a chain of references may be longer than Python's stack.
        path: Dict[int, Any] = {}
        pending = [starts.pop()]
        while pending:
            part, resolver = pending[-1]
            if id(part) in finished or id(part) in path:
                finished.add(id(part))
                path.pop(id(part), None)
                pending.pop()
                continue
            path[id(part)] = part
            starts += _at(part, resolver, _INNER)
            found = [*_at(part, resolver, _SAME), *_referred(part, resolver)]
            if any(id(each) in path for each, _ in found):
                passed = (
                    _references_of(each) for each in reversed(list(path.values()))
                )
                return next(each for references in passed for each in references)
            pending += found
    return None


def _references_of(part: Any) -> List[str]:
    found = [part.get(keyword) for keyword in ("$ref", "$dynamicRef")]
    return [each for each in found if isinstance(each, str)]


def _at(part: Any, resolver: Any, keywords: Sequence[str]) -> Iterator[Part]:
    """Yield the schemas at keywords of a schema."""
    from referencing.jsonschema import DRAFT202012

    for keyword in keywords:
        found = part.get(keyword)
        if keyword in _NAMED and isinstance(found, dict):
            found = list(found.values())
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, dict):
                yield each, resolver.in_subresource(DRAFT202012.create_resource(each))


def _referred(part: Any, resolver: Any) -> Iterator[Part]:
    """Yield the objects that the references of a schema itself lead to."""
    from referencing.exceptions import Unresolvable

    for reference in _references_of(part):
        try:
            found = resolver.lookup(reference)
        except Unresolvable:  # which the check of a value reports
            continue
        if isinstance(found.contents, dict):
            yield found.contents, found.resolver
