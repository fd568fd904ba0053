"""`CompatibilityChecker`: what changed between two versions of a schema, and whom it breaks."""

from dataclasses import replace
from typing import AbstractSet, List, Optional, Tuple

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion
from ai_spine.sdk_sync.versioning.changes import SchemaChange, is_breaking
from ai_spine.sdk_sync.versioning.comparison import Result, compare
from ai_spine.sdk_sync.versioning.sides import Side
from ai_spine.sdk_sync.versioning.next_version import next_version
from ai_spine.sdk_sync.versioning.specs import SpecChange, compare_specs
from ai_spine.sdk_sync.versioning.subschemas import Sides
from ai_spine.utils import one_line

DIRECTIONS = ("both", "request", "response")


class CompatibilityChecker:
    """Finds what changed from one version of a schema to another, and whom it breaks.

    Requests are what old clients send to a server with the new schema: they break if the new
    schema allows less. Responses are what old clients read from it: they break if it allows more.
    Requests are strict and responses lenient about fields that a schema does not name. So, unless
    `additionalProperties` says otherwise:

    - a field that was added breaks requests if it is required, and never responses;
    - a field that was removed breaks requests, and responses if it was required;
    - a field that became required breaks requests, one that became optional breaks responses;
    - a changed default or title breaks nothing.

    Args:
        direction: Whom to check: clients that send (`request`), that read (`response`), or `both`.
        spec_old: Where the models are to which old schemas refer.
        spec_new: Where the models are to which new schemas refer.

    Raises:
        ConfigError: There is no such direction.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRField, IRType
        >>> old = IRModel("User", fields=[IRField("id", IRType.STRING, required=True)])
        >>> new = IRModel("User", fields=[*old.fields, IRField("email", IRType.STRING)])
        >>> is_compatible, changes = CompatibilityChecker().check_compatibility(old, new)
        >>> is_compatible, changes[0].description
        (True, "Field 'email' added")
    """

    def __init__(
        self,
        direction: str = "both",
        spec_old: Optional[IRSpec] = None,
        spec_new: Optional[IRSpec] = None,
    ) -> None:
        if direction not in DIRECTIONS:
            shown = one_line(repr(direction), 60)
            known = ", ".join(DIRECTIONS)
            raise ConfigError(f"a direction is one of {known}, not {shown}")
        self.direction = direction
        self.spec_old = spec_old
        self.spec_new = spec_new

    def check_compatibility(
        self, old: IRModel, new: IRModel, *, named: AbstractSet[str] = frozenset()
    ) -> Tuple[bool, List[SchemaChange]]:
        """Return whether nothing breaks, and each change.

        Changes are in the order of the old schema, then of the new one. What a reference leads to
        is compared where it is found first.

        Args:
            old: The model before.
            new: The model after.
            named: The names of models that are checked on their own: references from the same
                name to it are not followed.
        """
        found = [each.change for each in self._compare(old, new, named).findings]
        changes = [
            replace(each, breaking=is_breaking(each, self.direction)) for each in found
        ]
        return not any(each.breaking for each in changes), changes

    def check_specs(self, old: IRSpec, new: IRSpec) -> Tuple[bool, List[SpecChange]]:
        """Return whether nothing breaks, and each model, tool or other part that changed.

        The input of a tool is what clients send, and its output what they read. Models are checked
        for both; a reference from one to another is not followed if both specifications have it.

        Args:
            old: The specification before.
            new: The specification after.
        """

        shared = frozenset(set(old.models) & set(new.models))

        def check(
            before: IRModel, after: IRModel, direction: str
        ) -> List[SchemaChange]:
            inner = CompatibilityChecker(direction, old, new)
            named = shared if direction == "both" else frozenset()
            return inner.check_compatibility(before, after, named=named)[1]

        found = compare_specs(old, new, check, self.direction)
        return not any(each.breaking for each in found), found

    def proposed_renames(self, old: IRModel, new: IRModel) -> List[Tuple[str, str]]:
        """Return the fields that look like renamed ones: their dotted paths before and after.

        To confirm one, add `x-renamed-from` with the old name to the constraints of the new field.
        """
        return self._compare(old, new, frozenset()).proposals

    def suggest_version(self, old: IRModel, new: IRModel) -> SchemaVersion:
        """Return the version that the new model should have, after that of the old one.

        It is raised as `next_version` says; it stays if both models say the same.
        """
        _, changes = self.check_compatibility(old, new)
        if not changes and _says_the_same(old, new):
            return old.version
        return next_version(old.version, changes)

    def _compare(self, old: IRModel, new: IRModel, named: AbstractSet[str]) -> Result:
        sides = Sides(Side(old, self.spec_old), Side(new, self.spec_new))
        return compare(sides, named)


def _says_the_same(old: IRModel, new: IRModel) -> bool:
    same = replace(new, version=old.version)
    return old.compute_hash() == same.compute_hash()
