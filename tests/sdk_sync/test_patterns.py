"""Texts that match a pattern: found for what schemas have, and given up without harm."""

import re

import pytest

from ai_spine.sdk_sync.patterns import text_matching


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z][a-z0-9_-]{2,62}$",
        r"^\d{4}-\d{2}-\d{2}$",
        "^(file|dir):[^/]+$",
        "^(?:|abc)$",
        r"^[\w.+-]+@\w+\.\w{2,}$",
        "^(?P<name>a+)b*?c??$",
        r"^\u0041\x42[^\]]$",
        "[]a]",
        r"\bword\b",
        "^#[0-9A-F]{6}([0-9A-F]{2})?$",
        r"^a{2,}$",
        r"\.",
        "^$",
        "^[^a-z]$",
    ],
)
def test_a_text_is_found_for_a_pattern(pattern):
    assert re.search(pattern, text_matching(pattern))


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[", "a{99999}", "^(?!a)a$", "(?=b)a", r"\x4", "[^\\s\\S]", "\\", "a(b"],
)
def test_a_pattern_without_a_text_is_given_up(pattern):
    assert text_matching(pattern) is None


def test_a_text_is_as_long_as_it_must_be():
    assert text_matching("^[a-z]+$", 5) == "aaaaa"
    assert text_matching("^[a-z]{1,8}$", 5) == "aaaaa"
