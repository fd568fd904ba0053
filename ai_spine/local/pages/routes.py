"""The server's page for people: flows and a form to run them, executions, agents.

Plain HTML and forms; the one script only reloads what changes."""

import json
import logging
from typing import Any, Callable, Dict, List, Optional

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from ai_spine.constants import API_PREFIX, LOGGER_NAME
from ai_spine.flows.drawing import flow_as_svg, timeline_as_svg
from ai_spine.local.http.backend import Backend
from ai_spine.local.http.responses import HTTPError, check_uuid
from ai_spine.local.pages.access import (
    Access,
    cookie_of,
    own_path,
    session_of,
    wants_html,
)
from ai_spine.local.pages.formatting import (
    Row,
    link,
    logs_by_node,
    mark_of,
    progress_in_words,
    read_offset,
    row_of,
    states_of,
)
from ai_spine.local.pages.flow_page import LATEST, LIST_EVERY, STALE, FlowPage
from ai_spine.local.pages.health import health_of
from ai_spine.local.pages.responses import (
    INDEX,
    Banner,
    Problem,
    answer,
    drawing,
    guarded,
    render,
    see_other,
    static_file,
)
from ai_spine.models import Execution, Flow, NodeResult
from ai_spine.utils import one_line

PREFIX = "/page"
PAGE_SIZE = 20
TOKEN_FIELD = "form_token"  # nosec B105
_OPEN_PATHS = (f"{PREFIX}/sign-in", f"{PREFIX}/static/")
# How often the script polls, in milliseconds; a stream reports most changes earlier.
_RUN_EVERY, _STREAMED_EVERY = 1000, 5000

log = logging.getLogger(f"{LOGGER_NAME}.local")


