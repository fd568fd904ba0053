"""Tests of the settings from arguments and the environment."""

import pathlib
from datetime import timedelta

import pytest
import requests

from ai_spine import AISpine, ConfigurationError
from ai_spine.constants import DEFAULT_BASE_URL
from ai_spine.operations import Credential
from ai_spine.policy.messages import Request

KEY = "sk-very-secret"
HUGE = pytest.param(10**400, id="more-than-a-float-holds")


def error_of(**arguments):
    """Return the message of the error that these settings cause."""
    with pytest.raises(ConfigurationError) as caught:
        AISpine(**arguments)
    text = str(caught.value)
    assert text and len(text.splitlines()) == 1
    return text


def header_of(client, name):
    """Return a header as the client sends it."""
    key = (Credential.API_KEY,)
    request = Request("GET", "/flows", {}, "", {}, None, None, key)
    return client._transport._builder.build(request).headers.get(name)


def test_without_arguments_or_environment_the_defaults_apply():
    client = AISpine()
    assert client.base_url == DEFAULT_BASE_URL
    assert client.timeout == 30
    assert client.max_retries == 3
    assert header_of(client, "Authorization") is None


def test_the_environment_overrides_the_defaults(monkeypatch):
    monkeypatch.setenv("AI_SPINE_API_KEY", f" {KEY} ")
    monkeypatch.setenv("AI_SPINE_BASE_URL", " https://env.test/ ")
    monkeypatch.setenv("AI_SPINE_TIMEOUT", "12.5")
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", "7")
    client = AISpine()
    assert (client.base_url, client.timeout, client.max_retries) == (
        "https://env.test",
        12.5,
        7,
    )
    assert header_of(client, "Authorization") == f"Bearer {KEY}"


def test_an_argument_overrides_the_environment_even_if_it_equals_the_default(
    monkeypatch,
):
    monkeypatch.setenv("AI_SPINE_API_KEY", "other")
    monkeypatch.setenv("AI_SPINE_BASE_URL", "https://env.test")
    monkeypatch.setenv("AI_SPINE_TIMEOUT", "12.5")
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", "7")
    client = AISpine(KEY, "https://arg.test", 30, 3)
    assert (client.base_url, client.timeout, client.max_retries) == (
        "https://arg.test",
        30,
        3,
    )
    assert header_of(client, "Authorization") == f"Bearer {KEY}"


def tenancy_of(client):
    settings = client._api.settings
    return settings.tenant, settings.workspace


def test_a_tenant_comes_from_an_argument_or_from_the_environment(monkeypatch):
    assert tenancy_of(AISpine()) == (None, None)
    monkeypatch.setenv("AI_SPINE_TENANT", "acme")
    monkeypatch.setenv("AI_SPINE_WORKSPACE", "ws-1")
    assert tenancy_of(AISpine()) == ("acme", "ws-1")
    assert tenancy_of(AISpine(tenant="beta", workspace="")) == ("beta", None)
    assert tenancy_of(AISpine().with_options(tenant="")) == (None, "ws-1")


@pytest.mark.parametrize("name", ["tenant", "workspace"])
@pytest.mark.parametrize(
    "value, reason",
    [
        (7, "must be text"),
        (" a", "must be printable ASCII text"),
        ("a\r\nX-Admin: 1", "must be printable ASCII text"),
        ("\u00fc", "must be printable ASCII text"),
        ("x" * 201, "must have at most 200 characters, not 201"),
    ],
)
def test_a_tenant_that_no_header_can_hold_is_refused(name, value, reason, monkeypatch):
    assert error_of(**{name: value}).startswith(f"{name} {reason}")
    with pytest.raises(ConfigurationError, match=f"{name} {reason}"):
        AISpine().with_options(**{name: value})
    if isinstance(value, str) and value == value.strip():
        monkeypatch.setenv(f"AI_SPINE_{name.upper()}", value)
        assert error_of().startswith(f"AI_SPINE_{name.upper()} {reason}")


