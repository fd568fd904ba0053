"""Clients of a package over each library, and servers that respond as a test says."""

from contextlib import ExitStack

import pytest

from tests.clients import LIBRARIES
from tests.sdk_sync.runtime.orders.client import AsyncClient, Client
from tests.sdk_sync.runtime.server import Blocked, serving


@pytest.fixture(params=LIBRARIES)
def sends_with(request):
    """The library that the client sends with."""
    return request.param


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
