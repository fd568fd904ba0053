"""What an execution of a tool came to: a result, or an error. Pure."""

from typing import Callable

from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.exceptions import ExecutionError
from ai_spine.models import ToolResult
from ai_spine.policy.redaction import redact_model
from ai_spine.utils import one_line


def check_tool_result(
    tool_id: str, result: ToolResult, redact: Callable[[str], str] = str
) -> ToolResult:
    """Return the result of a tool that did its work.

    Args:
        tool_id: The tool.
        result: What the server responded.
        redact: Removes secrets from a server's text.

    Raises:
        ExecutionError: The tool failed.

    Example:
        >>> check_tool_result("ocr", ToolResult(False, error="no page"))
        Traceback (most recent call last):
        ai_spine.exceptions.ExecutionError: tool 'ocr' failed: no page
    """
    if result.success:
        return result
    reason = redact(str(result.error or "the server does not say why"))
    message = one_line(f"tool {tool_id!r} failed: {reason}", MAX_MESSAGE_LENGTH)
    shortest = ToolResult(False, execution_id=result.execution_id)
    raise ExecutionError(message, execution=redact_model(result, redact, shortest))
