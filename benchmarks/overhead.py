"""What a call costs, against the `requests` call that it replaces."""

import importlib.util
import json
from contextlib import ExitStack
from typing import Any, Dict

import requests
import urllib3

from ai_spine import AISpine
from benchmarks.harness import Contender, Report, interleave, median, ratio
from benchmarks.peers import peers
from benchmarks.processes import serving
from benchmarks.raw import EXECUTION

ABOUT = "one call over loopback, to a raw server in another process"
_ID = str(EXECUTION["execution_id"])
_BODY: Dict[str, Any] = {"flow_id": "credit", "input_data": {"name": "Ana"}}
GET, PLAIN_GET = "get_execution", "requests session.get().json()"
TRACED_GET = "get_execution with OpenTelemetry's no-op tracer"
BARE_GET = "urllib3 pool with json.loads"
POST, PLAIN_POST = "execute_flow", "requests session.post(json=).json()"


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("overhead", ABOUT)
    with ExitStack() as undo:
        url = undo.enter_context(serving("raw"))
        contenders = {**_ours_and_theirs(url, undo), **peers(url, report, undo)}
        sizes = {"rounds": 2, "calls": 2} if quick else {"rounds": 40, "calls": 50}
        times = interleave(contenders, **sizes, warm_up=1 if quick else 3)
    for name in contenders:
        report.add(name, 1e6 * median(times, name), "µs")
    report.at_most("GET, to requests", ratio(times, GET, PLAIN_GET), 0.42)
    report.at_most("GET, to urllib3", ratio(times, GET, BARE_GET), 1.15)
    report.at_most("POST, to requests", ratio(times, POST, PLAIN_POST), 0.46)
    if TRACED_GET in contenders:
        traced = ratio(times, TRACED_GET, GET)
        report.at_most("GET with a no-op tracer, to one without", traced, 1.25)
    else:
        report.leave_out(TRACED_GET, "OpenTelemetry is not installed")
    return report


def _ours_and_theirs(url: str, undo: ExitStack) -> Dict[str, Contender]:
    client = undo.enter_context(AISpine("sk_benchmark", url, tracing=False))
    session = undo.enter_context(requests.Session())
    pool = urllib3.PoolManager()
    undo.callback(pool.clear)
    path = f"{url}/executions/{_ID}"
    traced: Dict[str, Contender] = {}
    if importlib.util.find_spec("opentelemetry") is not None:
        importlib.import_module("opentelemetry.trace")  # nothing is traced before that
        observed = undo.enter_context(AISpine("sk_benchmark", url))
        traced[TRACED_GET] = lambda: observed.get_execution(_ID)
    return {
        GET: lambda: client.get_execution(_ID),
        **traced,
        PLAIN_GET: lambda: session.get(path, timeout=30).json(),
        BARE_GET: lambda: json.loads(pool.request("GET", path).data),
        POST: lambda: client.execute_flow("credit", {"name": "Ana"}),
        PLAIN_POST: lambda: session.post(f"{url}/flows/execute", json=_BODY).json(),
    }
