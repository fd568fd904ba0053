"""`--query`: an expression of JMESPath that picks what is printed."""

from typing import Any, Iterator

import click


class Query:
    """An expression that has been checked, before anything is sent, as far as that is possible.

    Args:
        expression: The expression.

    Raises:
        click.UsageError: It does not parse, calls a function that there is not or with a wrong
            number of arguments, or the extra that it needs is not installed.

    Example:
        >>> Query("[?status=='failed'].id")([{"id": 1, "status": "failed"}, {"id": 2}])
        [1]
    """

    def __init__(self, expression: str) -> None:
        try:
            import jmespath
        except ImportError:
            raise click.UsageError(
                "--query needs jmespath: pip install 'ai-spine-sdk[query]'"
            ) from None
        self._options = jmespath.Options()
        try:
            self._compiled = jmespath.compile(expression)
            for node in _nodes(self._compiled.parsed):
                if node["type"] == "function_expression":
                    _check_call(node["value"], len(node["children"]))
        except (ValueError, RecursionError) as error:
            raise click.UsageError(
                f"--query {expression!r} is not JMESPath: {_reason(error)}"
            ) from None

    def __call__(self, data: Any) -> Any:
        """Return what the expression picks from JSON.

        Raises:
            click.ClickException: It does not fit the data.
        """
        try:
            return self._compiled.search(data, self._options)
        except (ValueError, TypeError, RecursionError) as error:
            raise click.UsageError(
                f"--query does not fit what there is to print: {_reason(error)}"
            ) from None


def _nodes(tree: Any) -> Iterator[Any]:
    """Walk the parsed expression, without descending: it may be nested deeply."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.get("children") or ()


def _check_call(name: str, given: int) -> None:
    from jmespath.functions import Functions

    table = Functions.FUNCTION_TABLE
    if name not in table:
        import difflib  # only when something is misspelt

        near = difflib.get_close_matches(name, table, 1)
        meant = f"; is {near[0]!r} meant?" if near else ""
        raise ValueError(f"there is no function {name!r}{meant}")
    takes = table[name]["signature"]
    may_be_more = bool(takes) and bool(takes[-1].get("variadic"))
    if given < len(takes) or (given > len(takes) and not may_be_more):
        least = "at least " if may_be_more else ""
        raise ValueError(f"{name}() takes {least}{len(takes)} arguments, not {given}")


def _reason(error: Exception) -> str:
    """Return what is wrong, without the drawing beneath it, which needs lines of its own."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    message = str(error).strip().split("\n")[0].rstrip(":")
    return message.replace("Invalid jmespath expression: ", "")
