"""What the suite plays of the full matrix, which `python -m tests.faults` plays."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterable, Iterator, List

from tests.faults.case import Case
from tests.faults.catalog import Fault
from tests.faults.expected import Cell
from tests.faults.matrix import cells, play
from tests.faults.world import World

_THREADS = 12
# All times are longer than in the full matrix: other tests run meanwhile.
_PATIENCE, _AWAY = 2.0, 0.3


def share(
    cases: Iterable[Case], faults: Iterable[Fault], number: int = 0, of: int = 2
) -> Iterator[Cell]:
    """Return one of some equal parts of all cells; in a half, each case meets each fault."""
    chosen = list(cases)
    for place, fault in enumerate(faults):
        for other, case in enumerate(chosen):
            for cell in cells([case], [fault]):
                if (place + other + cell.lasting + cell.retry_writes) % of == number:
                    yield cell


def violations_in(chosen: Iterable[Cell], world: World, **options: Any) -> List[str]:
    """Play cells in parallel, and return what is broken, but for times: tests see no clock."""
    options = {"patience": _PATIENCE, "away": _AWAY, **options}
    with ThreadPoolExecutor(_THREADS) as pool:
        results = list(pool.map(lambda cell: play(world, cell, **options), chosen))
    return [
        f"{result.cell.case.name}, {result.cell.fault.name}: {violation}"
        for result in results
        for violation in result.violations
        if violation.what != "overruns"
    ]
