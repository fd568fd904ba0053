"""What it does to values when a field is added or removed."""

from typing import Any, Callable, Mapping, Optional

from ai_spine.sdk_sync.ir import IRField
from ai_spine.sdk_sync.versioning.changes import Effect
from ai_spine.sdk_sync.versioning.sides import Side, View, covered

Between = Callable[[IRField, IRField], Effect]


def effect_of_removal(
    old: IRField, after: View, side: Side, between: Between
) -> Effect:
    """Return what it does that old clients still send a field, and read responses without it.

    Requests are strict: a field that the new schema does not know is refused, unless it says
    which other fields there may be.

    Args:
        old: The field.
        after: The object that no longer has it.
        side: The schema that this object is in.
        between: Compares what two fields allow.
    """
    extra = after.inner.get("additionalProperties")
    schema = _schema(extra, side)
    if schema is None:
        return Effect(narrows=extra not in (True, {}), widens=old.required)
    effect = between(old, schema)
    return Effect(effect.narrows, effect.widens or old.required)


def effect_of_addition(
    new: IRField, before: View, side: Side, between: Between
) -> Effect:
    """Return what it does that old clients do not send a field, and read responses with it.

    Responses are lenient: a field that the old schema does not know is ignored, unless it says
    that there are no others.

    Args:
        new: The field.
        before: The object that did not have it.
        side: The schema that this object is in.
        between: Compares what two fields allow.
    """
    extra = before.inner.get("additionalProperties")
    schema = _schema(extra, side)
    if schema is None:
        return Effect(narrows=new.required, widens=extra is False)
    effect = between(schema, new)
    return Effect(effect.narrows or new.required, effect.widens)


def effect_of_types(before: View, after: View, old: Side, new: Side) -> Effect:
    """Return what it does that values are of other types, apart from null."""
    return Effect(
        narrows=not covered(old.possible_kinds(before), new.kinds(after)),
        widens=not covered(new.possible_kinds(after), old.kinds(before)),
    )


def effect_of_null(before: View, after: View) -> Effect:
    """Return what it does that a value may be null, or no longer."""
    return Effect(
        narrows=before.nullable and not after.nullable,
        widens=after.nullable and not before.nullable,
    )


def _schema(extra: Any, side: Side) -> Optional[IRField]:
    return side.parsed(extra) if isinstance(extra, Mapping) and extra else None
