"""Tests of `tools` and `marketplace`."""

import json

import pytest

from ai_spine import AISpine
from tests.tool_service import ToolService

URL = "http://127.0.0.1:1"
SCHEMA = {"properties": [{"property_name": "text", "type": "string"}]}


@pytest.fixture
def service():
    made = ToolService(lambda body: (200, {"said": body}))
    yield made
    made.close()


@pytest.fixture
def tool(client, service):
    """A tool that repeats what it is sent."""
    fields = {"name": "Say", "endpoint": service.url, "tool_type": ["TRANSLATION"]}
    return client.create_tool({"tool_id": "say", **fields})


@pytest.mark.parametrize("words", [("tools",), ("tools", "list")], ids=" ".join)
def test_tools_are_listed_as_a_table(run, tool, words):
    outcome = run(*words)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    columns = ["TOOL_ID", "NAME", "TOOL_TYPE", "IS_ACTIVE"]
    row = ["say", "Say", "TRANSLATION", "true"]
    assert outcome.rows == [columns, row]


def test_lists_are_limited(run, tool, client):
    client.set_tool_status("say", False)
    assert run("tools", "list", "--active", "--output", "json").json == []
    assert len(run("tools", "list", "--mine", "--output", "json").json) == 1
    agents = run("agents", "list", "--active", "--mine", "--output", "json").json
    assert len(agents) == len(client.list_agents())
    flows = run("flows", "list", "--mine", "--output", "json").json
    assert len(flows) == len(client.list_flows())


def test_all_options_of_a_new_tool_reach_the_server(run, client):
    outcome = run(
        *("tools", "create", "read", "--name", "Read", "--endpoint", URL),
        *("--description", "Reads.", "--type", "OCR", "--type", "DATA_ANALYSIS"),
        *("--config", json.dumps({"input_schema": SCHEMA}), "--output", "json"),
    )
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    made = client.get_tool("read")
    assert outcome.json == made.to_dict()
    assert (made.name, made.endpoint, made.description) == ("Read", URL, "Reads.")
    assert made.tool_type == ["OCR", "DATA_ANALYSIS"]
    assert made.input_schema == SCHEMA


def test_a_tool_is_changed_and_shown(run, tool):
    assert run("tools", "update", "say", "--name", "Shout").exit_code == 0
    assert run("tools", "get", "say").fields["name"] == "Shout"


def test_an_update_needs_something_to_change(run, tool):
    outcome = run("tools", "update", "say")
    assert outcome.exit_code == 2
    assert (
        outcome.error
        == "Error: nothing to change is given (see ai-spine tools update --help)"
    )


def test_a_tool_is_switched_off(run, tool):
    outcome = run("tools", "status", "say", "inactive")
    assert outcome.fields["is_active"] == "false"
    outcome = run("tools", "execute", "say")
    assert (outcome.exit_code, "is not active" in outcome.error) == (1, True)


def test_a_tool_is_removed_once(run, tool):
    outcome = run("tools", "delete", "say")
    assert (outcome.exit_code, outcome.stderr) == (0, "tool say is removed\n")
    outcome = run("tools", "delete", "say")
    assert (outcome.exit_code, outcome.error) == (4, "Error: there is no tool 'say'")


def test_schemas_are_set_and_shown(run, tool):
    outcome = run("tools", "set-schemas", "say", "--input-schema", json.dumps(SCHEMA))
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    shown = run("tools", "schemas", "say", "--output", "json").json
    assert shown["input_schema"] == SCHEMA and shown["output_schema"] is None
    schema = json.dumps(SCHEMA)
    run(
        "tools",
        "set-schemas",
        "say",
        "--output-schema",
        schema,
        "--config-schema",
        schema,
    )
    shown = run("tools", "schemas", "say", "--output", "json").json
    assert shown["output_schema"] == shown["config_schema"] == SCHEMA
    outcome = run("tools", "set-schemas", "say")
    assert outcome.exit_code == 2
    assert "no schema is given: use --input-schema" in outcome.error
    outcome = run("tools", "set-schemas", "say", "--config-schema", "[1]")
    assert "--config-schema: its text is not a JSON object" in outcome.error


