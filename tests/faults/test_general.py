"""A client of any API meets some faults; `python -m tests.faults` plays all of them."""

import pytest

from tests.clients import LIBRARIES
from tests.faults.general import CASES, GeneralRun
from tests.faults.suite import SOME_FAULTS, share, violations_of


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_fault_breaks_a_request_of_a_client_of_any_api(world, library):
    chosen = share(CASES, SOME_FAULTS, LIBRARIES.index(library), len(LIBRARIES))
    assert violations_of(world, chosen, library=library, kind=GeneralRun) == []
