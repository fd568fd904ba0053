"""Writes types as annotations."""

import ast
from typing import Callable

from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.generators.python.syntax import generic, literal, name

Refine = Callable[[ast.expr, TypePlan], ast.expr]


def annotation(plan: TypePlan, refine: Refine) -> ast.expr:
    """Return a type as an annotation; null is `Optional`.

    Args:
        plan: The type.
        refine: What adds the rules of a type to its annotation.

    Example:
        >>> names = TypePlan("list", (TypePlan("str", nullable=True),))
        >>> ast.unparse(annotation(names, lambda written, plan: written))
        'List[Optional[str]]'
    """
    written = refine(without_null(plan, refine), plan)
    has_null = plan.kind == "None" or (plan.kind == "Any" and not plan.keywords)
    return generic("Optional", written) if plan.nullable and not has_null else written


def without_null(plan: TypePlan, refine: Refine) -> ast.expr:
    """Return a type as an annotation, without its own rules and without null."""
    if plan.kind == "None":
        return literal(None)
    if plan.kind == "name":
        return name(plan.name)
    if plan.kind == "literal":
        return generic("Literal", *map(literal, plan.values))
    inner = [annotation(each, refine) for each in plan.args]
    if plan.kind == "list":
        return generic("List", *inner)
    if plan.kind == "dict":
        return generic("Dict", name("str"), *inner)
    if plan.kind == "union":
        return generic("Union", *inner)
    return name(plan.kind)
