"""The structured changes of a migration: what each kind has, and where it is applied."""

from typing import Any, Dict, FrozenSet, List, Mapping, Tuple

from ai_spine.sdk_sync.errors import MigrationError
from ai_spine.sdk_sync.ir import UNSET
from ai_spine.sdk_sync.versioning.sides import KINDS
from ai_spine.utils import one_line

DIRECTIONS = ("upgrade", "downgrade")
_NEEDED: Mapping[str, Tuple[str, ...]] = {
    "add": ("name",),
    "remove": ("name",),
    "rename": ("from", "to"),
    "require": ("name", "default", "direction"),
    "fill_null": ("default", "direction"),
    "retype": ("from", "to"),
    "enter": ("shape",),
    "keep": ("description",),
}
_OPTIONAL: Mapping[str, Tuple[str, ...]] = {
    "add": ("default",),
    "remove": ("default",),
    "retype": ("from_items", "to_items"),
}
_ON_VALUES = ("retype", "fill_null")
_TEXTS = ("name", "shape", "description", "in")


class Node:
    """What happens to the values at one place, and below it.

    Attributes:
        on_value: The changes of the value itself, in their order.
        on_object: The changes of the names in an object, in their order.
        shapes: The shapes that the value has as well.
    """

    def __init__(self) -> None:
        self.on_value: List[Mapping[str, Any]] = []
        self.on_object: List[Mapping[str, Any]] = []
        self.shapes: List[str] = []
        self._properties: Dict[str, Node] = {}
        self._items: Dict[None, Node] = {}
        self._values: Dict[FrozenSet[str], Node] = {}

    def at(self, path: List[Any]) -> "Node":
        """Return the place that a path leads to; it is made if there is none."""
        node = self
        for step in path:
            if isinstance(step, str):
                node = node._properties.setdefault(step, Node())
            elif step["each"] == "item":
                node = node._items.setdefault(None, Node())
            else:
                others = frozenset(step.get("except", ()))
                node = node._values.setdefault(others, Node())
        return node

    def below(self, key: Any) -> "List[Node]":
        """Return the places that lead to a key of an object, or to an index of an array."""
        if not isinstance(key, str):
            return list(self._items.values())
        named = [self._properties[key]] if key in self._properties else []
        return named + [n for others, n in self._values.items() if key not in others]


def plan_of(changes: Any) -> Dict[str, Node]:
    """Return what happens at each place, for each shape; the data itself has the shape of no name.

    Args:
        changes: The structured changes, checked here.

    Raises:
        MigrationError: A change is malformed or unknown.
    """
    if not isinstance(changes, (list, tuple)):
        raise MigrationError(f"changes are a list, unlike {_shown(changes)}")
    plan: Dict[str, Node] = {"": Node()}
    for number, change in enumerate(changes):
        _check(change, f"changes/{number}")
        node = plan.setdefault(change.get("in", ""), Node()).at(change.get("path", []))
        if change["op"] == "enter":
            if change["shape"] not in node.shapes:
                node.shapes.append(change["shape"])
        elif change["op"] in _ON_VALUES:
            node.on_value.append(change)
        elif change["op"] != "keep":
            node.on_object.append(change)
    for number, change in enumerate(changes):
        if change["op"] == "enter" and change["shape"] not in plan:
            shown = one_line(repr(change["shape"]), 60)
            raise MigrationError(f"changes/{number}: no change is in the shape {shown}")
    return plan


def default_in(change: Mapping[str, Any]) -> Any:
    """Return the default of a change; `UNSET` if the field is left out."""
    return change.get("default", UNSET)


def _check(change: Any, place: str) -> None:
    if not isinstance(change, Mapping):
        raise MigrationError(f"{place}: a change is an object, unlike {_shown(change)}")
    kind = change.get("op")
    if not isinstance(kind, str) or kind not in _NEEDED:
        known = ", ".join(_NEEDED)
        raise MigrationError(f"{place}: op is one of {known}, not {_shown(kind)}")
    for name in _NEEDED[kind]:
        if name not in change:
            raise MigrationError(f"{place}: the change {kind} needs {name}")
    known_names = {"op", "path", "in", *_NEEDED[kind], *_OPTIONAL.get(kind, ())}
    for name in change:
        if name not in known_names:
            raise MigrationError(f"{place}: the change {kind} has no {_shown(name)}")
    _check_values(kind, change, place)
    path = change.get("path", [])
    if not isinstance(path, list) or not all(map(_is_step, path)):
        raise MigrationError(f"{place}/path: it cannot be {_shown(path)}")


def _check_values(kind: str, change: Mapping[str, Any], place: str) -> None:
    for name, value in change.items():
        if name == "direction":
            is_right = value in DIRECTIONS
        elif kind == "retype" and name not in ("op", "path", "in"):
            is_right = _is_list_of_kinds(value)
        elif name in _TEXTS or (kind == "rename" and name in ("from", "to")):
            is_right = isinstance(value, str)
        else:
            is_right = True
        if not is_right:
            raise MigrationError(f"{place}/{name}: it cannot be {_shown(value)}")


def _is_list_of_kinds(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, str) and each in KINDS for each in value
    )


def _is_step(step: Any) -> bool:
    if isinstance(step, str):
        return True
    if not isinstance(step, Mapping) or step.get("each") not in ("item", "value"):
        return False
    known = ["each", "except"] if step["each"] == "value" else ["each"]
    others = step.get("except", [])
    return (
        all(name in known for name in step)
        and isinstance(others, list)
        and all(isinstance(each, str) for each in others)
    )


def _shown(value: Any) -> str:
    return one_line(repr(value), 60)
