"""Flows as tools of a model: their definitions, and calls of them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Union

from ai_spine._async.methods.flows import FlowMethods
from ai_spine._async.methods.waiting import OnProgress, WaitMethods
from ai_spine.constants import DEFAULT_INTERVAL, DEFAULT_WAIT_TIMEOUT
from ai_spine.exceptions import AISpineError, ExecutionError, NotFoundError
from ai_spine.exceptions import ValidationError
from ai_spine.models import Execution
from ai_spine.policy.validation import Duration, check_text


class FlowToolMethods(WaitMethods, FlowMethods):
    """Methods that offer flows to models."""

    async def flows_as_tools(
        self, format: str = "openai", *, mine: bool = False
    ) -> List[Dict[str, Any]]:
        """Return the definitions of all flows as tools, for the API of a model.

        A flow whose id has at most 64 letters, digits, `_` and `-` has its id for a name; the names
        of others are derived from their ids. A flow without an `input_schema` takes any object.

        Args:
            format: `openai` for `tools` of chat completions, `anthropic` for `tools` of messages,
                or `mcp` for the tools of an MCP server.
            mine: Only flows of the key's user.

        Raises:
            ValidationError: There is no such format, or `mine` is neither true nor false.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> tools = await client.flows_as_tools("anthropic")
            >>> [tool["name"] for tool in tools]
            ['credit_analysis', 'sentiment-analysis']
        """
        from ai_spine.policy.flow_tools import check_format, define_tools

        form = check_format(format)
        return define_tools(await self.list_flows(mine=mine), form)

    async def call_flow_tool(
        self,
        name: str,
        arguments: Union[None, str, Mapping[str, Any]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[Duration] = DEFAULT_WAIT_TIMEOUT,
        interval: Duration = DEFAULT_INTERVAL,
        on_progress: Optional[OnProgress] = None,
        progress: Optional[bool] = None,
        raise_on_failure: bool = True,
        idempotency_key: Optional[str] = None,
    ) -> Execution:
        """Execute the flow that a model calls by its tool's name, wait, and return the execution.

        Flows are listed only for a name that is, or may be, derived from an id.

        Args:
            name: The name of the tool.
            arguments: The input: a mapping, or JSON text, as some APIs send it.
            metadata: What to attach to the execution.
            timeout: Seconds, or a `timedelta`, for the wait; `None` waits without a limit.
            interval: The longest interval between two polls, in seconds or as a `timedelta`.
            on_progress: Called with the execution as it changes.
            progress: Whether to show a progress bar.
            raise_on_failure: Whether to raise if the execution failed or was cancelled.
            idempotency_key: A server that honours it returns the same execution for the same key.

        Raises:
            ValidationError: An argument is wrong, or no flow has this name.
            ExecutionError: The execution failed, or was cancelled.
            TimeoutError: The execution was not done in time. It goes on.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> execution = await client.call_flow_tool("sentiment-analysis", '{"text": "Awful."}')
            >>> execution.output["sentiment"]["label"]
            'negative'
        """
        from ai_spine.policy import flow_tools  # few programs need it

        input_data = flow_tools.read_arguments(check_text("name", name), arguments)
        how: Dict[str, Any] = {
            "timeout": timeout,
            "interval": interval,
            "on_progress": on_progress,
            "progress": progress,
            "raise_on_failure": raise_on_failure,
            "idempotency_key": idempotency_key,
        }
        if not flow_tools.is_derived(name):
            try:
                return await self.execute_and_wait(name, input_data, metadata, **how)
            except (ExecutionError, NotFoundError) as error:
                if not _is_unknown_flow(error):
                    raise
        flows = await self.list_flows()
        names = flow_tools.tool_names(str(flow.flow_id) for flow in flows)
        if name not in names:
            raise ValidationError(flow_tools.unknown_tool(name, names))
        return await self.execute_and_wait(names[name], input_data, metadata, **how)


def _is_unknown_flow(error: AISpineError) -> bool:
    """Return whether nothing was started, which servers respond in one of two ways."""
    if isinstance(error, NotFoundError):
        return error.method == "POST"
    return getattr(getattr(error, "execution", None), "was_started", True) is False
