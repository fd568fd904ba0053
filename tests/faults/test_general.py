"""A client of any API meets some faults; `python -m tests.faults` plays all of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients import LIBRARIES
from tests.faults.catalog import FAULTS
from tests.faults.general import CASES, GeneralRun
from tests.faults.matrix import cells, play
from tests.faults.test_generated import AWAY, PATIENCE, PLAYED, THREADS
from tests.faults.world import World


@pytest.fixture(scope="module")
def world():
    with World() as made:
        yield made


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_fault_breaks_a_request_of_a_client_of_any_api(world, library):
    faults = [fault for fault in FAULTS if fault.name in PLAYED]
    options = {"patience": PATIENCE, "away": AWAY, "library": library}
    with ThreadPoolExecutor(THREADS) as pool:
        results = list(
            pool.map(
                lambda cell: play(world, cell, **options, kind=GeneralRun),
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
