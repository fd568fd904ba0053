"""Writes a file piece by piece, and shows it when it is whole."""

import errno
import os
from contextlib import suppress
from typing import Union

from ai_spine.utils import random_id


class NewFile:
    """A file that takes the place of another, if any, when it is whole.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: "Union[str, os.PathLike[str]]") -> None:
        self._path = os.fspath(path)
        folder = os.path.dirname(self._path)
        self._new = os.path.join(folder, f".new-{random_id()}")
        if os.path.isdir(self._path):  # which would be found out at the end
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self._path)
        try:
            self._file = open(self._new, "xb")
        except OSError as error:
            error.filename = self._path
            raise

    def write(self, piece: bytes) -> None:
        """Write the next bytes."""
        self._file.write(piece)

    def commit(self) -> int:
        """Put the file in its place, and return its size in bytes."""
        with self._file as file:
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        os.replace(self._new, self._path)
        return size

    def discard(self) -> None:
        """Remove the file, unless it is in its place."""
        self._file.close()
        with suppress(FileNotFoundError):
            os.unlink(self._new)
