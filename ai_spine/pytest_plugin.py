"""A pytest plugin: a server of its own for each test, and a client that wastes no time.

pytest finds it where this package is installed; `-p no:ai_spine.pytest_plugin` leaves it out. It
imports nothing else of the package until a fixture is used.
"""

import json
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Iterator, List
from urllib.request import getproxies, getproxies_environment

import pytest

if TYPE_CHECKING:
    from ai_spine.async_client import AsyncAISpine
    from ai_spine.client import AISpine
    from ai_spine.local import LocalServer
    from ai_spine.local.agents.functions import AgentSource
    from ai_spine.local.definitions import FlowSource
    from ai_spine.models import Execution

TEST_KEY = "test-key"
LONGEST_SLEEP = 0.01  # seconds between polls and between attempts
SECTION = "what the AI Spine server executed"
_MOST_LISTED = 10
_LONGEST_SHOWN = 100


@pytest.fixture
def ai_spine_flows() -> "FlowSource":
    """Return the flows that `ai_spine_server` starts with: none, unless you override it.

    Give what `LocalServer` takes: a folder of YAML and JSON files, or a list of definitions.
    """
    return []


@pytest.fixture
def ai_spine_agents() -> "AgentSource":
    """Return the agents that `ai_spine_server` starts with: none, unless you override it.

    Give what `LocalServer` takes: a module or its name, a list of agents, or a mapping of ids.
    """
    return {}


@pytest.fixture
def ai_spine_server(
    request: "pytest.FixtureRequest",
    monkeypatch: "pytest.MonkeyPatch",
    ai_spine_flows: "FlowSource",
    ai_spine_agents: "AgentSource",
) -> Iterator["LocalServer"]:
    """Start an AI Spine server for this test, which `AISpine()` reaches without any settings.

    While it lives, clients that are made in this process sleep no longer than 0.01 s at a time.
    """
    with _start(ai_spine_flows, ai_spine_agents) as server:
        _point_at(server.url, monkeypatch)
        _hurry(monkeypatch)
        request.node._ai_spine_server = server
        yield server
        request.node._ai_spine_server = None


@pytest.fixture
def ai_spine_client(ai_spine_server: "LocalServer") -> Iterator["AISpine"]:
    """Return a client of `ai_spine_server`."""
    with ai_spine_server.client() as client:
        yield client


@pytest.fixture
def ai_spine_async_client(ai_spine_server: "LocalServer") -> Iterator["AsyncAISpine"]:
    """Return an async client of `ai_spine_server`, for the event loop of the test."""
    import asyncio

    client = ai_spine_server.async_client()
    yield client
    # The loop of the test may be closed by now; this one only sees the connections gone.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(client.aclose())
    finally:
        loop.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: "pytest.Item", call: "pytest.CallInfo[None]"
) -> Iterator[None]:
    """Report in the report of a test that failed what its server executed."""
    outcome: Any  # apart from the `yield`, for Python 3.7
    outcome = yield
    report = outcome.get_result()
    server = getattr(item, "_ai_spine_server", None)
    if server is not None and report.failed:
        report.sections.append((SECTION, "\n".join(_executions_of(server))))


def _start(flows: "FlowSource", agents: "AgentSource") -> "LocalServer":
    """Start a server; if that fails, say why in one sentence."""
    try:
        from ai_spine.exceptions import ConfigurationError
        from ai_spine.local import LocalServer

        return LocalServer(flows, agents)
    except (ImportError, ConfigurationError) as error:
        words = str(error)
    pytest.fail(words, pytrace=False)


def _point_at(url: str, monkeypatch: "pytest.MonkeyPatch") -> None:
    """Make the environment one in which `AISpine()` speaks to this server, past any proxy.

    The developer's file of profiles is none of the test's either.
    """
    from ai_spine import constants

    for name, variable in vars(constants).items():
        if name.startswith("ENV_"):
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(constants.ENV_BASE_URL, url)
    monkeypatch.setenv(constants.ENV_API_KEY, TEST_KEY)
    monkeypatch.setenv(constants.ENV_CONFIG, os.devnull)
    # Also where there is no proxy yet, since the program may set one; but proxies that the system
    # itself keeps would be off for all hosts if the environment named this one.
    if getproxies_environment() or not getproxies():
        known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
        # A lone star is all hosts, and a star among others is none.
        past = known if known in ("*", "") else f"{known},127.0.0.1"
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, past or "127.0.0.1")


def _hurry(monkeypatch: "pytest.MonkeyPatch") -> None:
    """Let clients decide on their delays as always, but shorten them."""
    from ai_spine import rest
    from ai_spine._sync.api import ApiClient

    monkeypatch.setattr(rest, "ApiClient", partial(ApiClient, sleep=_nap))
    if sys.version_info >= (3, 10):  # the async client needs that
        from ai_spine import async_rest
        from ai_spine._async.api import AsyncApiClient

        hurried = partial(AsyncApiClient, sleep=_async_nap)
        monkeypatch.setattr(async_rest, "AsyncApiClient", hurried)


def _nap(seconds: float) -> None:
    time.sleep(min(seconds, LONGEST_SLEEP))


async def _async_nap(seconds: float) -> None:
    from asyncio import sleep

    await sleep(min(seconds, LONGEST_SLEEP))


def _executions_of(server: "LocalServer") -> List[str]:
    """Say in a few lines what a server has executed, the last of it where that is much."""
    try:
        executions = server.executions()
    except Exception as error:  # a report must not end the whole run
        return [f"it cannot be read: {error}"]
    earlier = len(executions) - _MOST_LISTED
    lines = [f"({earlier} before these)"] if earlier > 0 else []
    lines += [_line_of(execution) for execution in executions[-_MOST_LISTED:]]
    return lines or ["nothing"]


def _line_of(execution: "Execution") -> str:
    from ai_spine.utils import one_line

    flow = one_line(str(execution.flow_id), _LONGEST_SHOWN)
    line = f"{flow} {execution.status}: {_brief(execution.input_data)}"
    if execution.succeeded:
        return f"{line} -> {_brief(execution.output)}"
    error = one_line(execution.error or "", 2 * _LONGEST_SHOWN)
    return f"{line}: {error}" if error else line


def _brief(data: Any) -> str:
    """Return data as one line of JSON, without what looks secret."""
    from ai_spine.policy.redaction import Redactor
    from ai_spine.utils import one_line

    text = Redactor([]).body(json.dumps(data).encode("ascii"))
    return one_line(text, _LONGEST_SHOWN)
