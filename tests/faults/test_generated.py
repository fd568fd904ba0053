"""A generated client meets some faults; `python -m tests.faults` plays all of them."""

import pytest

from tests.faults.catalog import FAULTS
from tests.faults.shares import share, violations_in
from tests.faults.world import World
from tests.needs import needs

pytestmark = [needs("aiohttp"), needs("attrs")]
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


@pytest.mark.parametrize("number, library", [(0, "requests"), (1, "aiohttp")])
def test_no_fault_breaks_an_operation_of_a_generated_client(world, number, library):
    from tests.faults.generated import CASES, GeneratedRun

    faults = [fault for fault in FAULTS if fault.name in PLAYED]
    assert len(faults) == len(PLAYED)
    chosen = share(CASES, faults, number)
    assert violations_in(chosen, world, library=library, kind=GeneratedRun) == []
