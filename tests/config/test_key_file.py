"""Tests of keys in files."""

import traceback

import pytest

from ai_spine import AISpine, ConfigurationError
from ai_spine.config.key_file import KeyFile

NAME = "AI_SPINE_API_KEY_FILE"


@pytest.mark.parametrize("content", [b"sk-1", b"sk-1\n", b"sk-1\r\n", b"sk-1\n\n"])
def test_newlines_at_the_end_are_not_of_the_key(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    assert KeyFile(str(path), NAME)() == "sk-1"
    assert "sk-1" not in repr(KeyFile(str(path), NAME))


@pytest.mark.parametrize(
    "content, problem",
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "must contain one line of printable ASCII text, the key"),
        (b" sk-1\n", "must contain one line of printable ASCII text, the key"),
        (b"sk-1\nsk-2\n", "must contain one line of printable ASCII text, the key"),
        (b"\xff\xfe", "must contain one line of printable ASCII text, the key"),
        (b"x" * 70_000, "is larger than 64 KiB"),
    ],
)
def test_a_file_without_a_key_is_reported_when_the_client_is_made(
    tmp_path, monkeypatch, content, problem
):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(NAME, str(path))
    with pytest.raises(ConfigurationError) as caught:
        AISpine()
    assert str(caught.value) == f"{NAME}: the file {problem}"


def test_a_key_in_the_place_of_the_path_is_not_shown(monkeypatch):
    monkeypatch.setenv(NAME, "sk-in-the-wrong-place")
    with pytest.raises(ConfigurationError) as caught:
        AISpine()
    told = traceback.format_exception(None, caught.value, caught.value.__traceback__)
    assert "sk-in-the-wrong-place" not in "".join(told)
    assert "sk-in" not in repr(KeyFile("sk-in-the-wrong-place", NAME))


def test_a_path_that_cannot_be_one_is_reported():
    with pytest.raises(ConfigurationError, match="cannot be read: not a path"):
        KeyFile("a\0b", NAME)()


def test_a_key_and_a_file_in_the_environment_exclude_each_other(tmp_path, monkeypatch):
    path = tmp_path / "key"
    path.write_text("sk-1")
    monkeypatch.setenv(NAME, str(path))
    monkeypatch.setenv("AI_SPINE_API_KEY", "sk-2")
    with pytest.raises(ConfigurationError) as caught:
        AISpine()
    text = "AI_SPINE_API_KEY and AI_SPINE_API_KEY_FILE are both set: unset one"
    assert str(caught.value) == text
    assert AISpine("sk-3")
