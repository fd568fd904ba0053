"""One client under many threads, against a plain session for each thread."""

import statistics
import threading
import time
from contextlib import ExitStack
from typing import Dict, List, Tuple

import requests

from ai_spine import AISpine
from benchmarks.harness import Contender, Report, median, ratio
from benchmarks.processes import serving
from benchmarks.raw import EXECUTION

ABOUT = "one client for all threads, against one requests.Session per thread"
_ID = str(EXECUTION["execution_id"])
COUNTS = (1, 4, 16, 64)
OURS, PLAIN = "client", "sessions"


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("threads", ABOUT)
    counts = (1, 4) if quick else COUNTS
    rounds, calls = (1, 8) if quick else (21, 640)
    with ExitStack() as undo:
        url = undo.enter_context(serving("raw"))
        client = undo.enter_context(AISpine("sk_benchmark", url, pool_size=max(counts)))
        rates = _rates(_crews(url, client, counts, undo), rounds, calls)
        old = _aged(url, client, rounds, calls)
    for count in counts:
        label = f"{count} thread{'s' * (count > 1)}"
        report.add(f"{label}: one client", median(rates, (count, OURS)), "calls/s")
        other = median(rates, (count, PLAIN))
        report.add(f"{label}: a session for each", other, "calls/s")
        ours = ratio(rates, (count, OURS), (count, PLAIN))
        report.at_least(f"{label}, calls/s to sessions", ours, 1.8)
    most = ratio(rates, (max(counts), OURS), (4, OURS))
    report.at_least(f"{max(counts)} threads, calls/s to 4", most, 0.9)
    report.at_most("an old client's call, to a new one's", old, 1.1)
    return report


def _crews(
    url: str, client: AISpine, counts: Tuple[int, ...], undo: ExitStack
) -> Dict[Tuple[int, str], List[Contender]]:
    """Return what each thread calls, by the number of threads and whose call it is."""
    path = f"{url}/executions/{_ID}"
    crews: Dict[Tuple[int, str], List[Contender]] = {}
    for count in counts:
        sessions = [undo.enter_context(requests.Session()) for _ in range(count)]
        crews[count, OURS] = [lambda: client.get_execution(_ID)] * count
        crews[count, PLAIN] = [_plain(session, path) for session in sessions]
    return crews


def _rates(
    crews: Dict[Tuple[int, str], List[Contender]], rounds: int, calls: int
) -> Dict[Tuple[int, str], List[float]]:
    """Return calls per second, round by round."""
    rates: Dict[Tuple[int, str], List[float]] = {name: [] for name in crews}
    for number in range(rounds + 1):
        for name, crew in crews.items():
            rate = _rate(crew, max(calls // len(crew), 1))
            if number:  # the first warms up
                rates[name].append(rate)
    return rates


def _plain(session: requests.Session, path: str) -> Contender:
    return lambda: session.get(path, timeout=30).json()


def _rate(crew: List[Contender], calls: int) -> float:
    gate = threading.Barrier(len(crew) + 1)

    def work(call: Contender) -> None:
        gate.wait()
        for _ in range(calls):
            call()
        gate.wait()

    threads = [threading.Thread(target=work, args=(call,)) for call in crew]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    gate.wait()
    took = time.perf_counter() - started
    for thread in threads:
        thread.join()
    return len(crew) * calls / took


def _aged(url: str, old: AISpine, rounds: int, calls: int) -> float:
    """Return how much longer a call takes after many earlier calls."""
    ratios = []
    for _ in range(rounds):
        with AISpine("sk_benchmark", url) as new:
            fresh = [lambda: new.get_execution(_ID)]
            _rate(fresh, 8)
            rate = _rate(fresh, max(calls // 4, 1))
        used = _rate([lambda: old.get_execution(_ID)], max(calls // 4, 1))
        ratios.append(rate / used)
    return statistics.median(ratios)