@pytest.mark.parametrize(
    "given, reason",
    [
        ({"tenant_header": "a b"}, "tenant_header must be the name of a header"),
        ({"workspace_header": None}, "workspace_header must be the name of a header"),
        (
            {"tenant_header": "authorization"},
            "tenant_header must not be authorization, which the client sets",
        ),
        (
            {"tenant_header": "x-workspace-id"},
            "tenant_header and workspace_header must differ",
        ),
        (
            {"headers": {"x-tenant-id": "a"}},
            "headers must not set x-tenant-id, which the client sets: use tenant",
        ),
    ],
)
def test_wrong_headers_of_the_tenant_are_refused(given, reason):
    assert error_of(**given) == reason


def test_a_blank_environment_counts_as_absent(monkeypatch):
    for name in ("API_KEY", "BASE_URL", "TIMEOUT", "MAX_RETRIES"):
        monkeypatch.setenv(f"AI_SPINE_{name}", " ")
    client = AISpine()
    assert (client.base_url, client.timeout, client.max_retries) == (
        DEFAULT_BASE_URL,
        30,
        3,
    )
    assert header_of(client, "Authorization") is None


def test_an_empty_key_overrides_the_environment(monkeypatch):
    monkeypatch.setenv("AI_SPINE_API_KEY", KEY)
    assert header_of(AISpine(""), "Authorization") is None


@pytest.mark.parametrize("bad", ["a b\n", "ñ", " padded ", "a\r\nX: y", 5, b"bytes"])
def test_a_key_that_cannot_be_a_header_is_refused_without_being_shown(bad):
    text = error_of(api_key=bad)
    assert text.startswith("api_key must be ")
    assert str(bad) not in text


def test_a_bad_key_from_the_environment_names_the_variable(
    monkeypatch,
):
    monkeypatch.setenv("AI_SPINE_API_KEY", "ñ-hush")
    text = error_of()
    assert text.startswith("AI_SPINE_API_KEY must be ") and "hush" not in text


