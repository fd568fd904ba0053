"""The world of the faults: a server behind a proxy that plays them."""

import pytest

from tests.faults.world import World


@pytest.fixture(scope="module")
def world():
    with World() as made:
        yield made
