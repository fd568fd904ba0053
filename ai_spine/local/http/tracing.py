"""Continues the trace of a client: each request that the server answers is a span."""

import functools
import re

from flask import Flask, Response, g, request

from ai_spine.constants import TENANT_HEADER
from ai_spine.local.http.responses import itself
from ai_spine.policy.telemetry import Telemetry

_PART = re.compile(r"<(?:\w+:)?(\w+)>")


def trace_requests(app: Flask, telemetry: Telemetry) -> None:
    """Make spans for the requests of an application."""
    app.before_request(lambda: _begin(telemetry))
    app.after_request(_note_status)
    app.teardown_request(lambda _: _end())


@functools.lru_cache(maxsize=None)
def _route_of(rule: str) -> str:
    return _PART.sub(r"{\1}", rule)


def _begin(telemetry: Telemetry) -> None:
    asked = itself(request)
    rule, method, headers = asked.url_rule, asked.method, asked.headers
    route = None if rule is None else _route_of(rule.rule)
    g.trace = telemetry.continue_trace(
        dict(headers),
        method if route is None else f"{method} {route}",
        method=method,
        route=route,
        path=asked.path,
        tenant=headers.get(TENANT_HEADER),
    )
    g.span = g.trace.__enter__()


def _note_status(response: Response) -> Response:
    g.span["status_code"] = response.status_code
    if response.status_code >= 500:
        g.span.update(error_type=str(response.status_code), failure="")
    return response


def _end() -> None:
    g.trace.__exit__(None, None, None)
