"""Which removed field became which added one: as the new schema says, or by similarity."""

import difflib
from typing import Dict, List, Mapping, Tuple

from ai_spine.sdk_sync.ir import IRField
from ai_spine.sdk_sync.versioning.keywords import RENAMED_FROM, canonical

Fields = Mapping[str, IRField]
_SIMILAR = 0.8
_SIMILAR_ENOUGH = 0.5  # for fields that are the same but for their names
_MOST_PAIRS = 10000  # comparing more would take seconds


def confirmed_renames(old: Fields, new: Fields) -> Dict[str, str]:
    """Return the new name of each field that the new schema says it has renamed.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRType
        >>> mail = IRField("mail", IRType.STRING)
        >>> email = IRField("email", IRType.STRING, constraints={"x-renamed-from": "mail"})
        >>> confirmed_renames({"mail": mail}, {"email": email})
        {'mail': 'email'}
    """
    found: Dict[str, str] = {}
    for name, field in new.items():
        before = field.constraints.get(RENAMED_FROM)
        if isinstance(before, str) and before in old and before not in new:
            if name not in old:
                found.setdefault(before, name)
    return found


def similar_fields(removed: Fields, added: Fields) -> List[Tuple[str, str]]:
    """Return the pairs of fields that look like renames, the most similar first.

    Args:
        removed: The fields that are no longer there.
        added: The fields that are new.
    """
    if len(removed) * len(added) > _MOST_PAIRS:
        return []
    rated = [
        (ratio, before, after)
        for before in removed
        for after in added
        if removed[before].type is added[after].type
        for ratio in [difflib.SequenceMatcher(None, before, after).ratio()]
        if ratio >= _SIMILAR
        or (ratio >= _SIMILAR_ENOUGH and _same(removed[before], added[after]))
    ]
    pairs: List[Tuple[str, str]] = []
    for _, before, after in sorted(rated, key=lambda each: -each[0]):
        if all(before != pair[0] and after != pair[1] for pair in pairs):
            pairs.append((before, after))
    return pairs


def _same(old: IRField, new: IRField) -> bool:
    schemas = [canonical(each.to_json_schema()) for each in (old, new)]
    return schemas[0] == schemas[1]
