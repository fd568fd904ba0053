"""Writes the plan of models as modules."""

import ast
from typing import Dict, List, Mapping, Set

from ai_spine.sdk_sync.generators.python.models.plan import ModelsPlan
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan

ANNOTATION_SOURCES: Mapping[str, List[str]] = {
    "typing": ["Any", "Dict", "List", "Literal"],
    "uuid": ["UUID"],
    "ai_spine.sdk_sync.runtime.bodies": ["FileInput"],
}
"""Where the names in annotations come from; besides, dates need `import datetime`."""


def emit_modules(plan: ModelsPlan, style: str) -> Dict[str, ast.Module]:
    """Return the modules of the package `models`, by their names; `__init__` is one of them.

    Args:
        plan: The plan.
        style: `attrs` or `pydantic`.
    """
    raise NotImplementedError


def annotation(plan: TypePlan) -> ast.expr:
    """Return a type as an annotation, such as `List[Run] | None`."""
    raise NotImplementedError


def kind_of(plan: TypePlan) -> ast.expr:
    """Return the expression of a type for `from_json`, such as `List[models.Run]`."""
    raise NotImplementedError


def models_in(plan: TypePlan) -> Set[str]:
    """Return the names of the models that an annotation has, for `from ..models import …`."""
    return {each.name for each in plan.walk() if each.kind == "name"}
