"""Tests of spans and metrics, as OpenTelemetry's own exporters see them."""

import asyncio
import os
import pickle
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest
import requests

from ai_spine import (
    AISpine,
    ConfigurationError,
    ExecutionError,
    NotFoundError,
    QueryCredential,
    RestClient,
)
from ai_spine.local import LocalServer
from ai_spine.policy.messages import Exchange
from ai_spine.policy.telemetry import CallScope
from tests.local import LIMIT, flow, node, single, wait_until

pytest.importorskip("opentelemetry.sdk")

from opentelemetry import baggage, context, trace  # noqa: E402
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: E402
    InMemorySpanExporter,
)
from opentelemetry.trace import SpanKind, StatusCode  # noqa: E402

pytestmark = pytest.mark.every_client


def work(input, config):
    if input.get("fail"):
        raise ValueError("no luck")
    return {"ok": True}


class Traces:
    """Spans and metrics of one test."""

    def __init__(self):
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers, self.meters = TracerProvider(), MeterProvider([self.reader])
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def providers(self):
        return {"tracer_provider": self.tracers, "meter_provider": self.meters}

    def spans(self, *names):
        """Return the finished spans, or those with these names, by their start."""
        found = sorted(self.exporter.get_finished_spans(), key=lambda s: s.start_time)
        return [span for span in found if not names or span.name in names]

    def only(self, name):
        (found,) = self.spans(name)
        return found

    def calls(self):
        """Return the spans of the client's calls."""
        return [span for span in self.spans() if span.kind is SpanKind.CLIENT]

    def points(self, name):
        """Return the points of a metric, as pairs of attributes and point."""
        data = self.reader.get_metrics_data()
        metrics = [
            metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
        ]
        return [(dict(p.attributes), p) for m in metrics for p in m.data.data_points]


@pytest.fixture
def traces():
    return Traces()


@pytest.fixture
def server(traces):
    with LocalServer(
        [single()], {"work": work}, tracer_provider=traces.tracers
    ) as made:
        yield made


@pytest.fixture
def client(server, traces):
    with server.client(tenant="acme", **traces.providers) as made:
        yield made


def tree(spans):
    """Return each span's name below the names of those that it is part of."""
    by_id = {span.context.span_id: span for span in spans}

    def path(span):
        above = by_id.get(span.parent.span_id) if span.parent else None
        return (*(path(above) if above else ()), span.name)

    return [" > ".join(path(span)) for span in spans]


def test_a_call_is_a_client_span_after_the_conventions(server, client, traces):
    client.get_flow("f")
    (span,) = traces.calls()
    assert span.name == "GET /flows/{flow_id}"
    port = int(server.url.rpartition(":")[2])
    assert (span.parent, span.status.status_code) == (None, StatusCode.UNSET)
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "url.template": "/flows/{flow_id}",
        "url.full": f"{server.url}/flows/f",
        "server.address": "127.0.0.1",
        "server.port": port,
        "http.response.status_code": 200,
        "ai_spine.flow.id": "f",
        "ai_spine.tenant": "acme",
    }


def test_an_exchange_is_a_span_with_its_name_and_without_its_credential(server, traces):
    known = {"key": QueryCredential("key", "very-secret")}
    exchange = Exchange(
        "read_health", "GET", "/health", query="a=1", credentials=("key",)
    )
    with RestClient(server.url, credentials=known, **traces.providers) as client:
        client._api.send(exchange)
    (span,) = traces.calls()
    assert span.name == "GET /health"
    assert span.attributes["ai_spine.operation"] == "read_health"
    assert span.attributes["url.full"] == f"{server.url}/health?a=1"


