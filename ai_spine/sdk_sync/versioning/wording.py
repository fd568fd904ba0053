"""The sentences that describe changes."""

from typing import Any, Collection

from ai_spine.sdk_sync.ir import IRField, IRType
from ai_spine.sdk_sync.versioning.changes import (
    ChangeType,
    capitalized,
    shown,
    subject,
)
from ai_spine.sdk_sync.versioning.keywords import canonical
from ai_spine.sdk_sync.versioning.sides import KINDS, NULL

_ALL = KINDS - {NULL}


def type_words(core: IRField, kinds: Collection[str], nullable: bool) -> str:
    """Return what types a field has, such as `integer, string or null`."""
    if core.type is IRType.REF:
        return f"{core.ref_name} or null" if nullable else str(core.ref_name)
    is_union = core.union_types is not None
    if core.type is IRType.ANY or (set(kinds) == _ALL and not is_union):
        return "any" if nullable else "any but null"
    names = sorted(kinds)
    if core.union_types is not None:
        names = [_member_name(each) for each in core.union_types]
        names = [each for each in dict.fromkeys(names) if each != NULL]
    names += [NULL] if nullable else []
    begin, last = names[:-1], names[-1:]
    return f"{', '.join(begin)} or {last[0]}" if begin else "".join(last)


def field_words(what: str, name: str, required: bool = False) -> str:
    """Return what happened to a field.

    Example:
        >>> field_words("added", "email"), field_words("removed", "id", required=True)
        ("Field 'email' added", "Required field 'id' removed")
    """
    return capitalized(f"{'required ' if required else ''}{subject(name)} {what}")


def constraint_words(
    kind: ChangeType, keyword: str, old: Any, new: Any, name: str
) -> str:
    """Return what happened to a constraint.

    Example:
        >>> constraint_words(ChangeType.CONSTRAINT_CHANGED, "minimum", 0, 18, "age")
        "Constraint 'minimum' of field 'age' changed from 0 to 18"
    """
    begin = f"Constraint {shown(keyword)} of {subject(name)}"
    if kind is ChangeType.CONSTRAINT_ADDED:
        return f"{begin} added: {shown(new)}"
    if kind is ChangeType.CONSTRAINT_REMOVED:
        return f"{begin} removed: {shown(old)}"
    if isinstance(old, list) and isinstance(new, list):
        return f"{begin} changed: {_list_words(old, new)}"
    return f"{begin} changed from {shown(old)} to {shown(new)}"


def _list_words(old: Any, new: Any) -> str:
    before, after = [canonical(each) for each in old], [canonical(each) for each in new]
    removed = [each for each, text in zip(old, before) if text not in after]
    added = [each for each, text in zip(new, after) if text not in before]
    words = [f"{shown(added)[1:-1]} added"] if added else []
    words += [f"{shown(removed)[1:-1]} removed"] if removed else []
    return ", ".join(words) or "another order"


def _member_name(member: IRField) -> str:
    text = member.ref_name or member.type.value
    return f"{text} or null" if member.nullable else text
