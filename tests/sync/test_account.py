"""Tests of users, credits and keys, against a real server, in both dialects."""

import logging

import pytest
import responses

from ai_spine import (
    AISpine,
    AuthenticationError,
    ConfigurationError,
    InsufficientCreditsError,
    NotFoundError,
    ValidationError,
)
from ai_spine.local import LocalServer
from tests.dialect_b import DialectB
from tests.raw_server import RawServer, answer

pytestmark = pytest.mark.every_client

KEY, TOKEN = "sk-hush-key", "hush-token"
URL = "https://api.test"


@pytest.fixture
def server():
    with LocalServer(api_key=KEY) as made:
        yield made


@pytest.fixture(params=["dialect A", "dialect B"])
def client(request, server):
    if request.param == "dialect A":
        with server.client(access_token=TOKEN) as made:
            yield made
        return
    with DialectB(server) as other, AISpine(KEY, other.url, access_token=TOKEN) as made:
        yield made


def credits_from(status, body, **options):
    """Return the credits that a client reads from this response."""
    with RawServer(answer(status, body)) as server:
        with AISpine(base_url=server.url, **options) as client:
            return client.check_credits()


def test_the_key_says_who_one_is(client):
    user = client.get_current_user()
    assert (user.id, user.name, user.rate_limit) == ("local", "Local User", 10000)
    assert client.check_credits() == user.credits == 999999
    assert "localhost" not in repr(user)


def test_an_account_makes_and_revokes_its_key(client):
    assert client.get_api_key_status().has_api_key is False
    made = client.generate_api_key()
    assert made.action == "created" and made.api_key.startswith("sk_local_")
    status = client.get_api_key_status()
    assert (status.has_api_key, status.api_key) == (True, made.api_key)
    assert status.created_at is not None and status.last_used_at is None
    assert client.generate_api_key().action == "regenerated"
    assert client.revoke_api_key().action == "revoked"
    assert client.get_api_key_status().has_api_key is False
    with pytest.raises(NotFoundError):
        client.revoke_api_key()


def test_no_repr_shows_a_key(client):
    made = client.generate_api_key()
    assert made.api_key not in repr(made)
    assert made.api_key not in repr(client.get_api_key_status())


def test_the_same_idempotency_key_makes_one_key(server):
    server.faults.add("POST", "/user/account/api-key/generate", drop_after_commit=True)
    with server.client(access_token=TOKEN, retry_writes=True) as client:
        assert client.generate_api_key().action == "created"


def test_an_account_has_a_profile_of_its_own(server, client):
    profile = client.get_user_profile()
    with server.client(access_token="another") as other:
        assert profile.id != other.get_user_profile().id
        client.generate_api_key()
        assert other.get_api_key_status().has_api_key is False


@pytest.mark.parametrize(
    "name",
    ["get_user_profile", "get_api_key_status", "generate_api_key", "revoke_api_key"],
)
def test_without_a_token_the_account_is_refused_before_anything_is_sent(name):
    with responses.RequestsMock(), AISpine(KEY, URL) as client:
        with pytest.raises(ConfigurationError, match=f"^{name} needs an account token"):
            getattr(client, name)()


def test_the_token_goes_to_the_account_and_the_key_to_the_rest():
    with RawServer(answer(200, {"id": "u"})) as server:
        with AISpine(KEY, server.url, access_token=TOKEN) as client:
            client.get_user_profile(), client.get_current_user()
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == [f"Bearer {TOKEN}", f"Bearer {KEY}"]


def test_the_token_shows_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    with RawServer(answer(401, {"detail": f"bad token {TOKEN}"})) as server, AISpine(
        base_url=server.url, access_token=TOKEN
    ) as client:
        with pytest.raises(AuthenticationError) as caught:
            client.get_user_profile()
    assert str(caught.value).startswith("401: bad token *** (GET")
    assert (
        TOKEN not in f"{client!r} {vars(client)} {client._api.settings} {caplog.text}"
    )


@pytest.mark.parametrize("bad", ["hush\n", 5, "ñ-hush"])
def test_a_token_that_no_header_can_hold_is_refused_without_being_shown(bad):
    with pytest.raises(ConfigurationError, match="^access_token must be ") as caught:
        AISpine(access_token=bad)
    assert "hush" not in str(caught.value)


