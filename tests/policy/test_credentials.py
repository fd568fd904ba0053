"""Tests of credentials: what they may be, and that they show nothing of it."""

import pickle
import traceback

import pytest

from ai_spine import (
    ApiCredential,
    BasicCredential,
    ConfigurationError,
    CookieCredential,
    HeaderCredential,
    QueryCredential,
)
from ai_spine.policy.tokens import Token, secrets_of

HUSH = "p-very-secret"  # a constant, because tracebacks with locals are searched for it
WRONG = HUSH + "\n"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: HeaderCredential("X Key", HUSH),
            "HeaderCredential must have a name that can be sent",
        ),
        (
            lambda: HeaderCredential("Host", HUSH),
            "HeaderCredential must have a name that can be sent",
        ),
        (
            lambda: CookieCredential("", HUSH),
            "CookieCredential must have a name that can be sent",
        ),
        (
            lambda: QueryCredential("\ud800", HUSH),
            "QueryCredential must have a name that can be sent",
        ),
        (
            lambda: HeaderCredential("X-Key", WRONG),
            "the token of HeaderCredential must be text that a header can hold",
        ),
        (
            lambda: CookieCredential("sid", WRONG),
            "the token of CookieCredential must be text that a cookie can hold",
        ),
        (
            lambda: QueryCredential("key", ""),
            "the token of QueryCredential must be text that is not empty",
        ),
        (
            lambda: QueryCredential("key", 7),
            "the token of QueryCredential must be text, not of type int",
        ),
        (
            lambda: HeaderCredential("X-Key", HUSH, "a\r\n"),
            "prefix must be text that a header can hold",
        ),
        (
            lambda: HeaderCredential("X-Key", HUSH, 7),
            "prefix must be text that a header can hold",
        ),
        (
            lambda: BasicCredential("a:b", HUSH),
            "user must be text without a colon",
        ),
        (
            lambda: BasicCredential("ada", 7),
            "the token of BasicCredential must be text, not of type int",
        ),
    ],
)
def test_a_credential_that_cannot_be_sent_is_refused_without_showing_it(make, message):
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert str(caught.value) == message
    shown = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    assert HUSH not in "".join(shown.format())


@pytest.mark.parametrize(
    ("credential", "shown"),
    [
        (HeaderCredential("Authorization", HUSH), "HeaderCredential('Authorization')"),
        (BasicCredential(HUSH), "BasicCredential('Authorization')"),
        (QueryCredential("key", HUSH), "QueryCredential('key')"),
        (CookieCredential("sid", HUSH), "CookieCredential('sid')"),
    ],
)
def test_a_credential_shows_its_place_and_survives_a_pickle(credential, shown):
    again = pickle.loads(pickle.dumps(credential))
    assert repr(credential) == repr(again) == shown
    assert HUSH not in repr(vars(credential))
    assert again.secret == credential.secret


@pytest.mark.parametrize(
    ("name", "prefix", "expected"),
    [
        ("Authorization", None, "Bearer "),
        ("authorization", None, "Bearer "),
        ("X-Key", None, ""),
        ("Authorization", "", ""),
        ("Authorization", "Token ", "Token "),
    ],
)
def test_bearer_stands_before_a_token_only_where_that_is_usual(name, prefix, expected):
    assert HeaderCredential(name, HUSH, prefix).prefix == expected


@pytest.mark.parametrize(
    ("user", "password", "hidden"),
    [
        ("ada", HUSH, [HUSH, "YWRhOnAtdmVyeS1zZWNyZXQ="]),
        (HUSH, "", [HUSH, "cC12ZXJ5LXNlY3JldDo="]),
        ("", "", ["Og=="]),
    ],
)
def test_both_forms_of_a_password_are_hidden(user, password, hidden):
    credential = BasicCredential(user, password)
    found = secrets_of([Token(credential.secret, "basic", credential)])
    assert sorted(secret.reveal() for secret in found) == sorted(hidden)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h/a", "http://h/a?a%20key=k%26"),
        ("http://h/a?", "http://h/a?a%20key=k%26"),
        ("http://h/a?b=1", "http://h/a?b=1&a%20key=k%26"),
        ("http://h/a?a%20key=mine", "http://h/a?a%20key=mine"),
    ],
)
def test_a_token_is_added_to_a_query_once(url, expected):
    credential = QueryCredential("a key", "k&")
    assert credential.added_to(url, credential.secret) == expected


def test_a_credential_without_a_place_cannot_be_used():
    credential = ApiCredential("name", HUSH)
    with pytest.raises(NotImplementedError):
        credential.place(credential.secret, None)
