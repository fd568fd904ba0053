"""Files of JSON lines: each line is appended completely or not at all."""

import json
import os
import stat
import weakref
from bisect import bisect
from contextlib import suppress
from typing import (
    Any,
    BinaryIO,
    Container,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Tuple,
)

from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.request_events import log
from ai_spine.utils.locks import is_there, lock, unlock

# How a first line begins that a crash has cut; any other file is not ours to change.
_BEGINNINGS = (b'{"index": ', b'{"run": ')


class Line(NamedTuple):
    """A line of a file."""

    number: int
    """Counted from 1."""
    offset: int
    """Where the line begins."""
    value: Dict[str, Any]
    """The object of the line."""


class LineFile:
    """A file of JSON objects, one for each line.

    Args:
        path: The file; it is created if necessary, readable only by its owner.

    Raises:
        ConfigurationError: The file cannot be opened, or another process uses it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = -1
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._fd = os.open(path, flags, 0o600)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigurationError(f"{path} cannot be opened: {reason}") from None
        _open_files.add(self)
        try:
            self._end = self._acquire()
        except BaseException:
            self._release()
            raise
        self._lines = 0
        self._dropped: Tuple[List[int], List[int]] = ([], [])

    def _acquire(self) -> int:
        """Lock the file and return its size."""
        in_use = ConfigurationError(f"{self.path} is in use by another run")
        try:
            lock(self._fd)
        except BlockingIOError:
            raise in_use from None
        except OSError as error:
            message = f"{self.path} cannot be locked: {error.strerror}; use another file system"
            raise ConfigurationError(message) from None
        state = os.fstat(self._fd)
        if not stat.S_ISREG(state.st_mode):  # a device may have no end
            raise ConfigurationError(f"{self.path} is not a regular file")
        if not is_there(self._fd, self.path):  # the run that used it has replaced it
            raise in_use
        return state.st_size

    def read(self) -> Iterator[Line]:
        """Yield the lines, and repair a last one that a crash has cut.

        Raises:
            ConfigurationError: The file cannot be read, or a line is not a JSON object.
        """
        offset, ends_well = 0, True
        with self._reader() as reader:
            for number, raw in enumerate(reader, start=1):
                value = _parse(raw)
                if value is None:
                    self._check_last(number, raw)
                    break
                self._lines = number
                yield Line(number, offset, value)
                offset += len(raw)
                ends_well = raw.endswith(b"\n")
        self._cut_to(offset)
        if not ends_well:  # everything was written but the line break
            self._append(b"\n")

    def at(self, offset: int) -> Dict[str, Any]:
        """Return the object of the line that began at an offset when it was read or added.

        Raises:
            ConfigurationError: It cannot be read.
        """
        begins, sizes = self._dropped
        before = bisect(begins, offset)
        with self._reader() as reader:
            reader.seek(offset - (sizes[before - 1] if before else 0))
            return _parse(reader.readline()) or {}

    def add(self, value: Dict[str, Any]) -> int:
        """Append a line, and return where it begins.

        Raises:
            ConfigurationError: The file cannot be written. It is unchanged.
        """
        begin = self._end
        self._append(json.dumps(value).encode("ascii") + b"\n")
        self._lines += 1
        return begin

    @property
    def has_lines(self) -> bool:
        """Whether there is anything in it."""
        return self._end > 0

    def close_without(self, offsets: Container[int]) -> None:
        """Close the file without the lines at these offsets; the others keep their offsets.

        Raises:
            ConfigurationError: The file cannot be written. It is unchanged.
        """
        new = self.path + ".new"
        try:
            dropped = self._copy(new, offsets)
            os.chmod(new, stat.S_IMODE(os.fstat(self._fd).st_mode))
            if os.name == "nt":  # Windows replaces no open file
                self.close()
            os.replace(new, self.path)
        except OSError as error:
            with suppress(OSError):
                os.remove(new)
            message = f"{new} cannot be written: {error.strerror}"
            raise ConfigurationError(message) from None
        finally:
            self.close()
        self._dropped = dropped

    def close(self) -> None:
        """Close and unlock the file; a second call changes nothing."""
        if self._fd >= 0:
            unlock(self._fd)
        self._release()

    def close_and_remove(self) -> None:
        """Close and remove the file; if it is already gone, that is no error.

        Raises:
            ConfigurationError: The file cannot be removed.
        """
        try:
            if os.name == "nt":  # Windows removes no open file
                self.close()
            os.remove(self.path)
        except FileNotFoundError:
            log.warning("%s was removed by somebody else", self.path)
        except OSError as error:
            message = f"{self.path} cannot be removed: {error.strerror}"
            raise ConfigurationError(message) from None
        finally:
            self.close()

    def _release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _reader(self) -> BinaryIO:
        try:
            return open(self.path, "rb")
        except OSError as error:
            message = f"{self.path} cannot be read: {error.strerror}"
            raise ConfigurationError(message) from None

    def _append(self, content: bytes) -> None:
        begin, written = self._end, 0
        try:
            while written < len(content):
                written += os.write(self._fd, content[written:])
        except OSError as error:
            self._cut_to(begin)
            raise ConfigurationError(
                f"{self.path} line {self._lines + 1} cannot be written: {error.strerror}; "
                "free some space and run the batch again; finished inputs are not repeated"
            ) from None
        self._end = begin + len(content)

    def _copy(
        self, path: str, leaving_out: Container[int]
    ) -> Tuple[List[int], List[int]]:
        """Copy the lines that stay; return where the others begin, and their bytes so far."""
        begins: List[int] = []
        sizes: List[int] = []
        offset = 0
        with open(path, "wb", opener=_private) as writer, self._reader() as reader:
            for raw in reader:
                if offset in leaving_out:
                    begins.append(offset)
                    sizes.append((sizes[-1] if sizes else 0) + len(raw))
                else:
                    writer.write(raw)
                offset += len(raw)
        return begins, sizes

    def _check_last(self, number: int, raw: bytes) -> None:
        is_ours = number > 1 or any(
            raw.startswith(begin) or begin.startswith(raw) for begin in _BEGINNINGS
        )
        if raw.endswith(b"\n") or not is_ours:
            raise ConfigurationError(f"{self.path} line {number} is not a JSON object")
        log.warning("%s line %d was cut by a crash and is removed", self.path, number)

    def _cut_to(self, offset: int) -> None:
        os.ftruncate(self._fd, offset)
        self._end = offset


_open_files: "weakref.WeakSet[LineFile]" = weakref.WeakSet()


def _after_fork() -> None:
    """Close the files in a forked process, which would keep them locked when this one dies."""
    for file in list(_open_files):
        file._release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _parse(raw: bytes) -> Optional[Dict[str, Any]]:
    try:
        value = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
