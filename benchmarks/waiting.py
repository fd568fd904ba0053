"""How soon a wait notices the end of an execution, and how many requests that takes."""

import io
import json
import random
import statistics
import time
from datetime import datetime, timedelta, timezone
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
)

import requests
from requests.adapters import BaseAdapter

from ai_spine import AISpine
from benchmarks.harness import Report
from benchmarks.processes import serving
from benchmarks.raw import EXECUTION

ABOUT = (
    "execute_and_wait with its defaults, over the server's stream and, without one, "
    "by polling; from 10 s on, by polling on a simulated clock: a client's first wait for a "
    "flow, and its later ones, whose executions take a tenth more or less than usual"
)
_REAL = {0.05: 15, 0.1: 15, 0.5: 9, 2.0: 3}
"""How often each run time is waited for."""
_SIMULATED = (10.0, 60.0, 300.0)
_WAITS = 100
_INTERVAL = 2.0
_SPREAD = 0.1
"""The standard deviation of the later executions, as a share of the usual time."""


class _Seen(NamedTuple):
    lag: float
    """Seconds from the end of the execution to the return of the call."""
    requests: int


def run(*, quick: bool) -> Report:
    """Measure it."""
    report = Report("waiting", ABOUT)
    with serving("local") as url:
        for seconds, count in ({0.05: 1} if quick else _REAL).items():
            for way, session in (("stream", None), ("polling", _Streamless())):
                seen = [_real(url, seconds, session) for _ in range(count)]
                _tell(report, seconds, way, seen)
    count = 2 if quick else _WAITS
    for seconds in _SIMULATED:
        firsts = [_simulated([seconds])[0] for _ in range(count)]
        _tell(report, seconds, "first wait", firsts)
        times = [seconds, *_around(seconds, count)]
        _tell(report, seconds, "later waits", _simulated(times)[1:])
    return report


def _around(seconds: float, count: int) -> Iterator[float]:
    chance = random.Random(7)  # the same in each run
    for _ in range(count):
        yield seconds * max(chance.gauss(1, _SPREAD), 0.1)


def _tell(report: Report, seconds: float, way: str, seen: List[_Seen]) -> None:
    lag = statistics.median(one.lag for one in seen)
    asked = statistics.median(one.requests for one in seen)
    label = f"{seconds:g} s, {way}"
    report.add(f"{label}: requests", asked, "")
    report.add(f"{label}: longest lag", max(one.lag for one in seen), "s")
    report.at_most(f"{label}, lag", lag, _longest_lag(seconds, way), "s")
    if seconds in _SIMULATED:
        # One to start it, then one at once, and one every two seconds.
        poller = 2 + seconds // _INTERVAL
        bound = 1.5 if seconds == 10 else 1.3
        report.at_most(f"{label}, requests to a 2-s poller's", asked / poller, bound)


def _longest_lag(seconds: float, way: str) -> float:
    if seconds <= 0.5:
        return 0.1
    if seconds == 10 and way == "later waits":
        return 0.3
    return min(0.25 * seconds, _INTERVAL)


class _Streamless(requests.Session):
    """Sends like any session, and hides that the server streams executions."""

    def send(
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        response = super().send(request, **options)
        response.headers.pop("Link", None)
        return response


def _real(url: str, seconds: float, session: Optional[requests.Session]) -> _Seen:
    asked: List[Any] = []
    hooks = {"request": asked.append}
    with AISpine(base_url=url, session=session, event_hooks=hooks) as client:
        execution = client.execute_and_wait("pause", {"seconds": seconds})
        returned = time.time()
    assert execution.completed_at is not None
    return _Seen(returned - execution.completed_at.timestamp(), len(asked))


class _World(BaseAdapter):
    """A server and a clock: an execution is done so many seconds after it was started."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.began = self.ends = 0.0
        self.seconds = 0.0
        self.requests = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **_: Any
    ) -> requests.Response:
        self.requests += 1
        if request.method == "POST":
            self.began, self.ends = self.now, self.now + self.seconds
        is_done = self.now >= self.ends
        known = {
            "status": "completed" if is_done else "running",
            "created_at": _moment(self.began),
            "completed_at": _moment(self.ends) if is_done else None,
        }
        return _response(request, {**EXECUTION, "flow_id": "pause", **known})

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _response(
    request: requests.PreparedRequest, told: Dict[str, Any]
) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response.request = request
    response.headers["Content-Type"] = "application/json"
    response.raw = io.BytesIO(json.dumps(told).encode("utf-8"))
    return response


def _moment(seconds: float) -> str:
    start = datetime(2026, 11, 27, tzinfo=timezone.utc)
    return (start + timedelta(seconds=seconds)).isoformat()


def _simulated(times: Iterable[float]) -> List[_Seen]:
    """Wait with one client for executions that take so many seconds."""
    world, seen = _World(), []
    session = requests.Session()
    session.mount("http://", world)
    with AISpine(base_url="http://127.0.0.1:1", session=session) as client:
        clock: Callable[[], float] = lambda: world.now
        client._api.clock, client._api.sleep = clock, world.sleep
        for world.seconds in times:
            world.requests = 0
            client.execute_and_wait("pause", {}, timeout=2 * world.seconds + 10)
            seen.append(_Seen(world.now - world.ends, world.requests))
    return seen
