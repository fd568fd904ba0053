"""Writes models with pydantic."""

import ast
from dataclasses import replace
from typing import Dict

from ai_spine.sdk_sync.generators.python.models.annotations import written
from ai_spine.sdk_sync.generators.python.models.style import (
    ModelStyle,
    words_of_class,
    words_of_field,
)
from ai_spine.sdk_sync.generators.python.plan_parts import (
    ClassPlan,
    FieldPlan,
    TypePlan,
)
from ai_spine.sdk_sync.generators.python.syntax import (
    assign,
    call,
    class_of,
    declare,
    generic,
    literal,
    literal_ellipsis,
    name,
)

_FORMATS = ("datetime", "date", "UUID")


class PydanticStyle(ModelStyle):
    """Models of pydantic."""

    def class_of(self, plan: ClassPlan) -> ast.stmt:
        """Return the class that a plan describes."""
        body = [words_of_class(plan)]
        for each in plan.fields:
            body += [self._field(each), *words_of_field(each)]
        if plan.keeps_unknown:
            config = call("ConfigDict", extra=literal("allow"))
            body.append(assign("model_config", config))
        return class_of(plan.name, "LazyModel", body)

    def annotation(self, plan: TypePlan) -> ast.expr:
        """Return a type as an annotation."""
        return written(plan, lambda each: name(each.name), _refined)

    def _field(self, plan: FieldPlan) -> ast.stmt:
        inner = replace(plan.type, nullable=False)
        kind = self.annotation(inner)
        if plan.type.nullable and inner.kind != "Any":
            kind = generic("Nullable", kind)
        elif not plan.required and inner.kind not in ("Any", "None"):
            kind = ast.BinOp(kind, ast.BitOr(), literal(None))
        if plan.name == plan.wire:
            return declare(plan.name, kind, None if plan.required else literal(None))
        named: Dict[str, ast.expr] = {
            # `alias` would name the parameter of the constructor in the eyes of type checkers.
            "validation_alias": literal(plan.wire),
            "serialization_alias": literal(plan.wire),
        }
        if plan.required:
            value = call("Field", literal_ellipsis(), **named)
        else:
            value = call("Field", default=literal(None), **named)
        return declare(plan.name, kind, value)


def _refined(plan: TypePlan, annotation: ast.expr) -> ast.expr:
    """Return an annotation that says to pydantic how to read it."""
    if plan.kind in _FORMATS:
        return generic("Annotated", annotation, call("FromText"))
    return generic("SkipValidation", annotation) if plan.kind == "file" else annotation
