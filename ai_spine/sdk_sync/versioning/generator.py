"""`MigrationGenerator`: how data of one version of a schema becomes data of another."""

from typing import Any, Dict, Iterator, List, Mapping, Optional, Set

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import UNSET, IRModel, IRSpec, SchemaMigration
from ai_spine.sdk_sync.ir.fields import IRField
from ai_spine.sdk_sync.versioning.changes import ChangeType
from ai_spine.sdk_sync.versioning.comparison import Result, compare
from ai_spine.sdk_sync.versioning.conversion import CannotConvert, convert
from ai_spine.sdk_sync.versioning.defaults import Defaults
from ai_spine.sdk_sync.versioning.findings import Finding, Link, Types
from ai_spine.sdk_sync.versioning.migration_code import code_of
from ai_spine.sdk_sync.versioning.places import Place
from ai_spine.sdk_sync.versioning.sides import Side, View
from ai_spine.sdk_sync.versioning.subschemas import Sides
from ai_spine.utils import one_line

Change = Dict[str, Any]


class MigrationGenerator:
    """Makes migrations: structured changes, which are executed, and Python to read.

    A structured change is an object with `op`, a `path`, and what the kind of change needs:

    - `add`, `remove`: `name`, and `default` unless the field may be left out;
    - `rename`: `from`, `to`;
    - `require`: `name`, `default` and the `direction` in which an absent field is filled;
    - `retype`: `from` and `to`, lists of types, with `from_items` and `to_items` for arrays;
    - `fill_null`: `default` and the `direction` in which null is replaced;
    - `enter`: the `shape` that the values there have too; its own changes say `in`;
    - `keep`: the `description` of a change that needs other data, or none: data stays as it is.

    A `path` leads through data of the old version: names, `{"each": "item"}` for an array, and
    `{"each": "value", "except": [names]}` for an object.

    Args:
        spec_old: Where the models are to which old schemas refer.
        spec_new: Where the models are to which new schemas refer.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRField, IRType, SchemaVersion
        >>> old = IRModel("User", SchemaVersion(1))
        >>> new = IRModel("User", SchemaVersion(1, 1), [IRField("email", IRType.STRING)])
        >>> MigrationGenerator().generate(old, new).changes
        [{'op': 'add', 'path': [], 'name': 'email', 'default': ''}]
    """

    def __init__(
        self, spec_old: Optional[IRSpec] = None, spec_new: Optional[IRSpec] = None
    ) -> None:
        self.spec_old = spec_old
        self.spec_new = spec_new

    def generate(self, old: IRModel, new: IRModel) -> SchemaMigration:
        """Return the migration from one version of a model to another.

        Args:
            old: The model before.
            new: The model after.

        Raises:
            ConfigError: The models have different names, or the same version.
        """
        _check(old, new)
        sides = Sides(Side(old, self.spec_old), Side(new, self.spec_new))
        result = compare(sides)
        changes = _Writer(sides, result).changes()
        described = "; ".join(each.change.description for each in result.findings)
        return SchemaMigration(
            new.name,
            old.version,
            new.version,
            one_line(described, 500) or "No data changes",
            changes,
            breaking=any(each.change.breaking for each in result.findings),
            upgrade_code=code_of(changes, "upgrade") if changes else None,
            downgrade_code=code_of(changes, "downgrade") if changes else None,
        )


def _check(old: IRModel, new: IRModel) -> None:
    if old.name != new.name:
        names = one_line(f"{old.name!r} and {new.name!r}", 200)
        raise ConfigError(f"a migration is of one schema, not of two: {names}")
    if old.version == new.version:
        name = one_line(repr(old.name), 100)
        raise ConfigError(
            f"both versions of {name} are {old.version}: raise the version of the new one"
        )


