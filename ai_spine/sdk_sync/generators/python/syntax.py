"""Builds Python as syntax trees, so that no text of a specification can become code."""

import ast
import copy
import keyword
import re
import textwrap
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

# An example of doctest, or a directive of reStructuredText.
_CARRIED_OUT = re.compile(r"^(\s*)(>>>|\.\.\s)")


def literal(value: Any) -> ast.expr:
    """Return the expression whose value is a JSON value.

    Example:
        >>> ast.unparse(literal({"a": [1.5, True, None, "it's"]}))
        '{\\'a\\': [1.5, True, None, "it\\'s"]}'
    """
    if isinstance(value, Mapping):
        keys: List[Optional[ast.expr]] = [literal(str(each)) for each in value]
        return ast.Dict(keys=keys, values=[literal(each) for each in value.values()])
    if isinstance(value, (list, tuple)):
        return ast.List(elts=[literal(each) for each in value], ctx=ast.Load())
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=-value))
    return ast.Constant(value=value)


def literal_ellipsis() -> ast.expr:
    """Return `...`."""
    return ast.Constant(value=...)


def constant_function(value: Any) -> ast.expr:
    """Return a function that makes a JSON value anew at each call."""
    nothing = ast.arguments(
        posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    return ast.Lambda(args=nothing, body=literal(value))


def name(identifier: str) -> ast.expr:
    """Return the expression that reads a name.

    Raises:
        ValueError: It is no identifier.
    """
    return ast.Name(id=_checked(identifier), ctx=ast.Load())


def call(function: str, *positional: ast.expr, **named: ast.expr) -> ast.expr:
    """Return a call of a function."""
    keywords = [ast.keyword(arg=each, value=value) for each, value in named.items()]
    return ast.Call(func=name(function), args=list(positional), keywords=keywords)


def generic(base: str, *arguments: ast.expr) -> ast.expr:
    """Return a type with its parameters, such as `List[str]`.

    Example:
        >>> ast.unparse(generic("Dict", name("str"), name("Any")))
        'Dict[str, Any]'
    """
    inner = arguments[0]
    if len(arguments) > 1:
        inner = ast.Tuple(elts=list(arguments), ctx=ast.Load())
    return ast.Subscript(value=name(base), slice=inner, ctx=ast.Load())


def assign(target: str, value: ast.expr) -> ast.stmt:
    """Return an assignment."""
    store = ast.Name(id=_checked(target), ctx=ast.Store())
    return ast.Assign(targets=[store], value=value, lineno=0)


def declare(
    target: str, annotation: ast.expr, value: Optional[ast.expr] = None
) -> ast.stmt:
    """Return a declaration with a type, and with a value if there is one."""
    store = ast.Name(id=_checked(target), ctx=ast.Store())
    return ast.AnnAssign(target=store, annotation=annotation, value=value, simple=1)


def class_of(
    identifier: str, base: str, body: Sequence[ast.stmt], *decorators: ast.expr
) -> ast.stmt:
    """Return a class with one base."""
    made = ast.ClassDef(
        name=_checked(identifier),
        bases=[name(base)],
        keywords=[],
        body=list(body),
        decorator_list=list(decorators),
    )
    setattr(made, "type_params", [])  # which Python has from 3.12 on
    return made


def imported(module: str, names: Iterable[str]) -> ast.stmt:
    """Return an import of names from a module."""
    aliases = [ast.alias(name=each) for each in sorted(names, key=_rank)]
    return ast.ImportFrom(module=module, names=aliases, level=0)


def imports_of(
    names: Iterable[str], sources: Mapping[str, Iterable[str]]
) -> List[ast.stmt]:
    """Return the imports of those names that come from other modules.

    Args:
        names: The names that code reads.
        sources: The names that a module has, by module.
    """
    used = set(names)
    return [
        imported(source, used.intersection(found))
        for source, found in sources.items()
        if used.intersection(found)
    ]


def docstring(text: str, indent: int = 0) -> ast.stmt:
    """Return a docstring: its lines indented, and what is not printable escaped.

    A line that doctest or Sphinx would carry out is quoted by a bar.

    Example:
        >>> ast.unparse(docstring(".. include:: /etc/passwd"))
        "'| .. include:: /etc/passwd'"

    Args:
        text: The lines.
        indent: The columns that the class or function is indented by, with those of its body.
    """
    lines = [_printable(line).rstrip() for line in text.splitlines()] or [""]
    lines = [_CARRIED_OUT.sub(r"\1| \2", line) for line in lines]
    margin = " " * indent
    if len(lines) > 1:
        lines = ["", *(f"{margin}{line}".rstrip() for line in lines), margin]
    return ast.Expr(value=ast.Constant(value="\n".join(lines)))


def public_names(names: Iterable[str]) -> ast.stmt:
    """Return `__all__`, in the order that linters want: constants before classes."""
    return assign("__all__", literal(sorted(names, key=_rank)))


def names_in(body: Iterable[ast.stmt]) -> List[str]:
    """Return each name that code reads."""
    found = {
        node.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
    }
    return sorted(found)


def module(body: Sequence[ast.stmt]) -> ast.Module:
    """Return a module."""
    return ast.fix_missing_locations(ast.Module(body=list(body), type_ignores=[]))


def source_of(code: ast.Module) -> str:
    """Return the text of a module, with a blank line before what follows the fields of a class."""
    texts: List[str] = []
    for number, statement in enumerate(code.body):
        is_head = number == 0 and isinstance(statement, ast.Expr)
        text = ast.unparse(module([statement])) if is_head else _source(statement)
        # Libraries are imported in one block, after the standard library.
        is_block = _is_library(statement) and _is_library(code.body[number - 1])
        texts.append(text if is_block or not texts else f"\n{text}")
    return "\n".join(texts) + "\n"


def _rank(identifier: str) -> Tuple[bool, str]:
    return not identifier.isupper(), identifier


def _is_library(statement: ast.stmt) -> bool:
    name = statement.module if isinstance(statement, ast.ImportFrom) else None
    return name not in (None, "__future__", "typing")


def _source(statement: ast.stmt) -> str:
    if not isinstance(statement, ast.ClassDef):
        return ast.unparse(statement)
    kinds = [_is_field(each) for each in statement.body]
    fields = kinds.index(False) if False in kinds else len(kinds)
    rest = statement.body[fields:]
    head = copy.copy(statement)
    head.body = statement.body[:fields]
    texts = [textwrap.indent(ast.unparse(each), "    ") for each in rest]
    return "\n\n".join([ast.unparse(head), *texts])


def _is_field(statement: ast.stmt) -> bool:
    """Return whether a statement of a class is a field, a member of an enum, or says what it is."""
    if isinstance(statement, ast.Assign):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, (ast.AnnAssign, ast.Expr))


def _checked(identifier: str) -> str:
    if not identifier.isidentifier() or keyword.iskeyword(identifier):
        raise ValueError(f"{identifier!r} is no identifier")
    return identifier


def _printable(line: str) -> str:
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in line
    )
