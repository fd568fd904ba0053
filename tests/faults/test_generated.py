"""A generated client meets some faults; `python -m tests.faults` plays all of them."""

import pytest

from tests.faults.suite import SOME_FAULTS, violations_of
from tests.needs import needs

pytestmark = [needs("aiohttp"), needs("attrs")]


@pytest.mark.parametrize("part, library", [(0, "requests"), (1, "aiohttp")])
def test_no_fault_breaks_an_operation_of_a_generated_client(world, part, library):
    from tests.faults.generated import CASES, GeneratedRun

    options = {"library": library, "kind": GeneratedRun}
    assert violations_of(world, CASES, SOME_FAULTS, part, **options) == []
