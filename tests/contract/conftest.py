"""The server that the contract is tried on, as `INTEGRATION_MODE` says.

`repo` is a server in this process, `local` is `ai-spine local start`, and `cluster` is the server
of `AI_SPINE_BASE_URL` with `AI_SPINE_API_KEY`, where nothing is written unless `ALLOW_WRITES=1`.
"""

import os
import subprocess
import sys
import uuid
from contextlib import contextmanager
from typing import NamedTuple, Optional

import pytest

from ai_spine import AISpine
from ai_spine.exceptions import AISpineError
from ai_spine.local import LocalServer

MODES = ("repo", "local", "cluster")
MODE = os.environ.get("INTEGRATION_MODE", "repo")
KEY = "sk-contract"
# Read before the other tests' fixture takes them away.
CLUSTER = {
    "base_url": os.environ.get("AI_SPINE_BASE_URL"),
    "api_key": os.environ.get("AI_SPINE_API_KEY"),
    "api_prefix": os.environ.get("CONTRACT_API_PREFIX", ""),
    "tenant": os.environ.get("AI_SPINE_TENANT", ""),
}
ALLOW_WRITES = MODE != "cluster" or os.environ.get("ALLOW_WRITES") == "1"
COMMAND = [sys.executable, "-m", "ai_spine", "local", "start", "--port", "0"]


class Place(NamedTuple):
    """Where the server is, and what is known of it."""

    options: dict
    """The arguments of a client."""
    needs_key: bool
    flow_id: Optional[str]
    """A flow that can be executed with `input_data`; `None` if none is known."""
    input_data: dict


@contextmanager
def _started():
    process = subprocess.Popen(
        [*COMMAND, "--api-key", KEY], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        yield line.split(" at ")[1].split(";")[0]
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(30)


@pytest.fixture(scope="module")
def place():
    """The server of the mode."""
    sample = ("sentiment-analysis", {"text": "Wonderful!"})
    if MODE == "repo":
        with LocalServer(api_key=KEY) as server:
            yield Place({"base_url": server.url, "api_key": KEY}, True, *sample)
    elif MODE == "local":
        with _started() as url:
            yield Place({"base_url": url, "api_key": KEY}, True, *sample)
    elif MODE == "cluster":
        if not CLUSTER["base_url"]:
            pytest.fail("the mode cluster needs AI_SPINE_BASE_URL")
        given = {name: value for name, value in CLUSTER.items() if value}
        flow_id = os.environ.get("CONTRACT_FLOW")
        yield Place(given, bool(CLUSTER["api_key"]), flow_id, {})
    else:
        pytest.fail(f"INTEGRATION_MODE must be one of {', '.join(MODES)}, not {MODE}")


@pytest.fixture
def make_client(place):
    """Make clients of the server."""
    made = []

    def make(**options):
        made.append(AISpine(**{"profile": "", **place.options, **options}))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture
def new_flow(client):
    """The definition of a flow whose id is free; whatever is made of it is removed again."""
    if not ALLOW_WRITES:
        pytest.skip("nothing is written to a cluster without ALLOW_WRITES=1")
    flow_id = f"ai-spine-sdk-contract-{uuid.uuid4().hex[:12]}"
    yield {
        "flow_id": flow_id,
        "name": "A flow of the contract tests",
        "nodes": [{"id": "in", "type": "input", "depends_on": []}],
        "entry_point": "in",
        "exit_points": ["in"],
    }
    try:
        client.delete_flow(flow_id)
    except AISpineError:  # it is not there, or the test has failed over that already
        pass
