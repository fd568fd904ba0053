"""Tests of `flows list|get`."""

import pytest

FLOW_IDS = ["broken", "credit_analysis", "echo", "pair", "sentiment-analysis", "stuck"]


@pytest.mark.parametrize("words", [("flows",), ("flows", "list")], ids=" ".join)
def test_flows_are_listed_as_a_table(run, words):
    outcome = run(*words)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.rows[0] == ["FLOW_ID", "NAME", "VERSION", "DESCRIPTION"]
    assert sorted(row[0] for row in outcome.rows[1:]) == FLOW_IDS
    (credit,) = [row for row in outcome.rows if row[0] == "credit_analysis"]
    assert credit[1:3] == ["Credit analysis", "1.0.0"]


@pytest.mark.parametrize("words", [("flows",), ("flows", "list")], ids=" ".join)
def test_flows_are_listed_as_json(run, client, words):
    listed = run(*words, "--output", "json").json
    assert listed == [flow.to_dict() for flow in client.list_flows()]
    assert sorted(flow["flow_id"] for flow in listed) == FLOW_IDS


def test_no_flows_are_a_table_of_headings_alone_and_an_empty_list(run, server):
    server.faults.add("GET", "/flows", status=200, body={"flows": []}, times=2)
    assert run("flows").rows == [["FLOW_ID", "NAME", "VERSION", "DESCRIPTION"]]
    assert run("flows", "--output", "json").json == []


def test_what_a_flow_does_not_tell_is_a_dash(run, server):
    flows = [{"flow_id": "f", "version": 3}]
    server.faults.add("GET", "/flows", status=200, body=flows)
    assert run("flows").rows[1] == ["f", "-", "3", "-"]


def test_a_flow_is_shown_with_its_nodes(run, client):
    outcome = run("flows", "get", "credit_analysis", "--output", "json")
    assert outcome.json == client.get_flow("credit_analysis").to_dict()
    nodes = [node["id"] for node in outcome.json["nodes"]]
    assert nodes == ["applicant", "is_complete", "risk", "decision"]


def test_a_flow_is_shown_line_by_line(run):
    outcome = run("flows", "get", "sentiment-analysis")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.fields["name"] == "Sentiment analysis"
    assert outcome.fields["exit_points"] == "sentiment"
    assert '"agent_id": "sentiment_scorer"' in outcome.fields["nodes"]


def test_a_flow_that_is_not_there_is_exit_code_4(run):
    outcome = run("flows", "get", "nowhere")
    assert outcome.exit_code == 4
    assert "Flow 'nowhere' not found" in outcome.error


@pytest.mark.parametrize("flow_id", ["a/b", "a b", "50%", "ñ", "a?b#c"])
def test_an_id_with_odd_characters_reaches_the_server_as_it_is(run, flow_id):
    outcome = run("flows", "get", flow_id)
    assert outcome.exit_code == 4
    assert f"Flow {flow_id!r} not found" in outcome.error
