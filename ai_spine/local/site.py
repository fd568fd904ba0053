"""`Site`: a store, an engine and the application on them; with tenants, each has its own."""

import json
from typing import TYPE_CHECKING, Any, Container, Dict, List, Mapping, Optional


from ai_spine.local.agents.functions import AgentSource, AnyAgent, collect_agents
from ai_spine.local.agents.http_agents import HttpAgent
from ai_spine.local.agents.inline import InlineFlow
from ai_spine.local.app import make_app
from ai_spine.local.definitions import (
    FlowSource,
    check_flow,
    describe_flow,
    load_flows,
    load_samples,
)
from ai_spine.local.engine.engine import Engine
from ai_spine.local.engine.event_loop import EventLoop
from ai_spine.local.http.backend import Backend
from ai_spine.local.http.streams import Publisher
from ai_spine.local.http.waits import Waits
from ai_spine.local.pages.access import Access
from ai_spine.local.pages.responses import Banner
from ai_spine.local.schemas import Schemas, check_schemas, declared_schemas, schemas_of
from ai_spine.local.specs import export_spec
from ai_spine.local.store.store import Store
from ai_spine.models import Flow
from ai_spine.policy.json_encoding import encode_json
from ai_spine.policy.telemetry import Telemetry
from ai_spine.policy.validation import check_mapping

if TYPE_CHECKING:
    from ai_spine.sdk_sync.ir import IRSpec


class Definitions:
    """The flows and agents that a server begins with.

    Args:
        flows: As `LocalServer` takes them.
        agents: As `LocalServer` takes them.
        are_samples: Whether they are known to be right, so that their schemas need no check, which
            takes a moment.

    Raises:
        ConfigurationError: A flow or an agent is wrong.
    """

    def __init__(
        self, flows: FlowSource, agents: AgentSource, *, are_samples: bool = False
    ) -> None:
        self.agents = collect_agents(agents)
        self.flows = list(load_samples()) if are_samples else load_flows(flows)
        for flow, source in () if are_samples else self.flows:
            check_schemas(flow, source)

    def check(self, agent_ids: Container[str]) -> None:
        """Refuse flows that cannot run with these agents.

        Raises:
            ConfigurationError: Something is wrong with a flow.
        """
        for flow, source in self.flows:
            check_flow(flow, agent_ids, source)

    def export_schemas(self, version: str, *, auth_required: bool = False) -> "IRSpec":
        """Return the flows and agents as a specification.

        Raises:
            ConfigError: The version is none.
        """

        def of_agent(agent_id: str) -> Schemas:
            return declared_schemas(self.agents.get(agent_id))

        return export_spec(
            [flow for flow, _ in self.flows],
            lambda flow: schemas_of(flow, of_agent),
            {each: body["description"] for each, body in self.agent_bodies().items()},
            of_agent,
            version=version,
            auth_required=auth_required,
        )

    def agent_bodies(self) -> Dict[str, Mapping[str, Any]]:
        """Return the agents as the API describes them, by id."""
        return {agent_id: agent.describe() for agent_id, agent in self.agents.items()}

    def flow_bodies(self) -> Dict[str, Mapping[str, Any]]:
        """Return the flows as the API describes them, by id."""
        return {flow.flow_id: describe_flow(flow) for flow, _ in self.flows}


