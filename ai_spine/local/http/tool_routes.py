"""The routes of tools and of the marketplace, which exist under `/api/v1` only."""

import re
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Optional

from ai_spine.constants import IDEMPOTENCY_KEY_HEADER
from ai_spine.exceptions import AISpineError
from ai_spine.local.agents.http_agents import AgentFailed, check_endpoint
from ai_spine.local.agents.http_tools import call_tool
from ai_spine.local.http.requests import Routes, request
from ai_spine.local.http.responses import (
    HTTPError,
    check_fields,
    found_or_404,
    is_repetition,
    json_object,
    once,
    refuse_field,
)
from ai_spine.local.store.store import Reply, Store
from ai_spine.policy.validation import check_id

USER = "local"  # the one user that there is here
_KIND, _EXECUTIONS = "tool", "tool_execution"
_SCHEMAS = ("input_schema", "output_schema", "config_schema")
_FIELDS = {
    "name": str,
    "description": str,
    "endpoint": str,
    "tool_type": list,
    "is_active": bool,
    "metadata": dict,
    **dict.fromkeys(_SCHEMAS, dict),
}
_LARGEST_PAGE, _DEFAULT_PAGE = 100, 50
_LONGEST_ID, _LONGEST_NAME = 100, 200  # characters
MOST_AT_ONCE = 4  # each takes one of the server's threads until it is done
# Ids that the paths of the API hide.
_HIDDEN = re.compile(
    r"active|my-tools|search|executions/.*|.*/(status|schemas|execute)"
)


