"""Names of the members of enums: each value has one, and no two share one."""

import re
import unicodedata
from typing import Dict, List, Mapping, Tuple

from ai_spine.sdk_sync.generators.python.names import Names, class_name, snake_name
from ai_spine.sdk_sync.ir.references import escaped

_SIGNS = {"+": "plus", "-": "minus"}
# What the names of schemas of requests begin and end with.
_VERBS = frozenset(
    "Add Approve Assign Cancel Change Create Decide Delete Edit Execute Insert Invite List Modify"
    " Patch Post Put Register Reject Remove Replace Request Search Send Set Start Stop Submit"
    " Update Upsert".split()
)
_ENDINGS = frozenset("Body Input Params Payload Request".split())
_WORDS = re.compile("[A-Z]+(?![a-z])|[A-Z][^A-Z]*|[^A-Z]+")


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


def name_for_property(owner: str, wire: str) -> str:
    """Return the name of an enum that is known by the thing that has it, not by a request.

    Args:
        owner: The name of the class that has the property.
        wire: The name of the property.

    Returns:
        The name; none if the owner is no request.

    Example:
        >>> name_for_property("DecideApprovalRequest", "decision")
        'ApprovalDecision'
        >>> name_for_property("ApprovalDecisionInput", "decision"), name_for_property("Run", "mode")
        ('ApprovalDecision', '')
    """
    words, word = _WORDS.findall(owner), class_name(wire)
    if len(words) > 1 and words[-1] in _ENDINGS:
        words = words[:-1]
    else:
        return ""
    stem = "".join(words)
    if stem.endswith(word) and stem != word:
        return stem
    is_action = len(words) > 1 and words[0] in _VERBS
    return f"{''.join(words[1:])}{word}" if is_action else ""


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
