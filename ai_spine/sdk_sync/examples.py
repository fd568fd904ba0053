"""Examples of what fits a schema, for documents that show how something is called."""

import math
from typing import Any, Callable, Mapping, Optional

from ai_spine.sdk_sync.errors import SDKSyncError
from ai_spine.sdk_sync.ir import UNSET, IRField, IRModel, IRSpec, IRType
from ai_spine.sdk_sync.ir.spec import field_of
from ai_spine.sdk_sync.validation import TypeValidator, ValidationContext

Resolve = Callable[[str], Optional[IRField]]
_DEEPEST = 8  # references to follow, since a schema may refer to itself
_MOST_VALUES = 200  # in an example; schemas that branch could have millions
_LONGEST = 1000  # characters of a text
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
    validator = _validator_of(spec, model)
    if validator is None:
        return None
    maker = _Maker(lambda name: spec.resolve(name, model))
    try:
        value = maker.value_of(field_of(model))
    except _TooLarge:
        return None
    return value if _fits(validator, value) else None


def fits_model(spec: IRSpec, model: IRModel, value: Any) -> bool:
    """Return whether a value fits a model; none fits a model that is wrong.

    Args:
        spec: The specification, which has what the model refers to.
        model: The model.
        value: The value, as JSON.
    """
    validator = _validator_of(spec, model)
    return validator is not None and _fits(validator, value)


def _validator_of(spec: IRSpec, model: IRModel) -> Optional[TypeValidator]:
    try:
        return TypeValidator(model, spec=spec)
    except SDKSyncError:
        return None


def _fits(validator: TypeValidator, value: Any) -> bool:
    context = ValidationContext()
    try:
        validator.check(value, context)
    except SDKSyncError:  # the model refers to itself without end
        return False
    return not context.has_errors()


class _TooLarge(Exception):
    """The smallest value that fits is no small one."""


class _Maker:
    """Makes one example, of which it counts the values. The schema is one that has been checked."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._left = _MOST_VALUES

    def value_of(self, part: IRField, depth: int = 0) -> Any:
        """Return a value for a field.

        Raises:
            _TooLarge: It would have too many values.
        """
        self._left -= 1
        if self._left < 0:
            raise _TooLarge()
        known = _known_value(part)
        return self._made(part, depth) if known is UNSET else known

    def _made(self, part: IRField, depth: int) -> Any:
        known = part.constraints
        if part.type is IRType.REF:
            target = self._resolve(str(part.ref_name)) if depth < _DEEPEST else None
            return None if target is None else self.value_of(target, depth + 1)
        if part.union_types:
            return self.value_of(part.union_types[0], depth + 1)
        if part.type is IRType.ARRAY:
            least = int(known.get("minItems", 1 if part.items else 0))
            item = part.items or IRField("item", IRType.ANY)
            return [self.value_of(item, depth + 1) for _ in range(least)]
        if part.type is IRType.OBJECT:
            return {
                name: self.value_of(each, depth + 1)
                for name, each in (part.properties or {}).items()
                if each.required
            }
        if part.type in (IRType.INTEGER, IRType.NUMBER):
            return _number_of(known)
        return _text_of(known) if part.type is IRType.STRING else _PLAIN[part.type]


def _known_value(part: IRField) -> Any:
    """Return a value that a field names itself; `UNSET` if it names none."""
    if part.default is not UNSET:
        return part.default
    for keyword in ("examples", "enum"):
        if part.constraints.get(keyword):
            return part.constraints[keyword][0]
    for keyword in ("const", "example"):
        if keyword in part.constraints:
            return part.constraints[keyword]
    return UNSET


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
    least = int(known.get("minLength", 0))
    if least > _LONGEST:
        raise _TooLarge()
    text = text.ljust(least, "x")
    return text[: int(known.get("maxLength", len(text)))]
