"""Writes the types of models as annotations, and as expressions of `api` modules."""

import ast
from typing import Callable, List, Mapping, Set

from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.generators.python.syntax import call, generic, literal, name

Write = Callable[[TypePlan], ast.expr]
ANNOTATION_SOURCES: Mapping[str, List[str]] = {
    "typing": ["Annotated", "Any", "Dict", "List", "Literal"],
    "uuid": ["UUID"],
    "ai_spine.sdk_sync.runtime.files": ["FileInput"],
    "ai_spine.sdk_sync.runtime.tagged": ["TaggedBy"],
}
"""Where the names in annotations come from; besides, dates need `import datetime`."""
_DATES = ("datetime", "date")


def annotation(plan: TypePlan) -> ast.expr:
    """Return a type as an annotation.

    Example:
        >>> runs = TypePlan("list", (TypePlan("name", name="Run", nullable=True),), nullable=True)
        >>> ast.unparse(annotation(runs)), ast.unparse(annotation(TypePlan("date")))
        ('List[Run | None] | None', 'datetime.date')
    """
    return written(plan, lambda each: name(each.name))


def kind_of(plan: TypePlan) -> ast.expr:
    """Return the expression of a type for `from_json`, in a module that imports `models`.

    Example:
        >>> ast.unparse(kind_of(TypePlan("list", (TypePlan("name", name="Run"),))))
        'List[models.Run]'
    """
    return written(
        plan, lambda each: ast.Attribute(name("models"), each.name, ast.Load())
    )


def models_in(plan: TypePlan) -> Set[str]:
    """Return the names of the models that an annotation has, for `from ..models import …`."""
    return {each.name for each in plan.walk() if each.kind == "name"}


def written(
    plan: TypePlan,
    name_of: Write,
    refine: Callable[[TypePlan, ast.expr], ast.expr] = (lambda plan, written: written),
) -> ast.expr:
    """Return a type as an expression.

    Args:
        plan: The type.
        name_of: Writes the name of a class.
        refine: Changes what is written of a type without null.
    """
    found = refine(plan, _without_null(plan, name_of, refine))
    if plan.nullable and plan.kind not in ("None", "Any"):
        return either([found, literal(None)])
    return found


def either(members: List[ast.expr]) -> ast.expr:
    """Return the union of types, such as `str | int`."""
    whole = members[0]
    for each in members[1:]:
        whole = ast.BinOp(whole, ast.BitOr(), each)
    return whole


def _without_null(
    plan: TypePlan, name_of: Write, refine: Callable[[TypePlan, ast.expr], ast.expr]
) -> ast.expr:
    if plan.kind == "name":
        return name_of(plan)
    if plan.kind == "None":
        return literal(None)
    if plan.kind in _DATES:
        return ast.Attribute(name("datetime"), plan.kind, ast.Load())
    if plan.kind == "file":
        return name("FileInput")
    if plan.kind == "literal":
        return generic("Literal", *map(literal, plan.values))
    inner = [written(each, name_of, refine) for each in plan.args]
    if plan.kind == "list":
        return generic("List", *inner)
    if plan.kind == "dict":
        return generic("Dict", name("str"), *inner)
    if plan.kind != "union":
        return name(plan.kind)
    return _tagged(plan, either(inner), name_of) if plan.tag else either(inner)


def _tagged(plan: TypePlan, union: ast.expr, name_of: Write) -> ast.expr:
    keys: List[ast.expr] = [literal(value) for value, _ in plan.tagged]
    kinds = [name_of(TypePlan("name", name=each)) for _, each in plan.tagged]
    table = ast.Dict(keys=[*keys], values=kinds)
    return generic("Annotated", union, call("TaggedBy", literal(plan.tag), table))