@pytest.mark.parametrize(
    "given, used",
    [
        ("http://h", "http://h"),
        ("https://h/", "https://h"),
        ("https://h:8443/base/", "https://h:8443/base"),
        (" http://h ", "http://h"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_a_base_url_is_stripped_of_spaces_and_trailing_slashes(given, used):
    assert AISpine(base_url=given).base_url == used


@pytest.mark.parametrize(
    "bad, words",
    [
        ("api.test", "must be an http:// or https:// URL such as "),
        ("ftp://h", "must be an http:// or https:// URL such as "),
        ("http://", "must be an http:// or https:// URL such as "),
        ("https:///path", "must be an http:// or https:// URL such as "),
        ("http://h?x=1", "must not have a query or a fragment"),
        ("http://h/#x", "must not have a query or a fragment"),
        ("http://h?", "must not have a query or a fragment"),
        ("http://h/#", "must not have a query or a fragment"),
        ("http://u:hush@h", "must not have a user name or password: use api_key"),
        ("http://hush@h", "must not have a user name or password: use api_key"),
        ("http://h:99999", "has a port that is not a number"),
        ("http://h:port", "has a port that is not a number"),
        ("http://[::1", "must be an http:// or https:// URL such as "),
        ("http://*.h", "must be an http:// or https:// URL such as "),
        (f"http://{'x' * 64}ñ.test", "must be an http:// or https:// URL such as "),
        ("http://a b", "must be an http:// or https:// URL such as "),
        ("http://h\n", "must be an http:// or https:// URL such as "),
        (5, "must be an http:// or https:// URL such as "),
        (0, "must be an http:// or https:// URL such as "),
        (False, "must be an http:// or https:// URL such as "),
        (b"http://h", "must be an http:// or https:// URL such as "),
    ],
)
def test_an_invalid_base_url_is_refused(bad, words):
    text = error_of(base_url=bad)
    assert text.startswith(f"base_url {words}")
    assert "hush" not in text


def test_a_bad_base_url_from_the_environment_names_the_variable(monkeypatch):
    monkeypatch.setenv("AI_SPINE_BASE_URL", "env.test")
    assert error_of().startswith("AI_SPINE_BASE_URL must be an http:// or https:// URL")


@pytest.mark.parametrize("name", ["timeout", "deadline"])
@pytest.mark.parametrize(
    "bad", [0, -1, float("nan"), float("inf"), "5", True, (3, 5), 1.1e9, HUGE]
)
def test_seconds_must_be_a_number_above_zero(name, bad):
    assert error_of(**{name: bad}).startswith(f"{name} must be a number of seconds")


def test_a_timeout_must_be_given_as_a_number():
    assert error_of(timeout=None).startswith("timeout must be a number of seconds")


@pytest.mark.parametrize("name", ["max_retries", "pool_size"])
@pytest.mark.parametrize("bad", [-1, 1.5, "3", True, None, float("nan")])
def test_counts_must_be_whole_numbers(name, bad):
    assert error_of(**{name: bad}).startswith(f"{name} must be ")


def test_retries_may_be_zero_but_the_pool_size_may_not():
    assert AISpine(max_retries=0).max_retries == 0
    assert error_of(pool_size=0) == "pool_size must be at least 1, not 0"
    assert error_of(pool_size=10_001) == "pool_size must be at most 10000, not 10001"


@pytest.mark.parametrize("bad", ["0", "-1", "nan", "inf", "1e999", "soon"])
def test_a_bad_timeout_from_the_environment_is_refused(bad, monkeypatch):
    monkeypatch.setenv("AI_SPINE_TIMEOUT", bad)
    assert error_of() == "AI_SPINE_TIMEOUT must be a number of seconds above zero"
    assert AISpine(timeout=5).timeout == 5


@pytest.mark.parametrize("bad", ["-1", "1.5", "many", "9" * 5000 + "x"])
def test_bad_retries_from_the_environment_are_refused(bad, monkeypatch):
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", bad)
    assert error_of() == "AI_SPINE_MAX_RETRIES must be a whole number from 0 up"
    assert AISpine(max_retries=0).max_retries == 0


@pytest.mark.parametrize(
    "given, used",
    [("", ""), ("/", ""), ("api/v1", "/api/v1"), ("/api/v1/", "/api/v1")],
)
def test_a_prefix_is_normalised_to_one_leading_slash(given, used):
    assert AISpine(api_prefix=given)._api.settings.api_prefix == used


@pytest.mark.parametrize(
    "bad", [None, 5, "a b", "a?b", "a#b", "a\nb", "/api/../x", "."]
)
def test_a_prefix_that_is_not_a_path_is_refused(bad):
    assert error_of(api_prefix=bad).startswith("api_prefix must ")


@pytest.mark.parametrize(
    "bad, words",
    [
        ("X: y", "headers must be a mapping"),
        ([("X", "y")], "headers must be a mapping"),
        ({5: "x"}, "headers has an invalid name"),
        ({"": "x"}, "headers has an invalid name"),
        ({"X\n": "x"}, "headers has an invalid name"),
        ({"X:Y": "x"}, "headers has an invalid name"),
        ({"X Y": "x"}, "headers has an invalid name"),
        ({"X": None}, "the header X must be text"),
        ({"X": "hush\n"}, "the header X must be printable ASCII text"),
        ({"X": "ñ"}, "the header X must be printable ASCII text"),
        ({"AUTHORIZATION": "hush"}, "headers must not set AUTHORIZATION"),
        ({"idempotency-key": "x"}, "headers must not set idempotency-key"),
        ({"X-Request-ID": "x"}, "headers must not set X-Request-ID"),
        ({"Host": "x"}, "headers must not set Host"),
        ({"Content-Length": "1"}, "headers must not set Content-Length"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused(bad, words):
    text = error_of(headers=bad)
    assert text.startswith(words) and "hush" not in text


@pytest.mark.parametrize(
    "bad", ["http://p", {"http": None}, {5: "http://p"}, {"http": ""}]
)
def test_proxies_must_map_schemes_to_urls(bad):
    assert error_of(proxies=bad).startswith("proxies must ")


@pytest.mark.parametrize(
    "bad, words",
    [
        (print, "event_hooks must map request, response, retry to callables"),
        (
            {"answer": print},
            "event_hooks must map request, response, retry to callables",
        ),
        ({"retry": None}, "event_hooks['retry'] must be a callable, or a list of them"),
        (
            {"retry": [print, 5]},
            "event_hooks['retry'] must be a callable, or a list of them",
        ),
    ],
)
def test_hooks_must_be_callables_under_known_names(bad, words):
    assert error_of(event_hooks=bad) == words


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"verify": None}, "verify must be the path of a file"),
        ({"verify": 1}, "verify must be the path of a file"),
        (
            {"verify": "/no/such.pem"},
            "verify is the path of a file that does not exist: '/no/such.pem'",
        ),
        (
            {"verify": "/no/such\n.pem"},
            "verify is the path of a file that does not exist: ",
        ),
        ({"cert": 5}, "cert must be the path of a file"),
        (
            {"cert": "/no/such.pem"},
            "cert is the path of a file that does not exist: '/no/such.pem'",
        ),
        (
            {"cert": (__file__, "/no/key")},
            "cert is the path of a file that does not exist: '/no/key'",
        ),
        ({"cert": ("/no/a", "/no/b", "/no/c")}, "cert must be the path of a file"),
    ],
)
def test_certificates_must_be_files_that_exist(arguments, words):
    assert error_of(**arguments).startswith(words)


def test_the_tls_settings_and_proxies_reach_the_session():
    here = pathlib.Path(__file__)
    client = AISpine(verify=here, cert=[here, str(here)], proxies={"https": "http://p"})
    assert client.session.verify == str(here)
    assert client.session.cert == (str(here), str(here))
    assert client.session.proxies == {}  # not set, since vars() would show a password
    settings = client.session.merge_environment_settings("http://h", {}, 0, None, None)
    assert settings["proxies"]["https"] == "http://p"
    assert AISpine(verify=False, cert=here).session.cert == str(here)
    assert AISpine(verify=False).session.verify is False


@pytest.mark.parametrize(
    "arguments",
    [{"proxies": {"http": "http://p"}}, {"verify": False}, {"cert": __file__}],
    ids=lambda arguments: next(iter(arguments)),
)
def test_a_custom_session_keeps_its_own_tls_and_proxies(arguments):
    with requests.Session() as session:
        assert error_of(session=session, **arguments) == (
            "set proxies, verify and cert on the session that you pass"
        )


@pytest.mark.parametrize("bad", [5, object(), requests, "session"])
def test_a_session_must_be_a_requests_session(bad):
    assert error_of(session=bad) == "session must be a requests.Session"


def test_later_changes_to_an_argument_do_not_reach_the_client():
    headers, hooks = {"X-Team": "a"}, {"retry": [print]}
    client = AISpine(headers=headers, event_hooks=hooks)
    headers["X-Team"] = "b"
    hooks["retry"].append(5)
    assert client._api.settings.headers == {"X-Team": "a"}
    assert client._api.settings.event_hooks == {"retry": (print,)}


def test_the_repr_of_settings_shows_only_the_url():
    client = AISpine(KEY, headers={"X": "hush"}, proxies={"http": "http://u:hush@p"})
    assert repr(client._api.settings) == f"Settings(base_url={DEFAULT_BASE_URL!r})"


@pytest.mark.parametrize(
    "base_url, prefix, used",
    [
        ("http://h/api/v1", "", ("http://h", "/api/v1")),
        ("http://h/api/v1/", "/api/v1", ("http://h", "/api/v1")),
        ("http://h/x/api/v1", "", ("http://h/x", "/api/v1")),
        ("http://h/api/v1", "/v2", ("http://h/api/v1", "/v2")),
        ("http://h", "api/v1/", ("http://h", "/api/v1")),
        ("http://h", "", ("http://h", "")),
    ],
)
def test_a_known_prefix_at_the_end_of_the_base_url_is_split_off(base_url, prefix, used):
    settings = AISpine(base_url=base_url, api_prefix=prefix)._api.settings
    assert (settings.base_url, settings.api_prefix) == used


@pytest.mark.parametrize("bad", [5, "a b", "/a?b", "/a/../b", "x\n"])
def test_a_prefix_must_be_a_path(bad):
    assert error_of(api_prefix=bad).startswith("api_prefix must ")


@pytest.mark.parametrize(
    "limit, seconds",
    [(0, 0), (86400, 86400), (timedelta(days=1), 86400), (10**400, 1e9)],
    ids=["none", "a-day", "a-day-as-timedelta", "without-end"],
)
def test_the_limit_for_retry_after_is_kept_in_seconds(limit, seconds):
    with AISpine(retry_after_limit=limit) as client:
        assert client._api.settings.retry_after_limit == seconds
