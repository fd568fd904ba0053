"""Tests that a client's secrets are not leaked by errors, objects, logs or the command."""

import http.client
import logging
import os
import pickle
import signal
import subprocess
import sys
import traceback
import warnings

import pytest
import requests

import ai_spine
from ai_spine import (
    AISpine,
    AISpineError,
    ConfigurationError,
    InsecureTransportWarning,
)
from ai_spine.cli.main import cli
from ai_spine.config import settings as config
from ai_spine.local import LocalServer
from tests.raw_server import RESET, STALL, RawServer, answer

# Module constants, because the locals in tracebacks are searched for them.
KEY = "sk-very-secret"
BAD_KEY = KEY + "\n"
ODD_KEY = 'sk "quoted\\secret'
TOKEN = "tok-very-secret"
PROXY = "http://user:proxy-hush@127.0.0.1:1"
PACKAGE = os.path.dirname(ai_spine.__file__)

FAULTS = {
    "401": answer(401, {"detail": "who are you"}),
    "500": answer(500),
    "redirect": answer(302, location="http://evil.test/"),
    "html": answer(200, b"<html>"),
    "reset": RESET,
    "no http": b"garbage\r\n\r\n",
    "echo": answer(500, {"detail": f"no such key: {KEY}", "seen": [{"k": KEY}]}),
    "echo in a header": answer(404, x_request_id=KEY),
    "echo as a type": answer(200, b"<html>", content_type=KEY),
    "echo as a body": answer(200, [KEY]),
    "echo as a location": answer(302, location=f"http://{KEY}.test/"),
    "echo as an encoding": answer(200, content_encoding=KEY),
}


def traceback_of(error):
    """Return the formatted traceback of an error, with the locals of each frame."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(shown.format())


def error_of(call, *arguments):
    with pytest.raises(AISpineError) as caught:
        call(*arguments)
    return caught.value


def reprs_in(thing, depth=8, seen=None):
    """Walk an object's `vars()` recursively, and yield the repr of each object."""
    seen = set() if seen is None else seen
    if id(thing) in seen or not depth:
        return
    seen.add(id(thing))
    yield repr(thing)
    parts = list(getattr(thing, "__dict__", {}).values())
    if isinstance(thing, dict):
        parts += [*thing, *thing.values()]
    elif isinstance(thing, (list, tuple, set)):
        parts += thing
    if not type(thing).__module__.startswith(("urllib3", "logging", "_thread")):
        for part in parts:
            yield from reprs_in(part, depth - 1, seen)


# Errors


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", ["execute_flow", "get_flow"])
def test_the_key_is_redacted_in_errors(fault, call):
    with RawServer(FAULTS[fault]) as server:
        with AISpine(KEY, server.url, max_retries=1) as client:
            client._api.sleep = lambda seconds: None
            arguments = ("f", {}) if call == "execute_flow" else ("f",)
            error = error_of(getattr(client, call), *arguments)
    for text in (traceback_of(error), str(error), repr(error), repr(vars(error))):
        assert KEY not in text
    assert KEY.encode() not in pickle.dumps(error)
    assert error.__cause__ is None and error.__context__ is None


def test_a_key_is_redacted_in_its_json_and_url_forms_too():
    with RawServer(answer(400, {"detail": f"no such key: {ODD_KEY}"})) as server:
        with AISpine(ODD_KEY, server.url) as client:
            error = error_of(client.list_flows)
    assert error.message == "no such key: ***"


def test_the_account_token_is_redacted_in_errors():
    with RawServer(answer(401, {"detail": f"bad token {TOKEN}"})) as server:
        with AISpine(KEY, server.url, access_token=TOKEN) as client:
            error = error_of(client.get_user_profile)
        assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in traceback_of(error) + repr(vars(error))
    assert error.message == "bad token ***"


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": -1},
        {"base_url": "no url"},
        {"headers": 5},
        {"api_key": BAD_KEY},
        {"proxies": PROXY},
        {"proxies": {"http": PROXY, "https": 5}},
        {"pool_size": 0, "proxies": {"http": PROXY}},
        {"verify": "/no/such/file", "access_token": TOKEN},
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_secrets_are_not_in_the_traceback_of_an_invalid_setting(wrong):
    with pytest.raises(ConfigurationError) as caught:
        AISpine(**{"api_key": KEY, **wrong})
    frames = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    ours = [frame for frame in frames.stack if frame.filename.startswith(PACKAGE)]
    shown = repr([frame.locals for frame in ours]) + str(caught.value)
    assert ours
    assert not any(secret in shown for secret in (KEY, TOKEN, "proxy-hush"))


