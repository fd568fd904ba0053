"""The routes of flows, and of starting executions."""

from typing import Any, Dict, List, Optional

from ai_spine.constants import NO_EXECUTION_ID
from ai_spine.exceptions import AISpineError
from ai_spine.local.definitions import check_flow, describe_flow
from ai_spine.local.engine.runs import Plan
from ai_spine.local.http.backend import Backend
from ai_spine.local.http.requests import Routes
from ai_spine.local.http.responses import (
    HTTPError,
    check_fields,
    found_or_404,
    json_object,
    once,
    once_and_whether_new,
    refuse_field,
)
from ai_spine.local.http.stream_routes import announce_stream
from ai_spine.local.schemas import Schema, check_schemas, misfits
from ai_spine.local.store.store import Reply
from ai_spine.models import Flow
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.policy.validation import check_id

_MESSAGES = {"missing": "Field required"}


class FlowRoutes:
    """`/flows`."""

    def __init__(self, backend: Backend) -> None:
        self._store, self._engine = backend.store, backend.engine
        self._schemas_of, self._startable = backend.schemas_of, backend.startable
        self._streams = backend.publisher is not None

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add("GET", "/flows", self.list)
        routes.add("POST", "/flows", self.create)
        routes.add("POST", "/flows/execute", self.execute)
        routes.add("GET", "/flows/<path:flow_id>", self.get)
        routes.add("PUT", "/flows/<path:flow_id>", self.update)
        routes.add("DELETE", "/flows/<path:flow_id>", self.delete)

    def list(self) -> Reply:
        """All flows."""
        with self._store.transaction():  # neither before nor after it, agents may change
            flows = [self._described(flow) for flow in self._store.all("flow")]
        return Reply(200, {"flows": flows, "count": len(flows)})

    def get(self, flow_id: str) -> Reply:
        """One flow."""
        words = f"Flow {flow_id!r} not found"
        with self._store.transaction():
            found = found_or_404(self._store.get("flow", flow_id), words)
            return Reply(200, self._described(found))

    def create(self) -> Reply:
        """Add a flow."""
        flow = self._read_definition()
        return once(self._store, lambda: self._create(flow))

    def update(self, flow_id: str) -> Reply:
        """Put another definition in a flow's place."""
        flow = self._read_definition()
        if flow.flow_id != flow_id:
            raise HTTPError(
                400, f"flow_id is {flow.flow_id!r}, but the path says {flow_id!r}"
            )
        with self._store.transaction():
            self._check(flow)
            self.get(flow_id)
            return self._put(flow)

    def delete(self, flow_id: str) -> Reply:
        """Remove a flow."""
        if not self._store.delete("flow", flow_id):
            raise HTTPError(404, f"Flow {flow_id!r} not found")
        return Reply(200, {"message": f"Flow {flow_id!r} deleted successfully"})

    def execute(self) -> Reply:
        """Start an execution; for an unknown flow the real server responds with 200 as well."""
        body = json_object()
        check_fields(
            body,
            {
                "flow_id": (str, True),
                "input_data": (dict, True),
                "metadata": (dict, False),
            },
        )
        try:
            check_id("flow_id", body["flow_id"])
        except AISpineError as error:
            refuse_field("flow_id", str(error), body["flow_id"])
        plans: List[Plan] = []
        reply, is_new = once_and_whether_new(
            self._store, lambda: self._start(body, plans)
        )
        if is_new:
            self._engine.start(reply.body["execution_id"], plans[0], body["input_data"])
        if self._streams:
            announce_stream(reply.body["execution_id"])
        return reply

    def _start(self, body: Dict[str, Any], plans: List[Plan]) -> Reply:
        """Store an execution, and return the flow to run with it, and its agents."""
        found = self._startable(body["flow_id"])
        if found is None:
            words = f"Flow {body['flow_id']!r} not found"
            raise HTTPError.from_reply(Reply(200, _started(NO_EXECUTION_ID, words)))
        plans.append(found.plan)
        check_input(found.input_schema, body["input_data"], "input_data")
        metadata = body.get("metadata") or {}
        created = self._store.create_execution(
            body["flow_id"], body["input_data"], metadata
        )
        return Reply(200, _started(created))

    def _create(self, flow: Flow) -> Reply:
        self._check(flow)
        if self._store.get("flow", flow.flow_id) is not None:
            raise HTTPError(409, f"Flow {flow.flow_id!r} already exists")
        return self._put(flow)

    def _put(self, flow: Flow) -> Reply:
        body = describe_flow(flow)
        # Whoever sends back what was derived means no more by it.
        derived = self._schemas_of(Flow.from_wire({**body, "metadata": {}}))
        for name, schema in derived._asdict().items():
            if schema is not None and body["metadata"].get(name) == schema:
                del body["metadata"][name]
        return Reply(200, self._described(self._store.put("flow", flow.flow_id, body)))

    def _described(self, body: Dict[str, Any]) -> Dict[str, Any]:
        """Return a flow with the schemas that are known of it."""
        schemas = self._schemas_of(Flow.from_wire(body))._asdict()
        return {**body, **{name: each for name, each in schemas.items() if each}}

    def _read_definition(self) -> Flow:
        body = json_object()
        check_fields(body, {"flow_id": (str, True), "nodes": (list, True)})
        return Flow.from_wire(body)

    def _check(self, flow: Flow) -> None:
        try:
            check_id("flow_id", flow.flow_id)
            check_flow(
                flow, self._store.ids("agent"), f"Flow {flow.flow_id!r} cannot run"
            )
            check_schemas(flow, f"Flow {flow.flow_id!r}")
        except AISpineError as error:
            raise HTTPError(400, str(error)) from None


def check_input(
    schema: Optional[Schema], input_data: Dict[str, Any], *place: str
) -> None:
    """Refuse an input that does not fit the flow's schema, naming all of its faults.

    Args:
        schema: The schema, if it is known.
        input_data: The input.
        place: Where in the body it is.

    Raises:
        HTTPError: It does not fit.
    """
    found = misfits(schema, input_data) if schema is not None else []
    if found:
        problems = [
            {
                "type": each.kind,
                "loc": ["body", *place, *each.path],
                "msg": _MESSAGES.get(each.kind, f"Input {each.message}"),
                "input": each.value,
            }
            for each in found
        ]
        raise HTTPError(422, problems)


def _started(execution_id: str, error: Optional[str] = None) -> Dict[str, Any]:
    status = ExecutionStatus.PENDING if error is None else ExecutionStatus.FAILED
    return {
        "execution_id": execution_id,
        "status": status.value,
        "result": None,
        "error": error,
        "execution_time": None,
    }
