"""What a field holds in data that had no such field."""

import copy
import re
from typing import Any, FrozenSet, Mapping, Set

from ai_spine.sdk_sync.ir import UNSET, IRField
from ai_spine.sdk_sync.versioning.sides import Side, View, members_of

_MOST_FIELDS = 200  # that one default fills; a schema may ask for millions
_EMPTY: Mapping[str, Any] = {
    "string": "",
    "integer": 0,
    "number": 0.0,
    "boolean": False,
    "array": [],
    "object": {},
}
_LENGTHS = ("minLength", "minItems", "minProperties")


class Defaults:
    """Finds what fields hold in data that had no such field.

    Args:
        side: The schema that the fields are in.
    """

    def __init__(self, side: Side) -> None:
        self._side = side
        self._budget = 0

    def of(self, view: View) -> Any:
        """Return what a field holds that may not be absent.

        It is its own default; or else its constant, the first value of its enum, null if it may be
        null, or the empty value of its type. A number is moved within its bounds, and the fields
        that an object needs are filled.
        """
        self._budget = _MOST_FIELDS
        return self._value(view, set())

    def offered(self, field: IRField) -> Any:
        """Return what a field holds; `UNSET` if it may be absent and no value surely fits."""
        view = self._side.view(field)
        value = self.of(view)
        is_said = view.default is not UNSET or _said(view) is not UNSET
        if field.required or is_said or self._surely_fits(value, view):
            return value
        return UNSET

    def _value(self, view: View, within: Set[int]) -> Any:
        if view.default is not UNSET:
            return copy.deepcopy(view.default)
        said = _said(view)
        if said is not UNSET:
            return copy.deepcopy(said)
        if view.nullable:
            return None
        members = members_of(view)
        if members and id(view.core) not in within:
            return self._value(self._side.view(members[0]), within | {id(view.core)})
        kind = _first_kind(view, self._side.kinds(view))
        if kind == "object":
            return self._object(view, within)
        if kind in ("integer", "number"):
            return _number(_EMPTY[kind], _constraints(view))
        return copy.deepcopy(_EMPTY.get(kind))

    def _object(self, view: View, within: Set[int]) -> Any:
        if id(view.core) in within:  # nothing finite fits
            return {}
        made = {}
        for name, field in (view.core.properties or {}).items():
            if field.required and self._budget > 0:
                self._budget -= 1
                inner = self._side.view(field)
                made[name] = self._value(inner, within | {id(view.core)})
        return made

    def _surely_fits(self, value: Any, view: View) -> bool:
        constraints = _constraints(view)
        if value is None:
            return True
        if any(constraints.get(each) for each in _LENGTHS) or "allOf" in constraints:
            return False
        if isinstance(value, str):
            return "format" not in constraints and _matches(
                constraints.get("pattern"), value
            )
        return not isinstance(value, dict) or not value


def _constraints(view: View) -> Mapping[str, Any]:
    return {**view.inner, **view.outer}


def _said(view: View) -> Any:
    """Return the constant, or the first value of an enum."""
    constraints = _constraints(view)
    values = constraints.get("enum")
    if "const" in constraints:
        return constraints["const"]
    return values[0] if isinstance(values, list) and values else UNSET


def _first_kind(view: View, kinds: FrozenSet[str]) -> str:
    listed = view.core.constraints.get("type")
    names = listed if isinstance(listed, list) else sorted(kinds)
    return str(next(iter(names), ""))


def _number(value: Any, constraints: Mapping[str, Any]) -> Any:
    least, most = constraints.get("minimum"), constraints.get("maximum")
    if _is_number(least) and value < least:
        return least
    return most if _is_number(most) and value > most else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _matches(pattern: Any, text: str) -> bool:
    try:
        return pattern is None or re.search(pattern, text) is not None
    except (re.error, TypeError, RecursionError, OverflowError):
        return False
