"""Replays the shared fixtures of the policy, `fixtures/policy.json`, over every transport.

Each says what a client is given, what a server responds, and what goes over the wire and comes out.
A client in another language can replay the same file.
"""

import json
from pathlib import Path

import pytest

import ai_spine
from ai_spine import AISpine, AISpineError
from tests.raw_server import RESET, STALL, RawServer, answer

pytestmark = pytest.mark.every_transport
FILE = Path(__file__).parent.parent / "fixtures" / "policy.json"
FIXTURES = json.loads(FILE.read_text(encoding="utf-8"))
_STEPS = {"stall": STALL, "reset": RESET}


def step_of(response):
    """Return what the server plays for a response."""
    if isinstance(response, str):
        return _STEPS[response]
    headers = response.get("headers", {})
    return answer(response["status"], response["json"], **headers)


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def error_of(call):
    try:
        call()
    except AISpineError as error:
        return error
    return None


@pytest.fixture
def play():
    """Play a fixture, and return the requests, the error and the sleeps."""
    servers, clients = [], []

    def run(fixture):
        servers.append(RawServer(*map(step_of, fixture["responses"])))
        options = {"api_key": "", **fixture.get("client", {})}
        clients.append(AISpine(base_url=servers[-1].url, **options))
        time = Time()
        clients[-1]._api.clock, clients[-1]._api.sleep = time.clock, time.sleep
        name, args, options = (*fixture["call"], {})[:3]
        call = getattr(clients[-1], name)
        error = error_of(lambda: call(*args, **options))
        return error, time.slept, servers[-1].requests

    yield run
    for client in clients:
        client.close()
    for server in servers:
        server.stop()


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture["name"])
def test_a_fixture_of_the_policy_holds(play, fixture):
    error, slept, requests = play(fixture)
    assert len(requests) == len(fixture["requests"])
    for request, expected in zip(requests, fixture["requests"]):
        for name, value in expected.get("headers", {}).items():
            assert request.headers.get(name) == value
    for name in fixture.get("same", []):
        sent = {request.headers[name] for request in requests}
        assert len(sent) == 1
    sleeps = fixture.get("slept", 0)
    assert slept == sleeps if isinstance(sleeps, list) else len(slept) == sleeps
    expected = dict(fixture.get("error", {}))
    if not expected:
        assert error is None
        return
    assert type(error) is getattr(ai_spine, expected.pop("type"))
    assert {name: getattr(error, name) for name in expected} == expected
