"""The routes of executions, agents and the system."""

import threading
import time
from typing import Any, Dict, List

from ai_spine.__version__ import __version__
from ai_spine.constants import API_PREFIX
from ai_spine.exceptions import AISpineError
from ai_spine.local.agents.http_agents import check_endpoint, describe_http_agent
from ai_spine.local.http.account_routes import AccountRoutes
from ai_spine.local.http.backend import Backend
from ai_spine.local.http.flow_routes import FlowRoutes
from ai_spine.local.http.log_routes import LogRoutes
from ai_spine.local.http.meta_routes import FlowToolRoutes, MetaRoutes
from ai_spine.local.http.requests import Routes, request
from ai_spine.local.http.responses import (
    HTTPError,
    check_fields,
    check_uuid,
    found_or_404,
    is_repetition,
    json_object,
    once,
    under_prefix,
    whole_number,
)
from ai_spine.local.http.stream_routes import StreamRoutes, announce_stream
from ai_spine.local.http.tool_routes import MarketplaceRoutes, ToolRoutes
from ai_spine.local.store.store import Reply, Store
from ai_spine.operations.openapi import openapi_document
from ai_spine.policy.validation import check_id

_COMPONENTS = ("registry", "communication", "memory", "orchestrator")
DEFAULT_PAGE, LARGEST_PAGE = 100, 1000


def api_routes(backend: Backend) -> Routes:
    """Return all routes of the API."""
    routes, resources = Routes(), _resources(backend)
    below = routes.below(API_PREFIX)
    for handlers in resources:
        handlers.add_to(routes)
        handlers.add_to(below)
    SystemRoutes(backend.store).add_to(routes)
    AccountRoutes(backend.store).add_to(below)
    ToolRoutes(backend.store).add_to(below)
    MarketplaceRoutes().add_to(below)
    _add_personal(below, backend)
    MetaRoutes(backend.export_schemas).add_to(routes)
    FlowToolRoutes(backend).add_to(routes)
    return routes


def _resources(backend: Backend) -> List[Any]:
    """Return the handlers of what exists at the root and under the prefix."""
    handlers = [
        FlowRoutes(backend),
        ExecutionRoutes(backend),
        AgentRoutes(backend),
        LogRoutes(backend.store),
    ]
    if backend.publisher is None:
        return handlers
    return [*handlers, StreamRoutes(backend.store, backend.publisher)]


def _add_personal(routes: Routes, backend: Backend) -> None:
    """Add the routes of what belongs to the one user: everything."""
    routes.add("GET", "/flows/my-flows", FlowRoutes(backend).list)
    routes.add("GET", "/agents/my-agents", AgentRoutes(backend).list)


class ExecutionRoutes:
    """`/executions`, and the messages of one."""

    def __init__(self, backend: Backend) -> None:
        self._store, self._engine = backend.store, backend.engine
        self._streams = backend.publisher is not None
        self._cancelling = threading.Lock()

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add("GET", "/executions", self.list)
        routes.add("GET", "/executions/<execution_id>", self.get)
        routes.add("POST", "/executions/<execution_id>/cancel", self.cancel)
        routes.add("GET", "/executions/<execution_id>/results", self.results)
        routes.add("GET", "/executions/<execution_id>/messages", self.messages)
        routes.add("GET", "/messages/<execution_id>", self.messages)

    def list(self) -> Reply:
        """Return a page of executions, the newest first."""
        flow_id, status = request.args.get("flow_id"), request.args.get("status")
        limit = whole_number("limit", DEFAULT_PAGE, 1, LARGEST_PAGE)
        offset = whole_number("offset", 0, 0, 2**62)
        page = self._store.executions(flow_id, status, limit=limit, offset=offset)
        answer: Dict[str, Any] = {"executions": page, "count": len(page)}
        if under_prefix():
            return Reply(200, {**answer, "limit": limit, "offset": offset})
        return Reply(200, {**answer, "flow_id": flow_id})

    def get(self, execution_id: str) -> Reply:
        """One execution."""
        execution = self._find(execution_id)
        if self._streams:
            announce_stream(execution["execution_id"])
        return Reply(200, execution)

    def cancel(self, execution_id: str) -> Reply:
        """End an execution that is still going."""
        known = check_uuid(execution_id)
        # The engine acts outside of the store's transaction, since a run's lock is taken before the
        # store's, never after; so one cancel at a time looks up its key, acts, and stores it.
        with self._cancelling:
            cancelled = not is_repetition(self._store) and self._engine.cancel(known)
            return once(self._store, lambda: self._cancelled(execution_id, cancelled))

    def results(self, execution_id: str) -> Reply:
        """Return the results of an execution's nodes."""
        execution = self._find(execution_id)
        results = self._store.node_results(execution["execution_id"])
        if under_prefix():
            return Reply(200, {"execution": execution, "node_results": results})
        return Reply(
            200,
            {
                "execution_id": execution["execution_id"],
                "node_results": results,
                "count": len(results),
            },
        )

    def messages(self, execution_id: str) -> Reply:
        """Return the messages between agents: none, since data travels along the graph here."""
        found = self._find(execution_id)["execution_id"]
        return Reply(200, {"messages": [], "count": 0, "execution_id": found})

    def _cancelled(self, execution_id: str, cancelled: bool) -> Reply:
        if not cancelled:
            raise HTTPError(404, f"Execution {execution_id!r} not found or not running")
        return Reply(200, {"message": "Execution cancelled successfully"})

    def _find(self, execution_id: str) -> Dict[str, Any]:
        execution = self._store.execution(check_uuid(execution_id))
        return found_or_404(execution, f"Execution {execution_id!r} not found")


