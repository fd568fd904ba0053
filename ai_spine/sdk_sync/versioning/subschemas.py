"""Schemas within keywords that can be compared one by one."""

from typing import Any, Iterator, List, Mapping, NamedTuple, Optional

from ai_spine.sdk_sync.ir import IRField
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.sdk_sync.versioning.keywords import Constraints
from ai_spine.sdk_sync.versioning.places import Place
from ai_spine.sdk_sync.versioning.sides import Side, View

_KEYWORDS = ("allOf", "prefixItems", "patternProperties", "additionalProperties")


class Sides(NamedTuple):
    """The schema before and after."""

    old: Side
    new: Side


class Part(NamedTuple):
    """A schema within a keyword, before and after."""

    key: str
    old: IRField
    new: IRField


def parts_of(
    keyword: str, old: Constraints, new: Constraints, sides: Sides
) -> List[Part]:
    """Return the schemas in a keyword if it has the same number of them before and after."""
    if keyword not in _KEYWORDS:
        return []
    before, after = (_by_key(keyword, each.get(keyword)) for each in (old, new))
    if before is None or after is None or set(before) != set(after):
        return []
    parts: List[Part] = []
    for key in before:
        pair = sides.old.parsed(before[key]), sides.new.parsed(after[key])
        if pair[0] is None or pair[1] is None:
            return []
        parts.append(Part(str(key), pair[0], pair[1]))
    return parts


class PlacedPart(NamedTuple):
    """A schema within a keyword, and its place."""

    part: Part
    place: Place


def placed_parts(
    before: View, after: View, place: Place, sides: Sides
) -> Iterator[PlacedPart]:
    """Yield each schema within a keyword that can be compared on its own.

    Args:
        before: The field before.
        after: The field after.
        place: The place of the field.
        sides: The schemas that they are in.
    """
    for keyword in _KEYWORDS:
        for part in parts_of(keyword, before.inner, after.inner, sides):
            pointer = f"/{keyword}/{escaped(part.key)}"
            if keyword == "allOf":  # the same values have to fit it
                yield PlacedPart(part, place.part(pointer, pointer, is_certain=True))
            elif keyword == "additionalProperties":
                is_certain = "patternProperties" not in before.inner
                known = before.core.properties or {}
                yield PlacedPart(part, place.value(known, is_certain))
            else:
                inner = place.part(pointer, pointer)
                yield PlacedPart(part, inner.named(f"{place.name}[{part.key}]"))


def _by_key(keyword: str, value: Any) -> Optional[Mapping[Any, Any]]:
    if keyword in ("allOf", "prefixItems"):
        return dict(enumerate(value)) if isinstance(value, list) else None
    if not isinstance(value, Mapping) or not value:
        return None
    return {"": value} if keyword == "additionalProperties" else value
