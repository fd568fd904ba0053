"""Tests of `config`, and of profiles in other commands."""

import json
import os
import stat

import pytest

from ai_spine.config import settings as config
from ai_spine.local import LocalServer

KEY = "sk-very-secret"


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    """The path of the profile file, which does not exist yet."""
    made = tmp_path / "spine" / "config.ini"
    monkeypatch.setenv("AI_SPINE_CONFIG", str(made))
    monkeypatch.setattr(config, "_warned_of", set())
    return made


def settings(outcome):
    assert outcome.exit_code == 0
    return {row["setting"]: (row["value"], row["source"]) for row in outcome.json}


def test_path_prints_the_path_of_the_file(invoke, path):
    assert invoke("config", "path") == (0, f"{path}\n", "")


def test_a_setting_can_be_set_shown_and_unset(invoke, path):
    outcome = invoke("config", "set", "timeout", "5")
    expected = f"timeout is set in the profile default ({path})\n"
    assert outcome == (0, "", expected)
    assert path.read_text() == "[default]\ntimeout = 5\n"
    assert invoke("config", "get", "timeout").stdout == "5.0\n"
    outcome = invoke("config", "unset", "timeout")
    assert outcome == (0, "", f"timeout is removed from [default] ({path})\n")
    assert invoke("config", "get", "timeout").stdout == "30.0\n"
    again = invoke("config", "unset", "timeout")
    assert again.exit_code == 4
    assert "has no timeout in [default]" in again.error


