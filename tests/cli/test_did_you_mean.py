"""Tests of the guesses at what a misspelt word was meant to be."""

import pytest

from ai_spine.cli import known_ids
from tests.cli.conftest import LIMIT


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A folder for what is noted; a server may take its time, but where a test says otherwise."""
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
def test_a_misspelt_command_is_guessed(invoke, words, meant):
    outcome = invoke(*words)
    assert outcome.exit_code == 2
    assert f"; is '{meant}' meant? (see ai-spine" in outcome.error


def test_a_word_like_no_command_is_not_guessed(invoke):
    assert "meant" not in invoke("qqqqq").error


def test_a_misspelt_option_is_guessed(invoke):
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
def test_a_misspelt_id_is_guessed(run, words, meant, exit_code, options):
    outcome = run(*words, *options)
    assert outcome.exit_code == exit_code
    assert f"; is '{meant}' meant?" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_the_ids_of_the_server_of_one_command_are_guessed_as_well(invoke):
    outcome = invoke("--local", "flows", "get", "credit_analisys")
    assert "; is 'credit_analysis' meant?" in outcome.error


def test_an_id_like_no_other_is_not_guessed(run):
    outcome = run("flows", "get", "nowhere")
    assert outcome.exit_code == 4
    assert "meant" not in outcome.error


def test_a_server_that_does_not_list_its_flows_spoils_no_error(run, server):
    server.faults.add("GET", "/flows", status=500)
    outcome = run("flows", "get", "credit_analisys")
    assert outcome.exit_code == 4
    assert "not found" in outcome.error
    assert "meant" not in outcome.error


def test_what_was_noted_is_not_asked_for_again(run, server, cache):
    assert "meant" in run("flows", "get", "credit_analisys").error
    server.faults.add("GET", "/flows", status=500)
    assert "meant" in run("flows", "get", "credit_analisys").error
    assert len(list(cache.iterdir())) == 1


def test_an_id_with_escapes_is_shown_as_text(run, monkeypatch):
    odd = "credit\x1b[2J\u202e_x"
    monkeypatch.setattr(known_ids, "known_ids", lambda *_: [odd])
    outcome = run("flows", "get", "credit_x")
    assert "\x1b" not in outcome.stderr and "\u202e" not in outcome.stderr


def test_ids_that_take_too_long_to_ask_for_are_done_without(run, server, monkeypatch):
    monkeypatch.setattr(known_ids, "_TIMEOUT", 0.05)
    server.faults.add("GET", "/flows", delay=5)
    outcome = run("flows", "get", "credit_analisys")
    assert outcome.exit_code == 4
    assert "meant" not in outcome.error
