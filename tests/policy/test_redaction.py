"""Tests of removing secrets from text and from logged bodies."""

import json

import pytest

from ai_spine.constants import MAX_LOGGED_LENGTH
from ai_spine.policy.redaction import Redactor
from ai_spine.utils import Secret


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "API-KEY", "password", "passwd", "access_token", "Cookie"]
    + ["Authorization", "client_secret", "privateKey", "credentials"],
)
@pytest.mark.parametrize("value", ["hush", ["hush"], {"a": "hush"}])
def test_values_with_secret_names_are_masked(name, value):
    body = json.dumps([{"deep": {name: value, "text": "seen"}}]).encode()
    assert json.loads(Redactor([]).body(body)) == [
        {"deep": {name: "***", "text": "seen"}}
    ]


def test_token_counts_are_not_secrets():
    assert json.loads(Redactor([]).body(b'{"tokens": 9}')) == {"tokens": 9}


def test_the_secrets_themselves_are_masked_under_any_name():
    text = Redactor([None, Secret('a"b')]).body(b'{"note": "it is a\\"b"}')
    assert json.loads(text) == {"note": "it is ***"}


@pytest.mark.parametrize(
    "body, text",
    [
        (b"", "no body"),
        (b"<html>hush</html>", "17 bytes that are not JSON"),
        (b"\xff\xfe", "2 bytes that are not JSON"),
        (b"[" * 100_000, "100000 bytes that are not JSON"),
    ],
)
def test_a_body_that_is_not_json_is_logged_by_its_size(body, text):
    assert Redactor([]).body(body) == text


def test_a_long_body_is_truncated():
    text = Redactor([]).body(json.dumps("x" * 9999).encode())
    assert len(text) == MAX_LOGGED_LENGTH and text.endswith("…")


@pytest.mark.parametrize(
    "form",
    [
        'sk-a\\\\b"c/d',
        'sk-a\\\\\\\\b\\"c\\/d',
        'sk-a\\b"c/d',
        "sk-a%5C%5Cb%22c%2fd",
        "\\u0073k-a\\u005c\\u005cb\\u0022c/d",
        'SK-A\\\\B"C/D',
    ],
    ids=["plain", "JSON", "read once", "URL", "escapes", "upper case"],
)
def test_a_secret_is_recognised_in_each_spelling(form):
    assert (
        Redactor([Secret('sk-a\\\\b"c/d')]).redact(f"no {form} here") == "no *** here"
    )


def test_secrets_that_came_later_are_removed_too_and_the_first_never_forgotten():
    redactor = Redactor([Secret("fixed")])
    for number in range(150):
        redactor.add(Secret(f"key-{number}-"))
        redactor.add(Secret("again"))
    text = redactor.redact("fixed key-149- key-60- key-1- again")
    assert text == "*** *** *** key-1- ***"
