"""Expressions of generated modules that more than one of them has."""

import ast
from typing import Dict, List, Optional

from ai_spine.sdk_sync.generators.python.endpoints.contents import BINARY, TEXT, Content
from ai_spine.sdk_sync.generators.python.endpoints.model_roots import has_type
from ai_spine.sdk_sync.generators.python.models import (
    ModelsPlan,
    annotation,
    kind_of,
)
from ai_spine.sdk_sync.generators.python.syntax import literal, name


def union_of(members: List[ast.expr]) -> ast.expr:
    """Return the union of types, each once; null comes last.

    Example:
        >>> ast.unparse(union_of([literal(None), name("str"), name("str")]))
        'str | None'
    """
    found: Dict[str, ast.expr] = {}
    for each in members:
        for member in _members(each):
            found.setdefault(ast.unparse(member), member)
    if "Any" in found:
        return found["Any"]
    null = found.pop("None", None)
    written = [*found.values(), *([] if null is None else [null])]
    whole = written[0]
    for each in written[1:]:
        whole = ast.BinOp(whole, ast.BitOr(), each)
    return whole


def or_unset(written: ast.expr) -> ast.expr:
    """Return a type whose value may be left out."""
    return ast.BinOp(written, ast.BitOr(), name("Unset"))


def loader(expression: ast.expr) -> ast.expr:
    """Return a function without parameters that returns the value of an expression."""
    nothing = ast.arguments(
        posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    return ast.Lambda(args=nothing, body=expression)


def load_of(content: Content, models: ModelsPlan) -> ast.expr:
    """Return what loads the type of a body or a response; `None` if nothing is said of it."""
    if content.kind == TEXT:
        return loader(name("str"))
    if content.kind == BINARY:
        return loader(name("bytes"))
    if not has_type(content):
        return literal(None)
    return loader(kind_of(models.type_at(content.pointer)))


def type_of(content: Content, models: ModelsPlan) -> ast.expr:
    """Return the type of what a response holds, as an annotation."""
    if content.kind == TEXT:
        return name("str")
    if content.kind == BINARY:
        return name("bytes")
    if not has_type(content):
        return name("Any")
    return annotation(models.type_at(content.pointer))


def call_of(
    function: str, positional: List[ast.expr], named: Dict[str, Optional[ast.expr]]
) -> ast.Call:
    """Return a call; arguments that are `None` are left out."""
    keywords = [
        ast.keyword(n, value) for n, value in named.items() if value is not None
    ]
    return ast.Call(name(function), positional, keywords)


def tuple_of(items: List[ast.expr]) -> ast.expr:
    """Return a tuple."""
    return ast.Tuple(items, ast.Load())


def dict_of(entries: Dict[str, ast.expr]) -> ast.expr:
    """Return a mapping of texts."""
    return ast.Dict([literal(key) for key in entries], list(entries.values()))


def _members(written: ast.expr) -> List[ast.expr]:
    if isinstance(written, ast.BinOp) and isinstance(written.op, ast.BitOr):
        return [*_members(written.left), *_members(written.right)]
    return [written]
