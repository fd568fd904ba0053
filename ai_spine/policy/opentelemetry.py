"""Spans and metrics, after the semantic conventions of OpenTelemetry for HTTP.

The only module that imports OpenTelemetry. It is imported where that is installed.
"""

import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Mapping, Optional
from urllib.parse import urlsplit

from opentelemetry import context, metrics, propagate, trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from ai_spine.__version__ import __version__
from ai_spine.exceptions import AISpineError, APIError
from ai_spine.policy.redaction import redact_query
from ai_spine.policy.telemetry import CallScope, Parent, Telemetry

_NAME = "ai_spine"
_SCHEMA = "https://opentelemetry.io/schemas/1.27.0"
# Seconds, as the conventions advise for HTTP; executions take longer.
_REQUEST_BUCKETS = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75),
    *(1.0, 2.5, 5.0, 7.5, 10.0),
)
_EXECUTION_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_NO_METERS = "_ProxyMeterProvider"  # the one until a program sets one
_PORTS = {"http": 80, "https": 443}
_ATTRIBUTES = {
    "operation": "ai_spine.operation",
    "flow_id": "ai_spine.flow.id",
    "execution_id": "ai_spine.execution.id",
    "node_id": "ai_spine.node.id",
    "agent_id": "ai_spine.agent.id",
    "tenant": "ai_spine.tenant",
    "inputs": "ai_spine.batch.inputs",
    "status_code": "http.response.status_code",
    "method": "http.request.method",
    "route": "http.route",
    "path": "url.path",
    "error_type": "error.type",
}