@pytest.mark.parametrize(
    "options, environment",
    [(("--profile", "work"), {}), ((), {"AI_SPINE_PROFILE": "work"})],
)
def test_each_profile_has_settings_of_its_own(
    invoke, path, monkeypatch, options, environment
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert invoke("config", "set", "max_retries", "9", *options).exit_code == 0
    assert path.read_text() == "[work]\nmax_retries = 9\n"
    assert invoke("config", "get", "max_retries", *options).stdout == "9\n"
    monkeypatch.delenv("AI_SPINE_PROFILE", raising=False)
    assert invoke("config", "get", "max_retries").stdout == "3\n"


def test_the_file_names_the_default_profile(invoke):
    invoke("config", "set", "timeout", "5", "--profile", "work")
    assert invoke("config", "set", "profile", "work").exit_code == 0
    assert invoke("config", "get", "timeout").stdout == "5.0\n"
    assert invoke("config", "get", "timeout", "--profile", "default").stdout == "30.0\n"
    assert invoke("config", "get", "profile").stdout == "work\n"
    assert invoke("config", "unset", "profile").exit_code == 0
    assert invoke("config", "get", "profile").stdout == "default\n"


def test_an_unknown_profile_cannot_be_made_the_default(invoke):
    invoke("config", "set", "timeout", "5", "--profile", "work")
    outcome = invoke("config", "set", "profile", "wrok")
    assert outcome.exit_code == 2
    assert "there is no profile 'wrok'; is 'work' meant?" in outcome.error


def test_unset_all_removes_a_profile(invoke, path):
    invoke("config", "set", "timeout", "5")
    invoke("config", "set", "timeout", "6", "--profile", "work")
    outcome = invoke("config", "unset", "--all", "--profile", "work")
    assert outcome == (0, "", f"the profile is removed from [work] ({path})\n")
    assert "work" not in path.read_text() and "timeout = 5" in path.read_text()
    assert invoke("config", "unset", "--all", "--profile", "work").exit_code == 4
    for words in ((), ("timeout", "--all")):
        assert "either a KEY or --all" in invoke("config", "unset", *words).error


def test_a_removed_profile_is_no_longer_the_default(invoke):
    for name in ("work", "home"):
        invoke("config", "set", "timeout", "5", "--profile", name)
    invoke("config", "set", "profile", "work")
    assert invoke("config", "unset", "--all", "--profile", "home").exit_code == 0
    assert invoke("config", "get", "profile").stdout == "work\n"
    assert invoke("config", "unset", "--all", "--profile", "work").exit_code == 0
    assert invoke("config", "get", "profile").stdout == "default\n"


def test_list_shows_the_source_of_each_setting(invoke, path, monkeypatch):
    invoke("config", "set", "base_url", "https://work.test", "--profile", "work")
    invoke("config", "set", "api_key", KEY, "--profile", "work")
    invoke("config", "set", "workspace", "ws-1", "--profile", "work")
    monkeypatch.setenv("AI_SPINE_TIMEOUT", "8")
    words = ("config", "list", "--profile", "work", "--output", "json")
    outcome = invoke(*words)
    assert KEY not in outcome.stdout
    assert settings(outcome) == {
        "profile": ("work", "--profile"),
        "api_key": ("***", "profile work, line 3"),
        "base_url": ("https://work.test", "profile work, line 2"),
        "api_prefix": (None, "-"),
        "timeout": (8.0, "AI_SPINE_TIMEOUT"),
        "max_retries": (3, "default"),
        "tenant": (None, "-"),
        "workspace": ("ws-1", "profile work, line 4"),
        "output": ("json", "--output"),
    }
    other_server = settings(invoke(*words, "--base-url", "http://127.0.0.1:9"))
    assert other_server["base_url"] == ("http://127.0.0.1:9", "--base-url")
    expected = "profile work, line 3; not sent to http://127.0.0.1:9"
    assert other_server["api_key"] == ("***", expected)
    expected = "profile work, line 4; not sent to http://127.0.0.1:9"
    assert other_server["workspace"] == ("ws-1", expected)
    with_options = settings(invoke(*words, "--api-key", KEY, "--timeout", "9"))
    assert with_options["api_key"] == ("***", "--api-key")
    assert with_options["timeout"] == (9.0, "--timeout")


def test_list_is_a_table_and_the_default_subcommand(invoke):
    outcome = invoke("config")
    assert outcome.rows[0] == ["SETTING", "VALUE", "SOURCE"]
    assert outcome.rows[1] == ["profile", "default", "default"]


def test_the_output_of_the_profile_applies_without_an_option(invoke, server):
    invoke("config", "set", "output", "json")
    words = ("flows", "--base-url", server.url)
    assert invoke(*words).json
    assert invoke(*words, "--output", "table").stdout.startswith("FLOW_ID")
    assert invoke("flows", "--local").json


# Keys.


def test_a_key_is_read_from_stdin(invoke, path):
    outcome = invoke("config", "set", "api_key", "-", input=f"{KEY}\n")
    assert outcome.exit_code == 0
    assert path.read_text() == f"[default]\napi_key = {KEY}\n"
    assert KEY not in outcome.stdout + outcome.stderr
    assert invoke("config", "get", "api_key").stdout == "***\n"
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_without_a_terminal_there_is_no_prompt_for_a_key(invoke, path):
    outcome = invoke("config", "set", "api_key", input=f"{KEY}\n")
    assert outcome.exit_code == 2
    assert "with - it is read from stdin" in outcome.error
    assert not path.exists()


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_on_a_terminal_a_prompt_reads_the_key_without_echo(path):
    pexpect = pytest.importorskip("pexpect")

    from tests.cli.conftest import COMMAND, LIMIT

    words = [*COMMAND[1:], "config", "set", "api_key"]
    env = dict(os.environ)
    child = pexpect.spawn(COMMAND[0], words, timeout=LIMIT, encoding="utf-8", env=env)
    try:
        child.expect("api_key: ")
        child.waitnoecho()
        child.sendline(KEY)
        child.expect("api_key is set in the profile default")
        child.expect(pexpect.EOF)
        assert KEY not in child.before
    finally:
        child.close(force=True)
    assert path.read_text() == f"[default]\napi_key = {KEY}\n"


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_ctrl_c_at_the_prompt_for_a_key_changes_nothing(path):
    pexpect = pytest.importorskip("pexpect")

    from tests.cli.conftest import COMMAND, LIMIT

    words = [*COMMAND[1:], "config", "set", "api_key"]
    env = dict(os.environ)
    child = pexpect.spawn(COMMAND[0], words, timeout=LIMIT, encoding="utf-8", env=env)
    child.expect("api_key: ")
    child.waitnoecho()
    child.sendintr()
    child.expect("Error: interrupted")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert not path.exists()


def test_the_key_of_a_profile_is_sent_to_its_server(invoke):
    with LocalServer(api_key=KEY) as server:
        invoke("config", "set", "base_url", server.url, "--profile", "work")
        invoke("config", "set", "api_key", KEY, "--profile", "work")
        assert invoke("flows", "--profile", "work").exit_code == 0
        assert invoke("--profile", "work", "flows", "list").exit_code == 0
        refused = invoke("flows", "--profile", "work", "--api-key", "sk-wrong")
        assert refused.exit_code == 3
    assert KEY not in refused.stderr


@pytest.mark.filterwarnings("always::ai_spine.ProfileWarning")
def test_the_key_of_a_profile_is_not_sent_to_another_server(invoke, path):
    path.parent.mkdir()
    content = f"[default]\nbase_url = https://work.test\napi_key = {KEY}\n"
    path.write_text(content)
    path.chmod(0o600)
    with LocalServer(api_key=KEY) as server:
        outcome = invoke("flows", "--base-url", server.url)
    assert outcome.exit_code == 3  # no key was sent
    warning, error = outcome.stderr.splitlines()
    assert warning.startswith("Warning: the key of the profile default is not sent to")
    assert error.startswith("Error: ")


def test_the_local_server_ignores_profiles(invoke, path):
    path.parent.mkdir()
    path.write_text(
        f"[default]\napi_key = {KEY}\napi_prefix = /x\ntimeout = 0.000001\n"
    )
    path.chmod(0o600)
    outcome = invoke("flows", "--local", "--debug")
    assert outcome.exit_code == 0
    assert "GET /flows -> 200" in outcome.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")
@pytest.mark.filterwarnings("always::ai_spine.ProfileWarning")
@pytest.mark.parametrize("words", [("config", "list"), ("flows",)])
def test_a_file_that_others_can_read_causes_a_warning_of_one_line(
    invoke, path, server, words
):
    path.parent.mkdir()
    path.write_text(f"[default]\napi_key = {KEY}\n")
    path.chmod(0o644)
    outcome = invoke(*words, "--base-url", server.url)
    assert outcome.exit_code == 0
    assert outcome.stderr == (
        f"Warning: {path} contains a key, and other users can read it: chmod 600 {path}\n"
    )


# Invalid settings.


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("tiemout", "5"), "no setting 'tiemout'; is 'timeout' meant?"),
        (("zzz", "5"), "no setting 'zzz': there are api_key, base_url"),
        (("timeout",), "timeout needs a VALUE"),
        (("timeout", ""), "timeout is blank"),
        (("timeout", "soon"), "timeout must be a number of seconds"),
        (("timeout", "nan"), "timeout must be"),
        (("max_retries", "1.5"), "max_retries must be"),
        (("base_url", "work.test"), "base_url must be an http"),
        (("base_url", f"https://u:{KEY}@h"), "base_url must not have a user name"),
        (("api_key", f"{KEY}\nx"), "api_key must be printable"),
        (("api_prefix", "/a?b"), "api_prefix must be a path"),
        (("output", "jsno"), "output must be one of table, json"),
        (("output", "jsno"), "is 'json' meant?"),
        (("profile", "a b"), "profile must be the name of a profile"),
        (("timeout", "5", "--profile", "a b"), "profile must be the name"),
        (("timeout", "5", "--profile", "ai-spine"), "profile must be the name"),
    ],
)
def test_an_invalid_setting_is_reported_and_not_written(invoke, path, words, complaint):
    outcome = invoke("config", "set", *words)
    assert outcome.exit_code == 2
    assert complaint in outcome.error
    assert outcome.stderr.count("\n") == 1
    assert KEY not in outcome.stderr
    assert not path.exists()


