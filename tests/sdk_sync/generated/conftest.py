"""Clients of the documents, for a server that sends what a test says."""

import pytest

from tests.needs import needs
from tests.sdk_sync.generated.both import Both
from tests.sdk_sync.generated.packages import package_of
from tests.sdk_sync.generated.wire import Wire


def pytest_collection_modifyitems(items):
    for item in items:
        if "sdk_sync/generated" in str(item.path):
            for module in ("aiohttp", "attrs", "pydantic", "yaml"):
                item.add_marker(needs(module))


@pytest.fixture
def wire():
    made = Wire()
    yield made
    made.close()


@pytest.fixture(params=["attrs", "pydantic"])
def models(request):
    """What the models are made with, both in turn."""
    return request.param


@pytest.fixture
def client_of(wire):
    """Return a client of a document that calls both methods of each operation."""
    made = []

    def client_of(name, models="attrs", **options):
        package = package_of(name, models, "client")
        options = {"max_retries": 0, "timeout": 10, **options}
        clients = [
            kind(wire.url, **options) for kind in (package.Client, package.AsyncClient)
        ]
        made.append(Both(*clients, wire))
        return made[-1]

    yield client_of
    for each in made:
        each.close()
