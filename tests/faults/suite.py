"""What the suite plays of the full matrix, where other tests run meanwhile."""

from concurrent.futures import ThreadPoolExecutor

from tests.faults.catalog import FAULTS
from tests.faults.matrix import cells, play

# All times are longer than in the full matrix.
PATIENCE, AWAY = 2.0, 0.3
THREADS = 12
_PLAYED = (
    *("none", "connection refused", "reset after the deed", "close after the request"),
    *(
        "cut in the body",
        "garbage status line",
        "broken gzip",
        "half of JSON",
        "a list",
    ),
    *("HTML with 200", "status 404", "status 500", "503 after 0", "an expired key"),
    *("307 elsewhere", "303 after the deed", "stall before headers"),
)
SOME_FAULTS = [fault for fault in FAULTS if fault.name in _PLAYED]
assert len(SOME_FAULTS) == len(_PLAYED)


def share(cases, faults, number=0, of=2):
    """Return one of some equal parts of all cells; in a half, each case meets each fault."""
    for place, fault in enumerate(faults):
        for other, case in enumerate(cases):
            for cell in cells([case], [fault]):
                if (place + other + cell.lasting + cell.retry_writes) % of == number:
                    yield cell


def violations_of(world, chosen, **options):
    """Play cells in parallel, and return what was violated."""
    options = {"patience": PATIENCE, "away": AWAY, **options}
    with ThreadPoolExecutor(THREADS) as pool:
        played = pool.map(lambda cell: play(world, cell, **options), chosen)
        return [
            f"{result.cell.case.name}, {result.cell.fault.name}: {violation}"
            for result in played
            for violation in result.violations
            if violation.what != "overruns"  # tests never look at the clock
        ]
