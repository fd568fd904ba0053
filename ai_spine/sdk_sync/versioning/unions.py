"""Which member of an old union became which of the new one."""

from typing import Dict, List, NamedTuple, Optional, Tuple

from ai_spine.sdk_sync.ir import IRField
from ai_spine.sdk_sync.versioning.keywords import canonical
from ai_spine.sdk_sync.versioning.sides import Side, overlap


class Matching(NamedTuple):
    """The members of two unions, by their numbers."""

    pairs: List[Tuple[int, int]]
    removed: List[int]
    added: List[int]


def match(
    old: List[IRField], new: List[IRField], old_side: Side, new_side: Side
) -> Matching:
    """Return which members are the same: by content, name, title or type, in this order.

    Args:
        old: The members before.
        new: The members after.
        old_side: The schema that the old ones are in.
        new_side: The schema that the new ones are in.
    """
    pairs: List[Tuple[int, int]] = []
    removed, added = list(range(len(old))), list(range(len(new)))
    for key in (_content, _reference, _title, _types):
        waiting: Dict[str, List[int]] = {}
        for number in added:
            name = key(new_side, new[number])
            if name is not None:
                waiting.setdefault(name, []).append(number)
        for number in list(removed):
            candidates = waiting.get(key(old_side, old[number]) or "")
            if candidates:
                pairs.append((number, candidates.pop(0)))
                removed.remove(number)
        taken = {new_number for _, new_number in pairs}
        added = [number for number in added if number not in taken]
    for number in list(removed):
        kinds = old_side.kinds(old_side.view(old[number]))
        for other in added:
            if overlap(kinds, new_side.kinds(new_side.view(new[other]))):
                pairs.append((number, other))
                removed.remove(number)
                added.remove(other)
                break
    return Matching(sorted(pairs), removed, added)


def _content(_: Side, member: IRField) -> Optional[str]:
    return canonical(member.to_json_schema())


def _reference(_: Side, member: IRField) -> Optional[str]:
    return member.ref_name


def _title(_: Side, member: IRField) -> Optional[str]:
    title = member.constraints.get("title")
    return title if isinstance(title, str) else None


def _types(side: Side, member: IRField) -> Optional[str]:
    return canonical(sorted(side.kinds(side.view(member))))
