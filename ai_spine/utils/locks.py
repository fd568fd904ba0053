"""Keeping other processes out of an open file, on POSIX and on Windows."""

import os
import sys

if sys.platform == "win32":
    import msvcrt

    # Nobody else can read a byte that is locked there, so it is one that hardly a file reaches; the
    # C library counts where to lock in 32 bits.
    _FAR = 2**31 - 2

    def lock(descriptor: int) -> None:
        """Takes the file, until it is closed.

        Raises:
            BlockingIOError: Another has it.
            OSError: It cannot be locked.
        """
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(error.errno, error.strerror) from None

    def lock_in_turn(descriptor: int) -> None:
        """Takes the file when no other has it, until it is closed.

        Raises:
            OSError: It cannot be locked, or another has it for ten seconds and more.
        """
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def unlock(descriptor: int) -> None:
        """Lets others have it."""
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock(descriptor: int) -> None:
        """Takes the file, until it is closed.

        Raises:
            BlockingIOError: Another has it.
            OSError: It cannot be locked.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def lock_in_turn(descriptor: int) -> None:
        """Takes the file when no other has it, until it is closed.

        Raises:
            OSError: It cannot be locked.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def unlock(descriptor: int) -> None:
        """Lets others have it; processes that were forked meanwhile would keep it locked."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_there(descriptor: int, path: str) -> bool:
    """Tells whether an open file still stands at its path: it may have been replaced or removed."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False
