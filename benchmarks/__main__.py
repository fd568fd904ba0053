"""`python -m benchmarks NAME [--json] [--quick] [--check] [--runs N] [--into FILE]`."""

import argparse
import importlib
import sys
from typing import List, Optional, Sequence

from benchmarks import document
from benchmarks.harness import Report, as_json, machine

NAMES = (
    "overhead",
    "async",
    "threads",
    "waiting",
    "imports",
    "batch",
    "parse",
    "generator",
    "generated",
    "server",
    "ron",
)
_MODULES = {"async": "async_calls"}  # `async` itself is a keyword


def main(arguments: Optional[Sequence[str]] = None) -> int:
    given = _parsed(arguments)
    names = NAMES if given.name == "all" else (given.name,)
    if not given.json:
        print(machine())
    runs = [_run(names, given) for _ in range(given.runs)]
    if given.json:
        print(as_json([report for run in runs for report in run]))
    if given.into:
        document.write(given.into, runs)
    missed = any(report.has_missed for run in runs for report in run)
    return 1 if given.check and missed else 0


def _parsed(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measures what the SDK costs."
    )
    parser.add_argument(
        "name", choices=[*NAMES, "all"], metavar="NAME", help=" ".join([*NAMES, "all"])
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, only to see that it works"
    )
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 if a target is missed"
    )
    parser.add_argument("--runs", type=int, default=1, help="how often to run it")
    parser.add_argument("--into", metavar="FILE", help="write the tables into a guide")
    given = parser.parse_args(arguments)
    if given.runs < 1:
        parser.error("--runs must be 1 or more")
    if given.into:
        try:
            document.check(given.into)
        except (OSError, ValueError) as error:
            parser.error(str(error))
    return given


def _measure(name: str, quick: bool) -> Report:
    module = _MODULES.get(name, name)
    report: Report = importlib.import_module(f"benchmarks.{module}").run(quick=quick)
    return report


def _run(names: Sequence[str], given: argparse.Namespace) -> List[Report]:
    reports = []
    for name in names:
        report = _measure(name, given.quick)
        if not given.json:
            print(f"\n{report.as_text()}", flush=True)
        reports.append(report)
    return reports


if __name__ == "__main__":
    sys.exit(main())