def test_a_blank_token_is_none():
    with AISpine(base_url=URL, access_token="") as client:
        with pytest.raises(ConfigurationError, match="needs an account token"):
            client.get_user_profile()


@pytest.fixture
def sent():
    """What the deprecated methods send, as (method, path, body, headers)."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method, name in (
            ("GET", "my-key"),
            ("POST", "generate"),
            ("DELETE", "revoke"),
        ):
            mock.add(
                method, f"{URL}/api/v1/user/keys/{name}", json={"has_api_key": True}
            )
        yield mock.calls


@pytest.mark.only_sync("responses replaces the adapter of requests")
@pytest.mark.parametrize(
    "name, successor",
    [
        ("check_user_api_key", "get_api_key_status"),
        ("generate_user_api_key", "generate_api_key"),
        ("revoke_user_api_key", "revoke_api_key"),
    ],
)
def test_the_old_methods_warn_and_send_no_credential(sent, name, successor):
    with AISpine(KEY, URL, access_token=TOKEN) as client:
        with pytest.warns(DeprecationWarning, match=f"use {successor} with") as warned:
            getattr(client, name)("u 1")
        with pytest.raises(ValidationError), pytest.warns(DeprecationWarning):
            getattr(client, name)("")
    assert warned[0].filename == __file__
    (call,) = sent
    assert "Authorization" not in call.request.headers
    assert "u+1" in call.request.url or b'"u 1"' in call.request.body


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_old_methods_work_for_any_user(client):
    made = client.generate_user_api_key("ana")
    assert client.check_user_api_key("ana").api_key == made.api_key
    assert client.check_user_api_key("ben").has_api_key is False
    assert client.revoke_user_api_key("ana").action == "revoked"
    with pytest.raises(NotFoundError):
        client.revoke_user_api_key("ana")


@pytest.mark.parametrize("path", ["my-key", "generate"])
def test_the_server_wants_to_know_the_user(server, path):
    method = "GET" if path == "my-key" else "POST"
    with server.client() as client:
        with pytest.raises(ValidationError, match="422: user_id: Field required"):
            client.request(method, f"/api/v1/user/keys/{path}", json={})


def test_the_server_wants_a_token_for_an_account(server):
    with AISpine(base_url=server.url) as client:
        with pytest.raises(AuthenticationError, match="account token"):
            client.request("GET", "/api/v1/user/account/profile")


@pytest.mark.parametrize(
    "left, told", [(10, [10]), (0, [0]), (11, []), (None, []), ("5", [])]
)
def test_the_hook_is_called_when_few_credits_are_left(left, told):
    heard = []
    body = {"id": "u", "credits": left}
    assert credits_from(200, body, on_credits_low=heard.append) == left
    assert heard == told


def test_what_is_few_may_be_set():
    heard = []
    body = {"id": "u", "credits": 11}
    hook = {"on_credits_low": heard.append, "credits_low_at": 100}
    assert credits_from(200, body, **hook) == 11
    assert heard == [11]


@pytest.mark.parametrize(
    "status, body, told",
    [
        (402, {"detail": "Pay"}, 0),
        (403, {"message": "No credits", "credits_available": 2}, 2),
    ],
)
def test_the_hook_is_called_when_a_call_costs_too_many_credits(status, body, told):
    heard = []
    with pytest.raises(InsufficientCreditsError):
        credits_from(status, body, on_credits_low=heard.append)
    assert heard == [told]


def test_a_hook_that_fails_breaks_nothing(caplog):
    def fail(left):
        raise ValueError("no luck")

    assert credits_from(200, {"id": "u", "credits": 1}, on_credits_low=fail) == 1
    assert "on_credits_low hook" in caplog.text


@pytest.mark.parametrize(
    "options, words",
    [
        ({"on_credits_low": 5}, "on_credits_low must be a callable"),
        (
            {"credits_low_at": -1},
            "credits_low_at must be a number of credits from 0 up",
        ),
        ({"credits_low_at": float("nan")}, "credits_low_at must be a number"),
        ({"credits_low_at": "5"}, "credits_low_at must be a number"),
        ({"credits_low_at": True}, "credits_low_at must be a number"),
    ],
)
def test_settings_of_credits_are_checked(options, words):
    with pytest.raises(ConfigurationError, match=f"^{words}"):
        AISpine(**options)
