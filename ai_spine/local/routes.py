"""The local server's HTTP: the paths of the API, in the server's own dialect of answers."""

import hashlib
import hmac
import json
import logging
import time
import uuid
from functools import wraps
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from ai_spine.__version__ import __version__
from ai_spine.constants import (
    IDEMPOTENCY_KEY_HEADER,
    LOGGER_NAME,
    NO_EXECUTION_ID,
    REQUEST_ID_HEADER,
)
from ai_spine.exceptions import AISpineError
from ai_spine.local.agents import check_endpoint, describe_http_agent
from ai_spine.local.definitions import check_flow, describe_flow
from ai_spine.local.engine import Engine
from ai_spine.local.store import KeyReused, Reply, Store
from ai_spine.models import ExecutionStatus, Flow
from ai_spine.utils import Secret, has_control_characters
from ai_spine.validation import check_id

API_PREFIX = "/api/v1"
MAX_BODY_BYTES = 16 * 1024 * 1024
DEFAULT_PAGE, LARGEST_PAGE = 100, 1000

log = logging.getLogger(f"{LOGGER_NAME}.local")
View = Callable[..., Reply]


class Backend(NamedTuple):
    """What the routes work on."""

    store: Store
    engine: Engine
    api_key: Optional[Secret]


class Refusal(Exception):
    """A request that is refused, with the status and `detail` to refuse it with."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(status, detail)
        self.reply = Reply(status, {"detail": detail})


def make_app(backend: Backend) -> Flask:
    """Makes the WSGI application."""
    app = Flask("ai_spine.local", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = False
    resources = _resources(backend)
    app.register_blueprint(resources, name="root")
    app.register_blueprint(resources, name="v1", url_prefix=API_PREFIX)
    app.register_blueprint(_system(backend))
    app.before_request(lambda: _authenticate(backend.api_key))
    app.after_request(_echo_headers)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _refuse_unexpected)
    return app


def _resources(backend: Backend) -> Blueprint:
    """Gives the routes that stand at the root and under the prefix."""
    routes = Blueprint("resources", __name__)
    for handlers in (
        FlowRoutes(backend),
        ExecutionRoutes(backend),
        AgentRoutes(backend),
    ):
        handlers.add_to(routes)
    return routes


class FlowRoutes:
    """`/flows`."""

    def __init__(self, backend: Backend) -> None:
        self._store, self._engine, _ = backend

    def add_to(self, routes: Blueprint) -> None:
        """Adds the routes to a blueprint."""
        _route(routes, "GET", "/flows", self.list)
        _route(routes, "POST", "/flows", self.create)
        _route(routes, "POST", "/flows/execute", self.execute)
        _route(routes, "GET", "/flows/<path:flow_id>", self.get)
        _route(routes, "PUT", "/flows/<path:flow_id>", self.update)
        _route(routes, "DELETE", "/flows/<path:flow_id>", self.delete)

    def list(self) -> Reply:
        """All flows."""
        flows = self._store.all("flow")
        return Reply(200, {"flows": flows, "count": len(flows)})

    def get(self, flow_id: str) -> Reply:
        """One flow."""
        return Reply(
            200, _found(self._store.get("flow", flow_id), f"Flow {flow_id!r} not found")
        )

    def create(self) -> Reply:
        """Adds a flow."""
        flow = self._read_definition()
        return _once(self._store, lambda: self._create(flow))

    def update(self, flow_id: str) -> Reply:
        """Puts another definition in a flow's place."""
        flow = self._read_definition()
        if flow.flow_id != flow_id:
            raise Refusal(
                400, f"flow_id is {flow.flow_id!r}, but the path says {flow_id!r}"
            )
        self.get(flow_id)
        return Reply(200, self._store.put("flow", flow_id, describe_flow(flow)))

    def delete(self, flow_id: str) -> Reply:
        """Removes a flow."""
        if not self._store.delete("flow", flow_id):
            raise Refusal(404, f"Flow {flow_id!r} not found")
        return Reply(200, {"message": f"Flow {flow_id!r} deleted successfully"})

    def execute(self) -> Reply:
        """Starts an execution; of an unknown flow the real server answers 200 as well."""
        body = _json_object()
        _check_fields(
            body,
            {
                "flow_id": (str, True),
                "input_data": (dict, True),
                "metadata": (dict, False),
            },
        )
        definition = self._store.get("flow", body["flow_id"])
        if definition is None:
            return Reply(
                200, _started(NO_EXECUTION_ID, f"Flow {body['flow_id']!r} not found")
            )
        return self._execute(Flow.from_wire(definition), body)

    def _execute(self, flow: Flow, body: Dict[str, Any]) -> Reply:
        def create() -> Reply:
            metadata = body.get("metadata") or {}
            created = self._store.create_execution(
                flow.flow_id, body["input_data"], metadata
            )
            return Reply(200, _started(created))

        reply, is_new = _once_told(self._store, create)
        if is_new:
            self._engine.start(reply.body["execution_id"], flow, body["input_data"])
        return reply

    def _create(self, flow: Flow) -> Reply:
        if self._store.get("flow", flow.flow_id) is not None:
            raise Refusal(409, f"Flow {flow.flow_id!r} already exists")
        return Reply(200, self._store.put("flow", flow.flow_id, describe_flow(flow)))

    def _read_definition(self) -> Flow:
        body = _json_object()
        _check_fields(body, {"flow_id": (str, True), "nodes": (list, True)})
        flow = Flow.from_wire(body)
        try:
            check_id("flow_id", flow.flow_id)
            check_flow(
                flow, self._store.ids("agent"), f"Flow {flow.flow_id!r} cannot run"
            )
        except AISpineError as error:
            raise Refusal(400, str(error)) from None
        return flow


