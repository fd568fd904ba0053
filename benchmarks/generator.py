"""Generating packages of typed clients, importing one, and validating with it."""

import importlib
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List

import pydantic

from ai_spine.sdk_sync import IRField, IRModel, IRSpec, IRTool, IRType, SchemaVersion
from ai_spine.sdk_sync.generators.python import PythonSDKGenerator
from benchmarks.harness import Report, Times, interleave, median, ratio
from benchmarks.processes import measured

ABOUT = "packages of models with nine fields each, generated, imported and used"
_TIMED = (
    "import sys, time; sys.path.insert(0, {0!r}); started = time.perf_counter(); "
    "import {1}; print(time.perf_counter() - started)"
)
_RUNTIME = "ai_spine.sdk_sync.runtime"
_BOUNDS = {10: 1.0, 50: 3.0, 200: 10.0}  # seconds
_VALUE = {f"text_{n}": "text" for n in range(5)} | {f"number_{n}": n for n in range(4)}


class Plain(pydantic.BaseModel):
    """What a developer would write by hand."""

    model_config = pydantic.ConfigDict(extra="forbid")

    text_0: str
    text_1: str
    text_2: str
    text_3: str
    text_4: str
    number_0: int = pydantic.Field(ge=0)
    number_1: int = pydantic.Field(ge=0)
    number_2: int = pydantic.Field(ge=0)
    number_3: int = pydantic.Field(ge=0)


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("generator", ABOUT)
    sizes = [2, 4] if quick else sorted(_BOUNDS)
    rounds = 1 if quick else 5
    with tempfile.TemporaryDirectory() as folder:
        times = interleave(
            {str(size): _generating(size, folder) for size in sizes},
            rounds=rounds,
            calls=1,
        )
        for size in sizes:
            report.at_most(
                f"{size} models, formatted",
                median(times, str(size)),
                _BOUNDS.get(size, 1.0),
                "s",
            )
        most, before = sizes[-1], sizes[-2]
        growth = ratio(times, str(most), str(before)) * before / most
        report.at_most(f"a model of {most}, to a model of {before}", growth, 1.1)
        _add_import(report, folder, f"sdk_{most}", rounds)
        _add_validation(report, folder, f"sdk_{most}", rounds)
    return report


def _spec(size: int) -> IRSpec:
    def fields() -> List[IRField]:
        texts = [IRField(f"text_{n}", IRType.STRING, required=True) for n in range(5)]
        least: Dict[str, Any] = {"constraints": {"minimum": 0}}
        numbers = [
            IRField(f"number_{n}", IRType.INTEGER, required=True, **least)
            for n in range(4)
        ]
        return texts + numbers

    models = {f"Model{n}": IRModel(f"Model{n}", fields=fields()) for n in range(size)}
    first = models["Model0"], models["Model1"]
    tool = IRTool("work", SchemaVersion(1), "Work.", *first)
    return IRSpec(SchemaVersion(1), models=models, tools={"work": tool})


def _generating(size: int, folder: str) -> Any:
    spec = _spec(size)
    out = Path(folder) / f"out_{size}"

    def generate() -> None:
        PythonSDKGenerator(spec, f"sdk_{size}", out).generate_sync()

    return generate


def _add_import(report: Report, folder: str, package: str, rounds: int) -> None:
    """Add what a package takes to import beside what it runs on."""
    path = str(Path(folder) / package.replace("sdk", "out"))
    times: Times = {package: [], _RUNTIME: []}
    for number in range(rounds + 1):
        for name in times:
            took = measured("-c", _TIMED.format(path, name))
            if number:
                times[name].append(took)
    for name in times:
        report.add(f"import {name}", 1e3 * median(times, name), "ms")
    above = 1e3 * (median(times, package) - median(times, _RUNTIME))
    # Both vary by more than they differ by.
    report.at_most("the package, above the runtime", max(above, 0.0), 5.0, "ms")


def _add_validation(report: Report, folder: str, package: str, rounds: int) -> None:
    path = str(Path(folder) / package.replace("sdk", "out"))
    sys.path.insert(0, path)
    try:
        models: ModuleType = importlib.import_module(f"{package}.models")
    finally:
        sys.path.remove(path)
    generated, plain = "a generated model", "pydantic by hand"
    contenders = {
        generated: lambda: models.Model0.model_validate(_VALUE),
        plain: lambda: Plain.model_validate(_VALUE),
    }
    times = interleave(
        contenders, rounds=3 * rounds, calls=100 if rounds == 1 else 20_000
    )
    for name in contenders:
        report.add(f"validation by {name}", 1e6 * median(times, name), "µs")
    report.at_most("validation, to pydantic's own", ratio(times, generated, plain), 1.3)
