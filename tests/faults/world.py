"""The live server that cells share, and what it knows of each of them."""

import collections
import itertools
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import trustme

from ai_spine import Flow
from ai_spine.local import LocalServer, agent
from ai_spine.models.statuses import ExecutionStatus
from tests.tool_service import ToolService

CELL_HEADER = "X-Cell"
_PAD = 4 * 2**20  # what makes a body large: more than sockets hold


class Arrival(NamedTuple):
    """A request as the server received it."""

    method: str
    path: str
    key: Optional[str]


class Counting:
    """A WSGI application that records the requests of each cell."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._arrivals: Dict[str, List[Arrival]] = collections.defaultdict(list)

    def __call__(self, environ: Dict[str, Any], start_response: Any) -> Any:
        arrival = Arrival(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ.get("HTTP_IDEMPOTENCY_KEY"),
        )
        with self._lock:
            self._arrivals[environ.get("HTTP_X_CELL", "")].append(arrival)
        return self._application(environ, start_response)

    def of(self, cell: str) -> List[Arrival]:
        """Return the requests of a cell, the oldest first."""
        with self._lock:
            return list(self._arrivals.get(cell, ()))


class Elsewhere:
    """Another origin, which counts its requests."""

    def __init__(self) -> None:
        self.visits = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.5)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except socket.timeout:
                continue
            self.visits += 1
            connection.close()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._listener.close()


TENANT = "acme"


class World:
    """A server with a fast and a slow agent, and what cells need."""

    def __init__(self) -> None:
        self._held: Dict[str, threading.Event] = collections.defaultdict(
            threading.Event
        )
        self._numbers = itertools.count(1)
        agents = [agent("quick")(_echo), self._holding()]
        # A request that does not name the tenant would be refused, whatever befalls it.
        self.server = LocalServer(agents=agents, tenants=True)
        assert self.server._tenants is not None
        self._site = self.server._tenants.site(TENANT)
        http = self.server._http._server
        self.arrivals = http.application = Counting(http.application)
        self.elsewhere = Elsewhere()
        self.tools = ToolService()
        self._folder = tempfile.TemporaryDirectory()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority = trustme.CA()
        authority.issue_cert("127.0.0.1").configure_cert(self.tls)
        self.bundle = str(Path(self._folder.name) / "ca.pem")
        authority.cert_pem.write_to_path(self.bundle)
        self.one_at_a_time = threading.Lock()

    def close(self) -> None:
        for event in list(self._held.values()):
            event.set()
        self.server.close()
        self.elsewhere.close()
        self.tools.close()
        self._folder.cleanup()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _holding(self) -> Callable[..., Any]:
        @agent("held")
        def held(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
            self._held[input["cell"]].wait(60)
            return input

        return held

    @property
    def store(self) -> Any:
        """The server's database."""
        return self._site.store

    def state(self, *, large: bool) -> Any:
        """Create what one cell works on: a flow, an agent, a user, and names for new ones."""
        cell = f"c{next(self._numbers)}"
        pad = "x" * _PAD if large else ""
        state = SimpleNamespace(
            cell=cell,
            flow=_flow(cell, "quick"),
            new_flow={**_flow(f"{cell}-new", "quick"), "description": pad},
            new_agent={
                "agent_id": f"{cell}-new",
                "endpoint": "http://127.0.0.1:9",
                "description": pad,
            },
            tool=_tool(cell, self.tools.url),
            new_tool={**_tool(f"{cell}-new", self.tools.url), "description": pad},
            input={"cell": cell, "pad": pad},
        )
        self.store.put("tool", cell, state.tool)
        self.store.put("flow", cell, state.flow)
        self.store.put("agent", cell, {**_AGENT, "agent_id": cell})
        return state

    def finished(self, state: Any) -> None:
        """Create a finished execution for a cell."""
        state.execution_id = self.store.create_execution(state.cell, state.input, {})
        self.store.finish_execution(
            state.execution_id, ExecutionStatus.COMPLETED, output_data={"a": {"b": 1}}
        )

    def started(self, state: Any, agent_id: str) -> None:
        """Create a running execution for a cell."""
        state.execution_id = self.store.create_execution(state.cell, state.input, {})
        flow = Flow.from_wire(_flow(state.cell, agent_id))
        plan = self._site.engine.plan(flow)
        self._site.engine.start(state.execution_id, plan, state.input)

    def has_key(self, state: Any, user_id: str) -> None:
        """Generate an API key for a user."""
        state.key = f"sk_{state.cell}"
        self.store.put("user_key", user_id, {"api_key": state.key})

    def key_of(self, user_id: str) -> Optional[str]:
        """Return a user's API key; `None` if there is none."""
        found = self.store.get("user_key", user_id)
        return found and found["api_key"]

    def executions(self, state: Any) -> List[Dict[str, Any]]:
        """Return all executions of a cell's flow."""
        found: List[Dict[str, Any]] = self.store.executions(state.cell, limit=100)
        return found

    def forget(self, state: Any) -> None:
        """Remove what a cell has created, so that lists stay short."""
        self._held[state.cell].set()
        for name in (state.cell, f"{state.cell}-new"):
            self.store.delete("flow", name)
            self.store.delete("agent", name)
            self.store.delete("tool", name)


_AGENT = {
    "name": "an agent",
    "description": "",
    "endpoint": "http://127.0.0.1:9",
    "capabilities": [],
    "agent_type": "processor",
    "is_active": True,
}


def _echo(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    return {"cell": input["cell"]}


def _tool(tool_id: str, endpoint: str) -> Dict[str, Any]:
    return {
        "tool_id": tool_id,
        "name": tool_id,
        "description": "",
        "endpoint": endpoint,
        "tool_type": [],
        "is_active": True,
        "metadata": {},
        **dict.fromkeys(("input_schema", "output_schema", "config_schema")),
        "created_by": "local",
    }


def _flow(flow_id: str, agent_id: str) -> Dict[str, Any]:
    return {
        "flow_id": flow_id,
        "name": flow_id,
        "nodes": [{"id": "node", "agent_id": agent_id}],
        "entry_point": "node",
        "exit_points": ["node"],
    }
