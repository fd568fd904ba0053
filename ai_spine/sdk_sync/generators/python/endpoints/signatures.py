"""The signatures of methods, and what they pass on."""

import ast
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from ai_spine.sdk_sync.generators.python.endpoints.contents import (
    BINARY,
    FORM,
    JSON,
    LINES,
    MULTIPART,
    TEXT,
    Content,
)
from ai_spine.sdk_sync.generators.python.endpoints.expressions import (
    or_unset,
    union_of,
)
from ai_spine.sdk_sync.generators.python.endpoints.model_roots import has_type
from ai_spine.sdk_sync.generators.python.endpoints.naming import is_taken_by_all
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    Argument,
    OperationPlan,
)
from ai_spine.sdk_sync.generators.python.models import ModelsPlan, annotation
from ai_spine.sdk_sync.generators.python.plan_parts import ClassPlan, FieldPlan
from ai_spine.sdk_sync.generators.python.syntax import generic, literal, name

STREAM = "stream"  # the field of a body that asks for a stream
_WITH_FIELDS = (JSON, FORM, MULTIPART)
_REPEATABLE = ("GET", "HEAD", "OPTIONS", "TRACE")


@dataclass(frozen=True)
class Given:
    """An argument as it is written.

    Attributes:
        name: Its name.
        type: Its type.
        default: What it is if it is not passed; `None` if it must be.
        description: What it means.
    """

    name: str
    type: ast.expr
    default: Optional[ast.expr] = None
    description: str = ""


@dataclass(frozen=True)
class Signature:
    """The arguments of a method.

    Attributes:
        positional: The arguments that may be passed by position.
        keywords: Those that are only passed by their names.
        values: The names of the arguments for parameters, in the order of the endpoint.
        has_body: Whether there is a body.
        fields: The arguments for the fields of the body, by the names of the fields in JSON.
        several_bodies: Whether the body has several media types.
        has_key: Whether there is an idempotency key.
    """

    positional: List[Given] = field(default_factory=list)
    keywords: List[Given] = field(default_factory=list)
    values: List[str] = field(default_factory=list)
    has_body: bool = False
    fields: Dict[str, str] = field(default_factory=dict)
    several_bodies: bool = False
    has_key: bool = False

    def as_syntax(self) -> ast.arguments:
        """Return the arguments of a function."""
        return ast.arguments(
            posonlyargs=[],
            args=[ast.arg("self")] + [ast.arg(e.name, e.type) for e in self.positional],
            kwonlyargs=[ast.arg(each.name, each.type) for each in self.keywords],
            kw_defaults=[each.default for each in self.keywords],
            defaults=[e.default for e in self.positional if e.default is not None],
        )

    def passed(
        self, *, to_pages: bool = False
    ) -> Tuple[List[ast.expr], Dict[str, Any]]:
        """Return what a method passes on: the values of parameters, and named arguments."""
        values: List[ast.expr] = [name(each) for each in self.values]
        positional: List[ast.expr] = [ast.Tuple(values, ast.Load())] if values else []
        named: Dict[str, Any] = {}
        if self.has_body:
            named["body"] = name("body")
        if self.fields:
            keys: List[Optional[ast.expr]] = [literal(each) for each in self.fields]
            named["fields"] = ast.Dict(keys, [name(e) for e in self.fields.values()])
        if self.several_bodies:
            named["content_type"] = name("content_type")
        named["timeout"] = name("timeout")
        if self.has_key and not to_pages:
            named["idempotency_key"] = name("idempotency_key")
        return positional, named


def signature_of(plan: OperationPlan, models: ModelsPlan) -> Signature:
    """Return the arguments of the method of an operation.

    Those that are required come first; all others are passed by their names, but for the body.

    Args:
        plan: The operation.
        models: The models.
    """
    made = Signature(
        values=[each.name for each in plan.arguments],
        has_body=bool(plan.bodies),
        several_bodies=len(plan.bodies) > 1,
        has_key=plan.endpoint.method not in _REPEATABLE or plan.takes_key,
    )
    for each in plan.arguments:
        kind = annotation(models.type_at(each.pointer))
        words = _described(each)
        if each.is_required:
            made.positional.append(Given(each.name, kind, None, words))
        else:
            default = name("UNSET")
            made.keywords.append(Given(each.name, or_unset(kind), default, words))
    if plan.bodies:
        fields = fields_of(plan, models)
        made.fields.update({each.wire: each.name for each in fields})
        made.positional.append(_body(plan, models, bool(fields)))
        made.keywords.extend(_given_field(each) for each in fields)
    made.keywords.extend(_settings(plan, made))
    return made


def fields_of(plan: OperationPlan, models: ModelsPlan) -> List[FieldPlan]:
    """Return the fields of a body that have an argument of their own."""
    found = class_of(plan.bodies[0], models)
    if found is None:
        return []
    taken = {each.name for each in plan.arguments}
    return [
        each
        for each in found.fields
        if each.name not in taken
        and not is_taken_by_all(each.name)
        and not (each.wire == STREAM and plan.stream_name)
    ]


def class_of(content: Content, models: ModelsPlan) -> Optional[ClassPlan]:
    """Return the class that a body is written from, if it is one."""
    if content.kind not in _WITH_FIELDS or not has_type(content):
        return None
    kind = models.type_at(content.pointer)
    found = models.classes.get(kind.name) if kind.kind == "name" else None
    return found if found is not None and found.fields else None


def _described(argument: Argument) -> str:
    given = argument.parameter
    words = (given.description or "").strip()
    if not words:
        words = f"The parameter `{given.name}` in the {given.location}."
    if argument.client_default is not None:
        words += " By default, what the client was made with."
    return words


def _body(plan: OperationPlan, models: ModelsPlan, has_fields: bool) -> Given:
    kinds = [each for content in plan.bodies for each in _types(content, models)]
    description = next(
        (each.description for each in plan.endpoint.bodies if each.description),
        "The body.",
    )
    if plan.body_required and not has_fields:
        return Given("body", union_of(kinds), None, description)
    if has_fields:
        description += " Its fields may be passed by their names instead."
    return Given("body", or_unset(union_of(kinds)), name("UNSET"), description)


def _types(content: Content, models: ModelsPlan) -> List[ast.expr]:
    if content.kind == TEXT:
        return [name("str"), name("bytes")]
    if content.kind in (BINARY, LINES):
        return [name("FileInput")]
    if not has_type(content):
        return [name("Any")]
    kind = annotation(models.type_at(content.pointer))
    if class_of(content, models) is None:
        return [kind]
    return [kind, generic("Mapping", name("str"), name("Any"))]


def _given_field(plan: FieldPlan) -> Given:
    written = or_unset(annotation(plan.type))
    words = (plan.description or "").strip() or f"The field `{plan.wire}` of the body."
    return Given(plan.name, written, name("UNSET"), words)


def _settings(plan: OperationPlan, made: Signature) -> List[Given]:
    nothing = literal(None)
    found = []
    if made.several_bodies:
        types = [literal(each.content_type) for each in plan.bodies]
        kind = union_of([generic("Literal", *types), nothing])
        words = "The media type of the body; by default, the first that takes it."
        found.append(Given("content_type", kind, nothing, words))
    seconds = union_of([name("float"), nothing])
    found.append(Given("timeout", seconds, nothing, "Seconds for each attempt."))
    if made.has_key:
        words = "The key of a request that must not be executed twice."
        text = union_of([name("str"), nothing])
        found.append(Given("idempotency_key", text, nothing, words))
    return found
