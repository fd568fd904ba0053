"""The MCP server of `ai-spine mcp`: lists flows as tools, and executes them. Needs Python 3.10."""

import asyncio
import contextlib
import json
import logging
from contextlib import aclosing
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional, Set

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError

from ai_spine.__version__ import __version__
from ai_spine.async_client import AsyncAISpine
from ai_spine.cli.mcp_transports import run, serve_http_app, stdio_streams
from ai_spine.exceptions import AISpineError, NotFoundError, ValidationError
from ai_spine.models import Execution, Flow
from ai_spine.models.statuses import TERMINAL_STATUSES, ExecutionStatus
from ai_spine.policy.execution_events import ExecutionEvent
from ai_spine.policy.flow_tools import (
    define_tools,
    is_derived,
    tool_names,
    unknown_tool,
)
from ai_spine.policy.misfits import (
    EndlessSchemaError,
    check_end,
    misfits,
    validator_class,
)
from ai_spine.utils import one_line

__all__ = ["run", "serve_http", "serve_stdio"]
Context = ServerRequestContext[Any, Any]
Report = Callable[[float, float, str], Awaitable[None]]
"""Called with the number of nodes that are done, that of all nodes, and a message."""

_ENDED = TERMINAL_STATUSES | {ExecutionStatus.SKIPPED}
_LONGEST_END = 10.0  # seconds to wait at the end for executions to be cancelled
_MOST_MISFITS = 5
_log = logging.getLogger(__name__)


async def serve_stdio(client: AsyncAISpine) -> None:
    """Serve one MCP client over stdin and stdout, until it closes them."""
    async with _serving(client) as server:
        async with stdio_streams() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())


async def serve_http(
    client: AsyncAISpine, host: str, port: int, allowed_hosts: Any
) -> None:
    """Serve MCP clients over streamable HTTP, until the task is cancelled.

    Args:
        client: The client of the server that has the flows.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        allowed_hosts: Further names of hosts that clients may use.

    Raises:
        ConfigurationError: It cannot listen there.
    """
    async with _serving(client) as server:
        await serve_http_app(server, host, port, allowed_hosts)


@contextlib.asynccontextmanager
async def _serving(client: AsyncAISpine) -> Any:
    """Yield a server; at the end, cancel what it executes, and close the client."""
    async with client:
        tools = FlowTools(client)
        try:
            yield tools.server()
        finally:
            await tools.aclose()


