"""The local server: its requests per second, with up to a million stored executions."""

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Dict

from ai_spine import AISpine
from ai_spine.local import LocalServer
from benchmarks.filled import COMMON_FLOW, RARE_FLOW, RARE_STATUS, fill
from benchmarks.harness import Contender, Report, Times, interleave, median, ratio
from benchmarks.load import seconds_for
from benchmarks.processes import serving
from benchmarks.raw import EXECUTION

ABOUT = (
    "the local server, against a bare Flask route, and with ever more stored executions"
)
SIZES = (10, 10_000, 1_000_000)
_PAGES = {
    "the first page": "limit=10",
    "a page of one flow": f"limit=10&flow_id={RARE_FLOW}",
    "a page of one status": f"limit=10&status={RARE_STATUS}",
    "a page of both": f"limit=10&flow_id={COMMON_FLOW}&status={RARE_STATUS}",
    "the last page": "limit=10&offset={0}",
}


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("server", ABOUT)
    _start(report, 2 if quick else 40)
    with serving("local") as url:
        _requests(report, url, *((1, 8) if quick else (15, 400)))
        _processor_time(report, url, *((1, 4) if quick else (7, 500)))
    sizes = (10, 20) if quick else SIZES
    with tempfile.TemporaryDirectory() as folder, ExitStack() as undo:
        urls = {}
        for size in sizes:
            path = str(Path(folder) / f"{size}.db")
            fill(path, size)
            urls[size] = undo.enter_context(serving("local", path))
        _pages(report, urls, 1 if quick else 9)
        _executions(report, urls, *((1, 4) if quick else (7, 200)))
    return report


def _start(report: Report, rounds: int) -> None:
    """Start servers as the fixture of the pytest plugin does, one for each test."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        with LocalServer():
            times.append(time.perf_counter() - began)
    took = statistics.median(times[1:])
    report.at_most("start of a server for a test", took, 0.05, "s")


def _requests(report: Report, local: str, rounds: int, count: int) -> None:
    with serving("bare") as bare:
        with AISpine(base_url=local) as client:
            given = {"name": "Ana", "income": 52000, "amount": 15000}
            done = client.execute_and_wait("pause", {**given, "seconds": 0})
        targets = {
            "the local server": f"{local}/executions/{done.execution_id}",
            "a bare Flask route": f"{bare}/executions/{EXECUTION['execution_id']}",
        }
        times: Times = {name: [] for name in targets}
        for number in range(rounds + 1):
            for name, url in targets.items():
                took = seconds_for(url, count)
                if number:
                    times[name].append(took)
    for name in targets:
        report.add(name, count / median(times, name), "requests/s")
    ours = ratio(times, "a bare Flask route", "the local server")
    report.at_least("requests/s, to a bare Flask route", ours, 0.85)


def _processor_time(report: Report, url: str, rounds: int, count: int) -> None:
    """Execute a flow of one node: the server responds to the POST, runs it, and to each poll."""
    inputs, rates = [{"seconds": 0}] * count, []
    with AISpine(base_url=url) as client:
        for _ in range(rounds + 1):
            before = _seconds_used(client)
            client.execute_batch("pause", inputs).raise_for_errors()
            rates.append(count / (_seconds_used(client) - before))
    rate = statistics.median(rates[1:])
    told = "executions for a second of the server's processor time"
    report.at_least(told, rate, 700, "executions")


def _seconds_used(client: AISpine) -> float:
    done = client.execute_and_wait("processor-time", {})
    return float((done.output or {})["processor"]["seconds"])


def _pages(report: Report, urls: Dict[int, str], rounds: int) -> None:
    """Request the same pages of each size.

    Of the smallest, those of what is rare are empty, so the next one is what they are held against.
    """
    least, *others = urls
    for name, query in _PAGES.items():
        contenders: Dict[str, Contender] = {
            str(size): _page(f"{url}/executions?{query.format(size - 10)}")
            for size, url in urls.items()
        }
        times = interleave(contenders, rounds=rounds, calls=2)
        for size in urls:
            told = 1e3 * median(times, str(size)) / 16
            report.add(f"{name}, of {size:,} stored", told, "ms")
        base = str(others[0] if "one" in name or "both" in name else least)
        slower = ratio(times, str(max(urls)), base)
        told_base = f"{int(base):,}"
        report.at_most(f"{name}, {max(urls):,} to {told_base}", slower, 1.5)


def _page(url: str) -> Contender:
    return lambda: seconds_for(url, 16)


def _executions(report: Report, urls: Dict[int, str], rounds: int, count: int) -> None:
    inputs = [{"seconds": 0}] * count
    with ExitStack() as undo:
        clients = {
            size: undo.enter_context(AISpine(base_url=url))
            for size, url in urls.items()
        }
        contenders: Dict[str, Contender] = {
            str(size): _batch(client, inputs) for size, client in clients.items()
        }
        times = interleave(contenders, rounds=rounds, calls=1)
    for size in urls:
        rate = statistics.median(count / took for took in times[str(size)])
        report.add(f"executions, {size:,} stored", rate, "executions/s")
    slower = ratio(times, str(max(urls)), str(min(urls)))
    told = f"an execution's time, {max(urls):,} to {min(urls):,}"
    report.at_most(told, slower, 1.5)


def _batch(client: AISpine, inputs: "list[dict[str, int]]") -> Contender:
    return lambda: client.execute_batch("pause", inputs).raise_for_errors()
