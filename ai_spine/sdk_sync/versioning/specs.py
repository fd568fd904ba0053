"""Compares whole specifications: what was added, removed or changed in them."""

from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from ai_spine.sdk_sync.ir import IREndpoint, IRModel, IRSpec, SchemaVersion
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.sdk_sync.versioning.changes import (
    ChangeType,
    Effect,
    SchemaChange,
    is_breaking,
)
from ai_spine.sdk_sync.versioning.keywords import is_annotation
from ai_spine.sdk_sync.versioning.endpoints import exchanged
from ai_spine.sdk_sync.versioning.next_version import raised

Check = Callable[[IRModel, IRModel, str], List[SchemaChange]]
# What each kind of part has: the attribute of a model, its name in paths, and who sends it.
_INPUT, _OUTPUT = ("input_schema", "input", "request"), (
    "output_schema",
    "output",
    "response",
)
_EXECUTED = (_INPUT, _OUTPUT)
_KINDS: Mapping[str, Tuple[Tuple[str, str, str], ...]] = {
    "tools": _EXECUTED,
    "chains": _EXECUTED,
    "agents": _EXECUTED,
    "endpoints": (
        ("request_schema", "request", "request"),
        ("response_schema", "response", "response"),
    ),
}
# What a caller notices besides models: a key that is needed now; another form of response.
_FLAGS: Mapping[str, Callable[[Any], Effect]] = {
    "auth_required": lambda now: Effect(narrows=bool(now)),
    "streaming": lambda now: Effect(widens=True),
    "method": lambda now: Effect(narrows=True),
    "path": lambda now: Effect(narrows=True),
}


@dataclass(frozen=True)
class SpecChange:
    """A model, a tool or another part of a specification that was added, removed or changed.

    Attributes:
        kind: `model`, `tool`, `chain`, `agent` or `endpoint`.
        name: Its name.
        status: `added`, `removed` or `changed`.
        breaking: Whether it breaks the direction that was checked.
        description: The change, as a sentence.
        path: Its JSON Pointer in the specification.
        changes: What changed in it.
    """

    kind: str
    name: str
    status: str
    breaking: bool
    description: str
    path: str
    changes: List[SchemaChange] = field(default_factory=list)

    def to_dict(self) -> Dict[str, Any]:
        """Return the change as JSON."""
        return {**vars(self), "changes": [each.to_dict() for each in self.changes]}


def compare_specs(
    old: IRSpec, new: IRSpec, check: Check, direction: str
) -> List[SpecChange]:
    """Return the parts that were added, removed or changed.

    Args:
        old: The specification before.
        new: The specification after.
        check: Compares two models for a direction, `both`, `request` or `response`.
        direction: Whom a change may break to count as breaking.
    """
    found: List[SpecChange] = []
    for kind in ("models", *_KINDS):
        before, after = getattr(old, kind), getattr(new, kind)
        for name in dict.fromkeys([*before, *after]):
            place = f"/{kind}/{escaped(name)}"
            pair = before.get(name), after.get(name)
            if pair[0] is None or pair[1] is None:
                status = "removed" if pair[1] is None else "added"
                found.append(_part_change(kind, name, status, place, []))
                continue
            changes = [
                replace(each, breaking=is_breaking(each, direction))
                for each in _changes_of(kind, *pair, place, check)
            ]
            if changes:
                found.append(_part_change(kind, name, "changed", place, changes))
    return found


def next_spec_version(
    old: IRSpec, new: IRSpec, parts: List[SpecChange]
) -> SchemaVersion:
    """Return the version that the new specification should have, by what changed in it.

    Args:
        old: The specification before.
        new: The specification after.
        parts: The parts of it that changed.
    """
    same = replace(new, version=old.version)
    if not parts and old.compute_hash() == same.compute_hash():
        return old.version
    breaks = any(each.breaking for each in parts)
    adds = any(
        not is_annotation(change.constraint or "type")
        for each in parts
        for change in each.changes
    )
    adds = adds or any(each.status == "added" for each in parts)
    return raised(old.version, breaks=breaks, adds=adds)


def _part_change(
    kind: str, name: str, status: str, place: str, changes: List[SchemaChange]
) -> SpecChange:
    one = kind[:-1]
    breaking = status == "removed" or any(each.breaking for each in changes)
    words = f"{one.capitalize()} {name!r} {status}"
    return SpecChange(one, name, status, breaking, words, place, changes)


def _changes_of(
    kind: str, old: Any, new: Any, place: str, check: Check
) -> Iterator[SchemaChange]:
    if kind == "models":
        for each in check(old, new, "both"):
            yield _moved(each, place, "", "both")
        return
    for attribute, words, direction in _KINDS[kind]:
        pair = getattr(old, attribute), getattr(new, attribute)
        at = f"{place}/{attribute}"
        if None in pair:
            yield from _whole(*pair, words, at, direction)
            continue
        for each in check(*pair, direction):
            yield _moved(each, at, words, direction)
    if kind == "endpoints":
        yield from _exchange_changes(old, new, place, check)
    for flag, effect_of in _FLAGS.items():
        values = getattr(old, flag, None), getattr(new, flag, None)
        if values[0] != values[1]:
            words = f"{flag!r} changed from {values[0]!r} to {values[1]!r}"
            effect = effect_of(values[1])
            yield _change(flag, values, effect, words, f"{place}/{flag}")


def _exchange_changes(
    old: IREndpoint, new: IREndpoint, place: str, check: Check
) -> Iterator[SchemaChange]:
    """Yield how parameters, bodies and responses changed."""
    pairs = zip(exchanged(old), exchanged(new), ("request", "response"))
    for before, after, direction in pairs:
        for each in check(before, after, direction):
            yield _moved(each, f"{place}/{direction}", direction, direction)


def _moved(
    change: SchemaChange, place: str, words: str, direction: str
) -> SchemaChange:
    """Return a change with its path in the specification; an input is in requests only."""
    return replace(
        change,
        field_name=".".join(each for each in (words, change.field_name) if each),
        path=place + change.path,
        breaks_requests=change.breaks_requests and direction != "response",
        breaks_responses=change.breaks_responses and direction != "request",
    )


def _whole(
    old: Optional[IRModel], new: Optional[IRModel], words: str, at: str, direction: str
) -> Iterator[SchemaChange]:
    """Yield the change if there was no schema, or is none any longer."""
    if old is not None or new is not None:
        effect = Effect(direction == "request", direction == "response")
        status = "removed" if new is None else "added"
        names = (old and old.name, new and new.name)
        yield _change(words, names, effect, f"Schema of the {words} {status}", at)


def _change(
    name: str, values: Tuple[Any, Any], effect: Effect, words: str, path: str
) -> SchemaChange:
    kind = ChangeType.CONSTRAINT_CHANGED
    return SchemaChange(
        kind,
        name,
        *values,
        any(effect),
        words,
        path=path,
        breaks_requests=effect.narrows,
        breaks_responses=effect.widens,
        constraint=name,
    )
