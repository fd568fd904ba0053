"""Tests of locks; those of Windows run against a stand-in that locks as Windows does."""

import errno
import importlib.util
import os
import sys
import types

import pytest

from ai_spine.utils import locks


class Regions:
    """Stands in for `msvcrt`: a byte where the descriptor stands, for one holder."""

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
    regions = Regions()
    stand_in = types.ModuleType("msvcrt")
    stand_in.locking = regions.locking
    stand_in.LK_NBLCK, stand_in.LK_UNLCK = regions.LK_NBLCK, regions.LK_UNLCK
    monkeypatch.setitem(sys.modules, "msvcrt", stand_in)
    spec = importlib.util.spec_from_file_location("windows_locks", locks.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def path(tmp_path):
    return tmp_path / "locked"


@pytest.fixture
def opened(path):
    """Open the same file again and again."""
    descriptors = []

    def make():
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        descriptors.append(os.open(str(path), flags))
        return descriptors[-1]

    yield make
    for descriptor in descriptors:
        os.close(descriptor)


def test_a_file_that_is_locked_is_free_when_it_is_let_go(system, opened):
    first, second = opened(), opened()
    system.lock(first)
    with pytest.raises(BlockingIOError):
        system.lock(second)
    system.unlock(first)
    system.lock(second)
    system.unlock(second)


def test_what_is_written_to_a_locked_file_goes_to_its_end(system, opened, path):
    descriptor = opened()
    os.write(descriptor, b"first\n")
    system.lock(descriptor)
    os.write(descriptor, b"second\n")
    system.unlock(descriptor)
    assert path.read_bytes() == b"first\nsecond\n"
