"""What a changed keyword of JSON Schema does to the values that fit."""

import json
import math
from fractions import Fraction
from typing import Any, FrozenSet, List, Mapping, Optional, Tuple

from ai_spine.sdk_sync.versioning.changes import HARMLESS, UNKNOWN, Effect

Constraints = Mapping[str, Any]
RENAMED_FROM = "x-renamed-from"
# Each pair of bounds is one: `minimum: 1` and `exclusiveMinimum: 0` are compared with each other.
_LOWER = {
    "minimum": ("minimum", "exclusiveMinimum"),
    "exclusiveMinimum": ("minimum", "exclusiveMinimum"),
}
_UPPER = {
    "maximum": ("maximum", "exclusiveMaximum"),
    "exclusiveMaximum": ("maximum", "exclusiveMaximum"),
}
_LEAST = ("minLength", "minItems", "minProperties")
_MOST = ("maxLength", "maxItems", "maxProperties")
# Each excludes values on its own; the effect of others depends on their neighbours.
_ASSERTIONS = {
    "format",
    "pattern",
    "not",
    "allOf",
    "anyOf",
    "oneOf",
    "contains",
    "prefixItems",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
}
_DEPENDENT = {
    "if",
    "then",
    "else",
    "minContains",
    "maxContains",
    "items",
    "additionalItems",
    "dependencies",
    "properties",
    "type",
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "$defs",
    "definitions",
    "$id",
    "$anchor",
    "$dynamicAnchor",
    "$schema",
}


_SINGLE = {"enum", "const", "multipleOf", "uniqueItems", "required"}
_MEANINGFUL = {
    *_LOWER,
    *_UPPER,
    *_LEAST,
    *_MOST,
    *_ASSERTIONS,
    *_DEPENDENT,
    *_SINGLE,
    "additionalProperties",
    "default",
}


def effect_of(keyword: str, old: Constraints, new: Constraints) -> Effect:
    """Return what the change of a keyword does, given all constraints before and after.

    A keyword that is no assertion of JSON Schema, such as `title` or `x-unit`, does nothing; nor
    does another `default`, which no value has to fit.

    Example:
        >>> effect_of("minimum", {"minimum": 0}, {"exclusiveMinimum": 0})
        Effect(narrows=True, widens=False)
    """
    if keyword in ("enum", "const"):
        return _values_effect(old, new)
    if keyword in _LOWER or keyword in _LEAST:
        return _bound_effect(_LOWER.get(keyword, (keyword,)), 1, old, new)
    if keyword in _UPPER or keyword in _MOST:
        return _bound_effect(_UPPER.get(keyword, (keyword,)), -1, old, new)
    if keyword == "multipleOf":
        return _multiple_effect(old.get(keyword), new.get(keyword))
    if keyword == "uniqueItems":
        return _rank_effect(*(each.get(keyword) is True for each in (old, new)))
    if keyword == "required":
        return _names_effect(old.get(keyword, []), new.get(keyword, []))
    if keyword == "additionalProperties":
        return _rank_effect(-_openness(old), -_openness(new))
    if keyword in _ASSERTIONS:
        return Effect(narrows=keyword in new, widens=keyword in old)
    return UNKNOWN if keyword in _DEPENDENT else HARMLESS


def is_annotation(keyword: str) -> bool:
    """Return whether a keyword only says something about values, and excludes none.

    Example:
        >>> is_annotation("title"), is_annotation("maxLength"), is_annotation("default")
        (True, False, False)
    """
    return keyword not in _MEANINGFUL


def differing_keywords(old: Constraints, new: Constraints) -> List[str]:
    """Return the keywords with other values: those of the old schema, then those of the new one."""
    skipped = (RENAMED_FROM, "type")  # each is compared with what it is about
    return [
        keyword
        for keyword in dict.fromkeys([*old, *new])
        if keyword not in skipped
        and ((keyword in old) != (keyword in new) or _differs(keyword, old, new))
    ]


def _differs(keyword: str, old: Constraints, new: Constraints) -> bool:
    return canonical(old[keyword]) != canonical(new[keyword])


def allowed_values(constraints: Constraints) -> Optional[FrozenSet[str]]:
    """Return the values, as JSON, that `enum` and `const` allow; `None` if all are."""
    found: Optional[FrozenSet[str]] = None
    if isinstance(constraints.get("enum"), list):
        found = frozenset(map(canonical, constraints["enum"]))
    if "const" in constraints:
        only = frozenset([canonical(constraints["const"])])
        found = only if found is None else found & only
    return found


def canonical(value: Any) -> str:
    """Return a value as JSON that is the same for all that JSON Schema takes as equal.

    Example:
        >>> canonical({"b": 1.0, "a": True})
        '{"a": true, "b": 1}'
    """
    return json.dumps(_without_zeros(value), sort_keys=True, default=repr)


def _without_zeros(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(name): _without_zeros(each) for name, each in value.items()}
    return [_without_zeros(each) for each in value] if _is_list(value) else value


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _values_effect(old: Constraints, new: Constraints) -> Effect:
    before, after = allowed_values(old), allowed_values(new)
    if before is None or after is None:
        return Effect(narrows=after is not None, widens=before is not None)
    return Effect(narrows=not before <= after, widens=not after <= before)


def _bound_effect(
    names: Tuple[str, ...], sign: int, old: Constraints, new: Constraints
) -> Effect:
    before, after = (_bound(names, sign, each) for each in (old, new))
    if before is None or after is None:
        return UNKNOWN
    return Effect(narrows=after > before, widens=after < before)


def _bound(
    names: Tuple[str, ...], sign: int, constraints: Constraints
) -> Optional[Tuple[float, int]]:
    """Return the tighter of two bounds, such that a greater one is tighter; `None` if unclear."""
    is_length = names[0] in _LEAST
    tightest: Tuple[float, int] = (0 if is_length else -math.inf, 0)
    for is_exclusive, name in enumerate(names):
        if name in constraints:
            value = constraints[name]
            if not _is_number(value):
                return None
            tightest = max(tightest, (sign * value, is_exclusive))
    return tightest


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return not isinstance(value, float) or math.isfinite(value)


def _multiple_effect(old: Any, new: Any) -> Effect:
    if any(each is not None and not _is_number(each) for each in (old, new)):
        return UNKNOWN
    if not old or not new:
        return Effect(narrows=bool(new), widens=bool(old))
    before, after = (Fraction(str(each)) for each in (old, new))
    return Effect(narrows=before % after != 0, widens=after % before != 0)


def _rank_effect(old: int, new: int) -> Effect:
    return Effect(narrows=new > old, widens=new < old)


def _names_effect(old: Any, new: Any) -> Effect:
    if not _is_list(old) or not _is_list(new):
        return UNKNOWN
    return Effect(
        narrows=any(each not in old for each in new),
        widens=any(each not in new for each in old),
    )


def _openness(constraints: Constraints) -> int:
    """Return how many other names an object may have: 0 none, 1 some, 2 any."""
    said = constraints.get("additionalProperties", True)
    if isinstance(said, Mapping) and said:
        return 1
    return 0 if said is False else 2
