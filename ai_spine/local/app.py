"""The application of the local server: the API, and the page for browsers."""

import json
from functools import lru_cache
from typing import Any, Callable, Optional

from flask import Flask, Response, request

from ai_spine.local.http.api import Api
from ai_spine.local.http.backend import Backend
from ai_spine.local.http.requests import MatchingRule
from ai_spine.local.http.responses import check_key, echoed_headers, refusal_of
from ai_spine.local.http.routes import api_routes
from ai_spine.local.http.tracing import trace_pages
from ai_spine.local.http.wsgi_server import MAX_BODY_BYTES
from ai_spine.local.pages.access import Access
from ai_spine.local.pages.responses import Banner
from ai_spine.local.pages.routes import Page


class _Pages(Flask):
    """An application without async views: to look for them takes time in each request."""

    url_rule_class = MatchingRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def make_app(backend: Backend, access: Access, banner: Banner) -> Api:
    """Return the WSGI application.

    Args:
        backend: What its routes use.
        access: Knows who has signed in to the page.
        banner: What the page shows above everything else.
    """
    page = Page(backend, access, banner)

    @lru_cache(maxsize=None)
    def pages() -> Flask:
        return _make_pages(page, backend)  # most servers for tests show no page

    return Api(
        api_routes(backend),
        backend.key_digest,
        page.lets_in,
        backend.telemetry,
        others=lambda *request: pages()(*request),
    )


def _make_pages(page: Page, backend: Backend) -> Flask:
    """Return the application of the page, and of paths that there are not."""

    def check() -> Optional[Response]:
        refusal = check_key(request, backend.key_digest, page.lets_in)
        return None if refusal is None else _refuse(refusal)

    app = _Pages("ai_spine.local", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.register_blueprint(page.blueprint())
    trace_pages(app, backend.telemetry)
    app.before_request(check)
    app.after_request(_echo)
    app.register_error_handler(Exception, _refuse)
    return app


def _echo(response: Response) -> Response:
    response.headers.update(echoed_headers(request))
    return response


def _refuse(error: Exception) -> Response:
    refusal = refusal_of(error, request)
    content = json.dumps(refusal.reply.body)
    kind = "application/json"
    return Response(content, refusal.reply.status, refusal.headers, mimetype=kind)
