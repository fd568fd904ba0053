"""Continues the trace of a client: each request that the server answers is a span."""

import functools
import re
from contextlib import nullcontext
from typing import Any, ContextManager, Dict

from flask import Flask, Response, g
from flask import request as page_request

from ai_spine.constants import TENANT_HEADER
from ai_spine.policy.telemetry import Telemetry

_PART = re.compile(r"<(?:\w+:)?(\w+)>")
_TRACE_HEADER = "HTTP_TRACEPARENT"


def span_of(telemetry: Telemetry, asked: Any) -> ContextManager[Dict[str, Any]]:
    """Return the span of a request, to which its status is added."""
    if not (_TRACE_HEADER in asked.environ or telemetry.is_recording):
        return nullcontext({})
    rule, method, headers = asked.url_rule, asked.method, asked.headers
    route = None if rule is None else _route_of(rule.rule)
    return telemetry.continue_trace(
        dict(headers),
        method if route is None else f"{method} {route}",
        method=method,
        route=route,
        path=asked.path,
        tenant=headers.get(TENANT_HEADER),
    )


def note_status(span: Dict[str, Any], status: int) -> None:
    """Add the status of the response to a request's span."""
    span["status_code"] = status
    if status >= 500:
        span.update(error_type=str(status), failure="")


def trace_pages(app: Flask, telemetry: Telemetry) -> None:
    """Make spans for the requests of an application of Flask."""

    def begin() -> None:
        g.trace = span_of(telemetry, page_request)
        g.span = g.trace.__enter__()

    def end(response: Response) -> Response:
        note_status(g.span, response.status_code)
        return response

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(lambda _: g.trace.__exit__(None, None, None))


@functools.lru_cache(maxsize=None)
def _route_of(rule: str) -> str:
    return _PART.sub(r"{\1}", rule)
