"""Tests of files with settings for agents."""

import os

import pytest

from ai_spine import ConfigurationError
from ai_spine.local.env_file import EnvFile, read_line
from tests.local import is_one_sentence


@pytest.fixture
def path(tmp_path, monkeypatch):
    for name in ("SPINE_TEST_A", "SPINE_TEST_B"):
        monkeypatch.setenv(name, "")  # so that it is as before at the end
        del os.environ[name]
    return tmp_path / ".env"


@pytest.mark.parametrize(
    "line, value",
    [
        ("A=x", "x"),
        ("  export A = x y  ", "x y"),
        ("A=", ""),
        ("A= # a comment", ""),
        ("A=x # a comment", "x"),
        ("A=x#y", "x#y"),
        ("A=a=b", "a=b"),
        ("A='x # y'", "x # y"),
        ('A="it\'s"  # a comment', "it's"),
        ("A=''", ""),
        ('A=" x "', " x "),
        ("A=Málaga", "Málaga"),
    ],
)
def test_a_line_has_a_name_and_a_value(line, value):
    assert read_line(line) == ("A", value)


@pytest.mark.parametrize(
    "line",
    ["A", "=x", "1A=x", "A B=x", "export B C=x", "A-B=x", "A='x", "A='x'y", "A=\0"],
)
def test_other_lines_are_refused(line):
    assert read_line(line) is None


def test_comments_and_empty_lines_are_skipped(path):
    path.write_text("\ufeff# first\n\n  # second\nSPINE_TEST_A=1\n", encoding="utf-8")
    EnvFile(path, required=True).load()
    assert os.environ["SPINE_TEST_A"] == "1"


def test_the_environment_takes_precedence(path, monkeypatch):
    monkeypatch.setenv("SPINE_TEST_A", "mine")
    path.write_text("SPINE_TEST_A=1\nSPINE_TEST_B=2\n", encoding="utf-8")
    EnvFile(path, required=True).load()
    assert (os.environ["SPINE_TEST_A"], os.environ["SPINE_TEST_B"]) == ("mine", "2")


def test_a_second_load_replaces_what_the_first_has_set(path):
    env = EnvFile(path, required=True)
    path.write_text("SPINE_TEST_A=1\n", encoding="utf-8")
    env.load()
    path.write_text("SPINE_TEST_B=2\n", encoding="utf-8")
    env.load()
    assert "SPINE_TEST_A" not in os.environ and os.environ["SPINE_TEST_B"] == "2"


def test_a_block_that_raises_leaves_the_variables_of_before(path):
    env = EnvFile(path, required=True)
    path.write_text("SPINE_TEST_A=1\n", encoding="utf-8")
    env.load()
    path.write_text("SPINE_TEST_A=2\nSPINE_TEST_B=2\n", encoding="utf-8")
    with pytest.raises(RuntimeError), env.loaded():
        assert os.environ["SPINE_TEST_A"] == "2"
        raise RuntimeError
    assert os.environ["SPINE_TEST_A"] == "1" and "SPINE_TEST_B" not in os.environ


@pytest.mark.parametrize(
    "content, words",
    [
        (b"SPINE_TEST_A=1\nsk-secret\n", "line 2: KEY=VALUE is expected"),
        (b"SPINE_TEST_A=\xff\n", "it is not UTF-8 text"),
        (None, "No such file"),
    ],
)
def test_a_wrong_file_is_refused_without_its_content(path, content, words):
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words) as caught:
        EnvFile(path, required=True).load()
    assert is_one_sentence(caught.value) and "secret" not in str(caught.value)
    assert "SPINE_TEST_A" not in os.environ


def test_a_file_that_is_not_required_may_be_missing(path):
    before = dict(os.environ)
    EnvFile(path, required=False).load()
    assert dict(os.environ) == before
