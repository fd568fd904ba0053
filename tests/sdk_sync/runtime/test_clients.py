"""Tests of clients: where they send, how they change, and how long they live."""

import copy
import pickle

import pytest

from ai_spine.exceptions import ConfigurationError, NetworkError
from ai_spine.sdk_sync.runtime.base_client import BaseClient
from ai_spine.sdk_sync.runtime.endpoints import Server
from tests.raw_server import CLOSE, RawServer, answer
from tests.sdk_sync.runtime.orders import errors
from tests.sdk_sync.runtime.orders.client import AsyncClient, Client
from tests.sdk_sync.runtime.server import reply

ORDER = {"orderId": "o", "count": 2}


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_the_server_is_the_first_of_the_api(kind):
    assert kind().base_url == "https://eu.orders.example/v1"
    made = kind(server_variables={"region": "us"})
    assert made.base_url == "https://us.orders.example/v1"
    words = "the server has no variable 'zone', only: region"
    with pytest.raises(ConfigurationError, match=words):
        kind(server_variables={"zone": "x"})
    with pytest.raises(ConfigurationError, match="leave out base_url, or them"):
        kind("https://us.orders.example/v1", server_variables={"region": "us"})


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_variable_of_the_server_has_one_of_its_values(kind, monkeypatch):
    variables, allowed = {"region": "eu", "port": "443"}, {"port": ("443", "8443")}
    server = Server("https://{region}.orders.example:{port}", variables, allowed)
    monkeypatch.setattr(kind, "servers", (server,))
    assert kind().base_url == "https://eu.orders.example:443"
    made = kind(server_variables={"port": 8443})
    assert made.base_url == "https://eu.orders.example:8443"
    words = "the server's variable port must be one of: 443, 8443"
    with pytest.raises(ConfigurationError, match=words):
        kind(server_variables={"port": "80"})


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_the_error_of_a_header_for_the_tenant_says_what_works(kind):
    with pytest.raises(ConfigurationError) as caught:
        kind("https://a.example", headers={"X-Tenant-Id": "acme"})
    assert str(caught.value) == (
        "headers must not set X-Tenant-Id, which the client sets: "
        "use with_options(tenant=...)"
    )
    client = kind("https://a.example").with_options(tenant="acme")
    assert client._api.settings.tenant == "acme"


def test_an_api_without_a_host_needs_a_url():
    with pytest.raises(ConfigurationError, match="base_url is missing"):
        BaseClient()


def test_an_operation_on_another_server_is_on_the_one_that_the_caller_chose(connect):
    client, server = connect(lambda request: reply(204))
    client.orders.upload()
    assert server.requests[0].path == "/upload"


def test_an_operation_on_another_server_is_sent_there(connect, monkeypatch):
    client, server = connect(lambda request: reply(204), token="t-1")
    uploads, other = connect(lambda request: reply(204))
    target = getattr(client, "_target", client)
    target._is_replaced = False  # as if the client's own URL were the API's
    monkeypatch.setattr(
        "ai_spine.sdk_sync.runtime.servers.url_of", lambda *_: other.url
    )
    client.orders.upload()
    client.with_options(headers={"X-More": "1"}).orders.upload()
    client.orders.delete_order("o")
    assert [request.path for request in other.requests] == ["/upload", "/upload"]
    assert other.requests[1].headers["authorization"] == "Bearer t-1"
    assert other.requests[1].headers["x-more"] == "1"
    assert [request.path for request in server.requests] == ["/orders/o"]


def test_a_relative_server_is_at_the_same_origin(connect):
    client, server = connect(lambda request: reply(204))
    client.orders.next_version()
    assert server.requests[0].path == "/v2/orders"


def test_options_change_a_copy_that_shares_what_is_prepared(connect):
    client, server = connect(lambda request: reply(value=ORDER))
    client.orders.get_order("o")
    changed = client.with_options(timeout=2)
    assert changed.orders.get_order("o").count == 2
    assert (changed.timeout, client.timeout) == (2.0, 30.0)
    target = getattr(client, "_target", client)
    assert getattr(changed, "_target", changed)._prepared is target._prepared


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_can_be_pickled_and_copied_and_shows_no_secret(kind):
    made = kind(token="s3cr3t", workspace_id="w", credentials={"login": ("a", "pw-9")})
    again = pickle.loads(pickle.dumps(made))
    assert again.base_url == made.base_url and again._known() == {"workspace_id": "w"}
    assert again._authorisation.choose([["bearerAuth", "login"]]) == ("token", "login")
    assert copy.copy(made)._prepared is made._prepared
    assert repr(made) == f"{kind.__name__}(base_url='https://eu.orders.example/v1')"
    shown = repr(vars(made)) + repr(made._authorisation) + str(vars(made._api))
    assert "s3cr3t" not in shown and "pw-9" not in shown


def test_a_client_that_has_sent_something_can_be_pickled(connect):
    client, server = connect(lambda request: reply(value=ORDER), token="t-1")
    client.orders.get_order("o")
    again = pickle.loads(pickle.dumps(getattr(client, "_target", client)))
    assert again.base_url == server.url and not again._prepared


def test_proxies_and_other_defaults_are_passed_on():
    made = Client(
        proxies={"https": "http://u:pw-9@p.example"}, defaults={"a": 1, "b": None}
    )
    assert made._known() == {"a": 1}
    assert made._api.settings.proxies["https"].reveal() == "http://u:pw-9@p.example"
    with pytest.raises(TypeError, match="timeouts"):
        Client(timeouts=1)


def test_a_read_is_repeated_and_a_write_is_not(connect):
    with RawServer(CLOSE, answer(200, ORDER, content_type="application/json")) as raw:
        client, _ = connect(lambda request: reply(), base_url=raw.url, max_retries=2)
        assert client.orders.get_order("o").count == 2
        assert len(raw.requests) == 2
    with RawServer(CLOSE) as raw:
        client, _ = connect(lambda request: reply(), base_url=raw.url, max_retries=2)
        with pytest.raises(NetworkError) as caught:
            client.orders.start_order(item_id="i", workspace_id="w")
        assert len(raw.requests) == 1 and caught.value.maybe_executed


def test_a_write_that_was_not_executed_is_repeated_with_its_key(connect):
    replies = [reply(503, {"detail": "busy"}), reply(201, ORDER)]
    client, server = connect(
        lambda request: replies.pop(0), max_retries=1, workspace_id="w"
    )
    assert client.orders.start_order(item_id="i").count == 2
    keys = {request.headers["idempotency-key"] for request in server.requests}
    assert len(server.requests) == 2 and len(keys) == 1


def test_request_raises_the_typed_errors(connect):
    client, _ = connect(lambda request: reply(404, {"title": "x", "type": "urn:x"}))
    with pytest.raises(errors.NotFoundError) as caught:
        client.request("GET", "/x")
    assert caught.value.problem.type == "urn:x"
