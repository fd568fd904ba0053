"""The page of one flow, and its form: a field for each input, or the input as JSON."""

from typing import Any, Dict, List, NamedTuple, Optional, Protocol

from flask import Response, request

from ai_spine.local.http.backend import Backend
from ai_spine.local.pages.formatting import Row, as_json, example_for, link, read_input
from ai_spine.local.pages.forms import Field, fields_of, read_fields
from ai_spine.local.pages.responses import see_other
from ai_spine.local.schemas import Schema, misfits
from ai_spine.models import Execution, Flow

LATEST = 5  # executions
LIST_EVERY = 2000  # milliseconds
STALE = "This form was made before the server started, or by another server."


class Around(Protocol):
    """What the page of a flow needs of the page around it."""

    def show(self, template: str, code: int = 200, **values: Any) -> Response:
        """Fill in a template."""

    def rows(self, flow_id: Optional[str] = None, *, limit: int) -> List[Row]:
        """Return the latest executions."""

    def find(self, execution_id: str) -> Execution:
        """Return an execution."""

    def find_flow(self) -> Flow:
        """Return the flow that the request names."""

    def is_token_sound(self) -> bool:
        """Return whether the form was made by this server, in this session."""


class _Form(NamedTuple):
    """What stands in the form."""

    fields: List[Field]
    text: str
    """The input as JSON."""
    origin: str = ""
    """Where it comes from."""
    error: str = ""
    """What is wrong with all of it."""
    json_first: bool = False
    """Whether the JSON was used."""


class FlowPage:
    """`/page/flow`."""

    def __init__(self, backend: Backend, around: Around) -> None:
        self._store, self._engine = backend.store, backend.engine
        self._schemas_of = backend.schemas_of
        self._around = around

    def show(self) -> Response:
        """One flow, with a form to run it."""
        flow = self._around.find_flow()
        earlier = request.args.get("from")
        given: Dict[str, Any]
        if earlier is not None:
            found = self._around.find(earlier)
            given, origin = found.input_data or {}, "An earlier input."
        else:
            latest = self._store.executions(flow.flow_id, "completed", limit=1)
            given, origin = example_for(flow, latest)
        fields = fields_of(self._schema_of(flow), given)
        is_lost = bool(fields) and set(given) - {field.name for field in fields}
        form = _Form(fields, as_json(given, None), origin, json_first=bool(is_lost))
        return self._show(flow, form)

    def run(self) -> Response:
        """Start an execution of a flow with the input of the form."""
        flow = self._around.find_flow()
        schema = self._schema_of(flow)
        if schema is not None and request.form.get("mode") == "fields":
            given, fields = read_fields(schema, request.form)
            form = _Form(fields, as_json(given, None))
            if any(field.error for field in fields):
                form = form._replace(error="Some fields are not right yet.")
        else:
            given, form = self._read_json(schema)
        if not self._around.is_token_sound():
            words = f"{STALE} Nothing was run; press Run again."
            return self._show(flow, form._replace(error=words), 403)
        if form.error:
            return self._show(flow, form, 422)
        with self._store.transaction():
            plan = self._engine.plan(self._around.find_flow())
            execution_id = self._store.create_execution(flow.flow_id, given, {})
        self._engine.start(execution_id, plan, given)
        return see_other(link("/page/execution", id=execution_id))

    def _read_json(self, schema: Optional[Schema]) -> Any:
        """Return the input that was written as JSON, and the form."""
        text = request.form.get("input", "").replace("\r\n", "\n")
        try:
            given = read_input(text)
        except ValueError as error:
            fields = fields_of(schema, {})
            return {}, _Form(fields, text, error=str(error), json_first=True)
        found = misfits(schema, given) if schema is not None else []
        words = "; ".join(map(str, found[:5]))
        wrong = f"It does not fit the flow: {words}." if found else ""
        return given, _Form(
            fields_of(schema, given), text, error=wrong, json_first=True
        )

    def _schema_of(self, flow: Flow) -> Optional[Schema]:
        return self._schemas_of(flow).input_schema

    def _show(self, flow: Flow, form: _Form, code: int = 200) -> Response:
        return self._around.show(
            "flow.html",
            code,
            flow=flow,
            form=form,
            rows=self._around.rows(flow.flow_id, limit=LATEST),
            every=LIST_EVERY,
        )
