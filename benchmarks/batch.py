"""A thousand executions at once: against the incumbent, and against the engine alone."""

from statistics import median
from typing import Any, Dict, List

from benchmarks.harness import Report, ratio
from benchmarks.processes import ROOT, incumbent, measured, serving

ABOUT = "1,000 executions of a 50 ms flow, 64 at a time, the server in another process"
_OURS, _ENGINE, _THEIRS = "execute_batch", "the engine alone", "ai-spine-sdk 2.3.1"
_ASYNC = "execute_batch of the async client"
_LATE = "it is not installed (make bench does so, or name its Python in AI_SPINE_BENCH_INCUMBENT)"


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("batch", ABOUT)
    count, rounds = (8, 1) if quick else (1000, 5)
    with serving("local") as url:
        runs = _rounds(url, count, rounds)
        asked = measured("-m", "benchmarks.batch_ours", url, str(count), "counted")
        theirs = _incumbent(report, url, count)
    rate = {n: median(count / took for took in runs[n]) for n in runs}
    for name, per_second in rate.items():
        report.add(name, per_second, "executions/s")
    if theirs is not None:
        report.add(_THEIRS, count / theirs["seconds"], "executions/s")
        told = f"{_THEIRS}: requests for an execution"
        report.add(told, theirs["requests"] / count, "")
    faster = None if theirs is None else rate[_OURS] * theirs["seconds"] / count
    report.at_least("executions/s, to the incumbent's", faster, 5.0)
    report.at_most("time, to the engine alone", ratio(runs, _OURS, _ENGINE), 1.8)
    told = "time of the async client, to the engine alone"
    report.at_most(told, ratio(runs, _ASYNC, _ENGINE), 1.8)
    report.at_most("requests for an execution", asked["requests"] / count, 4.0, "")
    _memory(report, 100 if quick else 100_000)
    return report


def _rounds(url: str, count: int, rounds: int) -> Dict[str, List[float]]:
    """Return the seconds that each takes, in turn."""
    times: Dict[str, List[float]] = {_OURS: [], _ASYNC: [], _ENGINE: []}
    for _ in range(rounds):
        ours = measured("-m", "benchmarks.batch_ours", url, str(count))
        times[_OURS].append(ours["seconds"])
        awaited = measured("-m", "benchmarks.batch_ours", url, str(count), "async")
        times[_ASYNC].append(awaited["seconds"])
        alone = measured("-m", "benchmarks.batch_engine", str(count))
        times[_ENGINE].append(alone["seconds"])
    return times


def _incumbent(report: Report, url: str, count: int) -> Any:
    python = incumbent()
    if python is None:
        report.leave_out("the incumbent", _LATE)
        return None
    script = str(ROOT / "benchmarks" / "batch_incumbent.py")
    return measured(script, url, str(count), python=python, isolated=True)


def _memory(report: Report, count: int) -> None:
    with serving("raw") as url:
        told = measured("-m", "benchmarks.batch_memory", url, str(count))
    if told is None:
        report.leave_out("memory", "this system does not tell a process's peak")
        return
    what = f"memory for {count:,} inputs, above an idle client's"
    report.at_most(what, told["megabytes"], 50.0, "MB")
