"""Writes models with attrs."""

import ast
from typing import List

from ai_spine.sdk_sync.generators.python.models.annotations import annotation, either
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
    call,
    class_of,
    declare,
    generic,
    literal,
    name,
)


class AttrsStyle(ModelStyle):
    """Models of attrs."""

    def class_of(self, plan: ClassPlan) -> ast.stmt:
        """Return the class that a plan describes."""
        body = [words_of_class(plan)]
        for each in plan.fields:
            body += [_field(each), *words_of_field(each)]
        wires = {each.name: each.wire for each in plan.fields if each.name != each.wire}
        if wires:
            kind = generic("Mapping", name("str"), name("str"))
            table = generic("ClassVar", kind)
            body.append(declare("_wire_names", table, literal(wires)))
        if plan.keeps_unknown:
            kind = generic("ClassVar", name("bool"))
            body.append(declare("_keeps_unknown", kind, literal(True)))
        decorator = call("define", kw_only=literal(True), slots=literal(False))
        return class_of(plan.name, "Model", body, decorator)

    def annotation(self, plan: TypePlan) -> ast.expr:
        """Return a type as an annotation."""
        return annotation(plan)


def _field(plan: FieldPlan) -> ast.stmt:
    kind = annotation(plan.type)
    if plan.required:
        return declare(plan.name, kind)
    members: List[ast.expr] = [kind, name("Unset")]
    return declare(plan.name, either(members), name("UNSET"))
