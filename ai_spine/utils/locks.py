"""Locks files against other processes, on POSIX and on Windows."""

import errno
import os
import sys
from contextlib import contextmanager
from typing import Iterator

if sys.platform == "win32":
    import msvcrt

    # A locked byte cannot be read there, so it is one that hardly any file reaches; the C library
    # counts positions in 32 bits.
    _FAR = 2**31 - 2

    def lock(descriptor: int) -> None:
        """Lock an open file until it is closed.

        Raises:
            BlockingIOError: Another process has locked it.
            OSError: It cannot be locked.
        """
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(error.errno, error.strerror) from None

    def lock_in_turn(descriptor: int) -> None:
        """Lock an open file until it is closed, and wait for other processes first.

        Raises:
            OSError: It cannot be locked, or another process holds the lock for ten seconds or more.
        """
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def unlock(descriptor: int) -> None:
        """Unlock a file."""
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock(descriptor: int) -> None:
        """Lock an open file until it is closed.

        Raises:
            BlockingIOError: Another process has locked it.
            OSError: It cannot be locked.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def lock_in_turn(descriptor: int) -> None:
        """Lock an open file until it is closed, and wait for other processes first.

        Raises:
            OSError: It cannot be locked.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def unlock(descriptor: int) -> None:
        """Unlock a file, which processes that were forked meanwhile would keep locked."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def locked(path: str, mode: int = 0o666, *, own: bool = False) -> Iterator[None]:
    """Hold the lock of a file, in turn with other processes and threads.

    Args:
        path: The file. It is made if necessary, and stays, empty: to lock a file that is replaced,
            lock another one beside it.
        mode: Who may open it, before the umask.
        own: Whether to refuse the file of another user, who could hold the lock for ever.

    Raises:
        OSError: It cannot be opened or locked, or is a link: others may have put that there.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags, mode)
    try:
        if own and hasattr(os, "getuid") and os.fstat(handle).st_uid != os.getuid():
            raise PermissionError(errno.EPERM, "it belongs to another user", path)
        lock_in_turn(handle)
        try:
            yield
        finally:
            unlock(handle)
    finally:
        os.close(handle)


def is_there(descriptor: int, path: str) -> bool:
    """Return whether an open file is still at its path: it may have been replaced or removed."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False