class _Writer:
    """Writes what a comparison has found as structured changes."""

    def __init__(self, sides: Sides, result: Result) -> None:
        self._sides = sides
        self._findings = result.findings
        self._links = [each for each in result.links if each.place.is_certain]
        self._old, self._new = Defaults(sides.old), Defaults(sides.new)

    def changes(self) -> List[Mapping[str, Any]]:
        """Return the changes, in the order in which they were found."""
        reached = _reached(self._links)
        written: List[Mapping[str, Any]] = []
        acting: Set[str] = set()
        for finding in self._findings:
            place = finding.place
            is_certain = place.is_certain and place.shape in reached
            made: List[Mapping[str, Any]] = []
            if is_certain:
                made += self._changes_for(finding)
            if made:
                acting.add(place.shape)
            words = finding.change.description
            written += made or [{"op": "keep", "path": [], "description": words}]
        acting = _leading_to(acting, self._links)
        for link in self._links:
            if link.shape in acting and link.place.shape in reached:
                change = _at(link.place, "enter", shape=link.shape)
                written += [change] if change not in written else []
        return written

    def _changes_for(self, finding: Finding) -> Iterator[Change]:
        """Yield the changes of data that a finding needs; none for other constraints."""
        kind, place = finding.change.type, finding.place
        old, new = finding.old, finding.new
        if finding.types is not None:
            yield from self._retyped(finding.types, place)
        elif kind is ChangeType.FIELD_ADDED and new is not None:
            yield _named(place, "add", new.name, self._new.offered(new))
        elif kind is ChangeType.FIELD_REMOVED and old is not None:
            yield _named(place, "remove", old.name, self._old.offered(old))
        elif kind is ChangeType.FIELD_RENAMED and old is not None and new is not None:
            yield {**_around(place, "rename"), "from": old.name, "to": new.name}
        elif old is not None and new is not None:
            yield self._required(old, new, place)

    def _required(self, old: IRField, new: IRField, place: Place) -> Change:
        views = self._sides.old.view(old), self._sides.new.view(new)
        default = self._filling(*views, is_upgrade=new.required)
        direction = "upgrade" if new.required else "downgrade"
        return {
            **_named(place, "require", new.name, default),
            "direction": direction,
        }

    def _filling(self, old: View, new: View, *, is_upgrade: bool) -> Any:
        """Return what fills a field in one version, such that the other can hold it as well."""
        ends = (self._old, self._sides.old, old), (self._new, self._sides.new, new)
        (others, other_side, other), (own, side, view) = (
            ends if is_upgrade else ends[::-1]
        )
        value = own.of(view)
        if view.default is not UNSET:  # the schema says so
            return value
        if _holds(value, other, other_side):
            return value
        try:
            found = convert(others.of(other), side.kinds(view))
        except CannotConvert:
            return value
        return found if view.nullable or found is not None else value

    def _retyped(self, types: Types, place: Place) -> Iterator[Change]:
        if types.null.narrows:
            default = self._filling(types.old, types.new, is_upgrade=True)
            yield _at(place, "fill_null", default=default, direction="upgrade")
        if types.null.widens:
            default = self._filling(types.old, types.new, is_upgrade=False)
            yield _at(place, "fill_null", default=default, direction="downgrade")
        if types.old_kinds != types.new_kinds:
            change = _at(place, "retype")
            change.update(
                {"from": sorted(types.old_kinds), "to": sorted(types.new_kinds)}
            )
            for name, side, view in (
                ("from_items", self._sides.old, types.old),
                ("to_items", self._sides.new, types.new),
            ):
                change.update(_items(name, side, view))
            yield change


def _holds(value: Any, view: View, side: Side) -> bool:
    """Return whether a field can hold a value, converted if need be."""
    try:
        return convert(value, side.kinds(view)) is not None or view.nullable
    except CannotConvert:
        return False


def _items(name: str, side: Side, view: View) -> Mapping[str, Any]:
    if view.core.items is None:
        return {}
    return {name: sorted(side.kinds(side.view(view.core.items)))}


def _at(place: Place, kind: str, **more: Any) -> Change:
    shape = {"in": place.shape} if place.shape else {}
    return {"op": kind, **shape, "path": list(place.steps), **more}


def _around(place: Place, kind: str) -> Change:
    """Return a change of the object that has the field of a place."""
    return {**_at(place, kind), "path": list(place.steps[:-1])}


def _named(place: Place, kind: str, name: str, default: Any) -> Change:
    said = {} if default is UNSET else {"default": default}
    return {**_around(place, kind), "name": name, **said}


def _reached(links: List[Link]) -> Set[str]:
    """Return the shapes that data of the schema has."""
    found = {""}
    pending = [""]
    while pending:
        shape = pending.pop()
        following = {each.shape for each in links if each.place.shape == shape} - found
        found |= following
        pending += following
    return found


def _leading_to(acting: Set[str], links: List[Link]) -> Set[str]:
    """Return the shapes in which something changes, or in which such a shape is."""
    found = set(acting)
    while True:
        more = {each.place.shape for each in links if each.shape in found} - found
        if not more:
            return found
        found |= more
