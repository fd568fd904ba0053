"""Tests of profiles: what they set, which server gets their key, and how errors are reported."""

import os
import pickle
import warnings

import pytest

from ai_spine import AISpine, ConfigurationError, ProfileWarning
from ai_spine.config import folders, profiles
from ai_spine.config import settings as config
from ai_spine.constants import DEFAULT_BASE_URL
from ai_spine.local import LocalServer
from tests.config.test_settings import header_of

KEY = "sk-of-the-profile"
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write the profile file, readable only by its owner."""
    path = tmp_path / "config.ini"
    monkeypatch.setenv("AI_SPINE_CONFIG", str(path))
    monkeypatch.setattr(config, "_warned_of", set())

    def put(content, mode=0o600):
        path.write_text(content, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    return put


def key_of(client):
    sent = header_of(client, "Authorization")
    return sent and sent[len("Bearer ") :]


def test_a_profile_applies_where_arguments_and_environment_set_nothing(write):
    write(
        f"[work]\napi_key = {KEY}\nbase_url = https://work.test\ntimeout = 7\n"
        "max_retries = 1\napi_prefix = /api/v1\noutput = json\n"
    )
    client = AISpine(profile="work")
    assert (client.base_url, client.timeout) == ("https://work.test", 7)
    assert (client.max_retries, key_of(client)) == (1, KEY)
    assert client._api.settings.api_prefix == "/api/v1"
    copied = pickle.loads(pickle.dumps(client))
    assert (copied.base_url, key_of(copied)) == ("https://work.test", KEY)


def test_the_tenant_of_a_profile_is_for_its_own_server(write):
    write("[work]\nbase_url = https://work.test\ntenant = acme\nworkspace = ws-1\n")
    settings = AISpine(profile="work")._api.settings
    assert (settings.tenant, settings.workspace) == ("acme", "ws-1")
    with pytest.warns(ProfileWarning) as caught:
        other = AISpine(profile="work", base_url="https://other.test")._api.settings
    assert [str(each.message) for each in caught] == [
        f"the {what} of the profile work is not sent to https://other.test:443, "
        "since its base_url is another server"
        for what in ("tenant", "workspace")
    ]
    assert (other.tenant, other.workspace) == (None, None)
    assert AISpine(profile="work", tenant="")._api.settings.tenant is None


def test_the_environment_overrides_the_profile_and_an_argument_overrides_both(
    write, monkeypatch
):
    write("[default]\ntimeout = 7\nmax_retries = 1\n")
    assert (AISpine().timeout, AISpine().max_retries) == (7, 1)
    monkeypatch.setenv("AI_SPINE_TIMEOUT", "8")
    assert (AISpine().timeout, AISpine().max_retries) == (8, 1)
    assert AISpine(timeout=30, max_retries=3).timeout == 30
    assert AISpine(timeout=30, max_retries=3).max_retries == 3


def test_the_argument_then_the_environment_then_the_file_choose_the_profile(
    write, monkeypatch
):
    names = "".join(f"[{n}]\ntimeout = {t}\n" for n, t in zip("abc", (1, 2, 3)))
    write(f"{names}[default]\ntimeout = 4\n")
    assert AISpine().timeout == 4
    write(f"[ai-spine]\nprofile = a\n{names}")
    assert AISpine().timeout == 1
    monkeypatch.setenv("AI_SPINE_PROFILE", "b")
    assert AISpine().timeout == 2
    assert AISpine(profile="c").timeout == 3
    assert AISpine(profile="default").timeout == 30  # it always exists
    assert AISpine(profile="").timeout == 30


def test_a_very_long_profile_name_is_shortened_in_the_message():
    with pytest.raises(ConfigurationError, match="has no profile '9+…: ") as caught:
        AISpine(profile="9" * 5000)
    assert len(str(caught.value)) < 500


def test_without_a_file_the_defaults_apply(monkeypatch, tmp_path):
    monkeypatch.setenv("AI_SPINE_CONFIG", str(tmp_path / "nowhere" / "config.ini"))
    assert AISpine().base_url == DEFAULT_BASE_URL
    with pytest.raises(
        ConfigurationError, match="has no profile 'work'.*does not exist"
    ):
        AISpine(profile="work")


def test_a_blank_value_is_absent(write):
    write("[default]\ntimeout =\napi_key =  \n")
    assert (AISpine().timeout, key_of(AISpine())) == (30, None)


# Servers that get the key of a profile.


@pytest.mark.parametrize(
    "url", ["https://other.test", "http://work.test", "https://work.test:8443"]
)
@pytest.mark.parametrize("way", ["argument", "environment"])
def test_the_key_of_a_profile_is_not_sent_to_another_server(
    write, monkeypatch, way, url
):
    write(
        f"[default]\napi_key = {KEY}\nbase_url = https://work.test\napi_prefix = /p\n"
    )
    if way == "environment":
        monkeypatch.setenv("AI_SPINE_BASE_URL", url)
    given = {"base_url": url} if way == "argument" else {}
    with pytest.warns(ProfileWarning) as caught:
        client = AISpine(**given)
    assert (client.base_url, key_of(client)) == (url, None)
    assert client._api.settings.api_prefix == ""
    (warning,) = caught
    assert "the key of the profile default is not sent to" in str(warning.message)
    assert warning.filename == __file__
    assert KEY not in str(warning.message)
    AISpine(**given)  # the warning is issued once


@pytest.mark.parametrize("url", ["https://WORK.test:443/", "https://work.test/sub"])
def test_the_key_of_a_profile_is_sent_to_its_server_in_any_spelling_of_the_url(
    write, url
):
    write(f"[default]\napi_key = {KEY}\nbase_url = https://work.test\n")
    assert key_of(AISpine(base_url=url)) == KEY


def test_the_key_of_a_profile_without_a_url_is_sent_to_the_server_of_the_client(write):
    write(f"[default]\napi_key = {KEY}\n")
    assert key_of(AISpine(base_url="https://any.test")) == KEY
    assert key_of(AISpine()) == KEY


def test_a_key_argument_is_sent_to_any_server(write, monkeypatch):
    write(f"[default]\napi_key = {KEY}\nbase_url = https://work.test\n")
    assert key_of(AISpine("sk-2", base_url="https://any.test")) == "sk-2"
    assert key_of(AISpine("", base_url="https://any.test")) is None
    monkeypatch.setenv("AI_SPINE_API_KEY", "sk-3")
    assert key_of(AISpine(base_url="https://any.test")) == "sk-3"


def test_a_client_of_the_local_server_reads_no_profile(write, monkeypatch):
    write(f"[default]\napi_key = {KEY}\ntimeout = 1\napi_prefix = /p\n")
    with LocalServer() as server, server.client() as client:
        assert (key_of(client), client.timeout) == (None, 30)
        assert client.list_flows()
        write("not a file of profiles")
        assert server.client().list_flows()
        monkeypatch.setenv("AI_SPINE_PROFILE", "nowhere")
        assert server.client().list_flows()
        with pytest.raises(ConfigurationError):
            server.client(profile="work")


# Permissions of the file.


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_in_a_file_that_others_can_read_causes_one_warning(write, mode):
    path = write(f"[other]\napi_key = {KEY}\n", mode)
    with pytest.warns(ProfileWarning) as caught:
        AISpine()
    (warning,) = caught
    assert str(warning.message).startswith(
        f"{path} contains a key, and other users can"
    )
    assert str(warning.message).endswith(f"chmod 600 {path}")
    assert warning.filename == __file__
    AISpine()


@posix
def test_a_file_without_a_key_may_be_readable_by_all(write):
    write("[default]\ntimeout = 1\n", 0o644)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert AISpine().timeout == 1


# Invalid profiles.


@pytest.mark.parametrize(
    "content, expected",
    [
        (
            "[work]\ntiemout = 1\n",
            "line 2: [work] has no setting 'tiemout'; is 'timeout'",
        ),
        (
            "[work]\nmax-retries = 1\n",
            "no setting 'max-retries'; is 'max_retries' meant",
        ),
        ("[work]\nzzz = 1\n", "line 2: [work] has no setting 'zzz'"),
        ("[ai-spine]\nx = 1\n[work]\n", "line 2: [ai-spine] has no setting 'x'"),
        ("[wrok]\n", "has no profile 'work': it has wrok; is 'wrok' meant?"),
        ("", "has no profile 'work': the file is empty or does not exist"),
        ("[work]\ntimeout = soon\n", "line 2) must be a number of seconds above zero"),
        ("[work]\ntimeout = -1\n", "line 2) must be"),
        ("[work]\nmax_retries = 1.5\n", "line 2) must be a whole number from 0 up"),
        (
            "[work]\nbase_url = work.test\n",
            "line 2) must be an http:// or https:// URL",
        ),
        (f"[work]\nbase_url = https://u:{KEY}@h\n", "must not have a user name"),
        (f"[work]\napi_key = é{KEY}\n", "line 2) must be printable ASCII"),
        ("[work]\napi_prefix = /a/../b\n", "line 2) must not have . or .."),
    ],
    ids=lambda text: text[:40],
)
def test_an_invalid_setting_is_reported_with_its_file_and_line(
    write, content, expected
):
    path = write(content)
    with pytest.raises(ConfigurationError) as caught:
        AISpine(profile="work")
    text = str(caught.value)
    assert path in text and expected in text
    assert len(text.splitlines()) == 1
    assert KEY not in text


def test_an_invalid_profile_that_is_not_used_is_ignored(write):
    write("[work]\ntimeout = 1\n[other]\nzzz = 1\ntimeout = x\n")
    assert AISpine(profile="work").timeout == 1


def test_an_invalid_profile_setting_that_an_argument_overrides_is_ignored(write):
    write("[default]\ntimeout = soon\n")
    assert AISpine(timeout=2).timeout == 2


@pytest.mark.parametrize("name", ["a b", "ai-spine", "]", "a\nb", 7, b"x", " "])
def test_an_invalid_profile_name_is_refused(write, name):
    write("[work]\n")
    with pytest.raises(ConfigurationError, match="profile must be the name of a"):
        AISpine(profile=name)


def test_a_missing_profile_is_reported_with_the_source_of_its_name(write, monkeypatch):
    write("[ai-spine]\nprofile = wrok\n[work]\n")
    with pytest.raises(ConfigurationError, match=r"'wrok' \(named by line 2\).*'work'"):
        AISpine()
    monkeypatch.setenv("AI_SPINE_PROFILE", "nope")
    with pytest.raises(ConfigurationError, match=r"named by AI_SPINE_PROFILE"):
        AISpine()


# Location of the file.


@pytest.mark.parametrize(
    "platform, environment, folder",
    [
        ("linux", {}, "{home}/.config/ai-spine"),
        ("linux", {"XDG_CONFIG_HOME": "/x"}, "/x/ai-spine"),
        ("linux", {"XDG_CONFIG_HOME": "relative"}, "{home}/.config/ai-spine"),
        ("darwin", {}, "{home}/Library/Application Support/ai-spine"),
        ("win32", {"APPDATA": "/roaming"}, "/roaming/ai-spine"),
    ],
)
@posix
def test_the_file_is_where_the_system_keeps_settings(
    monkeypatch, tmp_path, platform, environment, folder
):
    for name in ("AI_SPINE_CONFIG", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(folders.sys, "platform", platform)
    expected = folder.format(home=tmp_path) + "/config.ini"
    assert profiles.file_path() == expected


@posix
def test_a_tilde_in_the_path_of_the_file_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AI_SPINE_CONFIG", "~/spine.ini")
    assert profiles.file_path() == str(tmp_path / "spine.ini")


def test_the_settings_folder_is_the_one_chosen_by_click(monkeypatch):
    import click

    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert folders.settings_folder() == click.get_app_dir("ai-spine")


def test_tests_do_not_read_the_profiles_of_the_user():
    assert profiles.file_path() == os.devnull
