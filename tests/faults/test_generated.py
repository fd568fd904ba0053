"""A generated client meets some faults; `python -m tests.faults` plays all of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.catalog import FAULTS
from tests.faults.matrix import cells, play
from tests.faults.world import World
from tests.needs import needs

pytestmark = [needs("aiohttp"), needs("attrs")]
PATIENCE, AWAY, THREADS = 2.0, 0.3, 12
PLAYED = (
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


@pytest.fixture(scope="module")
def world():
    with World() as made:
        yield made


@pytest.mark.parametrize("library", ["requests", "aiohttp"])
def test_no_fault_breaks_an_operation_of_a_generated_client(world, library):
    from tests.faults.generated import CASES, GeneratedRun

    faults = [fault for fault in FAULTS if fault.name in PLAYED]
    assert len(faults) == len(PLAYED)
    options = {"patience": PATIENCE, "away": AWAY, "library": library}
    with ThreadPoolExecutor(THREADS) as pool:
        results = list(
            pool.map(
                lambda cell: play(world, cell, **options, kind=GeneratedRun),
                cells(CASES, faults),
            )
        )
    violations = [
        f"{result.cell.case.name}, {result.cell.fault.name}: {violation}"
        for result in results
        for violation in result.violations
        if violation.what != "overruns"  # tests never look at the clock
    ]
    assert violations == []
