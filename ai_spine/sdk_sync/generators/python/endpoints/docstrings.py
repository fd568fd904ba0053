"""The docstrings of generated methods."""

import ast
import http
import textwrap
from typing import Iterable, List, Sequence

from ai_spine.sdk_sync.generators.python.endpoints.operations import OperationPlan
from ai_spine.sdk_sync.generators.python.endpoints.signatures import Given, Signature
from ai_spine.sdk_sync.generators.python.syntax import docstring
from ai_spine.utils import one_line

_WIDTH = 88  # within the indentation of a method
_LONGEST = 2000
_LONGEST_OF_ARGUMENT = 600
_LONGEST_OF_SUMMARY = 200
# What documents say of responses where they have nothing to say.
_PHRASES = {each.phrase.lower() for each in http.HTTPStatus}
_PHRASES |= {"success", "successful", "successful response", "success response"}
_PHRASES |= {"default response", "response", "successful operation"}


def method_docstring(
    plan: OperationPlan,
    signature: Signature,
    returns: str,
    raises: Sequence[str],
    *,
    lead: str = "",
) -> str:
    """Return the docstring of a method, without its indentation.

    Args:
        plan: The operation.
        signature: Its arguments.
        returns: What it returns, a sentence; empty if that is nothing.
        raises: The errors that the document names, each with what it means.
        lead: What the method does, if not what the operation does.
    """
    endpoint = plan.endpoint
    parts = [summary_of(plan, lead)]
    described = (endpoint.description or "").strip()
    if described and described != (endpoint.summary or "").strip():
        parts.append(_wrapped_text(one_text(described, _LONGEST)))
    if endpoint.deprecated:
        parts.append("Deprecated: the server may stop offering it.")
    arguments = [*signature.positional, *signature.keywords]
    if arguments:
        parts.append("\n".join(["Args:", *_arguments(arguments)]))
    if returns and returns.strip(" .").lower() not in _PHRASES:
        parts.append("\n".join(["Returns:", *_item(returns)]))
    listed = [line for each in raises for line in _item(each)]
    parts.append("\n".join(["Raises:", *listed]))
    return "\n\n".join(parts)


def indented(text: str, indent: int) -> ast.stmt:
    """Return a docstring that begins in the line of its quotes.

    Args:
        text: Its lines.
        indent: The columns that the class or the function has its body indented by.
    """
    made = docstring(text, indent)
    assert isinstance(made, ast.Expr) and isinstance(
        made.value, ast.Constant
    )  # nosec B101
    made.value.value = str(made.value.value).lstrip()
    return made


def summary_of(plan: OperationPlan, lead: str = "") -> str:
    """Return the first line of a docstring."""
    endpoint = plan.endpoint
    said = endpoint.summary or _first_sentence(endpoint.description)
    text = one_line(said, _LONGEST_OF_SUMMARY).strip() if said else ""
    if not text:
        text = f"Send {endpoint.method} {one_line(endpoint.path, _LONGEST_OF_SUMMARY)}"
    text = text if text[-1] in ".!?…" else f"{text}."
    return f"{lead} {text}" if lead else text


def one_text(text: str, limit: int) -> str:
    """Return a text of several lines, without what would end a docstring early or hide."""
    short = text if len(text) <= limit else f"{text[:limit].rstrip()}…"
    return "\n".join(line.rstrip() for line in short.splitlines())


def argument_lines(name: str, description: str) -> List[str]:
    """Return the lines of a docstring for an argument."""
    words = one_line(description, _LONGEST_OF_ARGUMENT).strip()
    return _item(f"{name}: {words}" if words else f"{name}:")


def _first_sentence(text: str) -> str:
    first = text.strip().split("\n\n")[0].split(". ")[0]
    return first if len(first) <= _LONGEST_OF_SUMMARY else ""


def _wrapped_text(text: str) -> str:
    lines: List[str] = []
    for line in text.splitlines():
        if len(line) <= _WIDTH:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())][:20]
        lines += _wrapped(line.strip(), indent, indent)
    return "\n".join(lines)


def _arguments(arguments: Iterable[Given]) -> List[str]:
    lines: List[str] = []
    for each in arguments:
        lines += argument_lines(each.name, each.description)
    return lines


def _item(text: str) -> List[str]:
    return _wrapped(one_line(text, _LONGEST_OF_ARGUMENT + 100), "    ", " " * 8)


def _wrapped(text: str, first: str, rest: str) -> List[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
