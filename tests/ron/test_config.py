"""Tests of settings: arguments, the environment, a `.env` file, and what is refused."""

import traceback

import pytest

from ai_spine.policy.settings import Phases
from ai_spine.ron import RonClientSync, RonConfigError
from tests.needs import needs

SECRET = "t-very-secret"


def settings_of(*args, **options):
    with RonClientSync(*args, **options) as client:
        return client._api.settings


def token_of(settings):
    return settings.credentials["token"].secret.reveal()


def test_without_anything_a_gateway_on_this_machine_is_meant():
    settings = settings_of()
    assert settings.base_url == "http://127.0.0.1:8080"
    assert not settings.credentials and settings.timeout == 30


def test_arguments_win_over_the_environment(monkeypatch):
    monkeypatch.setenv("RON_APP_URL", "https://app.example.com")
    monkeypatch.setenv("RON_APP_TOKEN", "t-env")
    monkeypatch.setenv("RON_APP_TIMEOUT", "7.5")
    monkeypatch.setenv("RON_SDK_OVERALL_TIMEOUT_MS", "2500")
    settings = settings_of()
    assert (settings.base_url, token_of(settings)) == (
        "https://app.example.com",
        "t-env",
    )
    assert (settings.timeout, settings.deadline) == (7.5, 2.5)
    monkeypatch.setenv("RON_SDK_GATEWAY_ADDR", "https://gateway.example.com")
    assert settings_of().base_url == "https://gateway.example.com"
    settings = settings_of("https://mine.example.com", "t-arg", timeout=3, deadline=4)
    assert (settings.base_url, token_of(settings)) == (
        "https://mine.example.com",
        "t-arg",
    )
    assert (settings.timeout, settings.deadline) == (3, 4)


def test_the_limits_of_the_parts_of_an_attempt_are_milliseconds(monkeypatch):
    for name in ("CONNECT", "READ", "WRITE"):
        monkeypatch.setenv(f"RON_SDK_{name}_TIMEOUT_MS", f"{len(name)}500")
    assert settings_of().phases == Phases(connect=7.5, read=4.5, write=5.5)
    settings = settings_of(read_timeout=1)
    assert settings.phases == Phases(connect=7.5, read=1, write=5.5)


@needs("dotenv")
def test_a_file_is_read_on_request_and_the_process_wins(tmp_path, monkeypatch):
    file = tmp_path / ".env"
    file.write_text('RON_APP_URL="https://file.example.com"\nRON_APP_TOKEN=t-file\n')
    monkeypatch.chdir(tmp_path)
    assert settings_of().base_url == "http://127.0.0.1:8080"
    monkeypatch.setenv("RON_APP_TOKEN", "t-env")
    settings = settings_of(env_file=file)
    assert (settings.base_url, token_of(settings)) == (
        "https://file.example.com",
        "t-env",
    )
    with pytest.raises(RonConfigError, match="does not exist: .*none"):
        RonClientSync(env_file=tmp_path / "none")


def test_a_file_needs_dotenv(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "dotenv", None)
    with pytest.raises(RonConfigError, match=r"pip install 'ai-spine-sdk\[dotenv\]'"):
        RonClientSync(env_file=".env")


@pytest.mark.parametrize(
    "options, words",
    [
        ({"base_url": "http://gateway.example.com"}, "http to another machine"),
        ({"base_url": "gateway"}, "base_url must be"),
        ({"base_url": 7}, "base_url must be"),
        ({"token": "a", "macaroon": "b"}, "token, macaroon, token_provider are one"),
        ({"token": "two\nlines"}, "text that a header can hold"),
        ({"app_prefix": "a b"}, "app_prefix must be a path"),
        ({"app_prefix": "/../x"}, "must not have . or .."),
        ({"amnesia": "never"}, "amnesia must be warn or ignore"),
        ({"tls_ca": "/nowhere.pem"}, "file that does not exist"),
        ({"tls_ca": "x", "tls_verify": False}, "tls_ca needs tls_verify=True"),
        ({"timeout": 0}, "timeout must be"),
        ({"deadline": "x"}, "deadline must be"),
    ],
)
def test_a_wrong_setting_is_said_in_one_sentence(options, words):
    with pytest.raises(RonConfigError, match=words) as caught:
        RonClientSync(**options)
    assert "\n" not in str(caught.value) and "two" not in str(caught.value)


@pytest.mark.parametrize("name", ["RON_APP_TIMEOUT", "RON_SDK_OVERALL_TIMEOUT_MS"])
def test_a_time_of_the_environment_must_be_a_number(monkeypatch, name):
    monkeypatch.setenv("RON_SDK_READ_TIMEOUT_MS", "5")  # which is one
    monkeypatch.setenv(name, "soon")
    with pytest.raises(RonConfigError, match=f"^{name} must be a number"):
        RonClientSync()


@pytest.mark.filterwarnings("ignore::ai_spine.InsecureTransportWarning")
def test_http_to_another_machine_must_be_allowed():
    settings = settings_of(
        "http://gateway.example.com", "t-1", allow_insecure_http=True
    )
    assert settings.base_url == "http://gateway.example.com"


def test_tls_is_checked_unless_it_is_switched_off():
    assert settings_of().verify is True
    assert settings_of(tls_verify=False).verify is False


def test_nothing_shows_the_token():
    with RonClientSync("https://h", SECRET) as client:
        assert SECRET not in repr(client) + str(vars(client))


@pytest.mark.parametrize("name", ["token", "macaroon", "environment"])
@pytest.mark.parametrize(
    "wrong", [{"base_url": "http://gateway.example.com"}, {"timeout": 0}, {"tls_ca": 7}]
)
def test_no_traceback_with_locals_shows_the_token(monkeypatch, name, wrong):
    options = dict(wrong)
    if name == "environment":
        monkeypatch.setenv("RON_APP_TOKEN", SECRET)
    else:
        options[name] = SECRET
    try:
        RonClientSync(**options)
    except RonConfigError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in shown.stack if "/ai_spine/" in frame.filename]
    assert frames and not any(SECRET in str(frame.locals) for frame in frames)
