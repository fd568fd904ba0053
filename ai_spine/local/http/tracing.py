"""Continues the trace of a client: each request that the server answers is a span."""

import re
from contextlib import ExitStack

from flask import Flask, Response, g, request

from ai_spine.constants import TENANT_HEADER
from ai_spine.policy.telemetry import Telemetry

_PART = re.compile(r"<(?:\w+:)?(\w+)>")


def trace_requests(app: Flask, telemetry: Telemetry) -> None:
    """Make spans for the requests of an application."""
    app.before_request(lambda: _begin(telemetry))
    app.after_request(_note_status)
    app.teardown_request(lambda _: _end())


def _begin(telemetry: Telemetry) -> None:
    rule = request.url_rule
    route = None if rule is None else _PART.sub(r"{\1}", rule.rule)
    name = request.method if route is None else f"{request.method} {route}"
    g.trace = ExitStack()
    g.span = g.trace.enter_context(
        telemetry.continue_trace(
            dict(request.headers),
            name,
            method=request.method,
            route=route,
            path=request.path,
            tenant=request.headers.get(TENANT_HEADER),
        )
    )


def _note_status(response: Response) -> Response:
    g.span["status_code"] = response.status_code
    if response.status_code >= 500:
        g.span.update(error_type=str(response.status_code), failure="")
    return response


def _end() -> None:
    g.trace.close()
