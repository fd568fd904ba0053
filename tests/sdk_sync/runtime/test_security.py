"""Tests of what authorises requests."""

import base64
import traceback

import pytest

from ai_spine.exceptions import ConfigurationError
from ai_spine.sdk_sync.runtime.security import Scheme, authorise
from ai_spine.utils import Secret
from tests.sdk_sync.runtime.orders import errors
from tests.sdk_sync.runtime.server import reply


@pytest.fixture
def nothing():
    return lambda request: reply(204)


def test_the_first_alternative_that_the_client_has_is_sent(connect, nothing):
    keys = {"apiKey": "k-1", "queryKey": "k-2"}
    client, server = connect(nothing, token="t-1", credentials=keys)
    client.orders.by_key_or_token()
    request = server.requests[0]
    assert request.headers["x-api-key"] == "k-1" and request.query == {"key": ["k-2"]}
    assert "authorization" not in request.headers


def test_an_alternative_that_the_client_has_in_part_is_not_sent(connect, nothing):
    client, server = connect(nothing, token="t-1", credentials={"apiKey": "k-1"})
    client.orders.by_key_or_token()
    assert server.requests[0].headers["authorization"] == "Bearer t-1"
    assert "x-api-key" not in server.requests[0].headers


def test_a_missing_credential_is_named_before_anything_is_sent(connect, nothing):
    client, server = connect(nothing, credentials={"apiKey": None})
    words = (
        "by_key_or_token needs apiKey and queryKey or bearerAuth: make the client with "
        "api_key=..., query_key=... or bearer_auth=..., or with a token"
    )
    with pytest.raises(ConfigurationError) as caught:
        client.orders.by_key_or_token()
    assert str(caught.value) == words and not server.requests


def test_a_login_is_sent_as_basic(connect, nothing):
    client, server = connect(nothing, credentials={"login": ("ada", lambda: "pass:w")})
    client.orders.by_login()
    sent = server.requests[0].headers["authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")) == b"ada:pass:w"


def test_a_cookie_joins_the_other_cookies(connect, nothing):
    client, server = connect(nothing, credentials={"cookieKey": "c-1"})
    client.orders.by_cookie(seen="yes")
    assert server.requests[0].headers["cookie"] == "seen=yes; session=c-1"


def test_an_alternative_without_schemes_needs_nothing(connect, nothing):
    client, server = connect(nothing)
    client.orders.by_cookie()
    client.orders.by_certificate()
    assert all("cookie" not in request.headers for request in server.requests)


def test_a_public_operation_gets_no_token(connect, nothing):
    client, server = connect(nothing, token="t-1")
    client.orders.public()
    client.orders.delete_order("o")  # says nothing of security
    first, second = server.requests
    assert "authorization" not in first.headers
    assert second.headers["authorization"] == "Bearer t-1"


def test_a_token_that_is_refused_is_asked_for_again_once(connect):
    tokens = iter(["old", "new", "newest"])
    client, server = connect(
        lambda request: reply(
            204 if request.headers["authorization"] == "Bearer new" else 401
        ),
        token=lambda: next(tokens),
    )
    client.orders.by_key_or_token()
    client.orders.by_key_or_token()
    assert [request.headers["authorization"][7:] for request in server.requests] == [
        "old",
        "new",
        "new",
    ]


def test_a_token_that_is_refused_twice_is_an_error(connect):
    client, server = connect(lambda request: reply(401), token=lambda: "t")
    with pytest.raises(errors.AuthenticationError):
        client.orders.by_key_or_token()
    assert len(server.requests) == 2


def test_a_function_for_a_token_that_fails_is_an_error_of_the_package(connect):
    client, server = connect(lambda request: reply(204), token=lambda: 1 / 0)
    with pytest.raises(errors.AuthenticationError, match="ZeroDivisionError"):
        client.orders.by_key_or_token()


def test_a_token_serves_the_only_scheme_of_an_api():
    only = {"key": Scheme("header", "key", "X-Key"), "cert": Scheme("none", "cert")}
    made = authorise(only, {}, Secret("t-1"))
    assert made.choose([["key", "cert"]]) == ("token",)
    assert repr(made.credentials["token"]) == "HeaderCredential('X-Key')"


def test_a_credential_of_its_own_goes_before_the_token():
    made = authorise({"a": Scheme("bearer", "a")}, {"a": "x"}, Secret("t-1"))
    assert made.choose([["a"]]) == ("a",)
    assert made.all_names == ("token",)
    assert authorise({"a": Scheme("bearer", "a")}, {"a": "x"}).all_names == ("a",)


def test_an_unknown_scheme_is_named_as_it_is():
    with pytest.raises(ConfigurationError, match="needs other: .* with other=..."):
        authorise({}, {}).choose([["other"]])


@pytest.mark.parametrize("login", ["ada:secret", ("ada",)])
def test_a_login_is_a_pair(login):
    schemes = {"login": Scheme("basic", "login")}
    words = "login must be a pair of a user name and a password"
    with pytest.raises(ConfigurationError, match=words):
        authorise(schemes, {"login": login})


def test_no_traceback_shows_the_password_of_a_login_that_cannot_be_sent():
    schemes = {"login": Scheme("basic", "login")}
    login = {"login": Secret(("a:b", "sk-1"))}
    with pytest.raises(ConfigurationError, match="without a colon") as caught:
        authorise(schemes, login)
    shown = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    assert "sk-1" not in "".join(shown.format())
