"""Tests of the suggestions for misspelt words."""

import pytest

from ai_spine.cli import known_ids
from tests.cli.conftest import LIMIT


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A folder for the cache; a slow server is waited for, unless a test changes the timeout."""
    monkeypatch.setenv("AI_SPINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(known_ids, "_TIMEOUT", LIMIT)
    return tmp_path / "cache"


@pytest.mark.parametrize(
    "words, meant",
    [
        (("flosw",), "flows"),
        (("excute", "echo"), "execute"),
        (("flows", "lst"), "list"),
        (("config", "sett"), "set"),
        (("local", "strat"), "start"),
    ],
)
def test_a_misspelt_command_gets_a_suggestion(invoke, words, meant):
    outcome = invoke(*words)
    assert outcome.exit_code == 2
    assert f"; is '{meant}' meant? (see ai-spine" in outcome.error


def test_a_word_unlike_any_command_gets_no_suggestion(invoke):
    assert "meant" not in invoke("qqqqq").error


def test_a_misspelt_option_gets_a_suggestion(invoke):
    assert "--output" in invoke("flows", "--outptu", "json").error


@pytest.mark.parametrize(
    "words, meant, exit_code",
    [
        (("flows", "get", "credit_analisys"), "credit_analysis", 4),
        (("flows", "delete", "credit_analisys"), "credit_analysis", 4),
        (("execute", "credit_analisys"), "credit_analysis", 5),
        (("execute", "Echo"), "echo", 5),
        (("agents", "get", "credit_rsik"), "credit_risk", 4),
        (("agents", "delete", "credit_rsik"), "credit_risk", 4),
    ],
)
@pytest.mark.parametrize("options", [(), ("--output", "json")], ids=["text", "json"])
def test_a_misspelt_id_gets_a_suggestion(run, words, meant, exit_code, options):
    outcome = run(*words, *options)
    assert outcome.exit_code == exit_code
    assert f"; is '{meant}' meant?" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_ids_of_a_local_server_are_suggested_too(invoke):
    outcome = invoke("--local", "flows", "get", "credit_analisys")
    assert "; is 'credit_analysis' meant?" in outcome.error


def test_an_id_unlike_any_other_gets_no_suggestion(run):
    outcome = run("flows", "get", "nowhere")
    assert outcome.exit_code == 4
    assert "meant" not in outcome.error


def test_a_server_that_cannot_list_its_flows_does_not_change_the_error(run, server):
    server.faults.add("GET", "/flows", status=500)
    outcome = run("flows", "get", "credit_analisys")
    assert outcome.exit_code == 4
    assert "not found" in outcome.error
    assert "meant" not in outcome.error


def test_cached_ids_are_not_requested_again(run, server, cache):
    assert "meant" in run("flows", "get", "credit_analisys").error
    server.faults.add("GET", "/flows", status=500)
    assert "meant" in run("flows", "get", "credit_analisys").error
    assert len(list(cache.iterdir())) == 1


def test_an_id_with_escapes_is_printed_without_them(run, monkeypatch):
    odd = "credit\x1b[2J\u202e_x"
    monkeypatch.setattr(known_ids, "known_ids", lambda *_: [odd])
    outcome = run("flows", "get", "credit_x")
    assert "\x1b" not in outcome.stderr and "\u202e" not in outcome.stderr


def test_a_slow_list_of_ids_is_not_waited_for(run, server, monkeypatch):
    monkeypatch.setattr(known_ids, "_TIMEOUT", 0.05)
    server.faults.add("GET", "/flows", delay=5)
    outcome = run("flows", "get", "credit_analisys")
    assert outcome.exit_code == 4
    assert "meant" not in outcome.error