class Page:
    """The routes of the page: `/` for browsers, and all under `/page/`."""

    def __init__(self, backend: Backend, access: Access, banner: Banner) -> None:
        self._store, self._banner = backend.store, banner
        self._engine = backend.engine
        self._access = access
        self._flow_page = FlowPage(backend, self)

    def lets_in(self, asked: Request) -> bool:
        """Return whether a request needs no key in its headers, because the page checks it."""
        if asked.path == "/":
            return wants_html(asked)
        if asked.path.startswith(f"{PREFIX}/"):
            return True
        # No script can set a header of an EventSource.
        streams = asked.path.startswith(f"{API_PREFIX}/executions/")
        is_stream = streams and asked.path.endswith("/stream")
        return (
            is_stream
            and asked.method == "GET"
            and self._access.is_open_to(session_of(asked))
        )

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("page", __name__)
        gets: Dict[str, Callable[..., Response]] = {
            "/": self.flows,
            f"{PREFIX}/flow": self._flow_page.show,
            f"{PREFIX}/flow.svg": self.flow_drawing,
            f"{PREFIX}/executions": self.executions,
            f"{PREFIX}/execution": self.execution,
            f"{PREFIX}/execution.svg": self.execution_drawing,
            f"{PREFIX}/timeline.svg": self.timeline_drawing,
            f"{PREFIX}/execution.json": self.execution_as_json,
            f"{PREFIX}/agents": self.agents,
            f"{PREFIX}/sign-in": self.sign_in,
            f"{PREFIX}/static/<name>": static_file,
            f"{PREFIX}/<path:rest>": _no_page,
        }
        posts: Dict[str, Callable[..., Response]] = {
            f"{PREFIX}/flow": self._flow_page.run,
            f"{PREFIX}/cancel": self.cancel,
            f"{PREFIX}/sign-in": self.begin_session,
            f"{PREFIX}/sign-out": self.end_session,
        }
        for method, views in (("GET", gets), ("POST", posts)):
            for path, view in views.items():
                _add(routes, method, path, view)
        routes.before_request(self._ask_for_key)
        routes.after_request(guarded)
        routes.register_error_handler(Exception, self._show_problem)
        return routes

    # What can be seen

    def flows(self) -> Response:
        """All flows, and the latest executions."""
        if not wants_html(request):
            response = answer(INDEX, "application/json")
        else:
            flows = [Flow.from_wire(flow) for flow in self._store.all("flow")]
            response = self.show(
                "flows.html",
                flows=flows,
                rows=self.rows(limit=LATEST),
                every=LIST_EVERY,
            )
        response.headers["Vary"] = "Accept"
        return response

    def executions(self) -> Response:
        """Show a page of executions, the newest first."""
        flow_id, status = request.args.get("flow"), request.args.get("status")
        try:
            offset = read_offset(request.args.get("from"))
        except ValueError as error:
            raise Problem(400, "No such page", str(error)) from None
        rows = self.rows(
            flow_id or None, status or None, limit=PAGE_SIZE + 1, offset=offset
        )
        return self.show(
            "executions.html",
            rows=rows[:PAGE_SIZE],
            flow_id=flow_id or "",
            status=status or "",
            offset=offset,
            newer=max(0, offset - PAGE_SIZE) if offset else None,
            older=offset + PAGE_SIZE if len(rows) > PAGE_SIZE else None,
            flow_ids=sorted(self._store.ids("flow")),
            counts=self._store.metrics(),
            every=LIST_EVERY,
        )

    def execution(self) -> Response:
        """One execution: its state, its nodes on a time line, its input and output."""
        execution = self.find(request.args.get("id", ""))
        results = self._results(execution)
        flow = self._flow_of(execution)
        stream = f"{API_PREFIX}/executions/{execution.execution_id}/stream"
        return self.show(
            "execution.html",
            execution=execution,
            results=results,
            reports={
                each["node_id"]: each
                for each in self._store.node_progress(execution.execution_id)
            },
            logs=logs_by_node(self._store.node_logs(execution.execution_id)),
            flow=flow,
            progress=progress_in_words(execution, flow, results),
            # It changes when the drawings do, so that the browser reloads them.
            drawn=mark_of(execution, results),
            is_live=not execution.is_done,
            stream=None if execution.is_done else stream,
            every=None if execution.is_done else _STREAMED_EVERY,
            otherwise_every=_RUN_EVERY,
        )

    def execution_as_json(self) -> Response:
        """One execution and the results of its nodes, whole."""
        execution = self.find(request.args.get("id", ""))
        results = self._store.node_results(execution.execution_id)
        data = {"execution": dict(execution), "node_results": results}
        return answer(json.dumps(data, indent=2).encode("ascii"), "application/json")

    def flow_drawing(self) -> Response:
        """Return the graph of a flow."""
        return drawing(flow_as_svg(self.find_flow()))

    def execution_drawing(self) -> Response:
        """Return the graph of an execution's flow, with the state of each node."""
        execution = self.find(request.args.get("id", ""))
        flow = self._flow_of(execution)
        if flow is None:
            raise Problem(404, "No such flow", "The flow does not exist any more.")
        states = states_of(execution, flow, self._results(execution))
        return drawing(flow_as_svg(flow, states=states))

    def timeline_drawing(self) -> Response:
        """Return the nodes of an execution on a time line."""
        execution = self.find(request.args.get("id", ""))
        return drawing(timeline_as_svg(execution, self._results(execution)))

    def agents(self) -> Response:
        """All agents and their health."""
        agents = self._store.all("agent")
        return self.show("agents.html", agents=list(zip(agents, health_of(agents))))

    # What can be done

    def cancel(self) -> Response:
        """Cancel an execution; one that has ended meanwhile stays as it is."""
        self._check_token()
        execution_id = self.find(request.form.get("id", "")).execution_id
        self._engine.cancel(execution_id)
        return see_other(link(f"{PREFIX}/execution", id=execution_id))

    def sign_in(self) -> Response:
        """Show the form that asks for the key."""
        after = own_path(request.args.get("next", "/"))
        if self._access.is_open_to(session_of(request)):
            return see_other(after)
        return self.show("sign_in.html", after=after, error="")

    def begin_session(self) -> Response:
        """Begin a session if the key is right."""
        after = own_path(request.form.get("next", "/"))
        words = "" if self.is_token_sound() else f"{STALE} Sign in again."
        if not words and not self._access.is_key(request.form.get("key", "")):
            words = "This is not the server's key."
        if words:
            return self.show("sign_in.html", 403, after=after, error=words)
        response = see_other(after)
        response.set_cookie(
            cookie_of(request.host),
            self._access.begin(),
            httponly=True,
            samesite="Strict",
            secure=request.is_secure,
        )
        return response

    def end_session(self) -> Response:
        """Sign out."""
        self._check_token()
        self._access.end(session_of(request))
        response = see_other(f"{PREFIX}/sign-in")
        response.delete_cookie(
            cookie_of(request.host), httponly=True, samesite="Strict"
        )
        return response

    # How it is done

    def _ask_for_key(self) -> Optional[Response]:
        is_open = request.path.startswith(_OPEN_PATHS) or not self.lets_in(request)
        if is_open or self._access.is_open_to(session_of(request)):
            return None
        asked = request.full_path.rstrip("?") if request.method == "GET" else "/"
        after = own_path(asked)
        return see_other(
            link(f"{PREFIX}/sign-in", next=None if after == "/" else after)
        )

    def show(self, template: str, code: int = 200, **values: Any) -> Response:
        """Fill in a template, with what each of them needs."""
        session = session_of(request)
        can_see = self._access.is_open_to(session)
        shared = {
            "path": request.path,
            "token_field": TOKEN_FIELD,
            "token": self._access.token_for(session),
            "can_sign_out": self._access.asks_for_key and can_see,
            "banner": self._banner.text if can_see else "",
            "every": None,
            "stream": None,
            "is_live": False,
        }
        return render(template, {**shared, **values}, code)

    def rows(
        self,
        flow_id: Optional[str] = None,
        status: Optional[str] = None,
        *,
        limit: int,
        offset: int = 0,
    ) -> List[Row]:
        """Return a list of executions, the newest first."""
        found = self._store.executions(flow_id, status, limit=limit, offset=offset)
        return [self._row(Execution.from_wire(execution)) for execution in found]

    def _row(self, execution: Execution) -> Row:
        times = self._store.node_times(execution.execution_id)
        return row_of(execution, [NodeResult.from_wire(result) for result in times])

    def _results(self, execution: Execution) -> List[NodeResult]:
        found = self._store.node_results(execution.execution_id)
        return [NodeResult.from_wire(result) for result in found]

    def find_flow(self) -> Flow:
        """Return the flow that the request names.

        Raises:
            Problem: There is none.
        """
        flow_id = request.args.get("id", "")
        found = self._store.get("flow", flow_id)
        if found is None:
            shown = one_line(repr(flow_id), 200)
            raise Problem(404, "No such flow", f"There is no flow {shown} here.")
        return Flow.from_wire(found)

    def _flow_of(self, execution: Execution) -> Optional[Flow]:
        found = self._store.get("flow", execution.flow_id or "")
        return None if found is None else Flow.from_wire(found)

    def find(self, execution_id: str) -> Execution:
        """Return an execution.

        Raises:
            Problem: There is none.
        """
        try:
            found = self._store.execution(check_uuid(execution_id))
        except HTTPError:
            found = None
        if found is None:
            shown = one_line(repr(execution_id), 200)
            words = f"There is no execution {shown} here."
            raise Problem(404, "No such execution", words)
        return Execution.from_wire(found)

    def is_token_sound(self) -> bool:
        """Return whether the form was made by this server, in this session."""
        token = request.form.get(TOKEN_FIELD, "")
        return self._access.is_token_for(session_of(request), token)

    def _check_token(self) -> None:
        if not self.is_token_sound():
            words = (
                f"{STALE} Nothing was done; go back, reload the page, and try again."
            )
            raise Problem(403, "Not done", words)

    def _show_problem(self, error: Exception) -> Response:
        problem = error
        if isinstance(error, HTTPException):
            words = f"{error.name}."
            problem = Problem(error.code or 500, "That did not work", words)
        elif not isinstance(error, Problem):
            log.error("%s failed", one_line(request.path, 500), exc_info=error)
            words = "Its log says why."
            problem = Problem(500, "The server failed", words)
        return self.show("problem.html", getattr(problem, "status"), problem=problem)


def _add(
    routes: Blueprint, method: str, path: str, view: Callable[..., Response]
) -> None:
    routes.add_url_rule(
        path,
        f"{method} {path}".replace(".", "_"),
        view,
        methods=[method],
        provide_automatic_options=False,
    )


def _no_page(rest: str) -> Response:
    raise Problem(404, "Not found", "There is no such page.")
