"""The module `errors` of a package: errors of the core, with bodies as the API declares them."""

import ast
import re
from typing import Dict, Iterable, List, Mapping, Sequence, Set, Tuple

from ai_spine.sdk_sync.generators.python.endpoints.docstrings import indented
from ai_spine.sdk_sync.generators.python.endpoints.expressions import union_of
from ai_spine.sdk_sync.generators.python.endpoints.model_roots import has_type
from ai_spine.sdk_sync.generators.python.endpoints.operations import OperationPlan
from ai_spine.sdk_sync.generators.python.models import ModelsPlan, kind_of
from ai_spine.sdk_sync.generators.python.syntax import (
    call,
    declare,
    docstring,
    imported,
    module,
    name,
)

BASE = "APIError"
ERRORS = "ERRORS"
"""The name of the mapping of the core's classes to those of the package."""
# Each class: its base here, the statuses it is for, and what it means.
_CLASSES: Mapping[str, Tuple[str, str, str]] = {
    "BadRequestError": (BASE, "400|422", "400 or 422: the server refuses the input."),
    "AuthenticationError": (
        BASE,
        "401",
        "401: no credentials, or some that the server refuses.",
    ),
    "PermissionDeniedError": (BASE, "403", "403: the credentials do not allow this."),
    "InsufficientCreditsError": (
        "PermissionDeniedError",
        "402",
        "402: the request has to be paid for.",
    ),
    "NotFoundError": (BASE, "404", "404: the resource does not exist."),
    "ConflictError": (BASE, "409", "409: the request does not fit what is there."),
    "RateLimitError": (
        BASE,
        "429",
        "429: too many requests; `retry_after` says how many seconds to wait.",
    ),
    "ServerError": (BASE, "5..", "5xx: the server failed."),
}
CLASSES = (BASE, *_CLASSES)
_TITLE = "Anything that the server refuses, or a response that cannot be read."
_BODY = """

Attributes:
    body: The body of the response, in the shape that the API declares.
    problem: The problem that the body is (RFC 9457); `None` if it is none.
    headers: The headers of the response.
    status_code: The HTTP status.
"""


def error_names(statuses: Iterable[str]) -> Dict[str, str]:
    """Return the name of the class for each status that has one of its own.

    Example:
        >>> error_names(["404", "410", "5XX", "default"])
        {'404': 'NotFoundError', '410': 'APIError', '5XX': 'ServerError', 'default': 'APIError'}
    """
    return {each: _name_of(each) for each in statuses}


def errors_module(
    operations: Sequence[OperationPlan], models: ModelsPlan, generated: str
) -> ast.Module:
    """Return the module of a package's errors.

    Args:
        operations: The operations, which declare the bodies of errors.
        models: The models.
        generated: The sentence that says by what it is generated.
    """
    bodies = _bodies(operations, models)
    imports: List[ast.stmt] = [imported("__future__", ["annotations"])]
    classes = [_class(BASE, ["ApiProblem"], _TITLE + _BODY.rstrip(), bodies[BASE])]
    for each, (base, _, words) in _CLASSES.items():
        own = bodies[each] if _unlike(bodies[each], bodies[base]) else []
        classes.append(_class(each, [base, f"core.{each}"], words, own))
    uses_models = any(bodies.values())
    names = ["TYPE_CHECKING", "Any"] if uses_models else ["Any"]
    imports.append(imported("typing", names))
    imports += ast.parse("from ai_spine import exceptions as core").body
    runtime = "ai_spine.sdk_sync.runtime.problems"
    imports.append(imported(runtime, ["ApiProblem", "ErrorClasses", "error_classes"]))
    if uses_models:
        package = ast.ImportFrom(None, [ast.alias("models")], 1)
        imports.append(ast.If(name("TYPE_CHECKING"), [package], []))
        if any(_has_date(each) for found in bodies.values() for each in found):
            imports.insert(1, ast.Import([ast.alias("datetime")]))
    table = declare(
        ERRORS, name("ErrorClasses"), call("error_classes", *map(name, CLASSES))
    )
    head = docstring(f"The errors of this API. {generated}")
    return module([head, *imports, *classes, table])


def _name_of(status: str) -> str:
    fitting = (
        each
        for each, (_, pattern, _) in _CLASSES.items()
        if re.fullmatch(pattern, status)
    )
    return next(fitting, BASE)


def _bodies(
    operations: Sequence[OperationPlan], models: ModelsPlan
) -> Dict[str, List[ast.expr]]:
    """Return the types of the bodies that the errors of each class may have."""
    found: Dict[str, Dict[str, ast.expr]] = {each: {} for each in CLASSES}
    for plan in operations:
        for reply in plan.errors:
            for content in reply.contents:
                if has_type(content):
                    kind = kind_of(models.type_at(content.pointer))
                    for each in _classes_for(reply.status):
                        found[each].setdefault(ast.unparse(kind), kind)
    return {each: [kinds[k] for k in sorted(kinds)] for each, kinds in found.items()}


def _classes_for(status: str) -> Set[str]:
    """Return the classes whose errors may have a status, or one of a range."""
    if status == "default":
        return set(CLASSES)
    if status == "4XX":
        return {BASE, *_CLASSES} - {"ServerError"}
    return {BASE, _name_of(status)}


def _class(
    identifier: str, bases: Sequence[str], words: str, kinds: List[ast.expr]
) -> ast.stmt:
    body: List[ast.stmt] = [indented(words, 4)]
    if kinds:
        # A server may send something else than it declares.
        kind = ast.BinOp(union_of(kinds), ast.BitOr(), name("Any"))
        body.append(declare("body", kind))
    made = ast.ClassDef(identifier, [_base(each) for each in bases], [], body, [])
    setattr(made, "type_params", [])  # which Python has from 3.12 on
    return made


def _unlike(kinds: List[ast.expr], others: List[ast.expr]) -> bool:
    return [ast.unparse(each) for each in kinds] != [ast.unparse(e) for e in others]


def _base(text: str) -> ast.expr:
    first, _, attribute = text.partition(".")
    return (
        ast.Attribute(name(first), attribute, ast.Load()) if attribute else name(first)
    )


def _has_date(kind: ast.expr) -> bool:
    return any(isinstance(e, ast.Name) and e.id == "datetime" for e in ast.walk(kind))
