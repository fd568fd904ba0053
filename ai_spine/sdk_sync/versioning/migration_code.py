"""Writes the changes of a migration as Python for people to read; it is never executed here."""

from typing import Any, Callable, List, Mapping, Sequence

from ai_spine.sdk_sync.ir import UNSET
from ai_spine.sdk_sync.versioning.operations import default_in
from ai_spine.utils import one_line

Change = Mapping[str, Any]
_INDENT = "    "
_HEADS = {
    "upgrade": "Upgrade data from old schema to new schema.",
    "downgrade": "Downgrade data from new schema to old schema.",
}


def code_of(changes: Sequence[Change], direction: str) -> str:
    """Return changes as a function in Python.

    Args:
        changes: The structured changes.
        direction: `upgrade` or `downgrade`.

    Example:
        >>> print(code_of([{"op": "add", "path": [], "name": "a", "default": 0}], "downgrade"))
        def downgrade(data: Dict[str, Any]) -> Dict[str, Any]:
            \"\"\"Downgrade data from new schema to old schema.\"\"\"
            migrated = data.copy()
        <BLANKLINE>
            # Remove field: a
            migrated.pop('a', None)
        <BLANKLINE>
            return migrated
    """
    is_upgrade = direction == "upgrade"
    lines = [
        f"def {direction}(data: Dict[str, Any]) -> Dict[str, Any]:",
        f'{_INDENT}"""{_HEADS[direction]}"""',
        f"{_INDENT}migrated = data.copy()",
        "",
    ]
    for change in changes if is_upgrade else reversed(changes):
        block = _block(change, is_upgrade)
        lines += [_INDENT + line for line in block] + ([""] if block else [])
    return "\n".join([*lines, f"{_INDENT}return migrated"])


def _block(change: Change, is_upgrade: bool) -> List[str]:
    kind = change["op"]
    if kind == "keep":
        return [_comment("Data stays as it is", change["description"])]
    if kind == "enter":
        return [_comment(f"As in {change['shape'] or 'the whole'}", _dotted(change))]
    if kind in ("require", "fill_null"):
        if (change["direction"] == "upgrade") is not is_upgrade:
            return []
    if kind == "retype":
        return _retype(change, change["to" if is_upgrade else "from"])
    if kind == "fill_null":
        return _fill_null(change)
    return _change_names(change, is_upgrade)


def _change_names(change: Change, is_upgrade: bool) -> List[str]:
    kind, path = change["op"], _path(change)
    part = _part(change, path)
    if kind == "rename":
        names = change["from"], change["to"]
        before, after = names if is_upgrade else names[::-1]
        comment = _comment("Rename field", f"{_dotted(change, before)} to {after}")
        move = f"{part}[{after!r}] = {part}.pop({before!r})"
        code = [f"if {before!r} in {part}:", _INDENT + move]
        return [comment, *_for_parts(change, path, code)]
    name = change["name"]
    place = _dotted(change, name)
    if kind != "require" and (kind == "add") is not is_upgrade:
        comment, line = _comment("Remove field", place), f"{part}.pop({name!r}, None)"
    elif default_in(change) is UNSET:
        return [_comment("Add field, which may be absent", place)]
    else:
        verb = "Require" if kind == "require" else "Add"
        comment = _comment(f"{verb} field", place)
        line = f"{part}.setdefault({name!r}, {change['default']!r})"
    return [comment, *_for_parts(change, path, [line])]


def _retype(change: Change, kinds: Sequence[str]) -> List[str]:
    comment = _comment("Convert field", f"{_dotted(change)} to {' or '.join(kinds)}")
    return [
        comment,
        *_on_values(change, lambda at: [f"{at} = convert({at}, {kinds!r})"]),
    ]


def _fill_null(change: Change) -> List[str]:
    comment = _comment("Replace null", _dotted(change))
    default = repr(change["default"])
    return [
        comment,
        *_on_values(
            change, lambda at: [f"if {at} is None:", f"{_INDENT}{at} = {default}"]
        ),
    ]


def _on_values(change: Change, code_for: Callable[[str], List[str]]) -> List[str]:
    """Return code that replaces the values of a place, given the code for one of them."""
    path = _path(change)
    container = path[:-1]
    part = _part(change, container)
    if not path:
        code = code_for(part)
    elif isinstance(path[-1], str):
        key = repr(path[-1])
        inner = code_for(f"{part}[{key}]")
        code = [f"if {key} in {part}:", *(_INDENT + line for line in inner)]
    else:
        inner = code_for(f"{part}[key]")
        code = [f"for key in keys({part}):", *(_INDENT + line for line in inner)]
    return _for_parts(change, container, code)


def _path(change: Change) -> List[Any]:
    return list(change.get("path", []))


def _part(change: Change, path: List[Any]) -> str:
    """Return what the code calls the part of the data that a path leads to."""
    return "part" if path or change.get("in") else "migrated"


def _for_parts(change: Change, path: List[Any], code: List[str]) -> List[str]:
    """Return code for the data, or in a loop over the parts of it that a path leads to."""
    if _part(change, path) == "migrated":
        return code
    where = f", {change['in']!r}" if change.get("in") else ""
    head = f"for part in parts(migrated, {path!r}{where}):"
    return [head, *(_INDENT + line for line in code)]


def _dotted(change: Change, name: str = "") -> str:
    text = ""
    for step in change.get("path", []):
        if isinstance(step, str):
            text += f".{step}" if text else step
        else:
            text += "[]" if step["each"] == "item" else ".*"
    text = f"{text}.{name}" if text and name else text or name
    return text or "the whole"


def _comment(title: str, text: str) -> str:
    return one_line(f"# {title}: {text}", 200)