class OpenTelemetry(Telemetry):
    """Records what a client, or the local server, does.

    Args:
        tracer_provider: Makes the tracer; `None` for the global one.
        meter_provider: Makes the meter; `None` for the global one.
        base_url: The server that a client talks to.
        redact: Removes secrets from a URL.
    """

    parent_context: Optional[context.Context] = None
    """Where in a trace its spans are, if not where the thread or the task is."""

    def __init__(
        self,
        tracer_provider: Any,
        meter_provider: Any,
        base_url: str,
        redact: Callable[[str], str],
    ) -> None:
        self._has_provider = tracer_provider is not None
        self._has_meters = meter_provider is not None
        self.tracer = trace.get_tracer(
            _NAME, __version__, tracer_provider, schema_url=_SCHEMA
        )
        meter = metrics.get_meter(
            _NAME, __version__, meter_provider, schema_url=_SCHEMA
        )
        self.durations = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of each attempt of a request.",
            explicit_bucket_boundaries_advisory=_REQUEST_BUCKETS,
        )
        self.executions = meter.create_histogram(
            "ai_spine.execution.duration",
            "s",
            "Duration of executions that the client has followed to their end.",
            explicit_bucket_boundaries_advisory=_EXECUTION_BUCKETS,
        )
        self.retries = meter.create_counter(
            "ai_spine.retries", "{retry}", "Attempts after the first."
        )
        self.in_flight = meter.create_up_down_counter(
            "http.client.active_requests", "{request}", "Requests in flight."
        )
        self.redact = redact
        parts = urlsplit(base_url)
        self.origin = base_url[: len(base_url) - len(parts.path)]
        self.server = {
            "server.address": parts.hostname or "",
            "server.port": parts.port or _PORTS.get(parts.scheme, 0),
        }

    @property
    def is_recording(self) -> bool:
        """Whether there is a provider; the global one may come at any time."""
        global_one = trace.get_tracer_provider()
        return self._has_provider or not isinstance(
            global_one, trace.ProxyTracerProvider
        )

    @property
    def _is_idle(self) -> bool:
        """Whether nobody records, or continues, a trace: most programs only have the package."""
        return not (
            self.is_recording
            or self._has_meters
            or self.parent_context
            or context.get_current()
            or type(metrics.get_meter_provider()).__name__ != _NO_METERS
        )

    def scope(self, call: Any, path: str, query: str) -> CallScope:
        """Return what lasts as long as a call; `path` names the ids in braces."""
        if self._is_idle:
            return super().scope(call, path, query)
        return _TracedScope(self, call, path, query)

    @contextmanager
    def span(self, name: str, **attributes: Any) -> Iterator[Dict[str, Any]]:
        """Make a span around what is done meanwhile."""
        with self._current(self.parent_context, name, attributes) as later:
            yield later

    def parent(self, name: str, **attributes: Any) -> Parent:
        """Return a span that is not current, for generators and threads."""
        if self._is_idle:
            return super().parent(name, **attributes)
        span = self.tracer.start_span(
            name, context=self.parent_context, attributes=_named(attributes)
        )
        below: OpenTelemetry = object.__new__(OpenTelemetry)
        below.__dict__.update(self.__dict__)
        below.parent_context = trace.set_span_in_context(span, self.parent_context)
        return _SpanParent(below, span)

    def record_execution(self, execution: Any) -> None:
        """Record how long an execution took, once it is done."""
        if execution.is_done and execution.duration is not None:
            attributes = _named({"flow_id": execution.flow_id})
            attributes["ai_spine.execution.status"] = str(execution.status)
            self.executions.record(execution.duration.total_seconds(), attributes)

    @contextmanager
    def continue_trace(
        self, headers: Mapping[str, str], name: str, **attributes: Any
    ) -> Iterator[Dict[str, Any]]:
        """Make the span of a request that the server answers, part of the client's trace."""
        above = propagate.extract({key.lower(): headers[key] for key in headers})
        with self._current(above, name, attributes, SpanKind.SERVER) as later:
            yield later

    def here(self) -> Optional[context.Context]:
        """Return the place in the trace where this thread is; `None` if nowhere."""
        is_somewhere = trace.get_current_span().get_span_context().is_valid
        return context.get_current() if is_somewhere or self.is_recording else None

    @contextmanager
    def span_at(
        self, place: Any, name: str, **attributes: Any
    ) -> Iterator[Dict[str, Any]]:
        """Make a span below a place in a trace."""
        with self._current(place, name, attributes) as later:
            yield later

    def headers(self) -> Mapping[str, str]:
        """Return the headers that continue the trace of this thread or task."""
        carrier: Dict[str, str] = {}
        propagate.inject(carrier)
        return carrier

    @contextmanager
    def _current(
        self,
        above: Optional[context.Context],
        name: str,
        attributes: Mapping[str, Any],
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> Iterator[Dict[str, Any]]:
        span = self.tracer.start_span(name, above, kind, _named(attributes))
        attached = context.attach(trace.set_span_in_context(span, above))
        later: Dict[str, Any] = {}
        try:
            yield later
        except BaseException as error:
            _set_error(span, error)
            raise
        finally:
            context.detach(attached)
            failure = later.pop("failure", None)
            span.set_attributes(_named(later))
            if failure is not None:
                span.set_status(StatusCode.ERROR, failure)
            span.end()


class _SpanParent(Parent):
    """A span around calls that need not be made by this thread or task."""

    def __init__(self, telemetry: Telemetry, span: Span) -> None:
        super().__init__(telemetry)
        self._span = span

    def end(self, error: Optional[BaseException] = None) -> None:
        """End it."""
        # A caller that leaves a loop early ends no generator for an error.
        if error is not None and not isinstance(error, GeneratorExit):
            _set_error(self._span, error)
        self._span.end()


class _TracedScope(CallScope):
    """A call's span, and the metrics of its attempts."""

    def __init__(
        self, telemetry: OpenTelemetry, call: Any, path: str, query: str
    ) -> None:
        super().__init__(call)
        self._telemetry, self._path = telemetry, path
        self._resends = 0
        self._began: Optional[float] = None
        self._status: Optional[int] = None
        known = {
            name: telemetry.redact(str(getattr(call, name)))
            for name in ("flow_id", "execution_id", "tenant")
            if getattr(call, name) is not None
        }
        if call.operation is not None:
            known["operation"] = call.operation
        self._common = {
            "http.request.method": call.method,
            "url.template": path,
            **telemetry.server,
        }
        url = telemetry.redact(
            telemetry.origin + call.path + (f"?{redact_query(query)}" if query else "")
        )
        above = telemetry.parent_context
        self._span = telemetry.tracer.start_span(
            f"{call.method} {path}",
            above,
            SpanKind.CLIENT,
            {**self._common, "url.full": url, **_named(known)},
        )
        self._context = trace.set_span_in_context(self._span, above)
        carrier: Dict[str, str] = {}
        propagate.inject(carrier, self._context)
        self.headers = carrier
        self._attached: Any = None

    def __enter__(self) -> CallScope:
        self._attached = context.attach(self._context)
        return super().__enter__()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self._began is not None:  # the attempt was cancelled
            self.end_attempt(None)
        if self._status is not None:
            self._span.set_attribute("http.response.status_code", self._status)
        if self._resends:
            self._span.set_attribute("http.request.resend_count", self._resends)
        if error is not None:
            _set_error(self._span, error)
        self._span.end()
        context.detach(self._attached)
        super().__exit__(kind, error, traceback)

    def begin_attempt(self) -> None:
        """Note that an attempt begins."""
        self._began = time.monotonic()
        self._telemetry.in_flight.add(1, self._common)

    def end_attempt(self, status: Optional[int]) -> None:
        """Note the status of an attempt's response, if there is one."""
        if self._began is None:
            return
        seconds, self._began = time.monotonic() - self._began, None
        self._status = status
        attributes: Dict[str, Any] = dict(self._common)
        if status is not None:
            attributes["http.response.status_code"] = status
        if status is None or status >= 400:
            attributes["error.type"] = "network" if status is None else str(status)
        self._telemetry.durations.record(seconds, attributes)
        self._telemetry.in_flight.add(-1, self._common)

    def retry(self, cause: str, delay: float) -> None:
        """Note that another attempt follows."""
        self._resends += 1
        self._telemetry.retries.add(1, self._common)
        self._span.add_event(
            "retry", {"ai_spine.cause": cause, "ai_spine.delay": delay}
        )


def _named(attributes: Mapping[str, Any]) -> Dict[str, Any]:
    """Return attributes under their full names, without those that are not known."""
    return {
        _ATTRIBUTES[name]: value
        for name, value in attributes.items()
        if value is not None
    }


def _set_error(span: Span, error: BaseException) -> None:
    """Mark a span as failed; only the SDK's own texts are known to hold no secret."""
    status = error.status_code if isinstance(error, APIError) else None
    span.set_attribute("error.type", str(status or type(error).__qualname__))
    words = error.message if isinstance(error, AISpineError) else None
    span.set_status(StatusCode.ERROR, words)
