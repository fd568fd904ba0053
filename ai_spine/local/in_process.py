"""`FlowRunner`: what a local server does, without a socket, for web applications in Python."""

from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import quote

from werkzeug.test import Client

from ai_spine.local.agents.functions import AgentSource
from ai_spine.local.checks import check_settings
from ai_spine.local.definitions import FlowSource
from ai_spine.local.engine.event_loop import EventLoop
from ai_spine.local.http.waits import WAIT_SECONDS, Waits
from ai_spine.local.pages.access import Access
from ai_spine.local.pages.responses import Banner
from ai_spine.local.site import Definitions, Site
from ai_spine.policy.telemetry import Telemetry

if TYPE_CHECKING:
    from ai_spine.sdk_sync.ir import IRSpec

# A server that calls it has threads for that many requests and for others.
_MOST_WAITING = 32
# Headers that say something of the body, or of the connection, of the inner request.
_PASSED_ON = ("content-type", "idempotency-key", "x-execution-id", "x-request-id")


class RunnerReply(NamedTuple):
    """The response to a request: its HTTP status, its headers and its JSON."""

    status: int
    headers: List[Tuple[str, str]]
    content: bytes


class FlowRunner:
    """Runs flows in this process, by the names of their tools.

    Args:
        flows: As `LocalServer` takes them.
        agents: As `LocalServer` takes them.
        db: The file that executions and idempotency keys are kept in, or `:memory:`.
        max_workers: How many plain agents run at once.
        seconds: How long a request waits for its flow.

    Raises:
        ConfigurationError: A flow or an agent is wrong, or the database cannot be used.

    Example:
        >>> node = {"id": "n", "type": "processor", "agent_id": "greeter"}
        >>> flow = {"flow_id": "f", "nodes": [node], "entry_point": "n", "exit_points": ["n"]}
        >>> def greet(name: str) -> dict:
        ...     return {"hello": name}
        >>> with FlowRunner([flow], {"greeter": greet}) as r:
        ...     r.execute("f", b'{"name": "Ana"}').content
        b'{"n": {"hello": "Ana"}}'
    """

    def __init__(
        self,
        flows: FlowSource = None,
        agents: AgentSource = None,
        *,
        db: str = ":memory:",
        max_workers: int = 32,
        seconds: float = WAIT_SECONDS,
    ) -> None:
        check_settings("127.0.0.1", 0, None, max_workers, db)
        self._definitions = Definitions(flows, agents)
        self._loop, self._waits = EventLoop(), Waits(_MOST_WAITING, seconds)
        self._site = Site(
            self._definitions,
            db,
            show_tracebacks=False,
            key_digest=None,
            max_workers=max_workers,
            loop=self._loop,
            waits=self._waits,
            streams=False,
            telemetry=Telemetry(),
            access=Access(None),
            banner=Banner(),
        )

    def execute(
        self, name: str, content: bytes, headers: Optional[Mapping[str, str]] = None
    ) -> RunnerReply:
        """Execute a flow as `POST /api/tools/{name}/execute` of a local server does.

        Args:
            name: The name of the tool.
            content: The body of the request: the input as JSON.
            headers: The headers of the request: `Idempotency-Key` and `X-Request-Id` count.
        """
        known = {k: v for k, v in (headers or {}).items() if k.lower() in _PASSED_ON}
        path = f"/api/tools/{quote(name, safe='')}/execute"
        response: Any = Client(self._site.app).post(path, data=content, headers=known)
        kept = [(k, v) for k, v in response.headers if k.lower() in _PASSED_ON]
        return RunnerReply(response.status_code, kept, response.get_data())

    def export_schemas(
        self, version: str = "1.0.0", *, auth_required: bool = False
    ) -> "IRSpec":
        """Return the flows, as tools, and the agents as a specification for SDK-Sync.

        Args:
            version: The version of the specification, and of flows that have none.
            auth_required: Whether the tools need a key.

        Raises:
            ConfigError: The version is none.
        """
        return self._definitions.export_schemas(version, auth_required=auth_required)

    def close(self) -> None:
        """Stop. Running executions are recorded as interrupted."""
        self._waits.close()
        self._site.stop()
        self._loop.close()

    def __enter__(self) -> "FlowRunner":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
