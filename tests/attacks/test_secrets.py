"""Tests that a server or a proxy that repeats a secret does not get it into an error."""

import pickle
import traceback

import pytest

from ai_spine import ExecutionCancelledError, ExecutionError
from tests.raw_server import RawServer, answer

pytestmark = pytest.mark.every_transport

KEY = "sk/very+secret=="
# As it stands in the URL, and as it is meant.
PASSWORDS = [("hush-hush", "hush-hush"), ("hush%40%2Fhush", "hush@/hush")]


def shown_of(error):
    """Return all that an error shows, and its pickle brings along."""
    again = pickle.loads(pickle.dumps(error))
    formatted = traceback.TracebackException.from_exception(error).format()
    return "".join([*formatted, *(f"{e!s} {e!r} {vars(e)!r}" for e in (error, again))])


def give_proxy(monkeypatch, way, url):
    """Return a proxy to clients by an argument, or by the environment."""
    if way == "argument":
        return {"proxies": {"http": url, "https": url}}
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, url)
    return {}


@pytest.mark.parametrize("way", ["argument", "environment"])
@pytest.mark.parametrize("spelt, meant", PASSWORDS)
@pytest.mark.parametrize("status", [407, 500])
def test_a_proxy_that_repeats_its_password_does_not_get_it_into_the_error(
    status, spelt, meant, way, monkeypatch, make_client, failure
):
    words = {"detail": f"bad: {spelt}, {meant}", "details": {"seen": [spelt, meant]}}
    with RawServer(answer(status, words, x_request_id=spelt)) as proxy:
        url = proxy.url.replace("//", f"//user:{spelt}@")
        settings = give_proxy(monkeypatch, way, url)
        client = make_client("http://api.test", max_retries=0, **settings)
        error = failure(client.list_flows)
        assert len(proxy.requests) == 1
    assert error.status_code == status and "***" in str(error)
    assert spelt not in shown_of(error) and meant not in shown_of(error)


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_a_proxy_that_refuses_a_tunnel_by_its_password_does_not_get_it_into_the_error(
    way, monkeypatch, make_client, failure
):
    with RawServer(b"HTTP/1.1 407 bad hush-hush\r\n\r\n") as proxy:
        url = proxy.url.replace("//", "//user:hush-hush@")
        settings = give_proxy(monkeypatch, way, url)
        client = make_client("https://api.test", max_retries=0, **settings)
        error = failure(client.list_flows)
        assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert "the proxy refused to connect" in str(error)
    assert "hush" not in shown_of(error)


@pytest.mark.parametrize("place", ["http://hush-hush.test/", "http://HUSH-hush.test/"])
def test_a_proxy_that_redirects_to_its_password_does_not_get_it_into_the_error(
    place, make_client, failure
):
    with RawServer(answer(302, location=place)) as proxy:
        url = proxy.url.replace("//", "//user:hush-hush@")
        client = make_client("http://api.test", proxies={"http": url})
        error = failure(client.list_flows)
    assert "redirected to another origin, http://***.test:80" in str(error)
    assert "hush" not in shown_of(error).lower()


# Executions


@pytest.mark.parametrize(
    "status, kind",
    [("failed", ExecutionError), ("cancelled", ExecutionCancelledError)],
)
def test_an_execution_that_failed_over_the_key_does_not_show_it(
    status, kind, make_client, failure
):
    told = {"execution_id": "e", "status": status, "error_message": f"bad key {KEY}"}
    with RawServer(answer(200, told)) as server:
        error = failure(make_client(server.url, KEY).wait_for_execution, "e")
    assert type(error) is kind and "bad key ***" in str(error)
    assert error.execution.execution_id == "e" and error.execution.status == status
    assert KEY not in shown_of(error)
    again = pickle.loads(pickle.dumps(error)).execution
    for execution in (error.execution, again):
        assert execution.error_message == execution["error_message"] == "bad key ***"


def test_an_input_of_a_batch_that_failed_over_the_key_does_not_show_it(make_client):
    told = {"execution_id": "e", "status": "failed", "error_message": f"bad key {KEY}"}
    with RawServer(answer(200, told)) as server:
        client = make_client(server.url, KEY, max_retries=0)
        (item,) = client.execute_batch("flow", [{}])
    assert type(item.error) is ExecutionError and "bad key ***" in str(item.error)
    assert KEY not in shown_of(item.error)
