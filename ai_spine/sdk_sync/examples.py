"""Examples of what fits a schema, for documents that show how something is called."""

import math
from typing import Any, Callable, Dict, Mapping, Optional

from ai_spine.policy.misfits import misfits
from ai_spine.sdk_sync.ir import UNSET, IRField, IRModel, IRSpec, IRType
from ai_spine.sdk_sync.ir.spec import field_of

Resolve = Callable[[str], Optional[IRField]]
_DEEPEST = 8  # references to follow, since a schema may refer to itself
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "ana@example.com",
    "ipv4": "192.0.2.1",
    "time": "12:00:00",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_PLAIN: Mapping[IRType, Any] = {
    IRType.ANY: "text",
    IRType.BOOLEAN: True,
    IRType.NULL: None,
    IRType.UNION: None,
}


def example_of(spec: IRSpec, model: IRModel) -> Any:
    """Return a small value that fits a model, or `None` if none was found.

    Args:
        spec: The specification, which has what the model refers to.
        model: The model.

    Example:
        >>> from ai_spine.sdk_sync.ir import SchemaVersion
        >>> age = IRField("age", IRType.INTEGER, required=True, constraints={"minimum": 18})
        >>> example_of(IRSpec(SchemaVersion(1)), IRModel("User", fields=[age]))
        {'age': 18}
    """
    value = _value_of(field_of(model), lambda name: spec.resolve(name, model), 0)
    return None if misfits(spec.json_schema_of(model), value) else value


def _value_of(part: IRField, resolve: Resolve, depth: int) -> Any:
    if part.default is not UNSET:
        return part.default
    known = part.constraints
    for keyword in ("examples", "enum"):
        if isinstance(known.get(keyword), list) and known[keyword]:
            return known[keyword][0]
    for keyword in ("const", "example"):
        if keyword in known:
            return known[keyword]
    if part.type is IRType.REF:
        target = resolve(str(part.ref_name)) if depth < _DEEPEST else None
        return None if target is None else _value_of(target, resolve, depth + 1)
    if part.union_types:
        return _value_of(part.union_types[0], resolve, depth + 1)
    if part.type is IRType.ARRAY:
        least = known.get("minItems", 1 if part.items else 0)
        item = part.items or IRField("item", IRType.ANY)
        return [_value_of(item, resolve, depth + 1)] * least
    if part.type is IRType.OBJECT:
        return _object_of(part, resolve, depth)
    if part.type in (IRType.INTEGER, IRType.NUMBER):
        return _number_of(known)
    return _text_of(known) if part.type is IRType.STRING else _PLAIN[part.type]


def _object_of(part: IRField, resolve: Resolve, depth: int) -> Dict[str, Any]:
    return {
        name: _value_of(each, resolve, depth + 1)
        for name, each in (part.properties or {}).items()
        if each.required
    }


def _number_of(known: Mapping[str, Any]) -> Any:
    if "minimum" in known:
        return known["minimum"]
    if "exclusiveMinimum" in known:
        return math.floor(known["exclusiveMinimum"]) + 1
    return min(
        1, math.ceil(known.get("exclusiveMaximum", 2)) - 1, known.get("maximum", 1)
    )


def _text_of(known: Mapping[str, Any]) -> str:
    text = _FORMATS.get(str(known.get("format")), "text")
    least: int = known.get("minLength", 0)
    text = text.ljust(least, "x")
    most: int = known.get("maxLength", len(text))
    return text[:most]
