"""The operations on tools, which exist under `/api/v1` only."""

from __future__ import annotations

from typing import Any, Callable, Mapping, TypeVar

from ai_spine.models import Tool, ToolExecution, ToolResult, ToolSchemas, ToolSearch
from ai_spine.models.base import (
    Model,
    Page,
    UnexpectedResponse,
    read_items,
    read_sent,
    read_wrapped,
)
from ai_spine.operations.operation import MESSAGE, Operation, list_of, read_nothing
from ai_spine.utils import one_line

M = TypeVar("M", bound=Model)
_SCHEMAS = {"input_schema?": dict, "output_schema?": dict, "config_schema?": dict}
_CHANGES = {
    "name?": str,
    "description?": str,
    "endpoint?": str,
    "tool_type?": [str],
    "is_active?": bool,
    "metadata?": dict,
    **_SCHEMAS,
}
_CHANGED = {"success": bool, "tool": Tool, "message": str}


def _with_id(read: Callable[[Any], M], name: str = "tool_id") -> Callable[[Any], M]:
    """Return a reader that refuses what has no id: another response, by any JSON at all."""

    def checked(data: Any) -> M:
        model = read(data)
        if not isinstance(getattr(model, name), str):
            raise UnexpectedResponse(f"a JSON object without a {name}")
        return model

    return checked


def _read_changed(data: Any) -> Tool:
    if isinstance(data, Mapping) and data.get("success") is False:
        words = one_line(str(data.get("message") or "it does not say why"), 200)
        raise UnexpectedResponse(f"that it failed: {words}")
    return read_sent(Tool, "tool")(data)


def _read_search(data: Any) -> ToolSearch:
    read_items(Tool, "tools")(data)
    return ToolSearch.from_wire(data)


def _read_result(data: Any) -> ToolResult:
    result = ToolResult.from_wire(data)
    if not isinstance(result.success, bool):
        raise UnexpectedResponse("a JSON object that does not say whether it succeeded")
    return result


LIST_TOOLS: Operation[Page[Tool]] = Operation(
    "list_tools",
    "GET",
    "/api/v1/tools",
    read_items(Tool, "tools"),
    prefixed=False,
    summary="Return all tools.",
    response=list_of("tools", Tool),
)
LIST_ACTIVE_TOOLS: Operation[Page[Tool]] = Operation(
    "list_active_tools",
    "GET",
    "/api/v1/tools/active",
    read_items(Tool, "tools"),
    prefixed=False,
    summary="Return the tools that can be executed.",
    response=list_of("tools", Tool),
    of="list_tools",
)
LIST_MY_TOOLS: Operation[Page[Tool]] = Operation(
    "list_my_tools",
    "GET",
    "/api/v1/tools/my-tools",
    read_items(Tool, "tools"),
    prefixed=False,
    summary="Return the tools of the key's user.",
    response=list_of("tools", Tool),
    of="list_tools",
)
SEARCH_TOOLS: Operation[ToolSearch] = Operation(
    "search_tools",
    "POST",
    "/api/v1/tools/search",
    _read_search,
    prefixed=False,
    reads=True,
    summary="Return one page of the tools that a search finds.",
    body={
        "query?": str,
        "tool_types?": [str],
        "is_active?": bool,
        "created_by?": str,
        "limit?": int,
        "offset?": int,
    },
    response=ToolSearch,
)
GET_TOOL: Operation[Tool] = Operation(
    "get_tool",
    "GET",
    "/api/v1/tools/{tool_id}",
    _with_id(read_wrapped(Tool, "tool")),
    prefixed=False,
    summary="Return a tool with its schemas.",
    response=Tool,
)
CREATE_TOOL: Operation[Tool] = Operation(
    "create_tool",
    "POST",
    "/api/v1/tools",
    _read_changed,
    prefixed=False,
    summary="Register a tool.",
    body={"tool_id": str, **_CHANGES, "name": str, "endpoint": str},
    response=_CHANGED,
)
UPDATE_TOOL: Operation[Tool] = Operation(
    "update_tool",
    "PUT",
    "/api/v1/tools/{tool_id}",
    _read_changed,
    prefixed=False,
    summary="Change some fields of a tool.",
    body=_CHANGES,
    response=_CHANGED,
)
DELETE_TOOL: Operation[None] = Operation(
    "delete_tool",
    "DELETE",
    "/api/v1/tools/{tool_id}",
    read_nothing,
    prefixed=False,
    summary="Remove a tool.",
    response=MESSAGE,
)
SET_TOOL_STATUS: Operation[Tool] = Operation(
    "set_tool_status",
    "PUT",
    "/api/v1/tools/{tool_id}/status",
    _read_changed,
    prefixed=False,
    summary="Say whether a tool can be executed.",
    body={"is_active": bool},
    response=_CHANGED,
)
GET_TOOL_SCHEMAS: Operation[ToolSchemas] = Operation(
    "get_tool_schemas",
    "GET",
    "/api/v1/tools/{tool_id}/schemas",
    _with_id(ToolSchemas.from_wire),
    prefixed=False,
    summary="Return the schemas of a tool's input, output and configuration.",
    response=ToolSchemas,
)
CREATE_TOOL_SCHEMAS: Operation[ToolSchemas] = Operation(
    "create_tool_schemas",
    "POST",
    "/api/v1/tools/{tool_id}/schemas",
    read_sent(ToolSchemas, "schemas"),
    prefixed=False,
    summary="Set schemas of a tool.",
    body={"tool_id": str, **_SCHEMAS},
    response=ToolSchemas,
)
EXECUTE_TOOL: Operation[ToolResult] = Operation(
    "execute_tool",
    "POST",
    "/api/v1/tools/{tool_id}/execute",
    _read_result,
    prefixed=False,
    summary="Execute a tool, and return its result.",
    body={"input_data?": dict, "config_data?": dict},
    response=ToolResult,
)
GET_TOOL_EXECUTION: Operation[ToolExecution] = Operation(
    "get_tool_execution",
    "GET",
    "/api/v1/tools/executions/{execution_id}",
    _with_id(ToolExecution.from_wire),
    prefixed=False,
    summary="Return an execution of a tool.",
    response=ToolExecution,
)

OPERATIONS = tuple(
    value for value in list(vars().values()) if isinstance(value, Operation)
)
