"""Names of the members of enums: each value has one, and no two share one."""

import re
import unicodedata
from typing import Dict, List, Mapping, Tuple

from ai_spine.sdk_sync.generators.python.names import Names, snake_name
from ai_spine.sdk_sync.ir.references import escaped

_SIGNS = {"+": "plus", "-": "minus"}
_ENUM = re.compile("_*[Mm][Rr][Oo]_*")


def member_name(value: str) -> str:
    """Return a name for a member of an enum: words in capitals.

    Example:
        >>> [member_name(each) for each in ("Auto", "HumanApprove", "a:b", "2nd", "mro", "class")]
        ['AUTO', 'HUMAN_APPROVE', 'A_B', 'VALUE_2ND', 'MRO', 'CLASS']
        >>> [member_name(each) for each in ("+1", "-1", "€", "", ">=")]
        ['PLUS_1', 'MINUS_1', 'EURO_SIGN', 'EMPTY', 'GREATER_THAN_SIGN_EQUALS_SIGN']
    """
    if not value:
        return "EMPTY"
    text = value
    if not any(each.isalnum() for each in text):
        text = " ".join(unicodedata.name(each, f"u{ord(each):x}") for each in text)
    elif text[0] in _SIGNS and text[1:2].isdigit():
        text = f"{_SIGNS[text[0]]}_{text[1:]}"
    if text[0].isdigit():
        text = f"value_{text}"
    name = snake_name(text).upper().strip("_")
    return name if name.isidentifier() and not _is_lower(name) else f"VALUE_{name}"


def named_members(
    values: List[str], pointer: str, given: Mapping[str, str]
) -> Tuple[Tuple[Tuple[str, str], ...], Dict[str, str]]:
    """Return the members of an enum, and those of their names that have to be remembered.

    Args:
        values: The values, each once.
        pointer: The JSON Pointer of the enum.
        given: Names given earlier, by JSON Pointer.
    """
    keys = {value: f"{pointer}/enum/{escaped(value)}" for value in values}
    names = Names({key: given[key] for key in keys.values() if key in given})
    members = []
    remembered: Dict[str, str] = {}
    for value in values:
        name = names.take(member_name(value), keys[value])
        members.append((name, value))
        if name != member_name(value):
            remembered[keys[value]] = name
    return tuple(members), remembered


def _is_lower(name: str) -> bool:
    """Return whether a name might be one of the attributes of texts and enums."""
    return name in dir(str) or name.startswith("_")
