"""Tests of `agents list|get|create|delete`."""

import json

import pytest

URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("words", [("agents",), ("agents", "list")], ids=" ".join)
def test_agents_are_listed_as_a_table(run, words):
    outcome = run(*words)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    columns = ["AGENT_ID", "NAME", "AGENT_TYPE", "IS_ACTIVE", "CAPABILITIES"]
    assert outcome.rows[0] == columns
    row = ["credit_risk", "credit_risk", "processor", "true", "risk_assessment"]
    assert row in outcome.rows


@pytest.mark.parametrize("words", [("agents",), ("agents", "list")], ids=" ".join)
def test_agents_are_listed_as_json(run, client, words):
    listed = run(*words, "--output", "json").json
    assert listed == [agent.to_dict() for agent in client.list_agents()]
    assert listed


def test_an_agent_is_shown_line_by_line(run):
    outcome = run("agents", "get", "credit_risk")
    assert outcome.exit_code == 0
    assert outcome.fields["agent_type"] == "processor"
    assert outcome.fields["is_active"] == "true"


def test_an_agent_is_shown_as_json(run, client):
    shown = run("agents", "get", "credit_risk", "--output", "json").json
    assert shown == client.get_agent("credit_risk").to_dict()


def test_all_options_of_a_new_agent_reach_the_server(run, client):
    outcome = run(
        *("agents", "create", "eddie", "--endpoint", URL, "--name", "Eddie"),
        *("--description", "Assesses risks.", "--type", "conditional"),
        *("--capability", "risk", "--capability", "credit", "--output", "json"),
    )
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    agent = client.get_agent("eddie")
    assert outcome.json == agent.to_dict()
    assert (agent.name, agent.description) == ("Eddie", "Assesses risks.")
    assert (agent.endpoint, agent.agent_type) == (URL, "conditional")
    assert agent.capabilities == ["risk", "credit"]


def test_a_new_agent_is_shown_line_by_line(run):
    outcome = run("agents", "create", "eddie", "--endpoint", URL)
    assert outcome.exit_code == 0
    assert outcome.fields["agent_id"] == "eddie"
    assert outcome.fields["endpoint"] == URL


@pytest.mark.parametrize("source", ["text", "file", "stdin"])
def test_a_new_agent_may_be_described_in_json(run, client, tmp_path, source):
    content = json.dumps({"endpoint": URL, "name": "Eddie"})
    path = tmp_path / "agent.json"
    path.write_text(content, encoding="utf-8")
    given = {"text": content, "file": f"@{path}", "stdin": "-"}[source]
    stdin = content if source == "stdin" else None
    outcome = run("agents", "create", "eddie", "--config", given, input=stdin)
    assert outcome.exit_code == 0
    assert client.get_agent("eddie").name == "Eddie"


def test_options_and_the_argument_override_the_config(run, client):
    config = json.dumps({"agent_id": "other", "endpoint": "http://x", "name": "Kept"})
    run("agents", "create", "eddie", "--config", config, "--endpoint", URL)
    agent = client.get_agent("eddie")
    assert (agent.endpoint, agent.name) == (URL, "Kept")
    assert "other" not in [listed.agent_id for listed in client.list_agents()]


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("eddie",), "endpoint: Field required"),
        (("eddie", "--endpoint", "ftp://x"), "must be an http or https URL"),
        (("credit_risk", "--endpoint", URL), "Agent 'credit_risk' already exists"),
    ],
    ids=["no endpoint", "invalid endpoint", "existing agent"],
)
def test_the_server_refuses_an_agent(run, words, complaint):
    outcome = run("agents", "create", *words)
    assert outcome.exit_code == 1
    assert complaint in outcome.error


def test_an_agent_without_an_id_is_a_usage_error(run):
    outcome = run("agents", "create", " ", "--endpoint", URL)
    assert outcome.exit_code == 2
    assert "agent_id must not be empty" in outcome.error


def test_deleting_an_agent_prints_nothing_to_stdout(run, client):
    outcome = run("agents", "delete", "credit_risk")
    assert outcome == (0, "", "agent credit_risk is removed\n")
    assert "credit_risk" not in [agent.agent_id for agent in client.list_agents()]


@pytest.mark.parametrize("command", ["get", "delete"])
def test_an_agent_that_does_not_exist_has_exit_code_4(run, command):
    outcome = run("agents", command, "nobody")
    assert outcome.exit_code == 4
    assert "gent 'nobody'" in outcome.error
