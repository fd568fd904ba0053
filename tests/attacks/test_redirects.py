"""Tests that no spelling of a redirect leads a request to another origin."""

import pytest

from ai_spine import AISpineError
from tests.raw_server import RawServer, answer

pytestmark = pytest.mark.every_transport

KEY = "sk-very-secret"
# {evil} and {home} are the ports of the other server and of the client's own.
PLACES = [
    r"http://127.0.0.1:{evil}\@127.0.0.1:{home}/x",
    r"http://127.0.0.1:{evil}\\@127.0.0.1:{home}/x",
    r"http://127.0.0.1:{evil}\x@127.0.0.1:{home}/x",
    "http://127.0.0.1:{evil}\\\t@127.0.0.1:{home}/x",
    "http://127.0.0.1:{evil}\t\\@127.0.0.1:{home}/x",
    r"//127.0.0.1:{evil}\@127.0.0.1:{home}/x",
    r"http:\\127.0.0.1:{evil}\@127.0.0.1:{home}/x",
    r"\\127.0.0.1:{evil}/x",
    r"/\127.0.0.1:{evil}/x",
    "/\t/127.0.0.1:{evil}/x",
    "ht\ttp://127.0.0.1:{evil}/x",
    "//127.0.0.1:{evil}/x",
    "http:127.0.0.1:{evil}/x",
    "http:///127.0.0.1:{evil}/x",
    "HTTP://127.0.0.1:{evil}/x",
    "http://127.0.0.1:{home}@127.0.0.1:{evil}/x",
    "http://127.0.0.1:{home}%40@127.0.0.1:{evil}/x",
    "http://user:127.0.0.1:{home}@127.0.0.1:{evil}/x",
    "http://127.0.0.1:{evil}#@127.0.0.1:{home}/x",
    "http://127.0.0.1:{evil}?@127.0.0.1:{home}/x",
    "http://127.0.0.1:{evil};@127.0.0.1:{home}/x",
    "http://127.0.0.1:{home}:{evil}/x",
    "http://127。0。0。1:{evil}/x",
    "http://127．0．0．1:{evil}\\@127.0.0.1:{home}/x",
    "http://127.0.0.1:{evil}／@127.0.0.1:{home}/x",
    "http://127.0.0.1:{home}\\@127.0.0.1:{evil}/x",
]
CALLS = {
    302: lambda client: client.list_flows(),
    307: lambda client: client.execute_flow("f", {}),
}


class Redirecting(RawServer):
    """Sends the first request elsewhere, and answers those that come back."""

    def __init__(self, status, place, evil):
        super().__init__(listening=False)
        there = place.format(evil=evil._address[1], home=self._address[1])
        location = there.encode("utf-8").decode("latin-1")
        self._script = [answer(status, location=location), answer(200, b"[]")]
        self.listen()


@pytest.mark.parametrize("place", PLACES, ids=ascii)
def test_the_other_origin_receives_nothing(place, make_client):
    status = (302, 307)[PLACES.index(place) % 2]
    with RawServer(answer(200, b"[]")) as evil, Redirecting(
        status, place, evil
    ) as home:
        client = make_client(home.url, KEY, max_retries=0, timeout=5)
        try:
            CALLS[status](client)
        except AISpineError as error:
            assert KEY not in str(error)
        assert evil.requests == []
        assert home.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_location_that_two_parsers_read_in_two_ways_is_shown_as_it_would_be_reached(
    make_client, failure
):
    with RawServer(answer(200, b"[]")) as evil, Redirecting(
        302, PLACES[0], evil
    ) as home:
        error = failure(make_client(home.url, KEY).list_flows)
        assert f"redirected to another origin, {evil.url}, " in str(error)
        assert len(home.requests) == 1
