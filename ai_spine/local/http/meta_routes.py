"""`/api/_meta`, by which clients are generated, and the execution of flows as tools.

Generated clients send the input of a tool as the body, and get its output as the response.
"""

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from ai_spine.local.engine.runs import Plan
from ai_spine.local.http.backend import Backend
from ai_spine.local.http.flow_routes import check_input
from ai_spine.local.http.requests import Routes, request
from ai_spine.local.http.responses import (
    HTTPError,
    json_object,
    once_and_whether_new,
)
from ai_spine.local.http.stream_routes import announce_stream
from ai_spine.local.store.store import Reply
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.policy.flow_tools import tool_names, unknown_tool

if TYPE_CHECKING:
    from ai_spine.sdk_sync.metadata import MetaReply, SchemaMetadata

EXECUTION_ID_HEADER = "X-Execution-Id"


class MetaRoutes:
    """The schemas of flows and agents.

    Args:
        export_schemas: Returns them as a specification.
    """

    def __init__(self, export_schemas: Callable[[], Any]) -> None:
        self._export_schemas = export_schemas

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        prefix = "/api/_meta"
        routes.add("GET", f"{prefix}/schemas", self.manifest)
        routes.add("GET", f"{prefix}/schemas/models/<path:name>", self.model)
        routes.add("GET", f"{prefix}/tools/<path:name>", self.tool)
        routes.add("GET", f"{prefix}/spec", self.spec)

    def manifest(self) -> Reply:
        """Return the names of all models and tools, with their versions."""
        return _sent(self._metadata().manifest())

    def model(self, name: str) -> Reply:
        """Return the JSON Schema of a model."""
        return _sent(self._metadata().model(name, request.args.get("version")))

    def tool(self, name: str) -> Reply:
        """Return a tool with the schemas of its input and its output."""
        return _sent(self._metadata().tool(name, request.args.get("version")))

    def spec(self) -> Reply:
        """Return the whole specification."""
        wanted = [request.args.get(name) for name in ("version", "api_version")]
        return _sent(self._metadata().spec(*wanted))

    def _metadata(self) -> "SchemaMetadata":
        # Here, because few servers need it, and it takes time to import.
        try:
            from ai_spine.sdk_sync.metadata import SchemaMetadata
        except ImportError as error:
            words = f"SDK-Sync is not there: it needs {error.name or error}"
            raise HTTPError(501, words) from None
        return SchemaMetadata(self._export_schemas())


class FlowToolRoutes:
    """The execution of flows by the names of their tools; a request waits for the end."""

    def __init__(self, backend: Backend) -> None:
        self._store, self._engine = backend.store, backend.engine
        self._startable, self._waits = backend.startable, backend.waits
        self._streams = backend.publisher is not None

    def add_to(self, routes: Routes) -> None:
        """Add the route."""
        routes.add("POST", "/api/tools/<path:name>/execute", self.execute)

    def execute(self, name: str) -> Reply:
        """Execute a flow, and return its output when it has ended.

        The execution continues if whoever asks goes away. A repetition with the same idempotency
        key waits for the same execution.
        """
        input_data = json_object()
        with self._waits.turn():
            plans: List[Plan] = []
            reply, is_new = once_and_whether_new(
                self._store, lambda: self._create(name, input_data, plans)
            )
            execution_id = reply.body["execution_id"]
            if is_new:
                self._engine.start(execution_id, plans[0], input_data)
            self._announce(execution_id)
            return _outcome_of(self._waits.ended(self._store, execution_id))

    def _create(
        self, name: str, input_data: Dict[str, Any], plans: List[Plan]
    ) -> Reply:
        """Store an execution, and keep the flow to run with it, and its agents."""
        flow_ids = tool_names(self._store.ids("flow"))
        if name not in flow_ids:
            raise HTTPError(404, unknown_tool(name, flow_ids))
        found = self._startable(flow_ids[name])
        assert found is not None  # nosec B101 # it was just listed
        check_input(found.input_schema, input_data)
        execution_id = self._store.create_execution(flow_ids[name], input_data, {})
        plans.append(found.plan)
        return Reply(200, {"execution_id": execution_id})

    def _announce(self, execution_id: str) -> None:
        if self._streams:
            announce_stream(execution_id)
        request.reply_headers[EXECUTION_ID_HEADER] = execution_id


def _outcome_of(execution: Dict[str, Any]) -> Reply:
    """Return the output of an execution, or why it has none."""
    status = execution["status"]
    if status == ExecutionStatus.COMPLETED.value:
        return Reply(200, execution["output_data"])
    body = {
        "detail": execution["error_message"],
        "execution_id": execution["execution_id"],
        "status": status,
    }
    is_failure = status == ExecutionStatus.FAILED.value
    return Reply(500 if is_failure else 409, body)


def _sent(reply: "MetaReply") -> Reply:
    return Reply(*reply)