def test_tools_are_searched(run, client, tool):
    for number in range(3):
        client.create_tool({"tool_id": f"t{number}", "name": "T", "endpoint": URL})
    outcome = run("tools", "search", "SAY", "--type", "TRANSLATION")
    assert [row[0] for row in outcome.rows] == ["TOOL_ID", "say"]
    outcome = run("tools", "search", "--limit", "2", "--offset", "1")
    assert [row[0] for row in outcome.rows] == ["TOOL_ID", "t0", "t1"]
    assert outcome.stderr == "there are more: use --offset 3\n"
    assert run("tools", "search", "--created-by", "x", "--output", "json").json == []
    client.set_tool_status("say", False)
    assert run("tools", "search", "say", "--output", "json").json == []
    assert (
        len(run("tools", "search", "say", "--inactive", "--output", "json").json) == 1
    )


def test_a_tool_is_executed_and_its_execution_shown(run, tool):
    outcome = run(
        *("tools", "execute", "say", "-i", "n=1", "--input", '{"text": "a"}'),
        *("--config", '{"speed": 2}', "--output", "json"),
    )
    sent = {"input_data": {"text": "a", "n": 1}, "config_data": {"speed": 2}}
    assert (outcome.exit_code, outcome.json) == (0, {"said": sent})
    word, noun, execution_id = outcome.stderr.split()
    assert (word, noun) == ("tool", "execution")
    shown = run("tools", "execution", execution_id, "--output", "json").json
    assert (shown["tool_id"], shown["status"]) == ("say", "completed")


def test_a_tool_that_fails_is_reported_like_an_execution(run, client):
    client.create_tool({"tool_id": "off", "name": "Off", "endpoint": URL})
    outcome = run("tools", "execute", "off")
    assert outcome.exit_code == 5
    assert outcome.error.startswith(f"Error: tool 'off' failed: {URL}: ")
    error = run("tools", "execute", "off", "--output", "json").json_error
    assert client.get_tool_execution(error["execution_id"]).tool_id == "off"


def test_a_misspelt_tool_is_suggested(run, tool):
    outcome = run("tools", "get", "sayy")
    assert outcome.exit_code == 4
    assert outcome.error.endswith("; is 'say' meant?")


def test_health_can_be_detailed(run):
    assert run("health", "--detailed").fields["database"] == "connected"
    assert "database" not in run("health").fields


def test_all_filters_of_the_marketplace_reach_the_client(run, monkeypatch):
    asked = []
    monkeypatch.setattr(
        AISpine,
        "list_marketplace_agents",
        lambda self, **filters: asked.append(filters) or {},
    )
    outcome = run(
        *("marketplace", "list", "--search", "credit", "--category", "finance"),
        *("--min-rating", "4", "--max-price", "9.5", "--sort-by", "rating"),
        *("--limit", "2", "--offset", "1"),
    )
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert asked == [
        {
            "search": "credit",
            "category": "finance",
            "min_rating": 4,
            "max_price": 9.5,
            "sort_by": "rating",
            "limit": 2,
            "offset": 1,
        }
    ]


def test_the_marketplace_is_printed_as_it_came(run):
    outcome = run("marketplace", "list", "--search", "x", "--output", "json")
    assert outcome.json == {"agents": [], "count": 0}
    assert run("marketplace", "--output", "json").json["agents"] == []
    assert run("marketplace", "categories", "--output", "json").json == {
        "categories": []
    }
    assert run("marketplace", "stats", "--output", "json").json == {"total_agents": 0}
    outcome = run("marketplace", "get", "zz")
    assert (outcome.exit_code, "not found" in outcome.error) == (4, True)