class Site:
    """Serves flows and agents, and runs executions.

    Args:
        definitions: What is there at the start.
        db: The file that everything is kept in, or `:memory:`.
        show_tracebacks: Whether clients may see the tracebacks of agents.
        key_digest: The digest of the key that clients must have.
        max_workers: How many plain agents run at once.
        loop: Where async agents run.
        waits: Requests that wait for executions.
        streams: Whether executions can be followed as streams of events.
        telemetry: Records requests and nodes.
        access: Knows who has signed in to the page.
        banner: What the page shows above everything else.
        tenant: Whose site it is.

    Raises:
        ConfigurationError: A flow cannot run, or the database cannot be used.
    """

    def __init__(
        self,
        definitions: Definitions,
        db: str,
        *,
        show_tracebacks: bool,
        key_digest: Optional[bytes],
        max_workers: int,
        loop: EventLoop,
        waits: Waits,
        streams: bool,
        telemetry: Telemetry,
        access: Access,
        banner: Banner,
        tenant: Optional[str] = None,
    ) -> None:
        self._given, self._agents = definitions, dict(definitions.agents)
        self.store = Store(db, show_tracebacks=show_tracebacks)
        self.engine = Engine(
            self.store, self._find_agent, max_workers, loop, telemetry, tenant
        )
        self._waits, self._has_key = waits, key_digest is not None
        self.store.listeners.append(waits.notice)
        self.publisher = Publisher(self.store) if streams else None
        backend = Backend(
            self.store,
            self.engine,
            key_digest,
            waits,
            self.export_schemas,
            self.publisher,
            telemetry,
            self.schemas_of,
        )
        try:
            self._write_definitions()
            self.app = make_app(backend, access, banner)
        except BaseException:
            self.stop()
            raise

    def put_agent(self, agent: AnyAgent) -> None:
        """Add an agent, in the place of one that has its id."""
        self._agents[agent.agent_id] = agent
        # Like initial ones: a function cannot outlive the process in the database.
        self.store.put("agent", agent.agent_id, agent.describe(), given=True)

    def put_flow(self, read: InlineFlow) -> Dict[str, Any]:
        """Add a flow and its agents, in the place of those that have their ids.

        Raises:
            ConfigurationError: The flow cannot run; all that is wrong is named.
        """
        known = {*self.store.ids("agent"), *(agent.agent_id for agent in read.agents)}
        check_flow(read.flow, known, read.source)
        check_schemas(read.flow, read.source)
        for agent in read.agents:
            self.put_agent(agent)
        body = describe_flow(read.flow)
        return self.store.put("flow", read.flow.flow_id, body, given=True)

    def swap(self, definitions: Definitions) -> None:
        """Put other initial definitions in the place of those that there are.

        All change at once. What is the same in both stays as it is, as does what was made over
        the API, or added later; executions in flight keep what they started with.

        Raises:
            ConfigurationError: A flow cannot run; nothing has changed.
        """
        old, new = self._given, definitions
        added = {
            agent_id: agent
            for agent_id, agent in self._agents.items()
            if old.agents.get(agent_id) is not agent
        }
        with self.store.transaction():
            before, after = (
                {
                    id_: body
                    for id_, body in given.agent_bodies().items()
                    if id_ not in added
                }
                for given in (old, new)
            )
            self.store.swap_given("agent", before, after)
            # One that was deleted over the API is no fault of the flows here.
            new.check({*self.store.ids("agent"), *new.agents})
            self.store.swap_given("flow", old.flow_bodies(), new.flow_bodies())
            self._given, self._agents = new, {**new.agents, **added}

    def executions(
        self,
        flow_id: Optional[str],
        status: Optional[str],
        input_data: Optional[Mapping[str, Any]],
    ) -> List[Any]:
        """Return the stored executions, the oldest first.

        Raises:
            ValidationError: The input cannot be one.
        """
        bodies = list(reversed(self.store.executions(flow_id, status, limit=-1)))
        if input_data is None:
            return bodies
        same = json.loads(encode_json(check_mapping("input", input_data)))
        return [body for body in bodies if body["input_data"] == same]

    def reset(self) -> None:
        """Go back to the start: no executions, and the initial definitions."""
        self.engine.stop_all()
        self._agents = dict(self._given.agents)
        self.store.clear_runs()
        self._waits.wake()
        if self.publisher is not None:
            self.publisher.drop_all()
        self.store.clear_definitions()
        self._write_definitions()

    def end_streams(self) -> None:
        """End the streams, whose requests would else go on."""
        if self.publisher is not None:
            self.publisher.close()

    def stop(self) -> None:
        """Stop what runs, and close the store. Running executions are recorded as interrupted."""
        self.engine.close()
        self.store.close()

    def _write_definitions(self) -> None:
        self.store.replace_given("agent", self._given.agent_bodies())
        self._given.check(self.store.ids("agent"))
        self.store.replace_given("flow", self._given.flow_bodies())

    def export_schemas(self, version: str = "1.0.0") -> "IRSpec":
        """Return the flows and agents as a specification.

        Raises:
            ConfigError: The version is none.
        """
        with self.store.transaction():  # neither before nor after it, agents may change
            return export_spec(
                [Flow.from_wire(body) for body in self.store.all("flow")],
                self.schemas_of,
                {
                    each["agent_id"]: each["description"]
                    for each in self.store.all("agent")
                },
                self._schemas_of_agent,
                version=version,
                auth_required=self._has_key,
            )

    def schemas_of(self, flow: Flow) -> Schemas:
        """Return the schemas of a flow."""
        return schemas_of(flow, self._schemas_of_agent)

    def _schemas_of_agent(self, agent_id: str) -> Schemas:
        agent = self._agents.get(agent_id)
        found = declared_schemas(agent)
        # One that was registered over HTTP may have taken its place.
        return (
            found if any(found) and self._find_agent(agent_id) is agent else Schemas()
        )

    def _find_agent(self, agent_id: str) -> Optional[AnyAgent]:
        described = self.store.get("agent", agent_id)
        if described is None:
            return None
        # What was registered over HTTP may have taken the place of a function.
        if described["endpoint"].lower().startswith(("http://", "https://")):
            return HttpAgent(agent_id, described["endpoint"])
        return self._agents.get(agent_id)
