"""Tests of the plugin's fixtures, in tests that use them."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from ai_spine import AISpine, RateLimitError, pytest_plugin
from ai_spine.local import LocalServer
from tests.local import wait_until
from tests.pytest_plugin import LIMIT, ROOT


@pytest.fixture
def slept(monkeypatch):
    """The durations of the sleeps of clients, which return at once."""
    seconds = []
    monkeypatch.setattr(pytest_plugin, "time", SimpleNamespace(sleep=seconds.append))
    return seconds


def echo(input, config):
    return input


def test_the_server_starts_without_flows_and_agents(ai_spine_server, ai_spine_client):
    assert isinstance(ai_spine_server, LocalServer)
    assert ai_spine_client.list_flows() == [] and ai_spine_client.list_agents() == []
    assert ai_spine_server.executions() == []


@pytest.mark.parametrize("number", range(3))
def test_tests_do_not_share_state(ai_spine_server, ai_spine_client, number):
    assert ai_spine_client.list_flows() == [] and ai_spine_server.executions() == []
    ai_spine_server.add_flow("echo", echo)
    assert ai_spine_client.execute_and_wait("echo", {"n": number}).output == {
        "echo": {"n": number}
    }


def test_a_client_without_settings_uses_the_server(ai_spine_server):
    ai_spine_server.add_flow("echo", echo)
    with AISpine() as client:
        assert client.base_url == ai_spine_server.url
        assert client.execute_and_wait("echo", {"a": 1}).succeeded
    assert len(ai_spine_server.executions("echo", input={"a": 1})) == 1


def test_a_client_in_a_subprocess_uses_the_server(ai_spine_server):
    script = "import ai_spine; print(ai_spine.AISpine().list_flows())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        timeout=LIMIT,
        check=True,
    )
    assert done.stdout.strip() == b"[]"


def test_an_api_key_is_set_in_the_environment(ai_spine_server):
    assert os.environ["AI_SPINE_API_KEY"] == "test-key"


def test_a_test_can_override_the_environment(ai_spine_server, monkeypatch):
    monkeypatch.setenv("AI_SPINE_BASE_URL", "http://127.0.0.1:9")
    with AISpine() as client:
        assert client.base_url == "http://127.0.0.1:9"


@pytest.mark.parametrize("whose", ["the fixture's", "the program's"])
def test_sleeps_between_attempts_are_shortened(
    ai_spine_server, ai_spine_client, slept, whose
):
    wait = {"Retry-After": "30"}
    busy = ai_spine_server.faults.add(
        "GET", "/flows", status=503, times=2, headers=wait
    )
    client = ai_spine_client if whose == "the fixture's" else AISpine()
    with client:
        assert client.list_flows() == []
    assert busy.met == 2
    assert len(slept) >= 2 and set(slept) == {0.01}


def test_sleeps_of_a_client_with_other_options_are_shortened_too(
    ai_spine_server, ai_spine_client, slept
):
    ai_spine_server.faults.add("GET", "/flows", status=503)
    assert ai_spine_client.with_options(timeout=5).list_flows() == []
    assert slept and max(slept) <= 0.01


def test_sleeps_between_polls_are_shortened(ai_spine_server, ai_spine_client, slept):
    faults = ai_spine_server.faults
    faults.add("GET", "/executions/*/stream", status=404, times=None)
    polls = faults.add("GET", "/executions/*", delay=1e-9, times=None)

    def wait_for_polls(input, config):
        wait_until(lambda: polls.met >= 5)
        return {}

    ai_spine_server.add_flow("patient", wait_for_polls)
    assert ai_spine_client.execute_and_wait("patient", {}, timeout=LIMIT).succeeded
    assert len(slept) >= 4 and max(slept) <= 0.01


def test_the_fixtures_do_not_change_the_retry_policy(
    ai_spine_server, ai_spine_client, slept
):
    wait = {"Retry-After": "61"}
    ai_spine_server.faults.add("GET", "/flows", status=429, headers=wait)
    with pytest.raises(RateLimitError) as caught:
        ai_spine_client.list_flows()
    assert caught.value.retry_after == 61 and not slept


class TestOverridden:
    """Tests of a server with flows and agents from overridden fixtures."""

    @pytest.fixture
    def ai_spine_flows(self):
        nodes = [{"id": "n", "agent_id": "echo"}]
        ends = {"entry_point": "n", "exit_points": ["n"]}
        return [{"flow_id": "given", "nodes": nodes, **ends}]

    @pytest.fixture
    def ai_spine_agents(self):
        return {"echo": echo}

    def test_the_server_starts_with_the_flows_and_agents_of_the_fixtures(
        self, ai_spine_client
    ):
        done = ai_spine_client.execute_and_wait("given", {"a": 1})
        assert done.output == {"n": {"a": 1}}

    def test_a_reset_restores_the_flows_and_agents_of_the_fixtures(
        self, ai_spine_server, ai_spine_client
    ):
        ai_spine_server.add_flow("inline", echo)
        ai_spine_server.add_agent(lambda input, config: {}, "echo")
        ai_spine_client.execute_and_wait("given", {"a": 1})
        ai_spine_server.reset()
        assert [flow.flow_id for flow in ai_spine_client.list_flows()] == ["given"]
        assert [agent.agent_id for agent in ai_spine_client.list_agents()] == ["echo"]
        assert ai_spine_server.executions() == []
        assert ai_spine_client.execute_and_wait("given", {"a": 2}).output == {
            "n": {"a": 2}
        }
