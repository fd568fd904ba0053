"""Calls of a generated client, and lists that it reads, against what they replace."""

import datetime
import importlib
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Union

import attrs
import pydantic

from ai_spine import AISpine
from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator
from ai_spine.sdk_sync.openapi import read_openapi
from benchmarks.harness import Contender, Report, interleave, median, ratio
from benchmarks.processes import serving
from benchmarks.raw import EXECUTION

ABOUT = "a client that was generated of an OpenAPI document, calling and reading"
OURS, HAND = "get_execution of a generated client", "AISpine.get_execution"
PEER = "get_execution of openapi-python-client's"
_ID = str(EXECUTION["execution_id"])
_STYLES = ("attrs", "pydantic")
_TEXT = {"type": "string"}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_FIELDS: Dict[str, Any] = {
    **dict.fromkeys(("execution_id", "flow_id", "status"), _TEXT),
    **dict.fromkeys(("input_data", "metadata"), {"type": "object"}),
    "output_data": {"type": ["object", "null"]},
    "error_message": {"type": ["string", "null"]},
    **dict.fromkeys(("created_at", "started_at", "updated_at", "completed_at"), _TIME),
}
_SCHEMA = {"type": "object", "required": list(_FIELDS), "properties": _FIELDS}


@attrs.define
class Slotted:
    """What a developer would write by hand with attrs, and read with cattrs."""

    execution_id: str
    flow_id: str
    status: str
    input_data: Dict[str, Any]
    output_data: Optional[Dict[str, Any]]
    error_message: Optional[str]
    metadata: Dict[str, Any]
    created_at: Optional[datetime.datetime]
    started_at: Optional[datetime.datetime]
    updated_at: Optional[datetime.datetime]
    completed_at: Optional[datetime.datetime]


class Checked(pydantic.BaseModel):
    """What a developer would write by hand with pydantic."""

    execution_id: str
    flow_id: str
    status: str
    input_data: Dict[str, Any]
    output_data: Optional[Dict[str, Any]]
    error_message: Optional[str]
    metadata: Dict[str, Any]
    created_at: Optional[datetime.datetime]
    started_at: Optional[datetime.datetime]
    updated_at: Optional[datetime.datetime]
    completed_at: Optional[datetime.datetime]


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("generated", ABOUT)
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory()))
        path = folder / "openapi.json"
        path.write_text(json.dumps(_document()), "utf-8")
        for style in _STYLES:
            _generate(path, folder, style)
        _add_calls(report, folder, path, undo, quick)
        _add_lists(report, quick)
    return report


def _document() -> Dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}
    parameter = {"name": "execution_id", "in": "path", "required": True}
    operation = {
        "tags": ["executions"],
        "operationId": "get_execution",
        "parameters": [{**parameter, "schema": _TEXT}],
        "responses": {"200": {"description": "It.", "content": content}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Benchmark", "version": "1.0.0"},
        "paths": {"/executions/{execution_id}": {"get": operation}},
        "components": {"schemas": {"Run": _SCHEMA}},
    }


def _generate(path: Path, folder: Path, style: str) -> None:
    spec = read_openapi(path).spec
    name = f"benchmark_{style}"
    out = folder / name
    EndpointsGenerator(spec, name, out, models=style, format=False).generate_sync()
    sys.path.insert(0, str(out))


def _add_calls(
    report: Report, folder: Path, path: Path, undo: ExitStack, quick: bool
) -> None:
    url = undo.enter_context(serving("raw"))
    hand = undo.enter_context(AISpine("sk_benchmark", url, tracing=False))
    kind = importlib.import_module("benchmark_attrs.client").Client
    ours = undo.enter_context(kind(url, tracing=False))
    contenders: Dict[str, Contender] = {
        OURS: lambda: ours.executions.get_execution(_ID),
        HAND: lambda: hand.get_execution(_ID),
    }
    peer = _peer(report, folder, path, url)
    if peer is not None:
        contenders[PEER] = peer
    sizes = {"rounds": 2, "calls": 2} if quick else {"rounds": 40, "calls": 50}
    times = interleave(contenders, **sizes, warm_up=1 if quick else 3)
    for name in contenders:
        report.add(name, 1e6 * median(times, name), "µs")
    report.at_most("a call, to AISpine's own", ratio(times, OURS, HAND), 1.15)
    theirs = None if peer is None else ratio(times, OURS, PEER)
    report.at_most("a call, to openapi-python-client's", theirs, 0.5)


def _peer(report: Report, folder: Path, path: Path, url: str) -> Optional[Contender]:
    """Return the same call of the client that openapi-python-client generates."""
    if find_spec("openapi_python_client") is None:
        report.leave_out(PEER, "openapi-python-client is not installed")
        return None
    config = folder / "config.yaml"
    config.write_text(
        "post_hooks: []\npackage_name_override: benchmark_peer\n", "utf-8"
    )
    start = "from openapi_python_client.cli import app; app()"
    given = ["generate", "--path", str(path), "--config", str(config)]
    given += ["--meta", "none", "--output-path", str(folder / "benchmark_peer")]
    subprocess.run(
        [sys.executable, "-c", start, *given],
        check=True,
        capture_output=True,
        env=dict(os.environ),
    )
    sys.path.insert(0, str(folder))
    module = importlib.import_module("benchmark_peer.api.executions.get_execution")
    client = importlib.import_module("benchmark_peer.client").Client(base_url=url)
    return lambda: module.sync(_ID, client=client)


def _add_lists(report: Report, quick: bool) -> None:
    count = 10 if quick else 1000
    data = [{**EXECUTION, "execution_id": f"execution-{n}"} for n in range(count)]
    by_hand: Dict[str, Optional[Callable[[], Any]]] = {
        "attrs": _structured(report, data),
        "pydantic": _validated(data),
    }
    sizes = {"rounds": 2, "calls": 1} if quick else {"rounds": 30, "calls": 2}
    owners = {"attrs": "attrs'", "pydantic": "pydantic's"}
    for style, read in by_hand.items():
        ours, theirs = f"{count} models, {style}", f"{count} models, {style} by hand"
        contenders: Dict[str, Contender] = {ours: _reading(style, data)}
        if read is not None:
            contenders[theirs] = read
        times = interleave(contenders, **sizes)
        for name in contenders:
            report.add(name, 1e3 * median(times, name), "ms")
        slower = None if read is None else ratio(times, ours, theirs)
        report.at_most(f"a list of models, to {owners[style]} own", slower, 1.2)


def _reading(style: str, data: List[Dict[str, Any]]) -> Contender:
    client = importlib.import_module(f"benchmark_{style}.client").Client
    kind: Any = importlib.import_module(f"benchmark_{style}.models").Run
    read = client.codec.from_json
    return lambda: read(List[kind], data)


def _structured(report: Report, data: List[Dict[str, Any]]) -> Optional[Contender]:
    """Return how cattrs reads a list; times are read as the standard library reads them."""
    if find_spec("cattrs") is None:
        report.leave_out("attrs by hand", "cattrs is not installed")
        return None
    import cattrs

    def read_time(text: Any, kind: Any) -> Optional[datetime.datetime]:
        return None if text is None else datetime.datetime.fromisoformat(text)

    converter = cattrs.Converter(detailed_validation=False)
    when: Any = Union[datetime.datetime, None]
    converter.register_structure_hook(when, read_time)
    kind = List[Slotted]
    return lambda: converter.structure(data, kind)


def _validated(data: List[Dict[str, Any]]) -> Contender:
    adapter = pydantic.TypeAdapter(List[Checked])
    return lambda: adapter.validate_python(data)
