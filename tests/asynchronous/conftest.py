"""Tests that await run over both libraries, and over uvloop where it is installed."""

import importlib.util

import pytest

from ai_spine.local import LocalServer
from tests.local import single

WAYS = ["aiohttp", "httpx"]
if importlib.util.find_spec("uvloop"):
    WAYS.append("aiohttp on uvloop")


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture
def anyio_backend(way):
    """The event loop of a test, for anyio's plugin."""
    return "asyncio", {"use_uvloop": way.endswith("uvloop")}


@pytest.fixture
def transport(way):
    """The library that sends."""
    return way.partition(" ")[0]


@pytest.fixture
def server(gate):
    """A server with a flow that is done at once, and one that is held."""

    def hold(input, config):
        gate.wait(30)
        return {}

    agents = {"quick": lambda input, config: dict(input), "hold": hold}
    flows = [single("quick", "quick"), single("hold", "held")]
    with LocalServer(flows, agents) as made:
        yield made
