"""Compares two schemas, and all that is nested in them or that they refer to."""

from typing import AbstractSet, Any, Dict, List, Mapping, NamedTuple, Tuple

from ai_spine.sdk_sync.ir import UNSET, IRField, IRType
from ai_spine.sdk_sync.ir.references import escaped, reference_to
from ai_spine.sdk_sync.versioning.changes import (
    HARMLESS,
    UNKNOWN,
    ChangeType,
    Effect,
    shown,
)
from ai_spine.sdk_sync.versioning.effects import (
    effect_of_addition,
    effect_of_null,
    effect_of_removal,
    effect_of_types,
)
from ai_spine.sdk_sync.versioning.findings import Finding, Link, Section, Types
from ai_spine.sdk_sync.versioning.keywords import differing_keywords, effect_of
from ai_spine.sdk_sync.versioning.places import Place
from ai_spine.sdk_sync.versioning.renames import confirmed_renames, similar_fields
from ai_spine.sdk_sync.versioning.sides import (
    ANYTHING,
    View,
    members_of,
    overlap,
    position,
    union_pointer,
)
from ai_spine.sdk_sync.versioning.subschemas import Sides, parts_of, placed_parts
from ai_spine.sdk_sync.versioning.unions import match
from ai_spine.sdk_sync.versioning.wording import (
    constraint_words,
    field_words,
    type_words,
)

Constraints = Mapping[str, Any]
_Effects = Dict[Tuple[int, int], Effect]


class Result(NamedTuple):
    """What a comparison has found."""

    findings: List[Finding]
    """The changes, in the order of the old schema, then of the new one."""
    links: List[Link]
    """Where the shapes of references are in the data."""
    proposals: List[Tuple[str, str]]
    """The dotted paths of fields that look like renamed ones, before and after."""


def compare(sides: Sides, named: AbstractSet[str] = frozenset()) -> Result:
    """Compare two schemas.

    Args:
        sides: The schemas.
        named: The names of models that are compared on their own, so that a reference to one of
            them is not followed where both schemas have it.
    """
    comparison = _Comparison(sides, named, {})
    comparison.run_models()
    for name in sides.old.model.definitions:
        if name in sides.new.model.definitions:
            comparison.run_definition(name)
    return Result(comparison.section.flat(), comparison.links, comparison.proposals)


