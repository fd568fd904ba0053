"""How all benchmarks measure: candidates in turn, medians of ratios, targets."""

import gc
import json
import os
import platform
import statistics
import time
from contextlib import contextmanager
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    TypeVar,
)

K = TypeVar("K")
Contender = Callable[[], Any]
Times = Dict[str, List[float]]


class Line(NamedTuple):
    """One figure that has a target."""

    what: str
    value: Optional[float]
    """`None` where it could not be measured."""
    bound: float
    is_least: bool = False
    """Whether the bound is the least that it must be, not the most."""
    unit: str = "×"

    @property
    def holds(self) -> Optional[bool]:
        """Whether the target is met; `None` where nothing was measured."""
        if self.value is None:
            return None
        return self.value >= self.bound if self.is_least else self.value <= self.bound

    @property
    def target(self) -> str:
        """The target, in words."""
        word = "at least" if self.is_least else "at most"
        return f"{word} {self.bound:g} {self.unit}"

    @property
    def shown(self) -> str:
        """The figure as tables show it."""
        if self.value is None:
            return "not measured"
        return f"{self.value:.2f} {self.unit}"

    @property
    def verdict(self) -> str:
        """Whether the target is met, in a word."""
        return {True: "holds", False: "MISSED", None: "-"}[self.holds]


class Row(NamedTuple):
    """One figure for comparison."""

    what: str
    value: float
    unit: str

    @property
    def shown(self) -> str:
        """The figure as tables show it."""
        return f"{self.value:,.{_digits(self.value)}f} {self.unit}"


def _digits(value: float) -> int:
    return 0 if abs(value) >= 100 else 2


class Report:
    """The figures of a benchmark.

    Args:
        name: The benchmark.
        about: What it measures, in one sentence.
    """

    def __init__(self, name: str, about: str) -> None:
        self.name = name
        self.about = about
        self.rows: List[Row] = []
        self.lines: List[Line] = []
        self.left_out: List[str] = []

    def add(self, what: str, value: float, unit: str) -> None:
        """Add a figure for comparison."""
        self.rows.append(Row(what, value, unit))

    def at_most(
        self, what: str, value: Optional[float], bound: float, unit: str = "×"
    ) -> None:
        """Add a figure that must not be above a limit."""
        self.lines.append(Line(what, value, bound, False, unit))

    def at_least(
        self, what: str, value: Optional[float], bound: float, unit: str = "×"
    ) -> None:
        """Add a figure that must not be below a limit."""
        self.lines.append(Line(what, value, bound, True, unit))

    def leave_out(self, what: str, why: str) -> None:
        """Record what was not measured."""
        self.left_out.append(f"{what} is left out: {why}")

    @property
    def has_missed(self) -> bool:
        """Whether a target was measured and missed."""
        return any(line.holds is False for line in self.lines)

    def as_text(self) -> str:
        """Return the tables for a terminal."""
        shown = [(row.what, row.shown, "", "") for row in self.rows]
        shown += [(ln.what, ln.shown, ln.target, ln.verdict) for ln in self.lines]
        widths = [max(len(cells[i]) for cells in shown) for i in range(3)]
        table = [
            f"  {what:<{widths[0]}}  {value:>{widths[1]}}  {target:<{widths[2]}}  {word}"
            for what, value, target, word in shown
        ]
        notes = [f"  ({words})" for words in self.left_out]
        lines = [f"{self.name}: {self.about}", *table, *notes]
        return "\n".join(line.rstrip() for line in lines)

    def as_dict(self) -> Dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "benchmark": self.name,
            "about": self.about,
            "figures": [row._asdict() for row in self.rows],
            "ratios": [
                {**line._asdict(), "target": line.target, "holds": line.holds}
                for line in self.lines
            ],
            "left_out": self.left_out,
        }


def interleave(
    contenders: Dict[str, Contender], *, rounds: int, calls: int, warm_up: int = 1
) -> Times:
    """Call candidates in turn, so that other load on the machine affects all of them.

    Args:
        contenders: What to call, by name.
        rounds: How often each has its turn.
        calls: How many calls a turn has.
        warm_up: How many turns go before those that count.

    Returns:
        For each contender the seconds that a call took, turn by turn.
    """
    times: Times = {name: [] for name in contenders}
    with _little_garbage():
        for number in range(warm_up + rounds):
            for name, call in contenders.items():
                took = _turn(call, calls)
                if number >= warm_up:
                    times[name].append(took)
    return times


@contextmanager
def _little_garbage() -> Iterator[None]:
    """Keep the garbage collector from walking over all imported modules again and again."""
    gc.collect()
    if not hasattr(gc, "freeze"):  # PyPy's collector has ages
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _turn(call: Contender, calls: int) -> float:
    gc.collect()  # the garbage of one contender is not another's time
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls


def ratio(times: Mapping[K, List[float]], ours: K, theirs: K) -> float:
    """Return the median of the ratios of two candidates in the same rounds."""
    pairs = zip(times[ours], times[theirs])
    return statistics.median(one / other for one, other in pairs)


def median(times: Mapping[K, List[float]], name: K) -> float:
    """Return a candidate's median."""
    return statistics.median(times[name])


def machine() -> str:
    """Return a description of this machine."""
    system = f"{platform.system()} {platform.machine()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{system}, {os.cpu_count()} cores, {python}"


def as_json(reports: List[Report]) -> str:
    """Return reports as JSON."""
    told = [report.as_dict() for report in reports]
    return json.dumps({"machine": machine(), "reports": told}, indent=2)