def test_one_trace_leads_from_the_client_to_the_agents(server, client, traces):
    done = client.execute_and_wait("f", {})
    wait_until(lambda: traces.spans("node n") and traces.spans("agent work"))
    server.close()
    spans = traces.spans()
    assert len({span.context.trace_id for span in spans}) == 1
    execute = "execute_and_wait > POST /flows/execute"
    drawn = tree(spans)
    assert drawn[0] == "execute_and_wait"
    assert [text for text in drawn if text.startswith(execute)] == [
        execute,
        f"{execute} > POST /flows/execute",
        f"{execute} > POST /flows/execute > node n",
        f"{execute} > POST /flows/execute > node n > agent work",
    ]
    around = traces.only("execute_and_wait")
    assert dict(around.attributes) == {
        "ai_spine.flow.id": "f",
        "ai_spine.tenant": "acme",
        "ai_spine.execution.id": done.execution_id,
    }
    kinds = {s.name: s.kind for s in spans if s.parent and s.name.startswith("POST")}
    assert kinds == {"POST /flows/execute": SpanKind.SERVER}
    node_span = traces.only("node n")
    assert node_span.attributes["ai_spine.execution.id"] == done.execution_id


def test_attempts_after_the_first_are_events(server, client, traces):
    server.faults.add("GET", "/flows", status=503, headers={"Retry-After": "0"})
    client.list_flows()
    (span,) = traces.calls()
    assert span.attributes["http.request.resend_count"] == 1
    assert span.attributes["http.response.status_code"] == 200
    (event,) = span.events
    assert (event.name, dict(event.attributes)) == (
        "retry",
        {"ai_spine.cause": "status 503", "ai_spine.delay": 0.0},
    )
    (retries,) = traces.points("ai_spine.retries")
    assert (retries[0]["url.template"], retries[1].value) == ("/flows", 1)


def test_a_refused_call_says_why(client, traces):
    with pytest.raises(NotFoundError):
        client.get_flow("none")
    (span,) = traces.calls()
    assert span.attributes["error.type"] == "404"
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "Flow 'none' not found"


def test_a_call_without_a_response_says_why(server, client, traces):
    server.close()
    quick = client.with_options(max_retries=0)
    with pytest.raises(Exception, match="could not connect|connection"):
        quick.get_flow("f")
    span = traces.only("GET /flows/{flow_id}")
    assert span.attributes["error.type"] == "NetworkError"
    assert "http.response.status_code" not in span.attributes
    ((attributes, point),) = traces.points("http.client.request.duration")
    assert (attributes["error.type"], point.count) == ("network", 1)


def test_no_secret_is_in_a_span(server, traces):
    secret = "sk-secret"
    with server.client(api_key=secret, **traces.providers) as client:
        client.request("GET", "/flows", params={"key": secret})
        with pytest.raises(NotFoundError):
            client.get_flow(secret)
    assert len(traces.calls()) == 2
    assert secret not in "".join(span.to_json() for span in traces.calls())


def test_a_failed_node_fails_its_spans(client, traces):
    with pytest.raises(ExecutionError):
        client.execute_and_wait("f", {"fail": True})
    wait_until(lambda: traces.spans("node n"))
    for name in ("node n", "agent work"):
        assert traces.only(name).status.status_code is StatusCode.ERROR
    assert traces.only("node n").status.description.startswith("ValueError: no luck (")
    around = traces.only("execute_and_wait")
    assert around.attributes["error.type"] == "ExecutionError"


def test_a_wait_and_a_stream_are_spans_around_their_calls(client, traces):
    started = client.execute_flow("f", {})
    client.wait_for_execution(started)
    list(client.stream_execution(started))
    drawn = set(tree(traces.spans()))
    path = "/executions/{execution_id}"
    assert any(text.startswith("wait_for_execution > GET ") for text in drawn)
    assert f"stream_execution > GET {path}/stream" in drawn
    names = ("wait_for_execution", "stream_execution")
    for span in traces.spans(*names):
        assert span.attributes["ai_spine.execution.id"] == started.execution_id


def test_a_stream_left_early_is_no_error(client, traces):
    started = client.execute_flow("f", {})
    events = client.stream_execution(started)
    for _ in events:
        break
    getattr(events, "close", lambda: None)()
    wait_until(lambda: traces.spans("stream_execution"))
    assert traces.only("stream_execution").status.status_code is StatusCode.UNSET


