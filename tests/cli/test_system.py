"""Tests of `health`, `metrics`, `status` and `whoami`."""

import pytest

from ai_spine import __version__


def test_a_healthy_server_is_shown_line_by_line(run):
    outcome = run("health")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.fields["status"] == "healthy"
    assert outcome.fields["version"] == __version__


def test_health_needs_no_key(run):
    outcome = run("health", "--output", "json")
    assert outcome.json["status"] == "healthy"


@pytest.mark.parametrize("output", ["table", "json"])
def test_an_unhealthy_server_is_shown_and_has_exit_code_1(run, server, output):
    body = {"status": "degraded", "message": "the database is slow"}
    server.faults.add("GET", "/health", status=200, body=body)
    outcome = run("health", "--output", output)
    assert outcome.exit_code == 1
    assert "the database is slow" in outcome.stdout
    expected = "the server reports the status degraded"
    if output == "json":
        assert outcome.json_error == {
            "type": "Error",
            "message": expected,
            "exit_code": 1,
        }
    else:
        assert outcome.stderr == f"Error: {expected}\n"


def test_metrics_count_executions(run, client):
    client.execute_and_wait("echo", {})
    client.execute_and_wait("broken", {}, raise_on_failure=False)
    shown = run("metrics", "--output", "json").json
    assert shown["total_executions"] == 2
    assert shown["successful_executions"] == 1
    assert shown["failed_executions"] == 1


def test_metrics_are_shown_line_by_line_without_unknown_fields(run):
    outcome = run("metrics")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.fields["total_executions"] == "0"
    assert "last_execution" not in outcome.fields


def test_metrics_of_an_older_server_have_the_same_names(run, server):
    body = {"executions_total": 9, "uptime": 3.5}
    server.faults.add("GET", "/metrics", status=200, body=body)
    assert run("metrics").fields == {"total_executions": "9", "uptime": "3.5"}


def test_status_shows_each_component(run, client):
    shown = run("status", "--output", "json").json
    assert shown == client.get_status().to_dict()
    assert shown["status"] == "operational"


def test_status_is_shown_line_by_line(run):
    outcome = run("status")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.fields["flows"] == '{"total": 6}'


@pytest.mark.parametrize("output", ["table", "json"])
def test_whoami_shows_the_owner_of_the_key_and_the_credits_left(run, server, output):
    body = {"id": "u1", "email": "ana@example.com", "credits": 12.5}
    server.faults.add("GET", "*/users/me", status=200, body=body)
    outcome = run("whoami", "--output", output)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    if output == "json":
        assert (outcome.json["email"], outcome.json["credits"]) == (body["email"], 12.5)
    else:
        assert outcome.fields == {**body, "credits": "12.5"}
