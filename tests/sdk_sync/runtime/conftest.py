"""Clients of a package over each library, and servers that respond as a test says."""

from contextlib import ExitStack

import pytest

from tests.clients import LIBRARIES
from tests.sdk_sync.runtime.orders.client import AsyncClient, Client
from tests.sdk_sync.runtime.server import Blocked, serving

# What depends on how a library sends; httpx is for these alone.
_ON_THE_WIRE = ("test_streams", "test_downloads", "test_clients")


def pytest_generate_tests(metafunc):
    """Run what has a client over each library."""
    if "sends_with" in metafunc.fixturenames:
        is_on_wire = metafunc.module.__name__.endswith(_ON_THE_WIRE)
        names = [each for each in LIBRARIES if is_on_wire or each != "httpx"]
        metafunc.parametrize("sends_with", names)


@pytest.fixture
def connect(sends_with):
    """Make a server of a function, and a client of it; both are closed at the end."""
    with ExitStack() as undo:

        def make(respond, **options):
            server = undo.enter_context(serving(respond))
            options = {"base_url": server.url, "max_retries": 0, **options}
            if sends_with == "requests":
                return undo.enter_context(Client(**options)), server
            client = Blocked(AsyncClient(transport=sends_with, **options))
            return undo.enter_context(client), server

        yield make