def test_a_batch_is_a_span_around_the_calls_of_its_threads(client, traces):
    client.execute_batch("f", [{"n": n} for n in range(3)])
    drawn = tree(traces.spans())
    assert drawn.count("execute_batch > POST /flows/execute") == 3
    batch = traces.only("execute_batch")
    assert batch.attributes["ai_spine.batch.inputs"] == 3
    points = traces.points("ai_spine.execution.duration")
    assert sum(point.count for _, point in points) == 3


def test_executions_and_requests_are_measured(server, client, traces):
    client.execute_and_wait("f", {})
    ((attributes, point),) = traces.points("ai_spine.execution.duration")
    assert attributes == {
        "ai_spine.flow.id": "f",
        "ai_spine.execution.status": "completed",
    }
    assert point.count == 1
    measured = dict(
        (attributes["url.template"], point)
        for attributes, point in traces.points("http.client.request.duration")
    )
    assert measured["/flows/execute"].count == 1
    assert measured["/flows/execute"].explicit_bounds[0] == 0.005
    in_flight = [p.value for _, p in traces.points("http.client.active_requests")]
    assert in_flight and set(in_flight) == {0}


def test_the_trace_and_the_baggage_of_the_caller_are_sent(
    server, client, traces, monkeypatch
):
    baggages, get = [], server._site.store.get
    monkeypatch.setattr(
        server._site.store,
        "get",
        lambda *args: baggages.append(dict(baggage.get_all())) or get(*args),
    )
    tracer = traces.tracers.get_tracer("the caller's")
    with tracer.start_as_current_span("above") as above:
        attached = context.attach(baggage.set_baggage("user", "ana"))
        try:
            client.get_flow("f")
        finally:
            context.detach(attached)
    served = [s for s in traces.spans() if s.kind is SpanKind.SERVER]
    assert {s.context.trace_id for s in served} == {above.get_span_context().trace_id}
    assert baggages == [{"user": "ana"}]


def test_a_client_with_meters_alone_measures(server):
    reader = InMemoryMetricReader()
    with server.client(meter_provider=MeterProvider([reader])) as client:
        client.get_flow("f")
    measured = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    assert "http.client.request.duration" in {each.name for each in measured}


def test_without_a_provider_no_span_is_made_and_the_callers_baggage_is_sent(
    server, monkeypatch
):
    started, sent, get = [], [], server._site.store.get
    monkeypatch.setattr(
        server._site.store,
        "get",
        lambda *args: sent.append(dict(baggage.get_all())) or get(*args),
    )
    with server.client() as client:
        telemetry = client._api.telemetry._now()
        start = telemetry.tracer.start_span
        noted = lambda *args: started.append(args[0]) or start(*args)  # noqa: E731
        monkeypatch.setattr(telemetry, "tracer", SimpleNamespace(start_span=noted))
        client.get_flow("f")
        assert started == []
        attached = context.attach(baggage.set_baggage("user", "ana"))
        try:
            client.get_flow("f")
        finally:
            context.detach(attached)
    assert started == ["GET /flows/{flow_id}"] and sent == [{}, {"user": "ana"}]