class ToolRoutes:
    """`/tools`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._locks = _KeyLocks()
        self._turns = threading.BoundedSemaphore(MOST_AT_ONCE)

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        tool = "/tools/<path:tool_id>"
        routes.add("GET", "/tools", self.list)
        routes.add("POST", "/tools", self.create)
        routes.add("GET", "/tools/active", self.list_active)
        routes.add("GET", "/tools/my-tools", self.list)
        routes.add("POST", "/tools/search", self.search)
        routes.add("GET", "/tools/executions/<execution_id>", self.get_execution)
        routes.add("GET", tool, self.get)
        routes.add("PUT", tool, self.update)
        routes.add("DELETE", tool, self.delete)
        routes.add("PUT", f"{tool}/status", self.set_status)
        routes.add("GET", f"{tool}/schemas", self.get_schemas)
        routes.add("POST", f"{tool}/schemas", self.create_schemas)
        routes.add("POST", f"{tool}/execute", self.execute)

    def list(self) -> Reply:
        """All tools, which are all of the one user."""
        return _listed(self._store.all(_KIND))

    def list_active(self) -> Reply:
        """Return the tools that can be executed."""
        return _listed([each for each in self._store.all(_KIND) if each["is_active"]])

    def search(self) -> Reply:
        """Return one page of the tools that are asked for."""
        body = json_object()
        check_fields(
            body,
            {
                "query": (str, False),
                "tool_types": (list, False),
                "is_active": (bool, False),
                "created_by": (str, False),
            },
        )
        limit = _number(body, "limit", _DEFAULT_PAGE, 1, _LARGEST_PAGE)
        offset = _number(body, "offset", 0, 0, 2**62)
        found = [each for each in self._store.all(_KIND) if _matches(each, body)]
        end = offset + limit
        answer = {"total_count": len(found), "limit": limit, "offset": offset}
        more = {"tools": found[offset:end], "has_more": end < len(found)}
        return Reply(200, {**answer, **more})

    def get(self, tool_id: str) -> Reply:
        """One tool."""
        return Reply(200, self._find(tool_id))

    def create(self) -> Reply:
        """Register a tool."""
        body = json_object()
        required = ("name", "endpoint")
        fields = {name: (kind, name in required) for name, kind in _FIELDS.items()}
        check_fields(body, {"tool_id": (str, True), **fields})
        if _HIDDEN.fullmatch(body["tool_id"]):
            words = (
                f"No tool can have the id {body['tool_id']!r}: it is a path of the API"
            )
            raise HTTPError(400, words)
        _check_values(body["tool_id"], body)
        return once(self._store, lambda: self._create(body))

    def update(self, tool_id: str) -> Reply:
        """Change the fields that are given."""
        body = json_object()
        check_fields(body, {name: (kind, False) for name, kind in _FIELDS.items()})
        _check_values(tool_id, body)
        given = {n: body[n] for n in _FIELDS if body.get(n) is not None}
        return self._change(tool_id, given)

    def delete(self, tool_id: str) -> Reply:
        """Remove a tool."""
        if not self._store.delete(_KIND, tool_id):
            raise HTTPError(404, f"Tool {tool_id!r} not found")
        return Reply(200, {"message": f"Tool {tool_id!r} deleted successfully"})

    def set_status(self, tool_id: str) -> Reply:
        """Say whether a tool can be executed."""
        body = json_object()
        check_fields(body, {"is_active": (bool, True)})
        return self._change(tool_id, {"is_active": body["is_active"]})

    def get_schemas(self, tool_id: str) -> Reply:
        """Return the schemas of a tool."""
        return Reply(200, _schemas_of(self._find(tool_id)))

    def create_schemas(self, tool_id: str) -> Reply:
        """Set the schemas that are given."""
        body = json_object()
        check_fields(body, {name: (dict, False) for name in _SCHEMAS})
        _check_schemas(body)

        def make() -> Reply:
            tool = self._find(tool_id)
            given = {n: body[n] for n in _SCHEMAS if body.get(n) is not None}
            return Reply(200, _schemas_of(self._put({**tool, **given})))

        return once(self._store, make)

    def execute(self, tool_id: str) -> Reply:
        """Let the tool do its work, and return what came of it."""
        body = json_object()
        check_fields(body, {"input_data": (dict, False), "config_data": (dict, False)})
        if not self._turns.acquire(blocking=False):
            words = f"{MOST_AT_ONCE} tools are being executed already; try again"
            raise HTTPError(503, words)
        try:
            return self._execute(tool_id, body)
        finally:
            self._turns.release()

    def get_execution(self, execution_id: str) -> Reply:
        """One execution of a tool."""
        found = self._store.get(_EXECUTIONS, execution_id)
        words = f"Tool execution {execution_id!r} not found"
        return Reply(200, found_or_404(found, words))

    def _execute(self, tool_id: str, body: Dict[str, Any]) -> Reply:
        # The store is not locked while the tool works, so repetitions wait here for the first.
        with self._locks.holding(request.headers.get(IDEMPOTENCY_KEY_HEADER)):
            if not is_repetition(self._store):
                tool = self._find(tool_id)
                if not tool["is_active"]:
                    raise HTTPError(400, f"Tool {tool_id!r} is not active")
                record = _executed(tool, body)
            return once(self._store, lambda: self._keep(record))

    def _find(self, tool_id: str) -> Dict[str, Any]:
        found = self._store.get(_KIND, tool_id)
        return found_or_404(found, f"Tool {tool_id!r} not found")

    def _create(self, body: Dict[str, Any]) -> Reply:
        if self._store.get(_KIND, body["tool_id"]) is not None:
            raise HTTPError(409, f"Tool {body['tool_id']!r} already exists")
        return self._changed(_described(body), "registered")

    def _change(self, tool_id: str, given: Dict[str, Any]) -> Reply:
        """Change fields of a tool in one transaction, so that no other change is lost."""
        return once(
            self._store,
            lambda: self._changed({**self._find(tool_id), **given}, "updated"),
        )

    def _changed(self, tool: Dict[str, Any], verb: str) -> Reply:
        kept = self._put(tool)
        message = f"Tool {tool['tool_id']!r} {verb} successfully"
        return Reply(200, {"success": True, "tool": kept, "message": message})

    def _put(self, tool: Dict[str, Any]) -> Dict[str, Any]:
        return self._store.put(_KIND, tool["tool_id"], tool)

    def _keep(self, record: Dict[str, Any]) -> Reply:
        self._store.put(_EXECUTIONS, record["id"], record)
        return Reply(
            200,
            {
                "success": record["status"] == "success",
                "data": record["output_data"],
                "error": record["error_message"],
                "execution_time_ms": record["execution_time_ms"],
                "execution_id": record["id"],
            },
        )


class MarketplaceRoutes:
    """`/marketplace`, where nothing is on offer on this machine."""

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        nothing: Dict[str, Any] = {"agents": [], "count": 0}
        routes.add("GET", "/marketplace/agents", lambda: Reply(200, nothing))
        routes.add("GET", "/marketplace/agents/<path:agent_id>", self.get)
        routes.add(
            "GET",
            "/marketplace/categories",
            lambda: Reply(200, {"categories": []}),
        )
        routes.add("GET", "/marketplace/stats", lambda: Reply(200, {"total_agents": 0}))

    def get(self, agent_id: str) -> Reply:
        """No agent is on offer."""
        raise HTTPError(404, f"Agent {agent_id!r} not found in the marketplace")


class _KeyLocks:
    """A lock for each idempotency key that a request is under way with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Dict[str, List[Any]] = {}

    @contextmanager
    def holding(self, key: Optional[str]) -> Iterator[None]:
        """Wait until no other request with this key is under way; without a key, at once."""
        if not key:
            yield
            return
        with self._lock:
            entry = self._held.setdefault(key, [threading.Lock(), 0])
            entry[1] += 1
        try:
            with entry[0]:
                yield
        finally:
            with self._lock:
                entry[1] -= 1
                if not entry[1]:
                    del self._held[key]


