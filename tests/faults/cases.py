"""The operations under test: what each needs, does, and must return."""

import hashlib
from typing import Any, Callable

from ai_spine.operations import OPERATIONS
from tests.faults.case import Case
from tests.faults.tool_cases import MARKETPLACE_CASES, TOOL_CASES
from tests.faults.world import World

_MODEL, _LIST = ("GET", "model"), ("GET", "list")
_EVENTS = ("GET", "events")
_EXECUTE, _CANCEL = ("POST", "started"), ("POST", "nothing")


def account_of(state: Any) -> str:
    """Return the user of a cell's account token, as the local server names it."""
    return "account-" + hashlib.sha256(state.cell.encode("ascii")).hexdigest()[:12]


def _executed(world: World, state: Any, execution: Any) -> bool:
    made = world.executions(state)
    return (
        len(made) == 1
        and execution.execution_id == made[0]["execution_id"]
        and made[0]["input_data"] == state.input
    )


def _waited(world: World, state: Any, execution: Any) -> bool:
    return _executed(world, state, execution) and execution.output_data == {
        "node": {"cell": state.cell}
    }


def _followed(world: World, state: Any, events: Any) -> bool:
    ids = [event.id for event in events if event.id is not None]
    told = [
        (event.type, str((event.node or event.execution).status)) for event in events
    ]
    return (
        _waited(world, state, events[-1].execution)
        and len(set(ids)) == len(ids)
        and len(set(told)) == len(told)
        and ("node", "completed") in told
    )


def _wait_over_a_stream(client: Any, state: Any) -> Any:
    client._api.state.announces_streams = True  # as another call may have seen
    return client.wait_for_execution(state.execution_id, state.wait, 0.1)


def _same_execution(world: World, state: Any, execution: Any) -> bool:
    kept = world.store.execution(state.execution_id)
    return bool(
        execution.execution_id == state.execution_id
        and execution.status == kept["status"]
    )


def _cancelled(world: World, state: Any, execution: Any) -> bool:
    return _same_execution(world, state, execution) and execution.status == "cancelled"


def _has_id(name: str, kind: str, suffix: str = "") -> Callable[..., Any]:
    def check(world: World, state: Any, found: Any) -> bool:
        wanted = state.cell + suffix
        return getattr(found, name) == wanted and bool(world.store.get(kind, wanted))

    return check


def _updated(world: World, state: Any, flow: Any) -> bool:
    kept = world.store.get("flow", state.cell)["description"]
    return bool(flow.description == kept == state.new_flow["description"] + "new")


def _gone(kind: str) -> Callable[..., Any]:
    return lambda world, state, told: told is True and not world.store.get(
        kind, state.cell
    )


def _lists(name: str) -> Callable[..., Any]:
    return lambda world, state, found: state.cell in [getattr(x, name) for x in found]


def _only(world: World, state: Any, found: Any) -> bool:
    return [execution.execution_id for execution in found] == [state.execution_id]


def _users_key(user: Callable[[Any], str]) -> Callable[..., Any]:
    return (
        lambda world, state, found: found.api_key
        == state.key
        == world.key_of(user(state))
    )


def _new_key(user: Callable[[Any], str]) -> Callable[..., Any]:
    def check(world: World, state: Any, made: Any) -> bool:
        return bool(made.api_key) and made.api_key == world.key_of(user(state))

    return check


def _no_key(user: Callable[[Any], str]) -> Callable[..., Any]:
    return lambda world, state, told: world.key_of(user(state)) is None


def _given_key(user: Callable[[Any], str]) -> Callable[[World, Any], None]:
    return lambda world, state: world.has_key(state, user(state))


def _named(state: Any) -> str:
    return str(state.cell)


def _update(client: Any, state: Any) -> Any:
    words = state.new_flow["description"] + "new"
    return client.update_flow(state.cell, {**state.flow, "description": words})


_EXECUTION_CASES = (
    Case(
        "execute_flow",
        (_EXECUTE,),
        lambda c, s: c.execute_flow(s.cell, s.input),
        _executed,
        large=True,
    ),
    Case(
        "execute_and_wait",
        (_EXECUTE, _MODEL),
        lambda c, s: c.execute_and_wait(s.cell, s.input, timeout=s.wait, interval=0.1),
        _waited,
        large=True,
        waits=True,
    ),
    Case(
        "wait_for_execution",
        (_MODEL,),
        lambda c, s: c.wait_for_execution(s.execution_id, s.wait, 0.1),
        _waited,
        lambda w, s: w.started(s, "quick"),
        waits=True,
    ),
    Case(
        "wait over a stream",
        (_EVENTS,),
        _wait_over_a_stream,
        _waited,
        lambda w, s: w.started(s, "quick"),
        waits=True,
    ),
    Case(
        "stream_execution",
        (_EVENTS,),
        lambda c, s: list(c.stream_execution(s.execution_id, timeout=s.wait)),
        _followed,
        lambda w, s: w.started(s, "quick"),
        waits=True,
    ),
    Case(
        "get_execution",
        (_MODEL,),
        lambda c, s: c.get_execution(s.execution_id),
        _same_execution,
        World.finished,
    ),
    Case(
        "list_executions",
        (_LIST,),
        lambda c, s: c.list_executions(s.cell),
        _only,
        World.finished,
    ),
    Case(
        "iter_executions",
        (_LIST, _LIST),
        lambda c, s: list(c.iter_executions(s.cell)),
        _only,
        World.finished,
    ),
    Case(
        "cancel_execution",
        (_CANCEL, _MODEL),
        lambda c, s: c.cancel_execution(s.execution_id),
        _cancelled,
        lambda w, s: w.started(s, "held"),
    ),
    Case(
        "get_execution_results",
        (_LIST,),
        lambda c, s: c.get_execution_results(s.execution_id),
        lambda w, s, found: found == [],
        World.finished,
    ),
    Case(
        "get_execution_messages",
        (_LIST,),
        lambda c, s: c.get_execution_messages(s.execution_id),
        lambda w, s, found: found == [],
        World.finished,
    ),
    Case(
        "get_execution_logs",
        (_LIST,),
        lambda c, s: c.get_execution_logs(s.execution_id),
        lambda w, s, found: found == [],
        World.finished,
    ),
)


