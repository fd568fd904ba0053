"""Tests of tokens that their holder restricts."""

import traceback
from datetime import datetime, timedelta, timezone

import pytest

from ai_spine import AuthenticationError, RestClient
from ai_spine.ron import RonAuthError, RonClientSync, RonConfigError, RonProblem
from ai_spine.ron.capabilities import caveats_of, expiry_of
from ai_spine.ron.testing import RonNode
from ai_spine.utils import Secret
from ai_spine.utils.macaroons import Macaroon

KEY = b"a key of the node"
SECRET = "no-macaroon-but-secret"
TOKEN = Macaroon.mint(KEY, "k-1").to_text()


@pytest.fixture
def strict():
    with RonNode(key=KEY) as node:
        yield node


@pytest.fixture
def client(strict):
    with RonClientSync(strict.url, TOKEN) as client:
        yield client


def seconds_left(text):
    return (expiry_of(Secret(text)) - datetime.now(timezone.utc)).total_seconds()


@pytest.mark.parametrize(
    "expiry, seconds",
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        (30, 30),
        (timedelta(minutes=1), 60),
    ],
)
def test_an_expiry_is_a_time_from_now(expiry, seconds):
    (caveat,) = caveats_of(expiry=expiry)
    text = Macaroon.mint(KEY, "k").restrict([caveat]).to_text()
    assert seconds - 5 < seconds_left(text) <= seconds


def test_every_caveat_has_its_text():
    moment = datetime(2099, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    found = caveats_of(moment, True, "acme", True, "b3:", ["10.0.0.0/8", "::1/128"])
    assert found == [
        "expiry = 2098-12-31T23:00:00Z",
        "readonly = true",
        "write_once = true",
        "tenant = acme",
        "content_prefix = b3:",
        "ip_allowlist = 10.0.0.0/8,::1/128",
    ]


@pytest.mark.parametrize(
    "given, words",
    [
        ({}, "with_caveat needs a caveat"),
        ({"expiry": "soon"}, "expiry must be a time to come"),
        ({"expiry": ""}, "expiry must be a time to come"),
        ({"expiry": "m"}, "expiry must be a time to come"),
        ({"expiry": -1}, "above zero"),
        ({"expiry": "0s"}, "above zero"),
        ({"expiry": datetime(2020, 1, 1, tzinfo=timezone.utc)}, "is over already"),
        ({"expiry": datetime(2099, 1, 1)}, "with an offset"),
        ({"tenant": "a\nb"}, "tenant must be printable"),
        ({"tenant": 7}, "tenant must be text"),
        ({"expiry": "²m"}, "expiry must be a time to come"),
        ({"expiry": "9" * 40 + "d"}, "expiry must be a time to come"),
        ({"ip_allowlist": "10.0.0.0/8"}, "ip_allowlist must be a list of networks"),
        ({"ip_allowlist": [7]}, "ip_allowlist must be a list of networks"),
        ({"ip_allowlist": ["10.0.0.1/8"]}, "ip_allowlist must be a list of networks"),
        ({"ip_allowlist": ["all,::/0"]}, "ip_allowlist must be a list of networks"),
    ],
)
def test_a_wrong_caveat_is_refused(client, given, words):
    with pytest.raises(ValueError, match=words):
        client.with_caveat(**given)


def test_a_restricted_client_cannot_do_what_it_may_not(client):
    assert client.post("/echo", {})["method"] == "POST"
    with client.with_caveat(expiry="10m", readonly=True, tenant="acme") as narrow:
        assert narrow.get("/hello") == {"hello": "world"}
        with pytest.raises(RonAuthError, match="the token only reads") as caught:
            narrow.post("/echo", {})
        assert caught.value.code == "readonly" and caught.value.status == 403
        with narrow.with_caveat(content_prefix="b3:") as narrower:
            assert narrower.get("/hello") == {"hello": "world"}
    assert client.post("/echo", {})["method"] == "POST"


def test_a_restricted_client_has_the_settings_and_the_middleware_of_the_first(client):
    class Stamp:
        def before_request(self, request):
            return request._replace(headers={**request.headers, "X-Stamp": "1"})

    client.add_middleware(Stamp())
    with client.with_options(timeout=3, headers={"X-Team": "a"}).with_caveat(
        readonly=True
    ) as narrow:
        assert narrow.timeout == 3
        sent = narrow.get("/echo")["headers"]
    assert (sent["X-Stamp"], sent["X-Team"]) == ("1", "a")


def test_the_token_of_a_function_is_restricted_when_it_is_asked_for(strict):
    with RonClientSync(strict.url, token_provider=lambda: TOKEN) as client:
        with client.with_caveat(readonly=True) as narrow:
            assert narrow.get("/hello") == {"hello": "world"}
            with pytest.raises(RonAuthError):
                narrow.delete("/echo")


def test_a_token_that_has_expired_is_not_sent(strict, client):
    old = Macaroon.read(TOKEN).restrict(
        ["expiry = 2020-01-01T00:00:00Z", "expiry = later"]
    )
    with RonClientSync(strict.url, macaroon=old.to_text()) as late:
        with pytest.raises(
            RonAuthError, match="has expired: nothing was sent"
        ) as caught:
            late.get("/hello")
    assert strict.requests == [] and isinstance(caught.value, RonProblem)


def test_a_function_is_asked_again_when_its_token_has_expired(strict):
    old = Macaroon.read(TOKEN).restrict(["expiry = 2099-01-01T00:00:00Z"]).to_text()
    asked = []

    def provide():
        asked.append(1)
        return old

    with RonClientSync(strict.url, token_provider=provide) as client:
        client.get("/hello")
        client.get("/hello")
        assert len(asked) == 1
        client._expiry = (client._expiry[0], datetime(2020, 1, 1, tzinfo=timezone.utc))
        client.get("/hello")
        assert len(asked) == 2


@pytest.mark.parametrize("token", ["my-token", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"])
def test_another_token_cannot_be_restricted(node, token):
    with RonClientSync(node.url, token) as client:
        with pytest.raises(RonConfigError, match="it is no macaroon") as caught:
            client.with_caveat(readonly=True)
    assert token not in str(caught.value)


@pytest.mark.parametrize("is_function", [False, True])
def test_no_traceback_with_locals_shows_a_token_that_is_no_macaroon(node, is_function):
    given = (lambda: SECRET) if is_function else SECRET
    name = "token_provider" if is_function else "token"
    with RonClientSync(node.url, **{name: given}) as client:
        try:
            client.with_caveat(readonly=True).get("/hello")
        except (RonConfigError, RonAuthError) as error:
            shown = traceback.TracebackException.from_exception(
                error, capture_locals=True
            )
    frames = [*shown.stack, *(shown.__cause__.stack if is_function else ())]
    ours = [frame for frame in frames if "/ai_spine/" in frame.filename]
    assert ours and not any(SECRET in str(frame.locals) for frame in ours)


def test_a_node_refuses_a_macaroon_whose_time_is_over(strict):
    late = Macaroon.read(TOKEN).restrict(["expiry = 2020-01-01T00:00:00Z"]).to_text()
    with RestClient(strict.url, late) as client:
        with pytest.raises(AuthenticationError, match="who are you"):
            client.get("/app/hello")


def test_without_a_token_there_is_nothing_to_restrict(node):
    with RonClientSync(node.url) as client:
        with pytest.raises(RonConfigError, match="needs a token"):
            client.with_caveat(readonly=True)
