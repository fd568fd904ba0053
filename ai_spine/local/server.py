"""`LocalServer`: the application, its engine and its store behind one real socket."""

import asyncio
import os
import threading
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    FrozenSet,
    List,
    Mapping,
    Optional,
    Sequence,
    Union,
)

from ai_spine.client import AISpine
from ai_spine.constants import API_PREFIX
from ai_spine.exceptions import ConfigurationError
from ai_spine.local.agents.functions import (
    AgentFunction,
    AgentSource,
    AnyAgent,
    Function,
    collect_agents,
)
from ai_spine.local.agents.inline import RowItem, name_of, read_inline
from ai_spine.local.agents.modules import fresh_imports, project_of
from ai_spine.local.checks import (
    check_flags,
    check_settings,
    check_status,
    client_options,
)
from ai_spine.local.definitions import SAMPLES, FlowItem, FlowSource, load_samples
from ai_spine.local.engine.event_loop import EventLoop
from ai_spine.local.faults import FaultScript, FaultyApp
from ai_spine.local.http.responses import digest_of
from ai_spine.local.http.security import Guard, is_loopback, names_of
from ai_spine.local.http.waits import Waits
from ai_spine.local.http.wsgi_server import HttpServer
from ai_spine.local.pages.access import Access
from ai_spine.local.pages.responses import Banner
from ai_spine.local.site import Definitions, Site
from ai_spine.local.tenants import Tenants, check_folder, file_of
from ai_spine.models import Execution, Flow
from ai_spine.policy.tracing import make_telemetry
from ai_spine.policy.validation import check_id
from ai_spine.utils import Secret

if TYPE_CHECKING:
    from ai_spine.async_client import AsyncAISpine
    from ai_spine.sdk_sync.ir import IRSpec

SAMPLE_AGENTS = "ai_spine.local.samples.agents"


