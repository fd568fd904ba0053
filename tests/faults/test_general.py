"""A client of any API meets some faults; `python -m tests.faults` plays all of them."""

import pytest

from tests.clients import LIBRARIES
from tests.faults.catalog import FAULTS
from tests.faults.general import CASES, GeneralRun
from tests.faults.shares import share, violations_in
from tests.faults.test_generated import PLAYED
from tests.faults.world import World


@pytest.fixture(scope="module")
def world():
    with World() as made:
        yield made


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_fault_breaks_a_request_of_a_client_of_any_api(world, library):
    faults = [fault for fault in FAULTS if fault.name in PLAYED]
    chosen = share(CASES, faults, LIBRARIES.index(library), len(LIBRARIES))
    assert violations_in(chosen, world, library=library, kind=GeneralRun) == []
