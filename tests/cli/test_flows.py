"""Tests of `flows list|get|create|update|delete|validate`."""

import json

import pytest

GREETING = {
    "flow_id": "greeting",
    "nodes": [{"id": "in", "type": "input"}],
    "entry_point": "in",
    "exit_points": ["in"],
}
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


def test_an_empty_list_has_only_headings_and_is_an_empty_json_list(run, server):
    server.faults.add("GET", "/flows", status=200, body={"flows": []}, times=2)
    assert run("flows").rows == [["FLOW_ID", "NAME", "VERSION", "DESCRIPTION"]]
    assert run("flows", "--output", "json").json == []


def test_a_missing_field_is_a_dash(run, server):
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
    assert outcome.rows[-5:] == [
        [""],
        ["nodes"],
        ["ID", "AGENT_ID", "TYPE", "DEPENDS_ON"],
        ["text", "-", "input", "-"],
        ["sentiment", "sentiment_scorer", "output", "text"],
    ]


def test_a_flow_that_does_not_exist_has_exit_code_4(run):
    outcome = run("flows", "get", "nowhere")
    assert outcome.exit_code == 4
    assert "Flow 'nowhere' not found" in outcome.error


@pytest.mark.parametrize("flow_id", ["a/b", "a b", "50%", "ñ", "a?b#c"])
def test_an_id_with_special_characters_reaches_the_server_unchanged(run, flow_id):
    outcome = run("flows", "get", flow_id)
    assert outcome.exit_code == 4
    assert f"Flow {flow_id!r} not found" in outcome.error


@pytest.fixture
def write(tmp_path):
    """Write a definition, or a text, to a file and return its path."""

    def call(definition, name="flow.json"):
        text = definition if isinstance(definition, str) else json.dumps(definition)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return call


@pytest.mark.parametrize("name", ["flow.json", "flow.yaml"])  # JSON is YAML as well
@pytest.mark.parametrize("output", ["table", "json"])
def test_a_flow_is_created_from_a_file(run, client, write, name, output):
    outcome = run("flows", "create", write(GREETING, name), "--output", output)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    flow = client.get_flow("greeting")
    if output == "json":
        assert outcome.json == flow.to_dict()
    else:
        assert outcome.fields["flow_id"] == "greeting"


@pytest.mark.parametrize("output", ["table", "json"])
def test_a_flow_is_updated_from_a_file(run, client, write, output):
    path = write({**GREETING, "flow_id": "echo", "name": "Echo, echo"})
    outcome = run("flows", "update", "echo", path, "--output", output)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert "Echo, echo" in outcome.stdout
    assert client.get_flow("echo").name == "Echo, echo"


@pytest.mark.parametrize(
    "words, definition, exit_code, complaint",
    [
        (("create",), {**GREETING, "flow_id": "echo"}, 1, "already exists"),
        (("create",), {**GREETING, "entry_point": "out"}, 1, "out"),
        (("update", "greeting"), GREETING, 4, "Flow 'greeting' not found"),
        (("update", "echo"), GREETING, 2, "of flow 'greeting', not of 'echo'"),
        (("create",), {"nodes": []}, 2, "flow_id"),
        (("create",), "[1]", 2, "mapping"),
        (("create",), "{", 2, "flow.json is not JSON"),
        (("update", "echo"), "{", 2, "flow.json is not JSON"),
    ],
)
def test_a_refused_definition_changes_nothing(
    run, client, write, words, definition, exit_code, complaint
):
    before = client.list_flows()
    outcome = run("flows", *words, write(definition))
    assert outcome.exit_code == exit_code
    assert complaint in outcome.error
    assert outcome.stderr.count("\n") == 1
    assert client.list_flows() == before


COMMANDS = [("create",), ("update", "echo"), ("validate",)]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("name", ["none.json", "none.yaml", "."])
def test_an_unreadable_file_is_a_usage_error(run, tmp_path, monkeypatch, words, name):
    monkeypatch.chdir(tmp_path)
    outcome = run("flows", *words, name)
    assert outcome.exit_code == 2
    assert f"{name} cannot be read: " in outcome.error


def test_deleting_a_flow_prints_nothing_to_stdout(run, client):
    outcome = run("flows", "delete", "echo")
    assert outcome == (0, "", "flow echo is removed\n")
    assert "echo" not in [flow.flow_id for flow in client.list_flows()]


def test_a_flow_that_does_not_exist_cannot_be_deleted(run):
    outcome = run("flows", "delete", "nowhere")
    assert outcome.exit_code == 4
    assert "there is no flow 'nowhere'" in outcome.error


def test_validate_reports_valid_flows_without_a_server(invoke, write):
    one = write(GREETING, "one.json")
    two = write({**GREETING, "flow_id": "other"}, "two.yaml")
    outcome = invoke("flows", "validate", one, two)
    assert outcome.exit_code == 0
    expected = f"{one}: flow greeting is valid\n{two}: flow other is valid\n"
    assert (outcome.stdout, outcome.stderr) == (expected, "")
    assert invoke("flows", "validate", one, "--output", "json").json == [
        {"file": str(one), "flow_id": "greeting"}
    ]


@pytest.mark.parametrize(
    "definition, complaint",
    [
        ({**GREETING, "entry_point": "nowhere"}, "nowhere"),
        ({**GREETING, "nodes": [{"id": "in", "depends_on": ["in"]}]}, "in"),
        ({"nodes": []}, "flow_id"),
        ("[1]", "mapping"),
        ("{", "not JSON"),
    ],
)
def test_an_invalid_flow_is_reported_with_its_file(
    invoke, write, definition, complaint
):
    path = write(definition)
    outcome = invoke("flows", "validate", path)
    assert outcome.exit_code == 2
    assert complaint in outcome.error
    assert str(path) in outcome.error
    assert outcome.stderr.count("\n") == 1