class LocalServer:
    """An AI Spine server inside this process.

    Args:
        flows: A folder of YAML and JSON files, or a list of paths, dicts and `Flow`s.
        agents: A module (or its name, or the path of a Python file), a list of functions made
            agents by `agent`, or a mapping of ids to functions or URLs. With neither flows nor
            agents, the samples are served.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        db: The file that flows, agents and executions are kept in, or `:memory:`.
        api_key: The key that clients must have; without one, all may come.
        allowed_hosts: Names of hosts under which clients may come, beside `host`, `localhost` and
            IP addresses (and this machine's own name, where `host` is 0.0.0.0 or ::). Requests
            to other names are refused, since a web page could send them.
        max_workers: How many nodes run at once; async agents run beside them, in any number.
        streams: Whether executions can be followed as streams of events; without, clients fall
            back to asking again and again.
        tenants: Whether requests must name a tenant (`X-Tenant-Id`), and tenants are kept apart:
            each has the flows and agents given here, and its own beside them, its own executions
            and idempotency keys, and its own file beside `db`.
        show_tracebacks: Whether results have the tracebacks of agents; by default, if only this
            machine reaches `host`.
        tracing: Whether to continue the traces of clients, where OpenTelemetry is installed.
        tracer_provider: Makes the tracer; by default the global `TracerProvider`.

    Raises:
        ConfigurationError: A flow, an agent, a setting or the database is wrong, or the port is
            in use.

    Example:
        >>> with LocalServer() as local:
        ...     with local.client() as its_client:
        ...         print([flow.flow_id for flow in its_client.list_flows()])
        ['credit_analysis', 'sentiment-analysis']
    """

    def __init__(
        self,
        flows: FlowSource = None,
        agents: AgentSource = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        db: Union[str, "os.PathLike[str]"] = ":memory:",
        api_key: Optional[str] = None,
        allowed_hosts: Sequence[str] = (),
        max_workers: int = 32,
        streams: bool = True,
        tenants: bool = False,
        show_tracebacks: Optional[bool] = None,
        tracing: bool = True,
        tracer_provider: Any = None,
    ) -> None:
        secret = None if api_key is None else Secret(api_key)
        del api_key
        check_settings(host, port, secret, max_workers, db)
        shown = is_loopback(host) if show_tracebacks is None else show_tracebacks
        check_flags(streams, tenants, tracing, shown)
        digest = None if secret is None else digest_of(secret.reveal())
        access, names = Access(digest), names_of(host, allowed_hosts)
        self._prepare(flows, agents)
        make_site = partial(
            Site,
            access=access,
            show_tracebacks=shown,
            banner=self.banner,
            key_digest=digest,
            max_workers=max_workers,
            loop=self._loop,
            waits=self._waits,
            streams=streams,
            telemetry=make_telemetry(tracing, tracer_provider),
        )
        self._api_key = secret
        self._open(make_site, os.fspath(db), access if tenants else None)
        self._listen(names, host, port)

    def _prepare(self, flows: FlowSource, agents: AgentSource) -> None:
        """Read what the server begins with, and set what does not depend on settings."""
        if flows is None and agents is None:
            flows, agents = SAMPLES, SAMPLE_AGENTS
        self._sources = flows, agents
        self._given = Definitions(flows, agents, are_samples=flows is SAMPLES)
        self._project = project_of(agents)
        self._closed, self._process = False, os.getpid()
        self._reloading = threading.Lock()
        self._loop, self._waits = EventLoop(), Waits()
        self.banner = Banner()
        """What every page shows above everything else: a sentence as its `text`."""
        self.faults = FaultScript()
        """What the server is to do wrong."""

    def _open(
        self, make_site: Callable[..., Site], db: str, access: Optional[Access]
    ) -> None:
        """Make the site, or, with access to it, what makes those of tenants."""
        self._added: List[Callable[[Site], Any]] = []
        self._tenants: Optional[Tenants] = None
        if access is None:
            self._site = make_site(self._given, db)
            return
        make = partial(self._make_site, make_site, check_folder(db))
        # It says what each of them begins with.
        self._site = make_site(self._given, ":memory:")
        self._tenants = Tenants(self._site, make, access)

    def _listen(self, names: FrozenSet[str], host: str, port: int) -> None:
        faulty = FaultyApp(self._tenants or self._site.app, self.faults, API_PREFIX)
        try:
            # Outermost, so that a request that may not come uses up no fault either.
            self._http = HttpServer(Guard(faulty, names), host, port)
        except BaseException:
            self._site.stop()
            raise

    @property
    def url(self) -> str:
        """The URL of the server, such as `http://127.0.0.1:43210`."""
        return self._http.url

    def client(self, **options: Any) -> AISpine:
        """Return a client of this server.

        Args:
            **options: What `AISpine` takes; `base_url` and `api_key` are known already. No
                profile is used unless one is named, and no proxy of the environment.
        """
        return AISpine(**client_options(self.url, self._api_key, options))

    def async_client(self, **options: Any) -> "AsyncAISpine":
        """Return an async client of this server.

        Args:
            **options: What `AsyncAISpine` takes; the rest is as for `client`.
        """
        # Here, because Pythons before 3.10 cannot import it.
        from ai_spine.async_client import AsyncAISpine

        return AsyncAISpine(**client_options(self.url, self._api_key, options))

    def add_agent(
        self, agent: Union[Function, AgentFunction, str], agent_id: Optional[str] = None
    ) -> AnyAgent:
        """Add an agent, in the place of one that has its id; it is there until `reset`.

        With tenants, each of them has it.

        Args:
            agent: A function such as `agent` takes, one made an agent by it, or a URL.
            agent_id: What nodes call it; the function's name, without.

        Raises:
            ConfigurationError: It can be no agent, or has no id.

        Example:
            >>> server.add_agent(lambda input, config: {"score": 7}, "scorer")
            AgentFunction('scorer')
        """
        self._check_open()
        if agent_id is None and isinstance(agent, AgentFunction):
            agent_id = agent.agent_id
        agent_id = name_of(agent) if agent_id is None else agent_id
        if not agent_id:
            raise ConfigurationError("an agent without a name needs an agent_id")
        added = collect_agents({agent_id: agent})[agent_id]
        self._add(lambda site: site.put_agent(added))
        return added

    def add_flow(self, flow: FlowItem, *agents: RowItem) -> Flow:
        """Add a flow, in the place of one that has its id; it is there until `reset`.

        With tenants, each of them has it.

        Args:
            flow: The flow's id, followed by its agents; or a whole definition: a dict, a `Flow`,
                or the path of a YAML or JSON file.
            *agents: Functions, or ids of existing agents. They run one after the other; each gets
                the input, updated with the output of the one before it. A node is named like its
                function or agent, or like the flow where the function has no name.

        Returns:
            The flow; its output is that of its last agent.

        Raises:
            ConfigurationError: The flow cannot run; all that is wrong is named.
            ValidationError: Its id cannot be one.

        Example:
            >>> def greet(input, config):
            ...     return {"greeting": f"Hello, {input['name']}!"}
            >>> flow = server.add_flow("welcome", greet)
            >>> client.execute_and_wait("welcome", {"name": "Ana"}).output
            {'greet': {'greeting': 'Hello, Ana!'}}
        """
        self._check_open()
        read = read_inline(flow, agents)
        return Flow.from_wire(self._add(lambda site: site.put_flow(read)))

    def add_samples(self) -> None:
        """Add the sample flows and their agents; they are there until `reset`."""
        self._check_open()
        for agent in collect_agents(SAMPLE_AGENTS).values():
            self._add(partial(Site.put_agent, agent=agent))
        for flow, _ in load_samples():
            self.add_flow(flow)

    def executions(
        self,
        flow_id: Optional[str] = None,
        *,
        input: Optional[Mapping[str, Any]] = None,
        status: Optional[str] = None,
        tenant: Optional[str] = None,
    ) -> List[Execution]:
        """Return the executions in the order in which they were started, with their states.

        Args:
            flow_id: Only executions of this flow.
            input: Only executions with exactly this input.
            status: Only executions with this status.
            tenant: Whose executions; with tenants, one must be named.

        Raises:
            ValidationError: An argument is wrong.
            ConfigurationError: The server is closed, or the tenant is missing or cannot be one.

        Example:
            >>> done = client.execute_and_wait("sentiment-analysis", {"text": "Splendid!"})
            >>> len(server.executions("sentiment-analysis", input={"text": "Splendid!"}))
            1
        """
        self._check_open()
        if flow_id is not None:
            check_id("flow_id", flow_id)
        wanted = None if status is None else check_status(status)
        bodies = self._site_of(tenant).executions(flow_id, wanted, input)
        return [Execution.from_wire(body) for body in bodies]

    def export_schemas(
        self, version: str = "1.0.0", *, tenant: Optional[str] = None
    ) -> "IRSpec":
        """Return the flows, as tools, and the agents as a specification for SDK-Sync.

        Args:
            version: The version of the specification.
            tenant: Whose flows; with tenants, one must be named.

        Raises:
            ConfigError: The version is none.
            ConfigurationError: The server is closed, or the tenant is missing or cannot be one.
        """
        self._check_open()
        return self._site_of(tenant).export_schemas(version)

    def reset(self) -> None:
        """Go back to the start: no executions, no faults, and the initial definitions."""
        self._check_open()
        self.faults.clear()
        self._added.clear()
        for site in self._sites():
            site.reset()

    def reload(self) -> None:
        """Read the initial flows and agents again, and serve what has changed in them.

        A module of agents that was named is imported again, with what it imports from its project.
        Executions in flight end with the flow and the agents that they started with, and what was
        made over the API stays.

        Raises:
            ConfigurationError: Something is wrong; the earlier flows and agents are still served.
        """
        self._check_open()
        with self._reloading, fresh_imports(self._project):
            given = Definitions(*self._sources)
            self._site.swap(given)
            self._given = given  # for tenants that come from now on
            for site in self._sites()[1:]:
                site.swap(given)

    def close(self) -> None:
        """Stop serving, except in a forked process. What is running is recorded as interrupted."""
        if not self._closed and self._process == os.getpid():
            self._closed = True
            self.faults.end()
            self._waits.close()
            for site in self._sites():
                site.end_streams()
            self._http.close()
            for site in self._sites():
                site.stop()
            self._loop.close()

    def __enter__(self) -> "LocalServer":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    async def __aenter__(self) -> "LocalServer":
        return self

    async def __aexit__(self, *_: Any) -> None:
        # In a thread: what the event loop still serves, an HTTP agent perhaps, can end meanwhile.
        await asyncio.get_running_loop().run_in_executor(None, self.close)

    def __repr__(self) -> str:
        return f"LocalServer(url={self.url!r})"

    def _sites(self) -> List[Site]:
        """Return the site, and those of tenants."""
        return [self._site, *(self._tenants.all() if self._tenants else ())]

    def _site_of(self, tenant: Optional[str]) -> Site:
        if self._tenants is None and tenant is not None:
            raise ConfigurationError("the server was started without tenants")
        if self._tenants is not None and tenant is None:
            raise ConfigurationError("the server has tenants: name one with tenant")
        return self._site if self._tenants is None else self._tenants.site(tenant or "")

    def _make_site(self, make_site: Callable[..., Site], db: str, tenant: str) -> Site:
        """Make the site of a tenant, with all that each of them has."""
        site = make_site(self._given, file_of(db, tenant), tenant=tenant)
        for add in self._added:
            add(site)
        return site

    def _add(self, add: Callable[[Site], Any]) -> Any:
        """Add something to the site, and to those of all tenants."""
        added = add(self._site)
        self._added.append(add)
        for site in self._sites()[1:]:
            add(site)
        return added

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigurationError("the server is closed")
