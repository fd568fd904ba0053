"""`Backend`: what the routes use."""

from typing import Any, Callable, NamedTuple, Optional

from ai_spine.local.engine.engine import Engine
from ai_spine.local.http.streams import Publisher
from ai_spine.local.http.waits import Waits
from ai_spine.local.schemas import Schemas
from ai_spine.local.store.store import Store
from ai_spine.models import Flow
from ai_spine.policy.telemetry import Telemetry


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
