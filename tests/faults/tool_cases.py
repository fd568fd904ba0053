"""Operations on tools and on the marketplace under test."""

from typing import Any, Callable

from tests.faults.case import Case
from tests.faults.world import World

_MODEL, _LIST = ("GET", "with id"), ("GET", "list")
_POST, _STARTED, _TOLD = ("POST", "tools"), ("POST", "started"), ("POST", "told")
_PUT, _DELETE = ("PUT", "told"), ("DELETE", "nothing")
_ANYTHING = ("GET", "anything")
_SCHEMA = {"properties": [{"property_name": "cell", "type": "string"}]}


def _tool(world: World, state: Any) -> Any:
    return world.store.get("tool", state.cell)


def _same_tool(world: World, state: Any, tool: Any) -> bool:
    return bool(tool.tool_id == state.cell and _tool(world, state))


def _lists(world: World, state: Any, found: Any) -> bool:
    return state.cell in [tool.tool_id for tool in found]


def _created(world: World, state: Any, tool: Any) -> bool:
    kept = world.store.get("tool", f"{state.cell}-new")
    return bool(kept and tool.tool_id == kept["tool_id"])


def _is_now(name: str, value: Any) -> Callable[..., Any]:
    return (
        lambda world, state, tool: getattr(tool, name)
        == _tool(world, state)[name]
        == value
    )


def _has_schema(world: World, state: Any, found: Any) -> bool:
    return bool(found.input_schema == _tool(world, state)["input_schema"] == _SCHEMA)


def _given_schema(world: World, state: Any) -> None:
    world.store.put("tool", state.cell, {**state.tool, "input_schema": _SCHEMA})


def _executed(world: World, state: Any, result: Any) -> bool:
    cells = [body["input_data"]["cell"] for body in list(world.tools.received)]
    return bool(result.data == state.input and cells.count(state.cell) == 1)


def _given_execution(world: World, state: Any) -> None:
    record = {"id": state.cell, "tool_id": state.cell, "status": "success"}
    world.store.put("tool_execution", state.cell, record)


TOOL_CASES = (
    Case("list_tools", (_LIST,), lambda c, s: c.list_tools(), _lists),
    Case("list_active_tools", (_LIST,), lambda c, s: c.list_tools(active=True), _lists),
    Case("list_my_tools", (_LIST,), lambda c, s: c.list_tools(mine=True), _lists),
    Case(
        "search_tools",
        (_POST,),
        lambda c, s: c.search_tools(s.cell),
        lambda w, s, found: _lists(w, s, found.tools or []),
        reads=True,
    ),
    Case("get_tool", (_MODEL,), lambda c, s: c.get_tool(s.cell), _same_tool),
    Case(
        "create_tool",
        (_TOLD,),
        lambda c, s: c.create_tool(s.new_tool),
        _created,
        large=True,
    ),
    Case(
        "update_tool",
        (_PUT,),
        lambda c, s: c.update_tool(s.cell, {"name": "new"}),
        _is_now("name", "new"),
    ),
    Case(
        "delete_tool",
        (_DELETE,),
        lambda c, s: c.delete_tool(s.cell),
        lambda w, s, told: told is True and not _tool(w, s),
        deletes=True,
    ),
    Case(
        "set_tool_status",
        (_PUT,),
        lambda c, s: c.set_tool_status(s.cell, False),
        _is_now("is_active", False),
    ),
    Case(
        "get_tool_schemas",
        (_MODEL,),
        lambda c, s: c.get_tool_schemas(s.cell),
        _has_schema,
        _given_schema,
    ),
    Case(
        "create_tool_schemas",
        (_TOLD,),
        lambda c, s: c.create_tool_schemas(s.cell, input_schema=_SCHEMA),
        _has_schema,
    ),
    Case(
        "execute_tool",
        (_STARTED,),
        lambda c, s: c.execute_tool(s.cell, s.input),
        _executed,
        large=True,
    ),
    Case(
        "get_tool_execution",
        (_MODEL,),
        lambda c, s: c.get_tool_execution(s.cell),
        lambda w, s, found: (found.tool_id, found.succeeded) == (s.cell, True),
        _given_execution,
    ),
)
MARKETPLACE_CASES = (
    Case(
        "list_marketplace_agents",
        (_ANYTHING,),
        lambda c, s: c.list_marketplace_agents(search="x"),
        lambda w, s, found: found == {"agents": [], "count": 0},
    ),
    Case(
        "get_marketplace_categories",
        (_ANYTHING,),
        lambda c, s: c.get_marketplace_categories(),
        lambda w, s, found: found == {"categories": []},
    ),
    Case(
        "get_marketplace_stats",
        (_ANYTHING,),
        lambda c, s: c.get_marketplace_stats(),
        lambda w, s, found: found == {"total_agents": 0},
    ),
)