def _described(body: Dict[str, Any]) -> Dict[str, Any]:
    """Return a new tool as the API describes it, with the defaults filled in."""
    schemas = {name: body.get(name) for name in _SCHEMAS}
    return {
        "id": str(uuid.uuid4()),
        "tool_id": body["tool_id"],
        "name": body["name"],
        "description": body.get("description") or "",
        "endpoint": body["endpoint"],
        "tool_type": body.get("tool_type") or [],
        "custom_fields": [],
        "is_active": body.get("is_active") is not False,
        "metadata": body.get("metadata") or {},
        "created_by": USER,
        **schemas,
    }


def _schemas_of(tool: Dict[str, Any]) -> Dict[str, Any]:
    return {name: tool[name] for name in ("tool_id", *_SCHEMAS)}


def _listed(tools: List[Dict[str, Any]]) -> Reply:
    return Reply(200, {"tools": tools, "count": len(tools)})


def _matches(tool: Dict[str, Any], wanted: Dict[str, Any]) -> bool:
    """Return whether a search finds a tool."""
    text = " ".join(tool[name] for name in ("tool_id", "name", "description"))
    types, is_active = wanted.get("tool_types"), wanted.get("is_active", True)
    return (
        (wanted.get("query") or "").lower() in text.lower()
        and (types is None or any(each in types for each in tool["tool_type"]))
        and is_active in (None, tool["is_active"])
        and wanted.get("created_by") in (None, tool["created_by"])
    )


def _number(
    body: Dict[str, Any], name: str, default: int, least: int, most: int
) -> int:
    value = body.get(name, default)
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and least <= value <= most
    ):
        return value
    words = f"Input should be a whole number from {least} to {most}"
    return refuse_field(name, words, value)


def _check_values(tool_id: str, body: Dict[str, Any]) -> None:
    try:
        check_id("tool_id", tool_id)
        if body.get("endpoint") is not None:
            check_endpoint(f"tool {tool_id!r}", body["endpoint"])
    except AISpineError as error:
        raise HTTPError(400, str(error)) from None
    if len(tool_id) > _LONGEST_ID:
        refuse_field("tool_id", f"At most {_LONGEST_ID} characters", tool_id)
    if body.get("name") is not None and not 0 < len(body["name"]) <= _LONGEST_NAME:
        refuse_field("name", f"From 1 to {_LONGEST_NAME} characters", body["name"])
    if not all(isinstance(each, str) for each in body.get("tool_type") or []):
        refuse_field("tool_type", "Input should be a list of texts", body["tool_type"])
    _check_schemas(body)


def _check_schemas(body: Dict[str, Any]) -> None:
    for name in _SCHEMAS:
        schema = body.get(name)
        if schema is not None and not isinstance(schema.get("properties"), list):
            refuse_field(name, "Its properties should be a list", schema)


def _executed(tool: Dict[str, Any], body: Dict[str, Any]) -> Dict[str, Any]:
    """Let a tool do its work, and return the record of it."""
    input_data, config = body.get("input_data") or {}, body.get("config_data") or {}
    started, began = _now(), time.monotonic()
    output: Optional[Dict[str, Any]] = None
    failure: Optional[str] = None
    try:
        output = call_tool(tool["endpoint"], input_data, config)
    except AgentFailed as error:
        failure = str(error)
    return {
        "id": str(uuid.uuid4()),
        "tool_id": tool["tool_id"],
        "input_data": input_data,
        "output_data": output,
        "config_data": config,
        "status": "success" if failure is None else "error",
        "error_message": failure,
        "execution_time_ms": round((time.monotonic() - began) * 1000),
        "started_at": started,
        "completed_at": _now(),
        "created_by": USER,
    }


def _now() -> str:
    moment = datetime.now(timezone.utc).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")
