"""Writes a plan as pydantic models."""

import ast
from dataclasses import replace
from typing import Any, Dict, Mapping

from ai_spine.sdk_sync.generators.python.annotations import annotation
from ai_spine.sdk_sync.generators.python.plan import Plan
from ai_spine.sdk_sync.generators.python.plan_parts import (
    ClassPlan,
    FieldPlan,
    TypePlan,
)
from ai_spine.sdk_sync.generators.python.syntax import (
    assign,
    call,
    class_of,
    constant_function,
    declare,
    docstring,
    generic,
    imported,
    imports_of,
    literal,
    literal_ellipsis,
    module,
    name,
    names_in,
    public_names,
)
from ai_spine.sdk_sync.generators.python.units import names_in as schema_names_in
from ai_spine.sdk_sync.ir import UNSET

_SOURCES = {
    "typing": "Annotated Any ClassVar Dict List Literal Optional Union".split(),
    "ai_spine.sdk_sync.runtime.models": ["BaseModel", "FitsSchema", "Nullable"],
    "pydantic": ["Field"],
}


def emit(plan: Plan) -> ast.Module:
    """Return the module of the models of a plan.

    Args:
        plan: The plan.

    Example:
        >>> from ai_spine.sdk_sync.generators.python.plan import plan_models
        >>> from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion
        >>> plan = plan_models(IRSpec(SchemaVersion(1), models={"User": IRModel("User")}))
        >>> "class User(BaseModel):" in ast.unparse(emit(plan))
        True
    """
    version = str(plan.version)
    body = [assign("SCHEMA_VERSION", literal(version))]
    if plan.schemas:
        table = {each: plan.schemas[each] for each in sorted(plan.schemas)}
        kind = generic("Dict", name("str"), name("Any"))
        body.append(declare("SCHEMAS", kind, literal(table)))
    body += [statement_of(each) for each in plan.classes]
    public = ["SCHEMA_VERSION", *(each.name for each in plan.classes)]
    head = docstring(
        f"Models, generated from schema version {version}: do not change them here."
    )
    return module(
        [
            head,
            imported("__future__", ["annotations"]),
            *imports_of(names_in(body), _SOURCES),
            public_names(public),
            *body,
        ]
    )


def statement_of(plan: ClassPlan) -> ast.stmt:
    """Return the class or the alias that a plan describes."""
    if plan.alias is not None:
        return assign(plan.name, _alias(plan.alias))
    body = [docstring(words_of(plan), 4), *map(_field, plan.fields)]
    body.append(assign("model_config", literal(_config(plan))))
    if plan.keywords:
        kind = generic("ClassVar", name("FitsSchema"))
        body.append(declare("_rules", kind, _fits_schema(plan.keywords)))
    return class_of(plan.name, "BaseModel", body)


def words_of(plan: ClassPlan) -> str:
    """Return the docstring of a class."""
    lines = [plan.description, ""] if plan.description else []
    lines.append(f"Generated from schema version {plan.version}")
    if plan.namespace is not None:
        lines.append(f"Namespace: {plan.namespace}")
    return "\n".join(lines)


def _config(plan: ClassPlan) -> Dict[str, Any]:
    extra: Dict[str, Any] = {"x-version": str(plan.version)}
    if plan.namespace is not None:
        extra["x-namespace"] = plan.namespace
    if plan.tags:
        extra["x-tags"] = list(plan.tags)
    return {
        "extra": "allow" if plan.keeps_unknown else "forbid",
        "validate_assignment": True,
        "json_schema_extra": extra,
    }


def _alias(plan: TypePlan) -> ast.expr:
    if plan.kind == "None":  # `X = None` would be a variable
        return generic("Literal", literal(None))
    return annotation(plan, _refined)


def _field(plan: FieldPlan) -> ast.stmt:
    kind = _annotation(plan)
    named = _arguments(plan)
    if plan.required:
        value = call("Field", literal_ellipsis(), **named) if named else None
        return declare(plan.name, kind, value)
    default = None if plan.default is UNSET else plan.default
    if isinstance(default, (list, dict)):
        made = {"default_factory": constant_function(default)}
        return declare(plan.name, kind, call("Field", **made, **named))
    if not named:
        return declare(plan.name, kind, literal(default))
    return declare(plan.name, kind, call("Field", default=literal(default), **named))


def _annotation(plan: FieldPlan) -> ast.expr:
    """Return the annotation of a field; the bounds that `Field` has are not in it."""
    inner = replace(plan.type, nullable=False)
    if not inner.keywords:
        inner = replace(inner, bounds={})
    written = annotation(inner, _refined)
    if plan.type.nullable:
        if inner.kind == "Any" and not inner.keywords:
            return written
        return generic("Nullable", written)
    is_absent = not plan.required and plan.default in (UNSET, None)
    return generic("Optional", written) if is_absent else written


def _refined(written: ast.expr, plan: TypePlan) -> ast.expr:
    rules = []
    if plan.bounds:
        bounds = {each: literal(value) for each, value in plan.bounds.items()}
        rules.append(call("Field", **bounds))
    if plan.ordered:
        rules.append(call("Field", union_mode=literal("left_to_right")))
    if plan.keywords:
        rules.append(_fits_schema(plan.keywords))
    return generic("Annotated", written, *rules) if rules else written


def _fits_schema(keywords: Mapping[str, Any]) -> ast.expr:
    table = [name("SCHEMAS")] if schema_names_in(keywords) else []
    return call("FitsSchema", literal(keywords), *table)


def _arguments(plan: FieldPlan) -> Dict[str, ast.expr]:
    """Return the arguments of `Field` but for the default."""
    named: Dict[str, ast.expr] = {}
    if plan.name != plan.wire:
        # `alias` would name the parameter of the constructor in the eyes of type checkers.
        named["validation_alias"] = literal(plan.wire)
        named["serialization_alias"] = literal(plan.wire)
    if not plan.type.keywords:
        bounds = plan.type.bounds
        named.update((each, literal(value)) for each, value in bounds.items())
    if plan.description is not None:
        named["description"] = literal(plan.description)
    return named
