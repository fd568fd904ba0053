"""What a comparison finds: changes in the order of the schema, and where shapes are found again."""

from typing import Any, FrozenSet, List, NamedTuple, Optional, Tuple, Union

from ai_spine.sdk_sync.ir import IRField
from ai_spine.sdk_sync.versioning.changes import ChangeType, Effect, SchemaChange
from ai_spine.sdk_sync.versioning.places import Place
from ai_spine.sdk_sync.versioning.sides import View

_GONE = (ChangeType.FIELD_REMOVED, ChangeType.CONSTRAINT_REMOVED)


class Types(NamedTuple):
    """The types of values before and after."""

    old: View
    new: View
    old_kinds: FrozenSet[str]
    new_kinds: FrozenSet[str]
    null: Effect
    """What changed about null here; nothing if it changed at another place."""


class Finding(NamedTuple):
    """A change, and what a migration needs to know of it."""

    change: SchemaChange
    place: Place
    old: Optional[IRField]
    new: Optional[IRField]
    types: Optional[Types]


class Link(NamedTuple):
    """A place in the data whose values have a shape."""

    place: Place
    shape: str


class Section:
    """Findings, and sections among them that are filled later."""

    def __init__(self) -> None:
        self._entries: "List[Union[Finding, Section]]" = []

    def subsection(self) -> "Section":
        """Return a section at this place."""
        made = Section()
        self._entries.append(made)
        return made

    def flat(self) -> List[Finding]:
        """Return all findings in their order; sections may be nested as deeply as references."""
        found: List[Finding] = []
        pending = list(reversed(self._entries))
        while pending:
            entry = pending.pop()
            if isinstance(entry, Section):
                pending += reversed(entry._entries)
            else:
                found.append(entry)
        return found

    def note(
        self,
        kind: ChangeType,
        place: Place,
        values: Tuple[Any, Any],
        words: str,
        effect: Effect,
        *,
        constraint: Optional[str] = None,
        fields: Tuple[Optional[IRField], Optional[IRField]] = (None, None),
        types: Optional[Types] = None,
    ) -> None:
        """Add a change.

        Args:
            kind: Its kind.
            place: Where it is.
            values: What was there, and what is there now.
            words: The change as a sentence.
            effect: What it does to values.
            constraint: The keyword that changed.
            fields: The field before and after.
            types: Its types before and after.
        """
        change = SchemaChange(
            kind,
            place.name,
            *values,
            any(effect),
            words,
            path=place.old_pointer if kind in _GONE else place.new_pointer,
            breaks_requests=effect.narrows,
            breaks_responses=effect.widens,
            constraint=constraint,
        )
        self._entries.append(Finding(change, place, *fields, types))