class ExecutionRoutes:
    """`/executions`, and the messages of one."""

    def __init__(self, backend: Backend) -> None:
        self._store, self._engine, _ = backend

    def add_to(self, routes: Blueprint) -> None:
        """Adds the routes to a blueprint."""
        _route(routes, "GET", "/executions", self.list)
        _route(routes, "GET", "/executions/<execution_id>", self.get)
        _route(routes, "POST", "/executions/<execution_id>/cancel", self.cancel)
        _route(routes, "GET", "/executions/<execution_id>/results", self.results)
        _route(routes, "GET", "/executions/<execution_id>/messages", self.messages)
        _route(routes, "GET", "/messages/<execution_id>", self.messages)

    def list(self) -> Reply:
        """A page of executions, the newest first."""
        flow_id, status = request.args.get("flow_id"), request.args.get("status")
        limit = _whole_number("limit", DEFAULT_PAGE, 1, LARGEST_PAGE)
        offset = _whole_number("offset", 0, 0, 2**62)
        page = self._store.executions(flow_id, status, limit=limit, offset=offset)
        answer: Dict[str, Any] = {"executions": page, "count": len(page)}
        if _under_prefix():
            return Reply(200, {**answer, "limit": limit, "offset": offset})
        return Reply(200, {**answer, "flow_id": flow_id})

    def get(self, execution_id: str) -> Reply:
        """One execution."""
        return Reply(200, self._find(execution_id))

    def cancel(self, execution_id: str) -> Reply:
        """Ends an execution that is still going."""
        _check_uuid(execution_id)
        # Outside of the store's transaction: a run's lock is taken before the store's, never after.
        cancelled = self._engine.cancel(execution_id.lower())
        return _once(self._store, lambda: self._cancelled(execution_id, cancelled))

    def results(self, execution_id: str) -> Reply:
        """What each node of an execution gave."""
        execution = self._find(execution_id)
        results = self._store.node_results(execution["execution_id"])
        if _under_prefix():
            return Reply(200, {"execution": execution, "node_results": results})
        return Reply(
            200,
            {
                "execution_id": execution["execution_id"],
                "node_results": results,
                "count": len(results),
            },
        )

    def messages(self, execution_id: str) -> Reply:
        """The messages between agents: none, since this server hands data over by the graph."""
        found = self._find(execution_id)["execution_id"]
        return Reply(200, {"messages": [], "count": 0, "execution_id": found})

    def _cancelled(self, execution_id: str, cancelled: bool) -> Reply:
        if not cancelled:
            raise Refusal(404, f"Execution {execution_id!r} not found or not running")
        return Reply(200, {"message": "Execution cancelled successfully"})

    def _find(self, execution_id: str) -> Dict[str, Any]:
        _check_uuid(execution_id)
        execution = self._store.execution(execution_id.lower())
        return _found(execution, f"Execution {execution_id!r} not found")