def test_a_broken_file_is_reported_in_one_line_by_every_command(invoke, path):
    path.parent.mkdir()
    path.write_text(f"[default]\n{KEY}\n")
    for words in (("flows",), ("config", "list"), ("config", "set", "timeout", "1")):
        outcome = invoke(*words)
        assert outcome.exit_code == 2
        assert f"{path} line 2 is neither a [section]" in outcome.error
        assert KEY not in outcome.stderr
    assert invoke("config", "path").exit_code == 0


def test_an_invalid_output_is_reported_before_anything_is_sent(invoke, path, server):
    path.parent.mkdir()
    path.write_text("[default]\noutput = jsno\n")
    outcome = invoke("execute", "echo", "--base-url", server.url)
    assert outcome.exit_code == 2
    expected = f"output of the profile default ({path} line 2) must be one of table"
    assert expected in outcome.error
    with server.client() as client:
        assert client.list_executions() == []
    assert (
        invoke("config", "set", "output", "table").exit_code == 0
    )  # the command can fix it


def test_an_unknown_profile_is_reported_with_a_suggestion(invoke):
    invoke("config", "set", "timeout", "5", "--profile", "work")
    outcome = invoke("flows", "--profile", "wokr")
    assert outcome.exit_code == 2
    assert "has no profile 'wokr': it has work; is 'work' meant?" in outcome.error


def test_a_variable_that_overrides_the_setting_is_reported(invoke, monkeypatch):
    monkeypatch.setenv("AI_SPINE_TIMEOUT", "5")
    outcome = invoke("config", "set", "timeout", "6")
    assert outcome.stderr.endswith("note: AI_SPINE_TIMEOUT is set, and overrides it\n")


def test_errors_are_json_if_the_profile_sets_json(invoke):
    invoke("config", "set", "output", "json")
    outcome = invoke("flows", "--base-url", "ftp://x")
    assert json.loads(outcome.stderr)["error"]["exit_code"] == 2


def test_without_a_home_folder_the_path_must_be_set(invoke, monkeypatch):
    monkeypatch.delenv("AI_SPINE_CONFIG")
    monkeypatch.setattr("ai_spine.config.profiles.settings_folder", lambda: None)
    outcome = invoke("config", "path")
    assert outcome.exit_code == 2
    assert "set its path in AI_SPINE_CONFIG" in outcome.error
    assert invoke("config", "list").exit_code == 0
