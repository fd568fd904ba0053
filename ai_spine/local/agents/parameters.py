"""Reads a function: its parameters and their types, and whether it is async or a generator."""

import collections.abc
import functools
import inspect
import re
import sys
import types
import typing
from typing import Any, Dict, List, Tuple

from ai_spine.local.agents.annotations import hints_of

NO_TYPE: Any = inspect.Parameter.empty
UNKNOWN: Any = object()
"""Replaces an annotation whose names cannot be found."""
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_GENERATORS = (
    collections.abc.Generator,
    collections.abc.Iterator,
    collections.abc.AsyncGenerator,
    collections.abc.AsyncIterator,
)
_DESCRIPTION = re.compile(r"^    (\w+)[^:\n]*:\s*(.+(?:\n {5,}.+)*)", re.MULTILINE)


def read_parameters(
    function: Any,
) -> Tuple[List[inspect.Parameter], Dict[str, Any]]:
    """Return the parameters of a function, and their types; `return` is the output's.

    Raises:
        TypeError: It has no signature.
        ValueError: It has no signature.
    """
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        signature = inspect.signature(function, annotation_format=Format.FORWARDREF)
    else:
        signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    written = {each.name: each.annotation for each in parameters}
    written["return"] = signature.return_annotation
    scope = getattr(_code_of(function), "__globals__", {})
    return parameters, {name: _resolve(hint, scope) for name, hint in written.items()}


def is_variadic(parameter: inspect.Parameter) -> bool:
    """Return whether it is `*args` or `**kwargs`."""
    return parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)


def is_loose(hint: Any) -> bool:
    """Return whether a type says nothing, or only that it is a dict."""
    if hint is NO_TYPE or hint is Any:
        return True
    item = (*typing.get_args(hint), Any, Any)[1]
    return (typing.get_origin(hint) or hint) in _MAPPINGS and item in (Any, object)


def is_async(function: Any) -> bool:
    """Return whether calling a function returns what must be awaited."""
    return _is_a(inspect.iscoroutinefunction, function)


def is_generator(function: Any, returns: Any) -> bool:
    """Return whether calling a function returns a generator."""
    return (
        typing.get_origin(returns) in _GENERATORS
        or _is_a(inspect.isgeneratorfunction, function)
        or _is_a(inspect.isasyncgenfunction, function)
    )


def descriptions_in(docstring: str) -> Dict[str, str]:
    """Return what the section `Args` of a docstring says of each parameter."""
    section = re.split(r"\n(?=\S)", docstring.partition("\nArgs:\n")[2])[0]
    return {
        name: " ".join(text.split()) for name, text in _DESCRIPTION.findall(section)
    }


def _is_a(kind: Any, function: Any) -> bool:
    call = getattr(type(function), "__call__", None)
    return bool(kind(function) or kind(call))


def _resolve(hint: Any, scope: Dict[str, Any]) -> Any:
    """Return a type with its forward references resolved, or `UNKNOWN`."""
    if hint is NO_TYPE:
        return hint
    try:
        owner = types.SimpleNamespace(__annotations__={"it": hint})
        return hints_of(owner, scope)["it"]
    except Exception:  # a string may be any expression
        return UNKNOWN


def _code_of(function: Any) -> Any:
    """Return the function itself, without what is around it."""
    function = inspect.unwrap(function)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    if not hasattr(function, "__globals__") and not inspect.ismethod(function):
        function = getattr(type(function), "__call__", function)
    return getattr(function, "__func__", function)