class _Comparison:
    """One comparison; a reference is followed once, however often it is found."""

    def __init__(
        self, sides: Sides, named: AbstractSet[str], effects: _Effects
    ) -> None:
        self.sides, self.named, self.effects = sides, named, effects
        self.section = Section()
        self.links: List[Link] = []
        self.proposals: List[Tuple[str, str]] = []
        self._shapes: Dict[Tuple[int, int], str] = {}
        # What references lead to waits here: a chain of them may be longer than the stack.
        self._pending: List[Tuple[View, View, Place, Section]] = []

    def run(self, old: IRField, new: IRField, place: Place = Place()) -> None:
        """Compare two fields, and all that they refer to."""
        self._compare(old, new, place)
        top = self.section
        while self._pending:
            before, after, where, self.section = self._pending.pop()
            self._compare_cores(before, after, where, with_null=False)
        self.section = top

    def run_models(self) -> None:
        """Compare the models; where they refer to themselves, the data has their shape again."""
        old, new = self.sides.old, self.sides.new
        cores = old.view(old.root).core, new.view(new.root).core
        if cores[0] is old.root and cores[1] is new.root:
            self._shapes[id(old.root), id(new.root)] = ""
        self.run(old.root, new.root)

    def run_definition(self, name: str) -> None:
        """Compare a definition that both models have, unless a reference has led to it."""
        old, new = self.sides.old.target(name), self.sides.new.target(name)
        if old is None or new is None:
            return
        views = self.sides.old.view(old), self.sides.new.view(new)
        if (id(views[0].core), id(views[1].core)) not in self._shapes:
            pointer = reference_to(name)[1:]
            self.run(
                old, new, Place(f"$defs.{name}", pointer, pointer, f"$defs.{name}")
            )

    def _between(self, old: IRField, new: IRField) -> Effect:
        """Return what it does to values that they have to fit another field."""
        key = (id(old), id(new))
        if key not in self.effects:
            self.effects[key] = HARMLESS  # what it refers to itself adds nothing
            inner = _Comparison(self.sides, frozenset(), self.effects)
            inner.run(old, new)
            for each in inner.section.flat():
                change = each.change
                effect = Effect(change.breaks_requests, change.breaks_responses)
                self.effects[key] |= effect
        return self.effects[key]

    def _compare(self, old: IRField, new: IRField, place: Place) -> None:
        """Compare two fields but for their names and whether they are required."""
        before, after = self.sides.old.view(old), self.sides.new.view(new)
        self._compare_defaults(before, after, place)
        inner = place.at(
            before.pointer(place.old_pointer), after.pointer(place.new_pointer)
        )
        if before.ref_name is None and after.ref_name is None:
            self._compare_constraints(before.outer, after.outer, place)
            self._compare_cores(before, after, inner, with_null=True)
            return
        if before.nullable != after.nullable:
            null = effect_of_null(before, after)
            self._note_types(before, after, place, null, null)
        self._compare_constraints(before.outer, after.outer, place)
        if before.ref_name != after.ref_name or before.ref_name not in self.named:
            self._compare_shapes(before, after, place, inner)

    def _compare_shapes(
        self, before: View, after: View, place: Place, inner: Place
    ) -> None:
        """Compare what references lead to, later; once for each pair of them."""
        key = (id(before.core), id(after.core))
        is_first = key not in self._shapes
        if is_first:
            name = str(after.ref_name or before.ref_name)
            self._shapes[key] = f"{len(self._shapes) + 1}:{name}"
        self.links.append(Link(place, self._shapes[key]))
        if is_first:
            where = inner.entering(self._shapes[key])
            self._pending.append((before, after, where, self.section.subsection()))

    def _compare_cores(
        self, before: View, after: View, place: Place, *, with_null: bool
    ) -> None:
        """Compare two fields without their defaults; null may have been compared before."""
        null = effect_of_null(before, after) if with_null else HARMLESS
        if members_of(before) is not None or members_of(after) is not None:
            self._compare_unions(before, after, place, null)
            return
        kinds = self.sides.old.kinds(before), self.sides.new.kinds(after)
        # A core is a reference only if it leads nowhere.
        names = before.core.ref_name, after.core.ref_name
        if kinds[0] != kinds[1] or any(null) or names[0] != names[1]:
            effect = effect_of_types(before, after, *self.sides) | null
            effect = effect if names[0] == names[1] else UNKNOWN
            self._note_types(before, after, place, effect, null)
        if overlap(*kinds) or (before.nullable and after.nullable):
            self._compare_constraints(before.inner, after.inner, place)
            for part, where in placed_parts(before, after, place, self.sides):
                self._compare(part.old, part.new, where)
            self._compare_contents(before, after, place, kinds[0] & kinds[1])

    def _compare_contents(
        self, before: View, after: View, place: Place, kinds: AbstractSet[str]
    ) -> None:
        if "object" in kinds:
            self._compare_objects(before, after, place)
        items = before.core.items, after.core.items
        if "array" in kinds and items != (None, None):
            self._compare(items[0] or ANYTHING, items[1] or ANYTHING, place.item())

    def _compare_defaults(self, before: View, after: View, place: Place) -> None:
        old, new = (
            {} if each.default is UNSET else {"default": each.default}
            for each in (before, after)
        )
        self._compare_constraints(old, new, place)

    def _compare_constraints(
        self, old: Constraints, new: Constraints, place: Place
    ) -> None:
        for keyword in differing_keywords(old, new):
            if parts_of(keyword, old, new, self.sides):
                continue  # compared one by one
            if keyword not in old:
                kind = ChangeType.CONSTRAINT_ADDED
            elif keyword not in new:
                kind = ChangeType.CONSTRAINT_REMOVED
            else:
                kind = ChangeType.CONSTRAINT_CHANGED
            values = old.get(keyword), new.get(keyword)
            words = constraint_words(kind, keyword, *values, name=place.name)
            pointer = f"/{escaped(keyword)}"
            where = place.part(pointer, pointer, is_certain=True)
            effect = effect_of(keyword, old, new)
            self.section.note(kind, where, values, words, effect, constraint=keyword)

    def _compare_unions(
        self, before: View, after: View, place: Place, null: Effect
    ) -> None:
        types = effect_of_types(before, after, *self.sides) | null
        if IRType.ANY in (before.core.type, after.core.type):
            is_clear = not (before.inner or after.inner)
            effect = types if is_clear else UNKNOWN
            self._note_types(before, after, place, effect, null)
            return
        both = members_of(before), members_of(after)
        # A field that is no union is compared as the only member of one.
        old = [self.sides.old.bare(before.core)] if both[0] is None else both[0]
        new = [self.sides.new.bare(after.core)] if both[1] is None else both[1]
        matching = match(old, new, *self.sides)
        effect = Effect(bool(matching.removed), bool(matching.added)) | null
        if any(effect):
            self._note_types(before, after, place, effect | types, null)
        is_union = both[0] is not None and both[1] is not None
        self._compare_constraints(
            {} if both[0] is None else _union_constraints(before, is_union),
            {} if both[1] is None else _union_constraints(after, is_union),
            place,
        )
        for number, other in matching.pairs:
            pointers = [
                "" if members is None else _member_pointer(view, members[index])
                for view, members, index in zip((before, after), both, (number, other))
            ]
            self._compare(old[number], new[other], place.part(*pointers))

    def _compare_objects(self, before: View, after: View, place: Place) -> None:
        old, new = before.core.properties or {}, after.core.properties or {}
        renamed = confirmed_renames(old, new)
        arrived = {*old, *renamed.values()}
        removed: Dict[str, IRField] = {}
        for name, field in old.items():
            if name in renamed:
                target = new[renamed[name]]
                self._note_renamed(field, target, place, before, after)
                self._compare_property(field, target, place)
            elif name in new:
                self._compare_property(field, new[name], place)
            else:
                removed[name] = field
                self._note_removed(field, place, after)
        added = {name: field for name, field in new.items() if name not in arrived}
        for field in added.values():
            self._note_added(field, place, before)
        self.proposals += [
            (place.property(a, a).name, place.property(b, b).name)
            for a, b in similar_fields(removed, added)
        ]

    def _compare_property(self, old: IRField, new: IRField, place: Place) -> None:
        where = place.property(old.name, new.name)
        if old.required != new.required:
            became = "became required" if new.required else "became optional"
            self.section.note(
                ChangeType.FIELD_REQUIRED_CHANGED,
                where,
                (old.required, new.required),
                field_words(became, where.name),
                Effect(narrows=new.required, widens=old.required),
                fields=(old, new),
            )
        self._compare(old, new, where)

    def _note_removed(self, old: IRField, place: Place, after: View) -> None:
        where = place.property(old.name, old.name)
        self.section.note(
            ChangeType.FIELD_REMOVED,
            where,
            (old.to_json_schema(), None),
            field_words("removed", where.name, old.required),
            effect_of_removal(old, after, self.sides.new, self._between),
            fields=(old, None),
        )

    def _note_added(self, new: IRField, place: Place, before: View) -> None:
        where = place.property(new.name, new.name)
        self.section.note(
            ChangeType.FIELD_ADDED,
            where,
            (None, new.to_json_schema()),
            field_words("added", where.name, new.required),
            effect_of_addition(new, before, self.sides.old, self._between),
            fields=(None, new),
        )

    def _note_renamed(
        self, old: IRField, new: IRField, place: Place, before: View, after: View
    ) -> None:
        where = place.property(old.name, new.name)
        effect = effect_of_removal(old, after, self.sides.new, self._between)
        effect |= effect_of_addition(new, before, self.sides.old, self._between)
        self.section.note(
            ChangeType.FIELD_RENAMED,
            where,
            (old.name, new.name),
            field_words(f"renamed from {shown(old.name)}", where.name),
            effect,
            fields=(old, new),
        )

    def _note_types(
        self, before: View, after: View, place: Place, effect: Effect, null: Effect
    ) -> None:
        kinds = self.sides.old.kinds(before), self.sides.new.kinds(after)
        old = type_words(before.core, kinds[0], before.nullable)
        new = type_words(after.core, kinds[1], after.nullable)
        self.section.note(
            ChangeType.FIELD_TYPE_CHANGED,
            place,
            (old, new),
            field_words(f"changed its type from {old} to {new}", place.name),
            effect,
            types=Types(before, after, *kinds, null),
        )


def _union_constraints(view: View, with_kind: bool) -> Dict[str, Any]:
    """Return what a union has besides its members; `oneOf` allows fewer values than `anyOf`."""
    is_noted = with_kind and view.core.exclusive
    return {**({"oneOf": "exactly one"} if is_noted else {}), **view.inner}


def _member_pointer(view: View, member: IRField) -> str:
    number = position(member, view.core.union_types or [])
    return f"{union_pointer(view.core)}/{number}"