def test_a_proxy_with_a_password_is_not_in_the_error():
    proxies = {"http": PROXY}
    with AISpine(base_url="http://api.test", proxies=proxies, max_retries=0) as client:
        del proxies
        error = error_of(client.get_flow, "f")
    assert "proxy-hush" not in traceback_of(error) + repr(vars(error)) + repr(client)


def test_a_proxy_with_a_password_from_the_environment_is_not_in_the_error(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    with AISpine(base_url="http://api.test", max_retries=0) as client:
        error = error_of(client.get_flow, "f")
    assert "proxy-hush" not in traceback_of(error) + repr(vars(error))


def test_a_missing_socks_library_is_reported_without_the_password(monkeypatch):
    def refuse(*_, **__):  # as `requests` does without PySocks
        raise requests.exceptions.InvalidSchema(
            "Missing dependencies for SOCKS support."
        )

    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", refuse)
    proxies = {"http": "socks5://user:proxy-hush@127.0.0.1:1"}
    with AISpine(base_url="http://api.test", proxies=proxies) as client:
        del proxies
        error = error_of(client.get_flow, "f")
    assert "requests[socks]" in str(error) and len(error.attempts) == 1
    assert "proxy-hush" not in traceback_of(error)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_the_traceback_of_an_interrupted_call_does_not_contain_the_key():
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with RawServer(STALL) as server, AISpine(KEY, server.url) as client:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt) as caught:
                client.list_flows()
            server.stop()
            assert client._transport.pool.acquire(0)  # the connection was released
            assert KEY in server.requests[0].headers["authorization"]
    finally:
        signal.signal(signal.SIGALRM, before)
    shown = traceback_of(caught.value)
    assert "in send" in shown and KEY not in shown
    assert caught.value.__context__ is None


# Objects


def test_secrets_are_not_visible_in_a_client_and_its_attributes():
    with LocalServer(api_key=KEY) as server:
        with server.client(
            access_token=TOKEN,
            proxies={"https": PROXY, "http": server.url, "all": PROXY},
            headers={"X-Tenant": "seen"},
        ) as client:
            client.list_flows()  # creates a pool, a proxy manager and a connection
            found = "\n".join(reprs_in(client))
    assert "seen" in found  # the settings were searched
    assert not any(secret in found for secret in (KEY, TOKEN, "proxy-hush"))


def test_proxy_passwords_are_not_visible_in_a_client_that_uses_a_proxy():
    with RawServer(answer(200, b"[]")) as server:
        proxy = server.url.replace("//", "//user:proxy-hush@")
        with AISpine(base_url="http://api.test", proxies={"http": proxy}) as client:
            del proxy
            assert client.list_flows() == []
            found = "\n".join(reprs_in(client))
    assert "proxy-authorization" in server.requests[0].headers
    assert "proxy-hush" not in found


# Logs


