"""Tests of file locks; those of Windows run against a fake `msvcrt`."""

import errno
import importlib.util
import os
import sys
import types

import pytest

from ai_spine.utils import locks


class FakeMsvcrt:
    """A fake `msvcrt`: one holder for each byte range at the position of a descriptor."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self):
        self.held = {}

    def locking(self, descriptor, mode, count):
        place = (
            os.fstat(descriptor).st_ino,
            os.lseek(descriptor, 0, os.SEEK_CUR),
            count,
        )
        holder = self.held.get(place)
        if mode == self.LK_UNLCK:
            assert holder == descriptor
            del self.held[place]
        elif holder is not None:
            raise PermissionError(errno.EACCES, "Permission denied")
        else:
            self.held[place] = descriptor


@pytest.fixture(params=["here", "windows"])
def system(request, monkeypatch):
    """The locks of this system, and those of Windows."""
    if request.param == "here" or os.name == "nt":
        return locks
    monkeypatch.setattr(sys, "platform", "win32")
    fake = FakeMsvcrt()
    fake_module = types.ModuleType("msvcrt")
    fake_module.locking = fake.locking
    fake_module.LK_NBLCK, fake_module.LK_UNLCK = fake.LK_NBLCK, fake.LK_UNLCK
    monkeypatch.setitem(sys.modules, "msvcrt", fake_module)
    spec = importlib.util.spec_from_file_location("windows_locks", locks.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def path(tmp_path):
    return tmp_path / "locked"


@pytest.fixture
def opened(path):
    """Open the same file several times."""
    descriptors = []

    def make():
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        descriptors.append(os.open(str(path), flags))
        return descriptors[-1]

    yield make
    for descriptor in descriptors:
        os.close(descriptor)


def test_a_locked_file_can_be_locked_again_after_unlock(system, opened):
    first, second = opened(), opened()
    system.lock(first)
    with pytest.raises(BlockingIOError):
        system.lock(second)
    system.unlock(first)
    system.lock(second)
    system.unlock(second)


def test_writes_to_a_locked_file_are_appended(system, opened, path):
    descriptor = opened()
    os.write(descriptor, b"first\n")
    system.lock(descriptor)
    os.write(descriptor, b"second\n")
    system.unlock(descriptor)
    assert path.read_bytes() == b"first\nsecond\n"


@pytest.mark.skipif(os.name == "nt", reason="opening refuses links on POSIX only")
def test_a_link_that_others_have_put_in_the_place_of_a_lock_is_not_followed(tmp_path):
    link, elsewhere = tmp_path / "lock", tmp_path / "elsewhere"
    link.symlink_to(elsewhere)
    with pytest.raises(OSError), locks.locked(str(link)):
        pass
    assert not elsewhere.exists()
