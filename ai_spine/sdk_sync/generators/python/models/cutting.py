"""Cuts aliases that refer to themselves, which no module could define."""

from dataclasses import replace
from typing import Dict, List, Set

from ai_spine.sdk_sync.generators.python.plan_parts import ClassPlan, TypePlan


def without_circles(
    plans: Dict[str, ClassPlan], warnings: List[str]
) -> Dict[str, ClassPlan]:
    """Return classes and aliases, of which no alias leads to itself; it is `Any` there.

    Args:
        plans: The classes and aliases, by their names.
        warnings: Where what is cut is added.
    """
    cutter = _Cutter(plans, warnings)
    for name in sorted(plans):
        cutter.visit(name)
    return {name: cutter.done.get(name, plan) for name, plan in plans.items()}


class _Cutter:
    def __init__(self, plans: Dict[str, ClassPlan], warnings: List[str]) -> None:
        self.done: Dict[str, ClassPlan] = {}
        self._plans, self._warnings = plans, warnings
        self._path: Set[str] = set()

    def visit(self, name: str) -> None:
        """Cut an alias where it leads to one that leads to it."""
        plan = self._plans[name]
        if name in self.done or plan.alias is None:
            return
        self._path.add(name)
        for each in plan.alias.walk():
            if each.kind == "name" and each.name in self._plans:
                if each.name not in self._path:
                    self.visit(each.name)
        circular = self._path & {each.name for each in plan.alias.walk()}
        for target in sorted(circular):
            self._warnings.append(
                f"{plan.pointer}: {target} is Any in Python there, because it refers to itself."
            )
        self._path.discard(name)

        def cut(part: TypePlan) -> TypePlan:
            is_circular = part.kind == "name" and part.name in circular
            tagged = tuple(each for each in part.tagged if each[1] not in circular)
            return TypePlan("Any") if is_circular else replace(part, tagged=tagged)

        self.done[name] = replace(plan, alias=plan.alias.mapped(cut))