class AgentRoutes:
    """`/agents`."""

    def __init__(self, backend: Backend) -> None:
        self._store = backend.store

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add("GET", "/agents", self.list)
        routes.add("POST", "/agents", self.create)
        routes.add("GET", "/agents/active", self.list_active)
        routes.add("GET", "/agents/<path:agent_id>", self.get)
        routes.add("DELETE", "/agents/<path:agent_id>", self.delete)

    def list(self) -> Reply:
        """All agents."""
        agents = self._store.all("agent")
        return Reply(200, {"agents": agents, "count": len(agents)})

    def list_active(self) -> Reply:
        """Return the agents that accept work."""
        agents = [each for each in self._store.all("agent") if each["is_active"]]
        return Reply(200, {"agents": agents, "count": len(agents)})

    def get(self, agent_id: str) -> Reply:
        """One agent."""
        found = self._store.get("agent", agent_id)
        return Reply(200, found_or_404(found, f"Agent {agent_id!r} not found"))

    def create(self) -> Reply:
        """Register an HTTP agent."""
        body = json_object()
        check_fields(
            body,
            {
                "agent_id": (str, True),
                "endpoint": (str, True),
                "name": (str, False),
                "description": (str, False),
                "agent_type": (str, False),
                "capabilities": (list, False),
            },
        )
        try:
            check_id("agent_id", body["agent_id"])
            check_endpoint(f"agent {body['agent_id']!r}", body["endpoint"])
        except AISpineError as error:
            raise HTTPError(400, str(error)) from None
        return once(self._store, lambda: self._create(body))

    def delete(self, agent_id: str) -> Reply:
        """Remove an agent."""
        if not self._store.delete("agent", agent_id):
            raise HTTPError(404, f"Agent {agent_id!r} not found")
        return Reply(200, {"message": f"Agent {agent_id!r} deleted successfully"})

    def _create(self, body: Dict[str, Any]) -> Reply:
        if self._store.get("agent", body["agent_id"]) is not None:
            raise HTTPError(409, f"Agent {body['agent_id']!r} already exists")
        return Reply(
            200, self._store.put("agent", body["agent_id"], describe_http_agent(body))
        )


class SystemRoutes:
    """The routes that exist at the root only: health, status and metrics."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add("GET", "/health", self.health)
        routes.add("GET", "/health/detailed", self.health_detailed)
        routes.add("GET", "/status", self.status)
        routes.add("GET", "/openapi.json", self.openapi)
        routes.add("GET", "/metrics", lambda: Reply(200, self._store.metrics()))

    def health(self) -> Reply:
        """Return that the server is healthy."""
        details = {
            "message": "AI Spine local server is running",
            "startup_complete": True,
            "version": __version__,
        }
        return Reply(200, {"status": "healthy", "timestamp": time.time(), **details})

    def health_detailed(self) -> Reply:
        """Return that the database is connected."""
        details = {"database": "connected", "mode": "local"}
        return Reply(200, {"status": "healthy", "timestamp": time.time(), **details})

    def openapi(self) -> Reply:
        """Return the document of the API."""
        return Reply(200, openapi_document(request.host_url.rstrip("/")))

    def status(self) -> Reply:
        """How its parts are, and how much it serves."""
        with self._store.transaction():
            agents, flow_ids = self._store.all("agent"), self._store.ids("flow")
        active = sum(1 for agent in agents if agent["is_active"])
        details = {
            "components": dict.fromkeys(_COMPONENTS, "active"),
            "agents": {"total": len(agents), "active": active},
            "flows": {"total": len(flow_ids)},
        }
        return Reply(200, {"status": "operational", **details})
