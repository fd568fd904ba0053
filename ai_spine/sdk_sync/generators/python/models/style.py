"""What a library of models has to write, and what they write alike."""

import ast
from typing import List

from ai_spine.sdk_sync.generators.python.plan_parts import (
    ClassPlan,
    FieldPlan,
    TypePlan,
)
from ai_spine.sdk_sync.generators.python.syntax import docstring
from ai_spine.sdk_sync.ir import UNSET


class ModelStyle:
    """A library that models are made with."""

    def class_of(self, plan: ClassPlan) -> ast.stmt:
        """Return the class that a plan describes."""
        raise NotImplementedError

    def annotation(self, plan: TypePlan) -> ast.expr:
        """Return a type as an annotation."""
        raise NotImplementedError


def words_of_class(plan: ClassPlan) -> ast.stmt:
    """Return the docstring of a class."""
    return docstring(plan.description or f"{plan.name}.", 4)


def words_of_field(plan: FieldPlan) -> List[ast.stmt]:
    """Return the docstring of a field, if there is anything to say of it."""
    words = [plan.description.strip()] if plan.description else []
    if plan.default is not UNSET and not plan.required:
        words.append(f"By default, the server takes {plan.default!r}.")
    return [docstring("\n\n".join(words), 4)] if any(words) else []
