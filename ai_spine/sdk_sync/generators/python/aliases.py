"""Puts aliases in an order in which Python can read them; what refers to itself is cut."""

from dataclasses import replace
from typing import Callable, Dict, Iterator, List, Tuple

from ai_spine.sdk_sync.generators.python.plan_parts import ClassPlan, TypePlan
from ai_spine.sdk_sync.generators.python.type_plans import ANY, TypePlanner
from ai_spine.sdk_sync.ir.references import reference_to


def sorted_plans(plans: List[ClassPlan], types: TypePlanner) -> List[ClassPlan]:
    """Return the classes, then the aliases, each after those that it names.

    An alias is read when its module is imported, so that it cannot name itself. There it has any
    value, which its schema still checks.

    Args:
        plans: All classes and aliases.
        types: Where warnings go, and the table of schemas.
    """
    sorter = _Sorter(plans, types)
    for name in sorter.aliases:
        sorter.visit(name)
    return [*(each for each in plans if each.alias is None), *sorter.done.values()]


class _Sorter:
    def __init__(self, plans: List[ClassPlan], types: TypePlanner) -> None:
        self.aliases = {each.name: each for each in plans if each.alias is not None}
        self.done: Dict[str, ClassPlan] = {}
        self._types = types
        self._path: List[Tuple[str, bool]] = []

    def visit(self, name: str) -> None:
        """Add an alias after those that it names."""
        plan = self.aliases[name]
        if name in self.done or plan.alias is None:
            return
        cut: Dict[str, TypePlan] = {}
        for target, is_within in _targets(plan.alias):
            self._path.append((name, is_within))
            names = [each for each, _ in self._path]
            if target in names:
                edges = self._path[names.index(target) :]
                is_endless = not any(is_within for _, is_within in edges)
                cut[target] = self._anything(target, plan, is_endless)
            elif target in self.aliases:
                self.visit(target)
            self._path.pop()
        self.done[name] = replace(plan, alias=plan.alias.mapped(_cutter(cut)))

    def _anything(self, target: str, plan: ClassPlan, is_endless: bool) -> TypePlan:
        words = "it has no end" if is_endless else "it refers to itself"
        self._types.warnings.append(
            f"{plan.pointer}: {target} is Any in Python there, because {words}."
        )
        if is_endless:
            return ANY
        self._types.table.add_named(target)
        return replace(ANY, keywords={"$ref": reference_to(target)})


def _targets(plan: TypePlan, is_within: bool = False) -> Iterator[Tuple[str, bool]]:
    """Yield the names in a type, and whether they are within a list or an object."""
    if plan.kind == "name":
        yield plan.name, is_within
    for each in plan.args:
        yield from _targets(each, is_within or plan.kind in ("list", "dict"))


def _cutter(cut: Dict[str, TypePlan]) -> Callable[[TypePlan], TypePlan]:
    def change(plan: TypePlan) -> TypePlan:
        if plan.kind != "name" or plan.name not in cut:
            return plan
        keywords = {**plan.keywords, **cut[plan.name].keywords}
        return replace(cut[plan.name], keywords=keywords)

    return change
