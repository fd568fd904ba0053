"""The application of the local server: the API, and the page for browsers."""

from typing import Any, Callable

from flask import Blueprint, Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from ai_spine.constants import API_PREFIX
from ai_spine.local.http.account_routes import AccountRoutes
from ai_spine.local.http.backend import Backend
from ai_spine.local.http.meta_routes import FlowToolRoutes, MetaRoutes
from ai_spine.local.http.responses import (
    authenticate,
    echo_headers,
    itself,
    refuse_http,
    refuse_unexpected,
)
from ai_spine.local.http.routes import (
    SystemRoutes,
    personal_routes,
    resource_routes,
)
from ai_spine.local.http.tool_routes import MarketplaceRoutes, ToolRoutes
from ai_spine.local.http.tracing import trace_requests
from ai_spine.local.http.wsgi_server import MAX_BODY_BYTES
from ai_spine.local.pages.access import Access
from ai_spine.local.pages.responses import Banner
from ai_spine.local.pages.routes import Page


class _MatchingRule(Rule):
    """Matches URLs and builds none: compiling a builder takes most of a server's start."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        return _build_nothing


class _App(Flask):
    """An application without async views: to look for them takes time in each request."""

    url_rule_class = _MatchingRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def _build_nothing(*_: Any, **__: Any) -> Any:
    raise RuntimeError("the local server builds no URLs from its rules")


def make_app(backend: Backend, access: Access, banner: Banner) -> Flask:
    """Return the WSGI application.

    Args:
        backend: What its routes use.
        access: Knows who has signed in to the page.
        banner: What the page shows above everything else.
    """
    app = _App("ai_spine.local", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    resources = resource_routes(backend)
    app.register_blueprint(resources, name="root")
    app.register_blueprint(resources, name="v1", url_prefix=API_PREFIX)
    system = Blueprint("system", __name__)
    SystemRoutes(backend.store).add_to(system)
    app.register_blueprint(system)
    accounts = Blueprint("accounts", __name__, url_prefix=API_PREFIX)
    AccountRoutes(backend.store).add_to(accounts)
    ToolRoutes(backend.store).add_to(accounts)
    MarketplaceRoutes().add_to(accounts)
    app.register_blueprint(accounts)
    app.register_blueprint(personal_routes(backend), url_prefix=API_PREFIX)
    tools = Blueprint("tools", __name__)
    MetaRoutes(backend.export_schemas).add_to(tools)
    FlowToolRoutes(backend).add_to(tools)
    app.register_blueprint(tools)
    page = Page(backend, access, banner)
    app.register_blueprint(page.blueprint())
    trace_requests(app, backend.telemetry)
    app.before_request(
        lambda: authenticate(backend.key_digest, page.lets_in(itself(request)))
    )
    app.after_request(echo_headers)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(Exception, refuse_unexpected)
    return app
