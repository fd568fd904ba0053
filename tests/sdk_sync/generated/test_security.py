"""Security schemes and servers: where credentials go, and which server is called."""

import base64

import pytest

from ai_spine.exceptions import AISpineError
from tests.sdk_sync.generated.packages import package_of

KEYS = {
    "bearer_auth": "b",
    "basic_auth": ("u", "p"),
    "header_key": "h",
    "query_key": "q",
    "cookie_key": "c",
    "oauth": "o",
    "open_id": "i",
}


@pytest.fixture
def api(client_of):
    return client_of("security", **KEYS)


def credentials(request):
    """Return each credential that was sent, by its place."""
    names = ("Authorization", "X-Key", "Cookie")
    found = {n: request.headers[n] for n in names if n in request.headers}
    return {**found, **dict(request.query)}


BASIC = "Basic " + base64.b64encode(b"u:p").decode()


@pytest.mark.parametrize(
    "method, sent",
    [
        ("use_global", {"Authorization": "Bearer b"}),
        ("use_none", {}),
        ("use_header", {"X-Key": "h"}),
        ("use_query", {"key": "q"}),
        ("use_cookie", {"Cookie": "sid=c"}),
        ("use_basic", {"Authorization": BASIC}),
        ("use_oauth", {"Authorization": "Bearer o"}),
        ("use_openid", {"Authorization": "Bearer i"}),
        ("use_both", {"X-Key": "h", "key": "q"}),
    ],
)
def test_each_operation_sends_what_it_needs(api, wire, method, sent):
    getattr(api.keys, method)()
    assert credentials(wire.sent) == sent


def test_one_of_several_schemes_is_enough(client_of, wire):
    client_of("security", query_key="q").keys.use_either()
    assert credentials(wire.sent) == {"key": "q"}
    client_of("security", header_key="h").keys.use_either()
    assert credentials(wire.sent) == {"X-Key": "h"}


def test_a_scheme_that_may_be_absent_is_used_if_there_is_one(client_of, wire):
    client_of("security").keys.use_optional()
    assert credentials(wire.sent) == {}
    client_of("security", header_key="h").keys.use_optional()
    assert credentials(wire.sent) == {"X-Key": "h"}


def test_a_credential_that_is_missing_is_said_before_anything_is_sent(client_of, wire):
    with pytest.raises(AISpineError, match="header"):
        client_of("security", bearer_auth="b").keys.use_header()
    assert wire.requests == []


def test_a_token_may_be_a_function_that_is_asked_again(client_of, wire):
    tokens = iter("abcd")
    client = client_of("security", bearer_auth=lambda: next(tokens))
    client.sync.keys.use_global()
    assert credentials(wire.sent) == {"Authorization": "Bearer a"}
    client.sync.keys.use_global()
    assert credentials(wire.sent) == {"Authorization": "Bearer a"}


def test_no_credential_is_shown(api):
    shown = f"{api.sync!r} {api.sync.keys!r} {vars(api.sync)!r}"
    assert not any(repr(each) in shown for each in KEYS.values())


def test_a_token_is_all_that_an_authenticated_client_needs(wire):
    package = package_of("security", module="client")
    with package.AuthenticatedClient(wire.url, "t") as client:
        client.keys.use_global()
    assert credentials(wire.sent) == {"Authorization": "Bearer t"}


def test_the_first_server_is_the_default_with_its_variables():
    client = package_of("servers", module="client")
    with client.Client() as made:
        assert made.base_url == "https://eu.example.com/v2"
    with client.Client(server_variables={"region": "us"}) as made:
        assert made.base_url == "https://us.example.com/v2"


def test_a_server_that_is_given_is_called_for_all_operations(client_of, wire):
    client = client_of("servers")
    client.things.list_things()
    assert wire.sent.path == "/things"
    client.things.get_moved()
    assert wire.sent.path.endswith("/moved")


def test_a_relative_server_needs_a_base_url(wire):
    client = package_of("relative", module="client")
    with pytest.raises((TypeError, AISpineError)):
        client.Client()
    with client.Client(f"{wire.url}/api/v3", max_retries=0) as made:
        made.things.list_things()
    assert wire.sent.path == "/api/v3/things"
