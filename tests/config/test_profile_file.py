"""Tests of the profile file: it is read and changed without loss, and kept private."""

import concurrent.futures
import os
import stat
import subprocess
import sys
import threading
import traceback

import pytest

from ai_spine import ConfigurationError
from ai_spine.config import profile_file
from ai_spine.config.profile_file import change_document, read_document
from ai_spine.utils import Secret

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")
KEY = "sk-never-shown-1"
CONTENT = """\
# My servers.
[default]
timeout = 5

; the one at work
[work]
# not the old one
api_key = sk-1
base_url=https://work.test
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "folder" / "config.ini")


def put(path, section, key, value):
    def change(document):
        document.put(section, key, Secret(value))
        return True

    return change_document(path, change)


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def values(path):
    sections = read_document(path).sections
    return {
        name: {key: entry.text.reveal() for key, entry in section.entries.items()}
        for name, section in sections.items()
    }


def test_a_missing_file_is_empty(path):
    assert values(path) == {}
    assert read_document(None).sections == {}


def test_values_and_their_lines_are_read(path):
    write(path, "\ufeff" + CONTENT)
    assert values(path) == {
        "default": {"timeout": "5"},
        "work": {"api_key": "sk-1", "base_url": "https://work.test"},
    }
    assert read_document(path).sections["work"].entries["base_url"].line == 9


def test_a_change_keeps_comments_blank_lines_and_the_order(path):
    write(path, CONTENT)
    put(path, "default", "timeout", "7")
    put(path, "default", "output", "json")
    put(path, "work", "base_url", "https://new.test")
    put(path, "third", "timeout", "1")
    changed = CONTENT.replace("timeout = 5", "timeout = 7\noutput = json")
    changed = changed.replace("base_url=https://work", "base_url = https://new")
    assert read(path) == changed + "\n[third]\ntimeout = 1\n"


def test_line_endings_are_preserved(path):
    write(path, "[a]\r\nx = 1\r\n")
    put(path, "a", "y", "2")
    assert read(path) == "[a]\r\nx = 1\r\ny = 2\r\n"


def test_removing_an_entry_leaves_the_rest(path):
    write(path, CONTENT)
    assert change_document(path, lambda d: d.remove("work", "api_key"))
    assert not change_document(path, lambda d: d.remove("work", "api_key"))
    assert "# not the old one\nbase_url" in read(path)
    assert change_document(path, lambda d: d.remove_section("default"))
    assert values(path) == {"work": {"base_url": "https://work.test"}}


@posix
def test_file_and_folder_are_private_from_their_creation(path, monkeypatch):
    seen = []
    replace = os.replace

    def watch(new, old):
        seen.append(stat.S_IMODE(os.stat(new).st_mode))
        replace(new, old)

    monkeypatch.setattr(os, "replace", watch)
    monkeypatch.setattr(
        os, "chmod", None
    )  # a later chmod would leave it open for a moment
    mask = os.umask(0)
    try:
        put(path, "a", "x", "1")
        os.umask(0o777)  # the strictest, too
        put(path, "a", "x", "2") if os.geteuid() == 0 else None
    finally:
        os.umask(mask)
    assert seen[0] == 0o600
    folder = os.path.dirname(path)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert all(
        not stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) & 0o077
        for name in os.listdir(folder)
    )


@posix
def test_a_file_that_was_open_to_others_is_private_after_a_change(path):
    write(path, CONTENT)
    os.chmod(path, 0o644)
    assert profile_file.is_open_to_others(path)
    put(path, "work", "api_key", "sk-2")
    assert not profile_file.is_open_to_others(path)


@posix
def test_a_symlink_stays_and_its_target_is_changed(path, tmp_path):
    real = tmp_path / "dotfiles" / "spine.ini"
    write(str(real), CONTENT)
    os.makedirs(os.path.dirname(path))
    os.symlink(real, path)
    put(path, "work", "timeout", "9")
    assert os.path.islink(path)
    assert values(str(real))["work"]["timeout"] == "9"


@posix
def test_the_missing_target_of_a_symlink_is_created(path, tmp_path):
    os.makedirs(os.path.dirname(path))
    os.symlink(tmp_path / "later" / "spine.ini", path)
    put(path, "work", "timeout", "9")
    assert values(str(tmp_path / "later" / "spine.ini")) == {"work": {"timeout": "9"}}


def test_a_failed_write_leaves_the_file_unchanged_and_no_temporary_file(
    path, monkeypatch
):
    write(path, CONTENT)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ConfigurationError, match="cannot be written: No space left"):
        put(path, "work", "timeout", "9")
    assert read(path) == CONTENT
    names = set(os.listdir(os.path.dirname(path)))
    assert names == {"config.ini", "config.ini.lock"}


def test_concurrent_threads_lose_no_changes(path):
    barrier = threading.Barrier(8)

    def work(number):
        barrier.wait(30)
        for turn in range(5):
            put(path, f"p{number}", "timeout", f"{turn}")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert values(path) == {f"p{number}": {"timeout": "4"} for number in range(8)}


def test_concurrent_processes_lose_no_changes(path):
    command = [sys.executable, "-m", "ai_spine", "config", "set", "timeout", "4"]
    environment = {**os.environ, "AI_SPINE_CONFIG": path}
    running = [
        subprocess.Popen(
            [*command, "--profile", f"p{number}"],
            env=environment,
            stderr=subprocess.PIPE,
        )
        for number in range(6)
    ]
    for each in running:
        _, found = each.communicate(timeout=60)
        assert each.returncode == 0, found
    assert values(path) == {f"p{number}": {"timeout": "4"} for number in range(6)}


@pytest.mark.parametrize(
    "content, expected",
    [
        ("timeout = 1\n", "line 1 sets timeout before any [section]"),
        (f"[a]\n{KEY}\n", "line 2 is neither a [section], nor key = value"),
        (f"[a]\n{KEY} = x\n", "line 2 is neither a [section], nor key = value"),
        ("[a]\nx = 1\n\nx = 2\n", "line 4 sets x a second time in the section [a]"),
        ("[a]\n[b]\n[a]\n", "line 3 begins the section [a] a second time"),
        ("[a b]\n", "line 1 begins a section whose name is not valid for a profile"),
        ("[]\n", "line 1 begins a section whose name is not valid for a profile"),
        ("[a]\n[b\n", "line 2 is neither"),
        (b"[a]\nx = \xff\n", "line 2 is not UTF-8 text"),
        (b"#" * (1024 * 1024 + 1), "is larger than 1 MiB"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else repr(value)[:40],
)
def test_an_invalid_file_is_reported_in_one_sentence_with_its_line(
    path, content, expected
):
    write(path, content)
    with pytest.raises(ConfigurationError) as caught:
        read_document(path)
    assert str(caught.value).startswith(path)
    assert expected in str(caught.value)
    assert KEY not in str(caught.value)


def test_an_invalid_file_is_not_changed(path):
    write(path, f"[a]\n{KEY}\n")
    with pytest.raises(ConfigurationError, match="line 2"):
        put(path, "a", "timeout", "1")
    assert read(path) == f"[a]\n{KEY}\n"


@pytest.mark.parametrize("content", [f"[a]\napi_key = {KEY}\n{KEY}\n", f"[a\n{KEY}"])
def test_no_traceback_shows_the_content_of_the_file(path, content):
    write(path, content)
    with pytest.raises(ConfigurationError) as caught:
        put(path, "a", "timeout", "1")
    shown = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    ours = [frame for frame in shown.stack if "tests" not in frame.filename]
    assert ours
    assert all(KEY not in text for f in ours for text in (f.locals or {}).values())


def test_a_folder_instead_of_the_file_is_reported(path):
    os.makedirs(path)
    for attempt in (read_document, lambda path: put(path, "a", "x", "1")):
        with pytest.raises(ConfigurationError, match="cannot be read|regular file"):
            attempt(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_instead_of_the_file_is_reported_at_once(path):
    os.makedirs(os.path.dirname(path))
    os.mkfifo(path)
    for attempt in (read_document, lambda path: put(path, "a", "x", "1")):
        with pytest.raises(ConfigurationError, match="is not a regular file"):
            attempt(path)


@posix
def test_the_null_device_is_an_empty_file_and_is_never_replaced():
    assert read_document(os.devnull).sections == {}
    with pytest.raises(ConfigurationError):
        put(os.devnull, "a", "x", "1")
    assert not os.path.isfile(os.devnull)
    assert not os.path.exists(os.devnull + ".lock")


@posix
def test_an_unreadable_file_is_reported(path):
    write(path, CONTENT)
    os.chmod(path, 0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(ConfigurationError, match="cannot be read: Permission denied"):
        read_document(path)