class AgentRoutes:
    """`/agents`."""

    def __init__(self, backend: Backend) -> None:
        self._store = backend.store

    def add_to(self, routes: Blueprint) -> None:
        """Adds the routes to a blueprint."""
        _route(routes, "GET", "/agents", self.list)
        _route(routes, "POST", "/agents", self.create)
        _route(routes, "GET", "/agents/<path:agent_id>", self.get)
        _route(routes, "DELETE", "/agents/<path:agent_id>", self.delete)

    def list(self) -> Reply:
        """All agents."""
        agents = self._store.all("agent")
        return Reply(200, {"agents": agents, "count": len(agents)})

    def get(self, agent_id: str) -> Reply:
        """One agent."""
        found = self._store.get("agent", agent_id)
        return Reply(200, _found(found, f"Agent {agent_id!r} not found"))

    def create(self) -> Reply:
        """Registers an HTTP agent."""
        body = _json_object()
        _check_fields(
            body,
            {
                "agent_id": (str, True),
                "endpoint": (str, True),
                "name": (str, False),
                "description": (str, False),
                "agent_type": (str, False),
                "capabilities": (list, False),
            },
        )
        try:
            check_id("agent_id", body["agent_id"])
            check_endpoint(body["agent_id"], body["endpoint"])
        except AISpineError as error:
            raise Refusal(400, str(error)) from None
        return _once(self._store, lambda: self._create(body))

    def delete(self, agent_id: str) -> Reply:
        """Removes an agent."""
        if not self._store.delete("agent", agent_id):
            raise Refusal(404, f"Agent {agent_id!r} not found")
        return Reply(200, {"message": f"Agent {agent_id!r} deleted successfully"})

    def _create(self, body: Dict[str, Any]) -> Reply:
        if self._store.get("agent", body["agent_id"]) is not None:
            raise Refusal(409, f"Agent {body['agent_id']!r} already exists")
        return Reply(
            200, self._store.put("agent", body["agent_id"], describe_http_agent(body))
        )


def _system(backend: Backend) -> Blueprint:
    """Gives the routes that stand at the root only."""
    routes = Blueprint("system", __name__)
    store = backend.store

    def health() -> Reply:
        return Reply(
            200,
            {
                "status": "healthy",
                "timestamp": time.time(),
                "message": "AI Spine local server is running",
                "version": __version__,
            },
        )

    def health_detailed() -> Reply:
        return Reply(
            200,
            {
                "status": "healthy",
                "timestamp": time.time(),
                "database": "connected",
                "mode": "local",
            },
        )

    def status() -> Reply:
        agents = store.all("agent")
        active = sum(1 for agent in agents if agent["is_active"])
        components = dict.fromkeys(("registry", "memory", "orchestrator"), "active")
        return Reply(
            200,
            {
                "status": "operational",
                "components": components,
                "agents": {"total": len(agents), "active": active},
                "flows": {"total": len(store.ids("flow"))},
            },
        )

    _route(routes, "GET", "/health", health)
    _route(routes, "GET", "/health/detailed", health_detailed)
    _route(routes, "GET", "/status", status)
    _route(routes, "GET", "/metrics", lambda: Reply(200, store.metrics()))
    return routes


# What all routes share


def _route(routes: Blueprint, method: str, path: str, view: View) -> None:
    @wraps(view)
    def respond(**ids: str) -> Response:
        try:
            return _response(view(**ids))
        except Refusal as refusal:
            return _response(refusal.reply)

    endpoint = f"{method} {path}".replace(".", "_")
    routes.add_url_rule(path, endpoint, respond, methods=[method])


def _response(reply: Reply) -> Response:
    return Response(json.dumps(reply.body), reply.status, mimetype="application/json")


def _authenticate(api_key: Optional[Secret]) -> Optional[Response]:
    g.request_id = _request_id()
    if api_key is None or request.path == "/health":
        return None
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    expected = api_key.reveal().encode("utf-8")
    known = hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), expected
    )
    if scheme.lower() == "bearer" and known:
        return None
    response = _response(Reply(401, {"detail": "Invalid or missing API key"}))
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _request_id() -> str:
    given = request.headers.get(REQUEST_ID_HEADER, "")
    if given and len(given) <= 200 and given.isascii() and given.isprintable():
        return given
    return str(uuid.uuid4())


