"""`LocalServer`: the application, its engine and its store behind one real socket."""

import os
from pathlib import Path
from typing import Any, Optional, Sequence, Union

from ai_spine.client import AISpine
from ai_spine.constants import API_PREFIX
from ai_spine.exceptions import ConfigurationError
from ai_spine.local.agents import AgentSource, AnyAgent, collect_agents
from ai_spine.local.definitions import FlowSource, check_flow, describe_flow, load_flows
from ai_spine.local.engine import Engine
from ai_spine.local.exchange import digest_of
from ai_spine.local.faults import FaultScript, FaultyApp
from ai_spine.local.guard import Guard, names_of
from ai_spine.local.http import HttpServer
from ai_spine.local.http_agents import HttpAgent
from ai_spine.local.routes import Backend, make_app
from ai_spine.local.store import Store
from ai_spine.local.streams import Publisher
from ai_spine.utils import Secret
from ai_spine.validation import check_count, check_flag, fits_header

SAMPLES = Path(__file__).parent / "samples"
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
        max_workers: How many nodes run at once.
        streams: Whether executions can be followed as streams of events; without, clients fall
            back to asking again and again.

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
    ) -> None:
        secret = None if api_key is None else Secret(api_key)
        del api_key
        _check_settings(host, port, secret, max_workers, db)
        check_flag("streams", streams, ConfigurationError)
        names = names_of(host, allowed_hosts)
        if flows is None and agents is None:
            flows, agents = SAMPLES, SAMPLE_AGENTS
        self._agents = collect_agents(agents)
        self._flows = load_flows(flows)
        self._api_key = secret
        self._store = Store(os.fspath(db))
        self._engine = Engine(self._store, self._find_agent, max_workers)
        self._publisher = Publisher(self._store) if streams else None
        self.faults = FaultScript()
        """What the server is to do wrong."""
        try:
            self._write_definitions()
            digest = None if secret is None else digest_of(secret.reveal())
            app = make_app(Backend(self._store, self._engine, digest, self._publisher))
            faulty = FaultyApp(app, self.faults, API_PREFIX)
            # Outermost, so that a request that may not come uses up no fault either.
            self._http = HttpServer(Guard(faulty, names), host, port)
        except BaseException:
            self._stop()
            raise
        self._closed = False

    @property
    def url(self) -> str:
        """Where it is served, such as `http://127.0.0.1:43210`."""
        return self._http.url

    def client(self, **options: Any) -> AISpine:
        """Gives a client of this server.

        Args:
            **options: What `AISpine` takes; `base_url` and `api_key` are known already, and no
                profile holds unless one is named.
        """
        key = None if self._api_key is None else self._api_key.reveal()
        known = {"api_key": key or "", "base_url": self.url, "profile": ""}
        return AISpine(**{**known, **options})

    def reset(self) -> None:
        """Goes back to the start: no executions, no faults, and the definitions that were given."""
        self.faults.clear()
        self._engine.stop_all()
        self._store.clear_runs()
        if self._publisher is not None:
            self._publisher.drop_all()
        self._store.clear_definitions()
        self._write_definitions()

    def close(self) -> None:
        """Stops serving. What still runs is noted as interrupted."""
        if not self._closed:
            self._closed = True
            self.faults.end()
            if self._publisher is not None:
                self._publisher.close()
            self._http.close()
            self._stop()

    def __enter__(self) -> "LocalServer":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LocalServer(url={self.url!r})"

    def _stop(self) -> None:
        self._engine.close()
        self._store.close()

    def _write_definitions(self) -> None:
        given = {agent_id: agent.describe() for agent_id, agent in self._agents.items()}
        self._store.replace_given("agent", given)
        known = set(self._store.ids("agent"))
        for flow, source in self._flows:
            check_flow(flow, known, source)
        flows = {flow.flow_id: describe_flow(flow) for flow, _ in self._flows}
        self._store.replace_given("flow", flows)

    def _find_agent(self, agent_id: str) -> Optional[AnyAgent]:
        described = self._store.get("agent", agent_id)
        if described is None:
            return None
        # What was registered over HTTP may have taken the place of a function.
        if described["endpoint"].lower().startswith(("http://", "https://")):
            return HttpAgent(agent_id, described["endpoint"])
        return self._agents.get(agent_id)


def _check_settings(
    host: Any, port: Any, api_key: Optional[Secret], max_workers: Any, db: Any
) -> None:
    if not isinstance(host, str) or not host:
        raise ConfigurationError("host must be the name or address to listen on")
    if check_count("port", port, error=ConfigurationError) > 65535:
        raise ConfigurationError(f"port must be from 0 to 65535, not {port}")
    check_count("max_workers", max_workers, least=1, error=ConfigurationError)
    if not isinstance(db, (str, os.PathLike)) or not os.fspath(db):
        raise ConfigurationError("db must be the path of a file, or :memory:")
    if api_key is not None:
        key = api_key.reveal()
        if not isinstance(key, str) or not fits_header(key):
            raise ConfigurationError(
                "api_key must be printable ASCII text, and not be empty"
            )
