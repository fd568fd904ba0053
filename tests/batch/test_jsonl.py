"""Tests of files of JSON lines, each whole or not at all."""

import logging
import os
import stat

import pytest

from ai_spine.batch.jsonl import LineFile
from ai_spine.exceptions import ConfigurationError
from ai_spine.utils.locks import lock

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX files")


@pytest.fixture
def opened():
    """Open files that are closed at the end."""
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
    file.close_without([])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
def test_it_keeps_the_mode_that_somebody_has_given_it(opened, path):
    file = opened(path)
    dropped = file.add({"index": 0})
    path.chmod(0o640)
    file.close_without({dropped})
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("cut", [b'{"index": 1, "sta', b"{", b'{"index": 1'])
def test_a_last_line_that_a_crash_has_cut_is_removed_and_the_log_says_so(
    opened, path, cut, caplog
):
    whole = b'{"index": 0}\n'
    path.write_bytes(whole + cut)
    file = opened(path)
    with caplog.at_level(logging.WARNING, "ai_spine"):
        assert [line.value for line in file.read()] == [{"index": 0}]
    assert path.read_bytes() == whole
    assert caplog.messages == [f"{path} line 2 was cut by a crash and is removed"]
    file.add({"index": 1})
    assert path.read_bytes() == whole + b'{"index": 1}\n'


@pytest.mark.parametrize("cut", [b'{"ind', b'{"index": 0, "st', b'{"run": "a'])
def test_a_first_line_that_a_crash_has_cut_is_removed(opened, path, cut):
    path.write_bytes(cut)
    assert list(opened(path).read()) == []
    assert path.read_bytes() == b""


def test_a_last_line_that_lacks_only_its_end_gets_it(opened, path, caplog):
    path.write_bytes(b'{"index": 0}\n{"index": 1}')
    file = opened(path)
    assert [line.value["index"] for line in file.read()] == [0, 1]
    file.add({"index": 2})
    assert path.read_bytes() == b'{"index": 0}\n{"index": 1}\n{"index": 2}\n'
    assert caplog.messages == []


@pytest.mark.parametrize("content", [b"my only notes", b'{"mine": 1', b"\xff\x00"])
def test_a_file_of_somebody_else_is_left_as_it_is(opened, path, content):
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="line 1 is not a JSON object"):
        list(opened(path).read())
    assert path.read_bytes() == content


@pytest.mark.parametrize("bad", [b"no json", b"[1]", b"\xff", b""])
def test_a_bad_line_amid_others_is_named(opened, path, bad):
    content = b'{"index": 0}\n' + bad + b'\n{"index": 2}\n'
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        list(opened(path).read())
    assert str(caught.value) == f"{path} line 2 is not a JSON object"
    assert path.read_bytes() == content


def test_lines_can_be_left_out(opened, path):
    file = opened(path)
    offsets = [file.add({"index": n}) for n in range(4)]
    file.close_without({offsets[0], offsets[2]})
    assert [file.at(offsets[n]) for n in (1, 3)] == [{"index": 1}, {"index": 3}]
    new = opened(path)
    assert [line.value["index"] for line in new.read()] == [1, 3]
    new.add({"index": 4})
    assert [line.value["index"] for line in new.read()] == [1, 3, 4]
    assert os.listdir(path.parent) == [path.name]


def test_a_file_that_cannot_be_written_anew_is_left_as_it_is(opened, path):
    file = opened(path)
    dropped = file.add({"index": 0})
    content = path.read_bytes()
    path.with_name(path.name + ".new").mkdir()
    with pytest.raises(ConfigurationError, match="run.jsonl.new cannot be written: "):
        file.close_without({dropped})
    assert path.read_bytes() == content
    opened(path)


@posix
def test_a_file_that_is_gone_is_reported_in_one_sentence(opened, path):
    file = opened(path)
    offset = file.add({"index": 0})
    path.unlink()
    with pytest.raises(ConfigurationError, match="run.jsonl cannot be read: "):
        file.at(offset)
    with pytest.raises(ConfigurationError, match="run.jsonl cannot be read: "):
        list(file.read())
    with pytest.raises(ConfigurationError, match="run.jsonl cannot be read: "):
        file.close_without({offset})


@posix
def test_a_file_that_is_gone_need_not_be_removed(opened, path, caplog):
    file = opened(path)
    path.unlink()
    file.close_and_remove()
    assert caplog.messages == [f"{path} was removed by somebody else"]


@posix
def test_a_file_that_cannot_be_removed_is_reported_and_released(
    opened, path, monkeypatch
):
    file = opened(path)

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.remove", refuse)
    with pytest.raises(ConfigurationError) as caught:
        file.close_and_remove()
    assert str(caught.value) == f"{path} cannot be removed: Permission denied"
    opened(path)


@posix
@pytest.mark.parametrize("what", ["removes", "replaces"])
def test_a_file_that_its_run_takes_away_meanwhile_is_not_written_to(
    opened, path, monkeypatch, what
):
    first = opened(path)
    dropped = first.add({"index": 0})

    def lock_late(descriptor):  # the first run ends when this one has opened its file
        monkeypatch.undo()
        if what == "removes":
            first.close_and_remove()
        else:
            first.close_without({dropped})
        return lock(descriptor)

    monkeypatch.setattr("ai_spine.batch.jsonl.lock", lock_late)
    with pytest.raises(ConfigurationError) as caught:
        opened(path)
    assert str(caught.value) == f"{path} is in use by another run"
    opened(path)


def test_a_file_system_without_locks_is_reported(opened, path, monkeypatch):
    def refuse(descriptor):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("ai_spine.batch.jsonl.lock", refuse)
    with pytest.raises(ConfigurationError) as caught:
        opened(path)
    told = f"{path} cannot be locked: No locks available; use another file system"
    assert str(caught.value) == told


@posix
def test_a_file_that_is_in_use_is_refused(opened, path):
    opened(path)
    with pytest.raises(ConfigurationError) as caught:
        opened(path)
    assert str(caught.value) == f"{path} is in use by another run"


@posix
def test_a_file_that_was_closed_is_free_again(opened, path):
    opened(path).close()
    assert not opened(path).has_lines


@posix
def test_a_refusal_does_not_free_the_file_for_others(opened, path):
    opened(path)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="in use"):
            opened(path)


@pytest.mark.parametrize("name", ["missing/run.jsonl", "a\0b", ""])
def test_a_file_that_cannot_be_opened_is_reported_in_one_sentence(tmp_path, name):
    given = str(tmp_path / name) if name else ""
    with pytest.raises(ConfigurationError, match="cannot be opened: "):
        LineFile(given)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_is_refused_since_it_may_have_no_end(tmp_path):
    link = tmp_path / "run.jsonl"
    link.symlink_to("/dev/full")
    with pytest.raises(ConfigurationError) as caught:
        LineFile(str(link))
    assert str(caught.value) == f"{link} is not a regular file"
