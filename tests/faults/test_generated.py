"""A generated client meets some faults; `python -m tests.faults` plays all of them."""

import pytest

from tests.faults.suite import SOME_FAULTS, share, violations_of
from tests.needs import needs

pytestmark = [needs("aiohttp"), needs("attrs")]


@pytest.mark.parametrize("number, library", [(0, "requests"), (1, "aiohttp")])
def test_no_fault_breaks_an_operation_of_a_generated_client(world, number, library):
    from tests.faults.generated import CASES, GeneratedRun

    chosen = share(CASES, SOME_FAULTS, number)
    assert violations_of(world, chosen, library=library, kind=GeneratedRun) == []