class Echo(BaseHTTPRequestHandler):
    """An HTTP agent that returns the headers that it was sent."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        sent = {name.lower(): value for name, value in self.headers.items()}
        output = b'{"status": "success", "output": {"traceparent": "%s"}}'
        body = output % sent.get("traceparent", "").encode("ascii")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def echoing(**options):
    """Serve a flow of an HTTP agent, which returns the trace that it is sent."""
    agent = HTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=agent.serve_forever, args=(0.01,))
    thread.start()
    try:
        agents = {"echo": f"http://127.0.0.1:{agent.server_address[1]}"}
        with LocalServer([flow(node("n", "echo"))], agents, **options) as server:
            yield server
    finally:
        agent.shutdown()
        thread.join()
        agent.server_close()


@pytest.mark.parametrize("given", [True, False])
def test_a_server_without_a_provider_passes_on_the_trace_of_its_caller(given):
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"} if given else {}
    with echoing() as server, server.client(tracing=False) as client:
        started = requests.post(
            f"{server.url}/flows/execute",
            json={"flow_id": "f", "input_data": {}},
            headers=headers,
            timeout=LIMIT,
        ).json()
        done = client.wait_for_execution(started["execution_id"], timeout=LIMIT)
    passed_on = done.output["n"]["traceparent"]
    assert passed_on.split("-")[1:2] == ([trace_id] if given else [])


def test_an_http_agent_is_sent_the_trace(traces):
    with echoing(tracer_provider=traces.tracers) as server:
        with server.client(**traces.providers) as client:
            done = client.execute_and_wait("f", {}, timeout=LIMIT)
    version, trace_id, span_id, _ = done.output["n"]["traceparent"].split("-")
    span = traces.only("agent echo").get_span_context()
    assert (version, int(trace_id, 16), int(span_id, 16)) == (
        "00",
        span.trace_id,
        span.span_id,
    )


def test_hooks_and_agents_see_the_span_that_they_are_in(traces):
    seen = {}

    def look(input, config):
        seen["agent"] = trace.get_current_span().get_span_context().span_id
        return {}

    def hook(event):
        seen["hook"] = trace.get_current_span().get_span_context().span_id

    with LocalServer(
        [single("look")], {"look": look}, tracer_provider=traces.tracers
    ) as server:
        hooks = {"request": hook}
        with server.client(event_hooks=hooks, **traces.providers) as client:
            client.execute_and_wait("f", {})
            client.get_flow("f")
    named = {s.context.span_id: s.name for s in traces.spans()}
    assert named[seen["agent"]] == "agent look"
    assert named[seen["hook"]] == "GET /flows/{flow_id}"


def test_tracing_can_be_switched_off(server, traces):
    with server.client(tracing=False, **traces.providers) as client:
        client.get_flow("f")
    assert [span.kind for span in traces.spans()] == [SpanKind.SERVER]
    assert traces.points("http.client.request.duration") == []


def test_a_copy_of_a_client_in_another_process_uses_the_global_providers(
    server, client, traces
):
    with pickle.loads(pickle.dumps(client)) as copied:
        copied.get_flow("f")
    assert [span.kind for span in traces.spans()] == [SpanKind.SERVER]


@pytest.mark.only_sync("it is the same check")
@pytest.mark.parametrize("name", ["tracer_provider", "meter_provider"])
def test_what_is_no_provider_is_refused(name):
    method = "get_tracer" if name == "tracer_provider" else "get_meter"
    for wrong in (object(), TracerProvider, MeterProvider, "x"):
        with pytest.raises(ConfigurationError) as caught:
            AISpine(**{name: wrong})
        assert str(caught.value) == f"{name} must be an object with a method {method}"


@pytest.mark.only_sync("it is the same check")
@pytest.mark.parametrize("error", [ImportError("no name"), TypeError("unexpected")])
def test_an_old_opentelemetry_records_nothing_and_breaks_nothing(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("ai_spine.policy.opentelemetry.OpenTelemetry.__init__", fail)
    telemetry = AISpine()._api.telemetry
    assert type(telemetry.scope(None, "/", "")) is CallScope
    assert not telemetry.is_recording and telemetry.headers() == {}
    with pytest.raises(ConfigurationError, match="tracer_provider needs a newer"):
        AISpine(tracer_provider=TracerProvider())


@pytest.mark.only_sync("it is the same check")
@pytest.mark.parametrize("value", ["no", 1, None])
def test_tracing_is_on_or_off(value):
    with pytest.raises(ConfigurationError, match="tracing must be True or False"):
        AISpine(tracing=value)
    with pytest.raises(ConfigurationError, match="tracing must be True or False"):
        LocalServer(tracing=value)


def test_secrets_in_a_query_are_not_in_the_span(client, traces):
    query = {"password": "hunter2", "flow_id": "f", "api%20key": "x"}
    client.request("GET", "/executions", params=query)
    (span,) = traces.calls()
    assert span.attributes["url.full"].endswith(
        "/executions?password=***&flow_id=f&api%2520key=x"
    )


def test_a_trace_header_of_the_callers_own_is_sent_alone(server, traces):
    own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with server.client(headers={"Traceparent": own}, **traces.providers) as client:
        client.get_flow("f")
    (served,) = [s for s in traces.spans() if s.kind is SpanKind.SERVER]
    assert f"{served.context.trace_id:032x}" == own.split("-")[1]


@pytest.mark.only_sync("it makes its own loop")
def test_a_call_that_is_garbage_collected_ends_its_span(server, traces, capfd):
    async def main():
        client = server.async_client(**traces.providers)
        task = asyncio.ensure_future(client.get_flow("f"))
        await asyncio.sleep(0)
        server.faults.add("GET", "/flows/f", delay=0.1)
        tasks.append((client, task))

    pytest.importorskip("aiohttp")
    tasks = []
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    client, task = tasks.pop()
    task._log_destroy_pending = False
    coroutine = task.get_coro()
    del task
    coroutine.close()
    loop.run_until_complete(client.aclose())
    loop.close()
    assert len(traces.calls()) == 1
    for _, in_flight in traces.points("http.client.active_requests"):
        assert in_flight.value == 0
    assert "different Context" not in capfd.readouterr().err


def test_spans_of_the_server_name_the_tenant(traces):
    with LocalServer(
        [single()], {"work": work}, tenants=True, tracer_provider=traces.tracers
    ) as server:
        with server.client(tenant="acme", **traces.providers) as client:
            client.execute_and_wait("f", {})
    assert {span.attributes["ai_spine.tenant"] for span in traces.spans()} == {"acme"}
    agent = traces.only("agent work").attributes
    assert (agent["ai_spine.node.id"], agent["ai_spine.agent.id"]) == ("n", "work")


@pytest.mark.only_sync("it is the same check")
def test_a_provider_without_the_extra_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr("ai_spine.policy.tracing._is_installed", lambda: False)
    assert AISpine()
    with pytest.raises(ConfigurationError) as caught:
        AISpine(tracer_provider=object())
    text = "tracer_provider needs OpenTelemetry: pip install 'ai-spine-sdk[otel]'"
    assert str(caught.value) == text


@pytest.mark.only_sync("it is about imports")
def test_without_the_package_a_client_works_and_imports_none_of_it():
    script = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "PathFinder.find_spec = lambda n, *a: None if n == 'opentelemetry' else find(n, *a)\n"
        "from ai_spine import AISpine\n"
        "AISpine(base_url='http://127.0.0.1:9')\n"
        "print([n for n in sys.modules if n.startswith('opentelemetry.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


LATE = """
import sys
from ai_spine import AISpine, NetworkError
client = AISpine("k", "http://127.0.0.1:9", max_retries=0)
def call():
    try:
        client.list_flows()
    except NetworkError:
        pass
call()
print([n for n in sys.modules if n.startswith("opentelemetry.")])
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
trace.set_tracer_provider(TracerProvider())
exporter = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
call()
print([span.name for span in exporter.get_finished_spans()])
"""


@pytest.mark.only_sync("it is about imports")
def test_the_package_is_imported_once_the_program_does_so_itself():
    done = subprocess.run(
        [sys.executable, "-c", LATE], capture_output=True, text=True, timeout=LIMIT
    )
    assert (done.stdout, done.stderr) == ("[]\n['GET /flows']\n", "")


@pytest.mark.only_sync("it is about imports")
def test_the_package_is_imported_for_a_provider_that_the_environment_names():
    script = LATE.split("from opentelemetry import")[0].replace(
        "print([n for", "print(*[n for"
    )
    names = {"OTEL_PYTHON_TRACER_PROVIDER": "sdk_tracer_provider"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env={**os.environ, **names},
    )
    assert "opentelemetry.sdk.trace" in done.stdout.split()