class FlowTools:
    """The flows of a server, as tools of MCP clients.

    Args:
        client: The client of that server.
    """

    def __init__(self, client: AsyncAISpine) -> None:
        self._client = client
        self._cancelling: Set["asyncio.Task[None]"] = set()

    def server(self) -> Server[Any]:
        """Return the MCP server."""
        return Server(
            "ai-spine",
            version=__version__,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )

    async def aclose(self) -> None:
        """Wait until the executions whose calls have ended early are cancelled, for a while."""
        if self._cancelling:
            await asyncio.wait(self._cancelling, timeout=_LONGEST_END)

    async def _list_tools(
        self, context: Context, params: Optional[types.PaginatedRequestParams]
    ) -> types.ListToolsResult:
        try:
            flows = await self._client.list_flows()
        except AISpineError as error:
            raise MCPError(types.INTERNAL_ERROR, str(error)) from None
        tools = [
            types.Tool.model_validate(_with_usable_schemas(each), by_name=False)
            for each in define_tools(flows, "mcp")
        ]
        return types.ListToolsResult(tools=tools)

    async def _call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Execute a flow; whatever goes wrong with it is a result that says so."""
        result = _failed("the client has gone")
        async with anyio.create_task_group() as group:
            if context.request is not None:
                group.start_soon(_cancel_when_gone, context.request, group.cancel_scope)
            try:
                result = await self._call(
                    params.name, params.arguments or {}, context.session.report_progress
                )
            except AISpineError as error:
                result = _failed(str(error))
            group.cancel_scope.cancel()
        return result

    async def _call(
        self, name: str, arguments: Mapping[str, Any], report: Report
    ) -> types.CallToolResult:
        flow = await self._find_flow(name)
        (tool,) = map(_with_usable_schemas, define_tools([flow], "mcp"))
        wrong = _misfits(tool["inputSchema"], arguments)
        if wrong:
            return _failed(f"the arguments do not fit: {wrong}")
        execution = await self._execute(flow, arguments, report)
        return _result_of(execution, tool.get("outputSchema"))

    async def _find_flow(self, name: str) -> Flow:
        """Return the flow of a tool, as it is now.

        Raises:
            ValidationError: There is none.
        """
        if not is_derived(name):
            with contextlib.suppress(NotFoundError, ValidationError):
                return await self._client.get_flow(name)
        flows = {str(flow.flow_id): flow for flow in await self._client.list_flows()}
        names = tool_names(flows)
        if name not in names:
            raise ValidationError(unknown_tool(name, names))
        return flows[names[name]]

    async def _execute(
        self, flow: Flow, arguments: Mapping[str, Any], report: Report
    ) -> Execution:
        """Execute a flow and report its progress; if the call is cancelled, so is the execution."""
        starting = asyncio.ensure_future(self._client.execute_flow(flow, arguments))
        try:
            started = await asyncio.shield(starting)
            with contextlib.suppress(
                AISpineError
            ):  # the wait meets it again, or ends well
                await self._report_progress(started, flow, report)
            return await self._client.wait_for_execution(started, timeout=None)
        except asyncio.CancelledError:
            # In a task of its own, since this one may not wait any more.
            task = asyncio.ensure_future(self._cancel(starting))
            self._cancelling.add(task)
            task.add_done_callback(self._cancelling.discard)
            raise

    async def _report_progress(
        self, execution: Execution, flow: Flow, report: Report
    ) -> None:
        progress = Progress(flow)
        events = self._client.stream_execution(execution, timeout=None)
        async with aclosing(events) as changes:  # type: ignore[type-var]
            async for event in changes:
                message = progress.note(event)
                if message is not None:
                    await report(progress.done, progress.total, message)

    async def _cancel(self, starting: "asyncio.Future[Execution]") -> None:
        """Cancel an execution, as soon as it is known."""
        try:
            started = await starting
        except AISpineError:
            return  # nothing was started
        try:
            await self._client.cancel_execution(started)
        except NotFoundError:
            pass  # it is done already
        except AISpineError as error:
            _log.warning("execution %s may go on: %s", started.execution_id, error)


class Progress:
    """How many nodes of an execution are done, those that report how far they are in part.

    Args:
        flow: The flow that is executed.
    """

    def __init__(self, flow: Flow) -> None:
        self.done = 0.0
        self._nodes = len(flow.nodes) if isinstance(flow.nodes, list) else 0
        self._parts: Dict[str, float] = {}

    @property
    def total(self) -> float:
        """How many nodes there are."""
        return float(max(self._nodes, len(self._parts)))

    def note(self, event: ExecutionEvent) -> Optional[str]:
        """Return what to report of an event; `None` unless more is done than before."""
        node, progress = event.node, event.progress
        if node is not None and node.status in _ENDED:
            self._parts[node.node_id] = 1.0
            message = f"{node.node_id}: {node.status}"
        elif progress is not None and isinstance(progress.progress, (int, float)):
            known = self._parts.get(progress.node_id, 0.0)
            part = max(known, min(progress.progress, 1.0))
            self._parts[progress.node_id] = part
            message = f"{progress.node_id}: {progress.message or f'{part:.0%}'}"
        else:
            return None
        before, self.done = self.done, sum(self._parts.values())
        return message if self.done > before else None


async def _cancel_when_gone(request: Any, scope: anyio.CancelScope) -> None:
    """Cancel a scope when the HTTP client of a request has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _result_of(
    execution: Execution, schema: Optional[Dict[str, Any]]
) -> types.CallToolResult:
    """Return the output of an execution, which fits the schema that was declared for it."""
    output = execution.output
    text = types.TextContent(text=json.dumps(output, ensure_ascii=False))
    wrong = "" if schema is None else _misfits(schema, output)
    if wrong:
        failed = _failed(f"the flow's output does not fit its output_schema: {wrong}")
        return failed.model_copy(update={"content": [*failed.content, text]})
    return types.CallToolResult(content=[text], structured_content=output)


def _failed(sentence: str) -> types.CallToolResult:
    content = types.TextContent(text=one_line(sentence, 2000))
    return types.CallToolResult(content=[content], is_error=True)


def _misfits(schema: Dict[str, Any], value: Any) -> str:
    """Return what of a value does not fit a schema; an empty text if all of it does."""
    return "; ".join(map(str, misfits(schema, value)[:_MOST_MISFITS]))


def _with_usable_schemas(tool: Dict[str, Any]) -> Dict[str, Any]:
    """Return a tool without schemas that are none, which a client could not use either."""
    usable = dict(tool)
    if not _is_usable(tool["inputSchema"]):
        usable["inputSchema"] = {"type": "object"}
    if not _is_usable(tool.get("outputSchema", {})):
        del usable["outputSchema"]
    return usable


def _is_usable(schema: Dict[str, Any]) -> bool:
    """Return whether a schema is one, has an end, and refers to nothing outside of it."""
    from jsonschema.exceptions import SchemaError

    try:
        validator_class().check_schema(schema)
        check_end(schema)
        return all(_leads_somewhere(schema, each) for each in _references_in(schema))
    except (SchemaError, EndlessSchemaError, RecursionError):
        return False


def _references_in(value: Any) -> List[Any]:
    """Return the references anywhere in a schema."""
    if isinstance(value, list):
        return [found for each in value for found in _references_in(each)]
    if not isinstance(value, dict):
        return []
    own = [value[key] for key in ("$ref", "$dynamicRef") if key in value]
    return own + _references_in(list(value.values()))


def _leads_somewhere(schema: Dict[str, Any], reference: Any) -> bool:
    """Return whether a reference is a pointer to a place in the schema itself."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return False
    place: Any = schema
    for part in filter(None, reference[1:].split("/")):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(place, dict) or name not in place:
            return False
        place = place[name]
    return True