def _echo_headers(response: Response) -> Response:
    response.headers[REQUEST_ID_HEADER] = g.get("request_id") or _request_id()
    key = request.headers.get(IDEMPOTENCY_KEY_HEADER)
    if key and request.method == "POST" and not has_control_characters(key):
        response.headers[IDEMPOTENCY_KEY_HEADER] = key
    return response


def _refuse_http(error: HTTPException) -> Response:
    response = _response(Reply(error.code or 500, {"detail": error.name}))
    if error.code == 405:
        response.headers["Allow"] = ", ".join(
            sorted(getattr(error, "valid_methods", None) or ())
        )
    return response


def _refuse_unexpected(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return _response(Reply(500, {"detail": "Internal Server Error"}))


def _once(store: Store, make: Callable[[], Reply]) -> Reply:
    """Makes a reply, or gives the one that was made for the same idempotency key before."""
    return _once_told(store, make)[0]


def _once_told(store: Store, make: Callable[[], Reply]) -> Tuple[Reply, bool]:
    key = request.headers.get(IDEMPOTENCY_KEY_HEADER) or None
    path = request.path[len(API_PREFIX) :] if _under_prefix() else request.path
    content = json.dumps(request.get_json(silent=True, cache=True), sort_keys=True)
    fingerprint = hashlib.sha256(
        f"{request.method} {path} {content}".encode("utf-8")
    ).hexdigest()
    try:
        return store.once(key, fingerprint, make)
    except KeyReused:
        raise Refusal(
            409, f"Idempotency-Key {key!r} was used for another request"
        ) from None


def _under_prefix() -> bool:
    return request.path.startswith(API_PREFIX + "/")


def _json_object() -> Dict[str, Any]:
    try:
        body = json.loads(
            request.get_data().decode("utf-8"), parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise Refusal(
            422, [_problem("json_invalid", [], f"JSON decode error: {error}")]
        ) from None
    if not isinstance(body, dict):
        raise Refusal(
            422, [_problem("dict_type", [], "Input should be a valid dictionary")]
        )
    return body


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_KINDS = {
    str: ("string", "string"),
    dict: ("dict", "dictionary"),
    list: ("list", "list"),
}


def _check_fields(body: Dict[str, Any], fields: Dict[str, Any]) -> None:
    """Refuses a body in which a field is missing or of the wrong kind, naming all of them."""
    problems: List[Dict[str, Any]] = []
    for name, (kind, required) in fields.items():
        value = body.get(name)
        if value is None and required and name not in body:
            problems.append(
                {**_problem("missing", [name], "Field required"), "input": body}
            )
        elif not isinstance(value, kind) and (required or value is not None):
            code, words = _KINDS[kind]
            told = f"Input should be a valid {words}"
            problems.append({**_problem(f"{code}_type", [name], told), "input": value})
    if problems:
        raise Refusal(422, problems)


def _problem(kind: str, place: List[Any], message: str) -> Dict[str, Any]:
    return {"type": kind, "loc": ["body", *place], "msg": message}


def _check_uuid(value: str) -> None:
    try:
        uuid.UUID(value)
    except ValueError:
        problem = {
            "type": "uuid_parsing",
            "loc": ["path", "execution_id"],
            "msg": "Input should be a valid UUID",
            "input": value,
        }
        raise Refusal(422, [problem]) from None


def _whole_number(name: str, default: int, least: int, most: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if (
        text.isascii()
        and text.isdigit()
        and len(text) < 20
        and least <= int(text) <= most
    ):
        return int(text)
    message = f"Input should be a whole number from {least} to {most}"
    problem = {
        "type": "int_parsing",
        "loc": ["query", name],
        "msg": message,
        "input": text,
    }
    raise Refusal(422, [problem])


def _found(value: Optional[Dict[str, Any]], otherwise: str) -> Dict[str, Any]:
    if value is None:
        raise Refusal(404, otherwise)
    return value


def _started(execution_id: str, error: Optional[str] = None) -> Dict[str, Any]:
    status = ExecutionStatus.PENDING if error is None else ExecutionStatus.FAILED
    return {
        "execution_id": execution_id,
        "status": status.value,
        "result": None,
        "error": error,
        "execution_time": None,
    }
