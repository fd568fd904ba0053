"""Tests of folders with generated files: written wholly or not at all."""

import os
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ai_spine.sdk_sync import generated_folder
from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.sdk_sync.generated_folder import (
    check_folder,
    differences,
    read_manifest,
    with_manifest,
    write_generated,
)

LOCK = "lock.json"
OLD = with_manifest({"a.txt": b"1", "pkg/b.txt": b"2", "gone/c.txt": b"3"}, LOCK)
NEW = with_manifest({"a.txt": b"one", "pkg/b.txt": b"2"}, LOCK, {"format": 1})


@pytest.fixture
def folder(tmp_path):
    """A folder that was generated."""
    write_generated(tmp_path / "out", OLD, LOCK)
    return tmp_path / "out"


def contents_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_files_of_an_earlier_time_are_replaced_and_removed(folder):
    write_generated(folder, NEW, LOCK)
    assert contents_of(folder) == NEW
    assert not (folder / "gone").exists()
    assert read_manifest(folder, LOCK)["format"] == 1


def test_a_folder_with_files_of_others_is_refused_and_untouched(folder):
    (folder / "mine.py").write_text("precious")
    (folder / "pkg" / "b.txt").write_text("edited")
    before = contents_of(folder)
    words = "what was not generated: mine.py, pkg/b.txt; name another folder, or use --force"
    with pytest.raises(ConfigError, match=words):
        write_generated(folder, NEW, LOCK)
    assert contents_of(folder) == before


def test_force_keeps_added_files_and_replaces_changed_ones(folder):
    (folder / "mine.py").write_text("precious")
    (folder / "pkg" / "b.txt").write_text("edited")
    write_generated(folder, NEW, LOCK, force=True)
    assert contents_of(folder) == {**NEW, "mine.py": b"precious"}


@pytest.mark.parametrize("name", [".git/HEAD", "x.egg-info/PKG-INFO", ".venv/a"])
def test_what_tools_leave_is_kept_and_no_reason_to_refuse(folder, name):
    (folder / name).parent.mkdir()
    (folder / name).write_text("kept")
    assert differences(folder, OLD) == []
    write_generated(folder, NEW, LOCK)
    assert contents_of(folder) == {**NEW, name: b"kept"}


def test_compiled_files_are_no_reason_to_refuse(folder):
    (folder / "pkg" / "__pycache__").mkdir()
    check_folder(folder, LOCK)


def test_an_unknown_folder_is_refused_whatever_it_has(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(ConfigError, match="0.txt, 1.txt, 2.txt and 2 more"):
        check_folder(tmp_path, LOCK)


def test_links_are_not_followed(folder, tmp_path):
    (tmp_path / "other").mkdir()
    (folder / "link").symlink_to(tmp_path / "other")
    with pytest.raises(ConfigError, match="link"):
        write_generated(folder, NEW, LOCK)


def test_a_link_to_a_folder_stays_one(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    write_generated(link, NEW, LOCK)
    assert link.is_symlink() and contents_of(folder) == NEW


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file is a file: name a folder"):
        write_generated(tmp_path / "file", NEW, LOCK)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_a_place_that_cannot_be_written_is_said_in_one_sentence():
    with pytest.raises(CodegenError, match="/proc/self/out cannot be written: "):
        write_generated(generated_folder.Path("/proc/self/out"), NEW, LOCK)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": []}', "[" * 10_000])
def test_a_damaged_manifest_is_named_and_can_be_replaced(folder, text):
    (folder / LOCK).write_text(text)
    assert read_manifest(folder, LOCK) == {}
    with pytest.raises(ConfigError, match="lock.json is damaged"):
        check_folder(folder, LOCK)
    write_generated(folder, NEW, LOCK, force=True)
    assert read_manifest(folder, LOCK)["format"] == 1


def test_other_ends_of_lines_make_no_difference(folder):
    (folder / "pkg" / "b.txt").write_bytes(b"a\r\nb\r\n")
    files = with_manifest({**OLD, "pkg/b.txt": b"a\nb\n"}, LOCK)
    del files[LOCK]
    assert [each.path for each in differences(folder, files)] == [LOCK]


def test_an_exchange_that_fails_leaves_the_old_folder(folder, monkeypatch):
    (folder / "mine.py").write_text("precious")
    before, real = contents_of(folder), generated_folder.Path.rename

    def rename(self, target):
        if target == folder / LOCK and self.parent.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(generated_folder.Path, "rename", rename)
    with pytest.raises(CodegenError, match="No space left on device"):
        write_generated(folder, NEW, LOCK, force=True)
    assert contents_of(folder) == before


def test_the_folder_stays_the_same_since_a_shell_may_be_in_it(folder, monkeypatch):
    monkeypatch.chdir(folder)
    write_generated(Path("."), NEW, LOCK)
    assert contents_of(Path.cwd()) == contents_of(folder) == NEW


def test_ctrl_c_while_folders_are_moved_comes_after_it(folder, monkeypatch):
    real = generated_folder.Path.rename

    def rename(self, target):
        os.kill(os.getpid(), signal.SIGINT)
        return real(self, target)

    monkeypatch.setattr(generated_folder.Path, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        write_generated(folder, NEW, LOCK)
    assert contents_of(folder) == NEW


def test_differences_show_what_changed_is_missing_and_is_unknown(folder):
    (folder / "pkg" / "b.txt").unlink()
    (folder / "mine.py").touch()
    found = {each.path: each for each in differences(folder, NEW)}
    assert {path: each.kind for path, each in found.items()} == {
        "a.txt": "changed",
        LOCK: "changed",
        "gone": "unknown",
        "mine.py": "unknown",
        "pkg/b.txt": "missing",
    }
    assert found["a.txt"].diff.splitlines()[-2:] == ["-1", "+one"]


def test_a_folder_that_is_not_there_misses_everything(tmp_path):
    kinds = {each.kind for each in differences(tmp_path / "none", NEW)}
    assert kinds == {"missing"}


def test_a_file_that_cannot_be_read_is_said(folder):
    (folder / "a.txt").unlink()
    (folder / "a.txt").mkdir()
    with pytest.raises(ConfigError, match="a.txt cannot be read: Is a directory"):
        differences(folder, NEW)


def test_generators_of_one_folder_take_turns(folder, monkeypatch):
    exchange, inside, seen = generated_folder._exchange, [], []

    def watched(*given):
        inside.append(None)
        seen.append(len(inside))
        exchange(*given)
        inside.pop()

    monkeypatch.setattr(generated_folder, "_exchange", watched)
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda n: write_generated(folder, (OLD, NEW)[n % 2], LOCK), range(80)
            )
        )
    assert set(seen) == {1} and len(seen) == 80
    assert contents_of(folder) in (OLD, NEW)


@pytest.mark.skipif(os.name == "nt", reason="the folder is the user's own on Windows")
@pytest.mark.parametrize("place", ["a link", "another user's file"])
def test_a_lock_that_another_user_may_hold_is_refused(
    folder, tmp_path, monkeypatch, place
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if place == "a link":
        lock = generated_folder._lock_of(folder)
        os.symlink(tmp_path / "elsewhere", lock)
    else:
        other = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: other)
        lock = generated_folder._lock_of(folder)
    with pytest.raises(CodegenError) as caught:
        write_generated(folder, NEW, LOCK)
    assert f"since {lock} cannot be locked (" in str(caught.value)
    assert "set TMPDIR to a folder of your own" in str(caught.value)
    assert contents_of(folder) == OLD
