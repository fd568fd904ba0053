"""Applies the structured changes of a migration to data."""

import copy
from typing import Any, Dict, Iterable, List, Mapping, Tuple

from ai_spine.flows.definitions import MAX_DEPTH, is_too_deep
from ai_spine.sdk_sync.errors import MigrationError
from ai_spine.sdk_sync.ir import UNSET
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.sdk_sync.versioning.conversion import CannotConvert, convert
from ai_spine.sdk_sync.versioning.operations import Node, default_in, plan_of
from ai_spine.utils import one_line

Path = Tuple[Any, ...]
Change = Mapping[str, Any]
_SHOWN = 60


def apply_changes(changes: Any, data: Any, direction: str) -> Any:
    """Return data of one version as data of another; the data given stays as it is.

    Args:
        changes: The structured changes.
        data: The data, as JSON.
        direction: `upgrade` or `downgrade`.

    Raises:
        MigrationError: A change is malformed, or a value cannot be converted.
    """
    if is_too_deep(data):
        raise MigrationError(
            f"the data is nested too deeply: more than {MAX_DEPTH} levels"
        )
    applied = _Applied(plan_of(changes), direction == "upgrade")
    return applied.at_root(copy.deepcopy(data))


class _Applied:
    """Walks through data; paths of changes name what data of the old version has."""

    def __init__(self, plan: Dict[str, Node], is_upgrade: bool) -> None:
        self._plan = plan
        self._is_upgrade = is_upgrade

    def at_root(self, data: Any) -> Any:
        """Return the data after all changes."""
        return self._visit([self._plan[""]], data, ())

    def _visit(self, places: List[Node], value: Any, at: Path) -> Any:
        """Return a value after the changes of all places that lead to it."""
        nodes = self._with_shapes(places)
        if self._is_upgrade:
            value = self._change_value(nodes, value, at)
            self._visit_below(nodes, value, at)
            self._change_names(nodes, value)
        else:
            self._change_names(nodes, value)
            self._visit_below(nodes, value, at)
            value = self._change_value(nodes, value, at)
        return value

    def _with_shapes(self, places: List[Node]) -> List[Node]:
        """Return each place, and each shape that it has, once."""
        found: Dict[int, Node] = {}
        pending = list(reversed(places))
        while pending:
            node = pending.pop()
            if id(node) not in found:
                found[id(node)] = node
                pending += [self._plan[shape] for shape in reversed(node.shapes)]
        return list(found.values())

    def _visit_below(self, nodes: List[Node], value: Any, at: Path) -> None:
        if isinstance(value, dict):
            keys: Iterable[Any] = list(value)
        else:
            keys = range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            places = [below for node in nodes for below in node.below(key)]
            if places:
                value[key] = self._visit(places, value[key], (*at, key))

    def _change_names(self, nodes: List[Node], value: Any) -> None:
        if isinstance(value, dict):
            for change in self._in_order([c for n in nodes for c in n.on_object]):
                self._change_name(change, value)

    def _change_value(self, nodes: List[Node], value: Any, at: Path) -> Any:
        for change in self._in_order([c for n in nodes for c in n.on_value]):
            if change["op"] == "retype":
                value = self._retyped(change, value, at)
            elif value is None and self._is_meant(change):
                value = copy.deepcopy(change["default"])
        return value

    def _in_order(self, changes: List[Change]) -> List[Change]:
        return changes if self._is_upgrade else changes[::-1]

    def _change_name(self, change: Change, value: Dict[str, Any]) -> None:
        kind = change["op"]
        if kind == "rename":
            names = change["from"], change["to"]
            before, after = names if self._is_upgrade else reversed(names)
            if before in value:
                value[after] = value.pop(before)
        elif kind == "require":
            if self._is_meant(change):
                _set_default(value, change)
        elif (kind == "add") is self._is_upgrade:
            _set_default(value, change)
        else:
            value.pop(change["name"], None)

    def _retyped(self, change: Change, value: Any, at: Path) -> Any:
        end = "to" if self._is_upgrade else "from"
        try:
            return convert(value, change[end], change.get(f"{end}_items"))
        except CannotConvert:
            place = "".join(f"/{escaped(str(part))}" for part in at)
            where = f"the value at {one_line(place, 200)}" if place else "the value"
            kinds: List[str] = change[end]
            wanted = " or ".join(kinds) or "null"
            shown = one_line(repr(value)[: 20 * _SHOWN], _SHOWN)
            raise MigrationError(
                f"{where} cannot be converted to {wanted}: {shown}"
            ) from None

    def _is_meant(self, change: Change) -> bool:
        return (change["direction"] == "upgrade") is self._is_upgrade


def _set_default(value: Dict[str, Any], change: Change) -> None:
    default = default_in(change)
    if default is not UNSET:
        value.setdefault(change["name"], copy.deepcopy(default))
