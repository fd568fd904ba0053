"""Keywords of JSON Schema: which pydantic's `Field` enforces, and which only a validator can."""

import functools
import math
import re
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Tuple

from ai_spine.policy.misfits import validator_class
from ai_spine.sdk_sync.ir.references import name_referred_to, reference_to

Keywords = Dict[str, Any]

# Keywords that say something of a value without refusing any.
_ANNOTATIONS = frozenset(
    "title description default examples example deprecated readOnly writeOnly format"
    " contentEncoding contentMediaType contentSchema discriminator externalDocs xml"
    " $schema $comment $defs definitions".split()
)
_LENGTHS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minProperties": "min_length",
    "maxProperties": "max_length",
}
_BOUNDS = {
    "minimum": ("ge", math.ceil),
    "maximum": ("le", math.floor),
    "exclusiveMinimum": ("gt", math.floor),
    "exclusiveMaximum": ("lt", math.ceil),
}
_ARGUMENTS = "gt ge lt le multiple_of min_length max_length pattern".split()
# Which keywords concern which type; all others concern every type.
_TYPED = {
    "str": "minLength maxLength pattern".split(),
    "number": [*_BOUNDS, "multipleOf"],
    "list": "items prefixItems minItems maxItems uniqueItems contains minContains maxContains"
    " unevaluatedItems".split(),
    "dict": "properties required additionalProperties patternProperties propertyNames"
    " minProperties maxProperties dependentRequired dependentSchemas dependencies"
    " unevaluatedProperties".split(),
}
_EVERY = "enum const allOf anyOf oneOf not if then else $ref".split()
KNOWN = frozenset(_EVERY).union(*_TYPED.values())
# Schemas that can be checked only where they were written.
_UNSUPPORTED = frozenset("$id $anchor $dynamicRef $dynamicAnchor $recursiveRef".split())
# What says more of an object than its properties do, so that others may be declared there.
APPLICATORS = frozenset(
    "allOf anyOf oneOf if $ref dependentSchemas patternProperties unevaluatedProperties"
    " dependencies".split()
)
_DATA = frozenset("enum const default examples example".split())
# Keywords whose keys are names, not keywords.
_MAPS = frozenset(
    "properties patternProperties dependentSchemas $defs definitions".split()
)


def rules_of(constraints: Mapping[str, Any], kind: str) -> Keywords:
    """Return the keywords that may refuse a value of this kind.

    Args:
        constraints: All keywords.
        kind: `str`, `int`, `float`, `list`, `dict`, or anything else for all kinds.

    Example:
        >>> rules_of({"minLength": 1, "minimum": 2, "title": "Name"}, "str")
        {'minLength': 1}
    """
    group = "number" if kind in ("int", "float") else kind
    if kind in ("bool", "None"):
        mine: FrozenSet[str] = frozenset(_EVERY)
    else:
        mine = frozenset(_EVERY).union(_TYPED[group]) if group in _TYPED else KNOWN
    return {name: value for name, value in constraints.items() if name in mine}


def unknown_in(constraints: Mapping[str, Any]) -> List[str]:
    """Return the keywords that are neither enforced nor annotations, in order."""
    return sorted(
        name
        for name in constraints
        if name not in KNOWN
        and name not in _ANNOTATIONS
        and name != "type"
        and not name.startswith("x-")
    )


def split_bounds(rules: Keywords, kind: str) -> Tuple[Keywords, Keywords]:
    """Return what `Field` enforces, and the keywords that are left.

    Example:
        >>> split_bounds({"minimum": 0.5, "multipleOf": 3, "not": {}}, "int")
        ({'ge': 1, 'multiple_of': 3}, {'not': {}})
    """
    bounds: Keywords = {}
    left: Keywords = {}
    for name, value in rules.items():
        found = _bound(name, value, kind)
        if found is None:
            left[name] = value
        else:
            bounds[found[0]] = found[1]
    return {name: bounds[name] for name in _ARGUMENTS if name in bounds}, left


def _bound(name: str, value: Any, kind: str) -> Optional[Tuple[str, Any]]:
    if name in _LENGTHS and is_count(value) and value < 2**31:
        return _LENGTHS[name], int(value)
    if name == "pattern" and isinstance(value, str):
        return "pattern", value
    if name == "multipleOf" and kind == "int" and is_count(value) and value:
        return "multiple_of", int(value)
    if name in _BOUNDS and is_number(value) and abs(value) < 2**53:
        argument, rounded = _BOUNDS[name]
        return argument, rounded(value) if kind == "int" else value
    return None


def in_order(value: Any) -> Any:
    """Return a JSON value with the keys of its objects sorted.

    Example:
        >>> in_order([{"b": 1, "a": 2}])
        [{'a': 2, 'b': 1}]
    """
    if isinstance(value, Mapping):
        return {name: in_order(value[name]) for name in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number, as JSON has them."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return isinstance(value, int) or math.isfinite(value)


def is_count(value: Any) -> bool:
    """Return whether a value is a whole number from 0 on."""
    return is_number(value) and value >= 0 and value == int(value)


def flaw_in(schema: Keywords) -> Optional[str]:
    """Return what is wrong with a schema, in one phrase; `None` if nothing is.

    Example:
        >>> flaw_in({"minLength": "a"})
        "'a' is not of type 'integer'"
    """
    for each in subschemas(schema):
        for name in sorted(_UNSUPPORTED & set(each)):
            return f"{name} is not supported"
        for pattern in _patterns(each):
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError):
                return f"Python has no such pattern: {pattern!r}"
    found = next(_metaschema().iter_errors(schema), None)
    return None if found is None else str(found.message)


def subschemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield each object in a schema that may be a schema; data in it, such as enums, is none."""
    if isinstance(schema, list):
        for each in schema:
            yield from subschemas(each)
    elif isinstance(schema, Mapping):
        yield schema
        for name, value in schema.items():
            if name in _MAPS and isinstance(value, Mapping):
                yield from subschemas(list(value.values()))
            elif name not in _DATA and not name.startswith("x-"):
                yield from subschemas(value)


def _patterns(schema: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    if isinstance(schema.get("patternProperties"), Mapping):
        yield from schema["patternProperties"]


def rewritten(schema: Any, names: Mapping[str, str]) -> Any:
    """Return a schema that refers to models by other names; data in it stays as it is.

    Example:
        >>> rewritten({"items": {"$ref": "#/$defs/pet"}, "const": {"$ref": "x"}}, {"pet": "Pet"})
        {'items': {'$ref': '#/$defs/Pet'}, 'const': {'$ref': 'x'}}
    """
    if isinstance(schema, list):
        return [rewritten(each, names) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    new: Keywords = {}
    for name, value in schema.items():
        referred = name_referred_to(value) if name == "$ref" else None
        if referred is not None:
            new[name] = reference_to(names.get(referred, referred))
        elif name in _MAPS and isinstance(value, Mapping):
            new[name] = {key: rewritten(each, names) for key, each in value.items()}
        else:
            is_data = name in _DATA or name.startswith("x-")
            new[name] = value if is_data else rewritten(value, names)
    return new


@functools.lru_cache(maxsize=1)
def _metaschema() -> Any:
    kind = validator_class()
    return kind(kind.META_SCHEMA)
