"""`Backend`: what the routes use."""

from typing import Any, Callable, NamedTuple, Optional

from ai_spine.local.engine.engine import Engine
from ai_spine.local.engine.runs import Plan
from ai_spine.local.http.streams import Publisher
from ai_spine.local.http.waits import Waits
from ai_spine.local.schemas import Schema, Schemas
from ai_spine.local.store.store import Store
from ai_spine.models import Flow
from ai_spine.policy.telemetry import Telemetry


class Startable(NamedTuple):
    """What it takes to start executions of a flow."""

    plan: Plan
    input_schema: Optional[Schema]


class Backend(NamedTuple):
    """What the routes use."""

    store: Store
    engine: Engine
    key_digest: Optional[bytes]
    waits: Waits
    """Requests that wait for executions."""
    export_schemas: Callable[[], Any]
    """Returns the flows and agents as a specification."""
    publisher: Optional[Publisher] = None
    """Writes the streams; without one, there are none."""
    telemetry: Telemetry = Telemetry()
    """Records requests and nodes."""
    schemas_of: Callable[[Flow], Schemas] = lambda flow: Schemas()
    """Returns the schemas of a flow."""

    def startable(self, flow_id: str) -> Optional[Startable]:
        """Return what it takes to start executions of a flow; `None` if there is no such flow."""
        return self.store.of_definitions(flow_id, lambda: self._startable(flow_id))

    def _startable(self, flow_id: str) -> Optional[Startable]:
        definition = self.store.get("flow", flow_id)
        if definition is None:
            return None
        flow = Flow.from_wire(definition)
        return Startable(self.engine.plan(flow), self.schemas_of(flow).input_schema)
