"""Tests of requests that are named by their paths."""

import pytest

from ai_spine import ValidationError
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.messages import Response
from ai_spine.policy.rest_requests import exchange_of, read_json, target_of

BASE = "https://api.example.com/v1"


@pytest.mark.parametrize(
    "path, query, expected",
    [
        ("/users", None, ("/users", "")),
        ("/users", {"tag": ["a", "b"], "limit": None}, ("/users", "tag=a&tag=b")),
        ("/users?limit=5&x=%20", None, ("/users", "limit=5&x=%20")),
        ("/users?q=a/b?", None, ("/users", "q=a/b?")),
        ("/ü/{id}/a%2Fb", None, ("/%C3%BC/%7Bid%7D/a%2Fb", "")),
        (f"{BASE}/users?page=2", None, ("/users", "page=2")),
        ("/to/https://x.example.com", None, ("/to/https://x.example.com", "")),
    ],
)
def test_a_path_is_encoded_once(path, query, expected):
    assert target_of(path, query, BASE) == expected


@pytest.mark.parametrize(
    "path, query, words",
    [
        ("https://evil.example.com/v1/users", None, "not below https://api"),
        ("https://api.example.com/v2", None, "not below"),
        ("https://api.example.com/v1.evil.com/x", None, "not below"),
        ("//evil.example.com/users", None, "one slash"),
        ("users", None, "one slash"),
        ("/a/../b", None, ". or .."),
        ("/a/%2e%2E/b", None, ". or .."),
        ("/a\nb", None, "neither spaces"),
        ("/a\x00b", None, "neither spaces"),
        ("/a#b", None, "neither spaces"),
        ("/a?b#c", None, "must be percent-encoded: use query"),
        ("/a?b\r\nX: y", None, "must be percent-encoded: use query"),
        ("/a?b=1", {"c": 2}, "must not have a query where query is given too"),
        ("/a", ["b"], "query must be a mapping"),
        (7, None, "path must be text"),
        (None, None, "path must be text"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_in_one_sentence(path, query, words):
    with pytest.raises(ValidationError, match=words) as caught:
        target_of(path, query, BASE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["/a?key=hush pup", "https://ada:hush@evil.example.com/?key=hush"]
)
def test_what_may_be_a_secret_is_not_repeated(path):
    with pytest.raises(ValidationError) as caught:
        target_of(path, None, BASE)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "given, words",
    [
        ({"method": "FETCH"}, "method must be one of GET"),
        ({"method": 1}, "method must be one of GET"),
        ({"headers": ["x"]}, "headers must be a mapping"),
        ({"headers": {"X": "a\nb"}}, "the header X must be printable"),
        ({"headers": {"": "a"}}, "headers has an invalid name: ''"),
        ({"headers": {"X: y": "a"}}, "headers has an invalid name: 'X: y'"),
        ({"headers": {7: "a"}}, "headers has an invalid name: 7"),
        ({"headers": {"Content-length": "0"}}, "Content-length: the client sets it"),
        ({"headers": {"Host": "evil"}}, "must not have Host"),
        ({"headers": {"transfer-encoding": "chunked"}}, "the client sets it"),
        ({"headers": {"authorization": "Bearer x"}}, "use a credential"),
        ({"json": {1: object()}}, "json|JSON|type object"),
    ],
)
def test_what_cannot_be_sent_is_refused(given, words):
    target = target_of("/x", None, BASE)
    with pytest.raises(ValidationError, match=words):
        exchange_of(**{"method": "GET", "target": target, **given})


def test_an_accept_of_the_caller_wins_whatever_its_case():
    target = target_of("/x", None, BASE)
    assert exchange_of("get", target, headers={"accept": "text/csv"}).headers == {
        "accept": "text/csv"
    }
    assert exchange_of("get", target).headers == {"Accept": "application/json"}


def test_a_response_that_is_no_json_is_named_by_its_type():
    assert read_json(Response(200, {}, b"")) is None
    with pytest.raises(UnexpectedResponse, match=r"not JSON \(text/html, 4 bytes\)"):
        read_json(Response(200, {"Content-Type": "text/html"}, b"<ht>"))
