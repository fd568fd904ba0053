"""Writes a plan as attrs models."""

import ast
from dataclasses import replace

from ai_spine.sdk_sync.generators.python.annotations import annotation
from ai_spine.sdk_sync.generators.python.plan import Plan
from ai_spine.sdk_sync.generators.python.plan_parts import (
    ClassPlan,
    FieldPlan,
    TypePlan,
)
from ai_spine.sdk_sync.generators.python.pydantic_models import words_of
from ai_spine.sdk_sync.generators.python.syntax import (
    assign,
    call,
    class_of,
    declare,
    docstring,
    generic,
    imported,
    imports_of,
    literal,
    module,
    name,
    names_in,
    public_names,
)

_SOURCES = {
    "typing": "Any ClassVar Dict List Literal Mapping Optional Union".split(),
    "ai_spine.sdk_sync.runtime.attrs_models": ["Model", "UNSET", "Unset"],
    "attrs": ["define"],
}


def emit(plan: Plan) -> ast.Module:
    """Return the module of the models of a plan.

    Args:
        plan: The plan.

    Example:
        >>> from ai_spine.sdk_sync.generators.python.plan import plan_models
        >>> from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion
        >>> plan = plan_models(IRSpec(SchemaVersion(1), models={"User": IRModel("User")}))
        >>> "class User(Model):" in ast.unparse(emit(plan))
        True
    """
    version = str(plan.version)
    body = [assign("SCHEMA_VERSION", literal(version))]
    body += [_statement(each) for each in plan.classes]
    head = f"Models, generated from schema version {version}: do not change them here."
    return module(
        [
            docstring(head),
            imported("__future__", ["annotations"]),
            *imports_of(names_in(body), _SOURCES),
            public_names(["SCHEMA_VERSION", *(each.name for each in plan.classes)]),
            *body,
        ]
    )


def _statement(plan: ClassPlan) -> ast.stmt:
    if plan.alias is not None:
        if plan.alias.kind == "None":  # `X = None` would be a variable
            return assign(plan.name, generic("Literal", literal(None)))
        return assign(plan.name, annotation(plan.alias, _as_written))
    body = [docstring(words_of(plan), 4), *map(_field, plan.fields)]
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


def _field(plan: FieldPlan) -> ast.stmt:
    if plan.required:
        return declare(plan.name, annotation(plan.type, _as_written))
    inner = annotation(replace(plan.type, nullable=False), _as_written)
    members = [inner]
    if plan.type.nullable and plan.type.kind not in ("Any", "None"):
        members.append(literal(None))
    kind = generic("Union", *members, name("Unset"))
    return declare(plan.name, kind, name("UNSET"))


def _as_written(written: ast.expr, plan: TypePlan) -> ast.expr:
    """Return an annotation as it is: the rules of a type are the server's to check."""
    return written