@pytest.fixture
def all_output(monkeypatch, caplog, capfd):
    """Turn on all logging and debug output, and return a function that returns it."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    return lambda: caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("fault", FAULTS)
def test_the_key_is_not_logged_or_printed(fault, all_output):
    with RawServer(FAULTS[fault]) as server:
        with AISpine(KEY, server.url, access_token=TOKEN, max_retries=1) as client:
            client._api.sleep = lambda seconds: None
            error_of(client.execute_flow, "f", {"hush": 1})
            error_of(client.get_user_profile)
    shown = all_output()
    assert "ai_spine" in shown and "urllib3" in shown
    assert KEY not in shown and TOKEN not in shown and "hush" not in shown


def test_the_password_of_a_proxy_is_not_logged(all_output):
    with RawServer(answer(200, b"[]")) as server:
        proxy = server.url.replace("//", "//user:proxy-hush@")
        with AISpine(base_url="http://api.test", proxies={"http": proxy}) as client:
            client.list_flows()
    with AISpine(base_url="http://api.test", proxies={"http": PROXY}) as client:
        client._api.sleep = lambda seconds: None
        error_of(client.list_flows)
    shown = all_output()
    assert "urllib3" in shown and "proxy-hush" not in shown


def test_bodies_are_logged_only_on_request_and_without_secrets(monkeypatch, caplog):
    caplog.set_level(logging.DEBUG, logger="ai_spine")
    monkeypatch.setenv("AI_SPINE_LOG_BODIES", "1")
    wire = {"execution_id": "e", "status": "pending", "metadata": {"api-key": "sk-2"}}
    with RawServer(answer(200, wire)) as server, AISpine(KEY, server.url) as client:
        client.execute_flow("f", {"text": "seen", "note": KEY, "password": "sk-3"})
    bodies = [r.getMessage() for r in caplog.records if " body: " in r.getMessage()]
    assert len(bodies) == 2
    assert bodies[0].startswith("POST /flows/execute request body: {")
    assert '"text": "seen"' in bodies[0] and '"execution_id": "e"' in bodies[1]
    assert not any(secret in caplog.text for secret in (KEY, "sk-2", "sk-3"))


@pytest.mark.parametrize("value", ["", "0", "no"])
def test_bodies_are_not_logged_by_default(monkeypatch, caplog, value):
    caplog.set_level(logging.DEBUG, logger="ai_spine")
    monkeypatch.setenv("AI_SPINE_LOG_BODIES", value)
    with RawServer(answer(200, b"[]")) as server, AISpine(KEY, server.url) as client:
        client.request("POST", "/x", json={"text": "unseen"})
    assert caplog.records and "unseen" not in caplog.text


# The wire


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_to_another_origin_are_not_followed(status):
    with RawServer(answer(200, b"[]")) as other:
        with RawServer(answer(status, location=other.url + "/flows")) as server:
            with AISpine(KEY, server.url, max_retries=0) as client:
                assert "another origin" in str(error_of(client.list_flows))
                error_of(client.execute_flow, "f", {})
        assert other.requests == []


@pytest.fixture
def no_earlier_warnings(monkeypatch):
    monkeypatch.setattr(config, "_warned_of", set())


@pytest.mark.parametrize("credential", ["api_key", "access_token"])
def test_a_key_over_plain_http_causes_one_warning_for_each_host(
    no_earlier_warnings, credential
):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for url in ("http://a.test", "http://a.test:8080/x", "http://b.test"):
            AISpine(base_url=url, **{credential: KEY})
    assert [str(item.message)[:25] for item in caught] == [
        "the key is sent to a.test",
        "the key is sent to b.test",
    ]
    assert all(item.category is InsecureTransportWarning for item in caught)
    assert all(item.filename == __file__ for item in caught)
    assert KEY not in str(caught[0].message)


@pytest.mark.parametrize(
    "arguments",
    [
        {"api_key": KEY, "base_url": "https://a.test"},
        {"api_key": KEY, "base_url": "http://localhost:8000"},
        {"api_key": KEY, "base_url": "http://dev.localhost"},
        {"api_key": KEY, "base_url": "http://127.3.2.1"},
        {"api_key": KEY, "base_url": "http://[::1]:80"},
        {"base_url": "http://a.test"},
    ],
    ids=lambda arguments: arguments["base_url"],
)
def test_https_local_hosts_and_clients_without_a_key_cause_no_warning(
    no_earlier_warnings, arguments
):
    AISpine(**arguments)  # warnings are errors here


# The command line


def test_the_command_does_not_print_the_key_even_with_debug(capfd, monkeypatch):
    monkeypatch.setenv("AI_SPINE_LOG_BODIES", "1")
    with RawServer(answer(500, {"detail": f"broke on {KEY}"})) as server:
        result = subprocess.run(
            [sys.executable, "-m", "ai_spine", "execute", "f", "-i", f"k={KEY}"]
            + ["--debug", "--base-url", server.url],
            env={**os.environ, "AI_SPINE_API_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
    assert result.returncode == 1 and "broke on ***" in result.stdout
    assert "request body" in result.stdout and KEY not in result.stdout


def test_the_command_warns_of_plain_http_in_one_line(no_earlier_warnings, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with pytest.raises(SystemExit):
            cli(["--api-key", KEY, "--base-url", "http://a.invalid", "health"])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Warning: the key is sent to a.invalid over plain http")
    assert len(lines) == 2 and lines[1].startswith("Error: ")
