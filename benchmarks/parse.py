"""Reading a long list into models, against `json.loads` alone."""

import json
from typing import Any, Dict, List

from ai_spine import Execution
from ai_spine.models.base import read_items
from benchmarks.harness import Report, interleave, median, ratio
from benchmarks.raw import EXECUTION

ABOUT = "a list of executions, from its JSON to models"
MODELS, PLAIN, READ = "json.loads and models", "json.loads", "models, all times read"


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("parse", ABOUT)
    text = json.dumps({"executions": _executions(100 if quick else 10_000)})
    read = read_items(Execution, "executions")
    contenders = {
        MODELS: lambda: read(json.loads(text)),
        PLAIN: lambda: json.loads(text),
        READ: lambda: _times(read(json.loads(text))),
    }
    times = interleave(contenders, rounds=2 if quick else 15, calls=1)
    for name in contenders:
        report.add(name, 1e3 * median(times, name), "ms")
    report.at_most("models, to json.loads", ratio(times, MODELS, PLAIN), 2.0)
    return report


def _executions(count: int) -> List[Dict[str, Any]]:
    return [{**EXECUTION, "execution_id": f"execution-{n}"} for n in range(count)]


def _times(executions: List[Execution]) -> None:
    for execution in executions:
        _ = execution.created_at, execution.started_at
        _ = execution.updated_at, execution.completed_at