_TOLD, _PUT, _DELETE = ("POST", "told"), ("PUT", "told"), ("DELETE", "nothing")
_DEFINITION_CASES = (
    Case("list_flows", (_LIST,), lambda c, s: c.list_flows(), _lists("flow_id")),
    Case(
        "get_flow",
        (_MODEL,),
        lambda c, s: c.get_flow(s.cell),
        _has_id("flow_id", "flow"),
    ),
    Case(
        "create_flow",
        (_TOLD,),
        lambda c, s: c.create_flow(s.new_flow),
        _has_id("flow_id", "flow", "-new"),
        large=True,
    ),
    Case("update_flow", (_PUT,), _update, _updated, large=True),
    Case(
        "delete_flow",
        (_DELETE,),
        lambda c, s: c.delete_flow(s.cell),
        _gone("flow"),
        deletes=True,
    ),
    Case("list_agents", (_LIST,), lambda c, s: c.list_agents(), _lists("agent_id")),
    Case(
        "list_active_agents",
        (_LIST,),
        lambda c, s: c.list_agents(active=True),
        _lists("agent_id"),
    ),
    Case(
        "list_my_agents",
        (_LIST,),
        lambda c, s: c.list_agents(mine=True),
        _lists("agent_id"),
    ),
    Case(
        "list_my_flows",
        (_LIST,),
        lambda c, s: c.list_flows(mine=True),
        _lists("flow_id"),
    ),
    Case(
        "get_agent",
        (_MODEL,),
        lambda c, s: c.get_agent(s.cell),
        _has_id("agent_id", "agent"),
    ),
    Case(
        "create_agent",
        (_TOLD,),
        lambda c, s: c.create_agent(s.new_agent),
        _has_id("agent_id", "agent", "-new"),
        large=True,
    ),
    Case(
        "delete_agent",
        (_DELETE,),
        lambda c, s: c.delete_agent(s.cell),
        _gone("agent"),
        deletes=True,
    ),
)


_SYSTEM_CASES = (
    Case(
        "health_check",
        (_MODEL,),
        lambda c, s: c.health_check(),
        lambda w, s, found: found.is_healthy,
    ),
    Case(
        "get_detailed_health",
        (_MODEL,),
        lambda c, s: c.get_health(detailed=True),
        lambda w, s, found: found.database == "connected",
    ),
    Case(
        "get_metrics",
        (_MODEL,),
        lambda c, s: c.get_metrics(),
        lambda w, s, found: isinstance(found.total_executions, int),
    ),
    Case(
        "get_status",
        (_MODEL,),
        lambda c, s: c.get_status(),
        lambda w, s, found: found.status == "operational",
    ),
    Case(
        "request GET",
        (("GET", "anything"),),
        lambda c, s: c.request("GET", f"/flows/{s.cell}"),
        lambda w, s, found: found == w.store.get("flow", s.cell),
    ),
    Case(
        "request POST",
        (("POST", "anything"),),
        lambda c, s: c.request("POST", "/flows", json=s.new_flow),
        lambda w, s, found: found == w.store.get("flow", f"{s.cell}-new"),
        large=True,
    ),
)


_POST, _REVOKE = ("POST", "model"), ("DELETE", "model")
_ACCOUNT_CASES = (
    Case(
        "get_current_user",
        (_MODEL,),
        lambda c, s: c.get_current_user(),
        lambda w, s, user: user.id == "local",
    ),
    Case(
        "get_user_profile",
        (_MODEL,),
        lambda c, s: c.get_user_profile(),
        lambda w, s, user: user.id == account_of(s),
    ),
    Case(
        "check_user_api_key",
        (_MODEL,),
        lambda c, s: c.check_user_api_key(s.cell),
        _users_key(_named),
        _given_key(_named),
    ),
    Case(
        "generate_user_api_key",
        (_POST,),
        lambda c, s: c.generate_user_api_key(s.cell),
        _new_key(_named),
    ),
    Case(
        "revoke_user_api_key",
        (_REVOKE,),
        lambda c, s: c.revoke_user_api_key(s.cell),
        _no_key(_named),
        _given_key(_named),
    ),
    Case(
        "get_api_key_status",
        (_MODEL,),
        lambda c, s: c.get_api_key_status(),
        _users_key(account_of),
        _given_key(account_of),
    ),
    Case(
        "generate_api_key",
        (_POST,),
        lambda c, s: c.generate_api_key(),
        _new_key(account_of),
    ),
    Case(
        "revoke_api_key",
        (_POST,),
        lambda c, s: c.revoke_api_key(),
        _no_key(account_of),
        _given_key(account_of),
    ),
)


CASES = (
    *_EXECUTION_CASES,
    *_DEFINITION_CASES,
    *_SYSTEM_CASES,
    *_ACCOUNT_CASES,
    *TOOL_CASES,
    *MARKETPLACE_CASES,
)
BY_NAME = {case.name: case for case in CASES}

# A new operation needs a case; the local server has nothing on offer to get.
assert {operation.name for operation in OPERATIONS} <= {
    *BY_NAME,
    "get_marketplace_agent",
}
