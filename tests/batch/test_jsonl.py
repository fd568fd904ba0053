"""Tests of files of JSON lines, each whole or not at all."""

import logging
import os
import stat

import pytest

from ai_spine.exceptions import ConfigurationError
from ai_spine.jsonl import LineFile

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX files")


@pytest.fixture
def opened():
    """Opens files that are closed at the end."""
    files = []

    def make(path):
        files.append(LineFile(str(path)))
        return files[-1]

    yield make
    for file in files:
        file.close()


def test_a_line_is_there_as_soon_as_it_is_added(opened, path):
    file = opened(path)
    file.add({"index": 0, "text": "é\n☂"})
    second = file.add({"index": 1})
    assert path.read_bytes().count(b"\n") == 2
    assert file.at(0) == {"index": 0, "text": "é\n☂"}
    assert file.at(second) == {"index": 1}


def test_lines_are_read_back_with_their_numbers(opened, path):
    file = opened(path)
    offsets = [file.add({"index": n}) for n in range(3)]
    read = list(file.read())
    assert [line.number for line in read] == [1, 2, 3]
    assert [line.offset for line in read] == offsets
    assert [line.value["index"] for line in read] == [0, 1, 2]


@posix
def test_it_is_for_its_owner_alone_to_read(opened, path):
    file = opened(path)
    file.add({"index": 0})
    new = file.without([])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    new.close()


@pytest.mark.parametrize("cut", [b'{"index": 1, "sta', b"{", b'{"index": 1}'])
def test_a_last_line_that_a_crash_has_cut_is_removed_and_the_log_says_so(
    opened, path, cut, caplog
):
    whole = b'{"index": 0}\n'
    path.write_bytes(whole + cut)
    file = opened(path)
    with caplog.at_level(logging.WARNING, "ai_spine"):
        assert [line.value for line in file.read()] == [{"index": 0}]
    assert path.read_bytes() == whole
    assert caplog.messages == [f"{path} line 2 was cut by a crash: it is removed"]
    file.add({"index": 1})
    assert path.read_bytes() == whole + b'{"index": 1}\n'


@pytest.mark.parametrize("cut", [b'{"ind', b'{"index": 0, "st', b'{"run": "a'])
def test_a_first_line_that_a_crash_has_cut_is_removed(opened, path, cut):
    path.write_bytes(cut)
    assert list(opened(path).read()) == []
    assert path.read_bytes() == b""


@pytest.mark.parametrize("content", [b"my only notes", b'{"mine": 1}', b"\xff\x00"])
def test_a_file_of_somebody_else_is_left_as_it_is(opened, path, content):
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="line 1 is no JSON object"):
        list(opened(path).read())
    assert path.read_bytes() == content


@pytest.mark.parametrize("bad", [b"no json", b"[1]", b"\xff", b""])
def test_a_bad_line_amid_others_is_named(opened, path, bad):
    content = b'{"index": 0}\n' + bad + b'\n{"index": 2}\n'
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        list(opened(path).read())
    assert str(caught.value) == f"{path} line 2 is no JSON object"
    assert path.read_bytes() == content


def test_lines_can_be_left_out(opened, path):
    file = opened(path)
    offsets = [file.add({"index": n}) for n in range(4)]
    new = file.without({offsets[0], offsets[2]})
    assert [line.value["index"] for line in new.read()] == [1, 3]
    new.add({"index": 4})
    assert [line.value["index"] for line in new.read()] == [1, 3, 4]
    assert os.listdir(path.parent) == [path.name]
    new.close()


@posix
def test_a_file_that_is_in_use_is_refused(opened, path):
    opened(path)
    with pytest.raises(ConfigurationError) as caught:
        opened(path)
    assert str(caught.value) == f"{path} is in use by another run"


@posix
def test_a_file_that_was_closed_is_free_again(opened, path):
    opened(path).close()
    opened(path)


@posix
def test_a_refusal_does_not_free_the_file_for_others(opened, path):
    opened(path)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="in use"):
            opened(path)


@pytest.mark.parametrize("name", ["missing/run.jsonl", "a\0b", ""])
def test_a_file_that_cannot_be_opened_is_told_in_one_sentence(tmp_path, name):
    given = str(tmp_path / name) if name else ""
    with pytest.raises(ConfigurationError, match="cannot be opened: "):
        LineFile(given)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_is_refused_since_it_may_have_no_end(tmp_path):
    link = tmp_path / "run.jsonl"
    link.symlink_to("/dev/full")
    with pytest.raises(ConfigurationError) as caught:
        LineFile(str(link))
    assert str(caught.value) == f"{link} is no regular file"
