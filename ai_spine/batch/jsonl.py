"""Files of JSON lines that are appended to, each line whole or not at all."""

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
from ai_spine.policy.events import log
from ai_spine.utils.locks import is_there, lock, unlock

# What a first line that a crash has cut begins with; any other is not ours to remove.
_BEGINNINGS = (b'{"index": ', b'{"run": ')


class Line(NamedTuple):
    """A line of a file."""

    number: int
    """Counted from 1."""
    offset: int
    """Where it begins."""
    value: Dict[str, Any]
    """What it holds."""


class LineFile:
    """A file of JSON objects, one for each line.

    Args:
        path: The file; it is made if there is none, for its owner alone to read.

    Raises:
        ConfigurationError: It cannot be opened, or another process uses it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = -1
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._fd = os.open(path, flags, 0o600)
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or str(error)
            raise ConfigurationError(f"{path} cannot be opened: {words}") from None
        _open_files.add(self)
        try:
            self._end = self._taken()
        except BaseException:
            self._let_go()
            raise
        self._lines = 0
        self._dropped: Tuple[List[int], List[int]] = ([], [])

    def _taken(self) -> int:
        """Locks it, and gives its size."""
        in_use = ConfigurationError(f"{self.path} is in use by another run")
        try:
            lock(self._fd)
        except BlockingIOError:
            raise in_use from None
        except OSError as error:
            words = (
                f"{self.path} cannot be locked: {error.strerror}; name a file elsewhere"
            )
            raise ConfigurationError(words) from None
        state = os.fstat(self._fd)
        if not stat.S_ISREG(state.st_mode):  # a device may have no end
            raise ConfigurationError(f"{self.path} is no regular file")
        if not is_there(self._fd, self.path):  # the run that had it has replaced it
            raise in_use
        return state.st_size

    def read(self) -> Iterator[Line]:
        """Gives its lines, and mends a last one that a crash has cut.

        Raises:
            ConfigurationError: It cannot be read, or a line is no JSON object.
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
        if not ends_well:  # all of it was written but its end
            self._append(b"\n")

    def at(self, offset: int) -> Dict[str, Any]:
        """Gives the object of the line that began there when it was read or added.

        Raises:
            ConfigurationError: It cannot be read.
        """
        begins, sizes = self._dropped
        before = bisect(begins, offset)
        with self._reader() as reader:
            reader.seek(offset - (sizes[before - 1] if before else 0))
            return _parse(reader.readline()) or {}

    def add(self, value: Dict[str, Any]) -> int:
        """Appends a line, and gives where it begins.

        Raises:
            ConfigurationError: It cannot be written. The file is as it was.
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
        """Closes it, and takes away the lines that begin there; what is left keeps its offsets.

        Raises:
            ConfigurationError: It cannot be written. The file is as it was.
        """
        new = self.path + ".new"
        try:
            dropped = self._copy(new, offsets)
            os.chmod(new, stat.S_IMODE(os.fstat(self._fd).st_mode))
            if os.name == "nt":  # which replaces no file that is open
                self.close()
            os.replace(new, self.path)
        except OSError as error:
            with suppress(OSError):
                os.remove(new)
            words = f"{new} cannot be written: {error.strerror}"
            raise ConfigurationError(words) from None
        finally:
            self.close()
        self._dropped = dropped

    def close(self) -> None:
        """Closes it, and lets others have it; a second call changes nothing."""
        if self._fd >= 0:
            unlock(self._fd)
        self._let_go()

    def close_and_remove(self) -> None:
        """Closes it, and takes it away; one that is gone already is no reason for an error.

        Raises:
            ConfigurationError: It cannot be removed.
        """
        try:
            if os.name == "nt":  # which removes no file that is open
                self.close()
            os.remove(self.path)
        except FileNotFoundError:
            log.warning("%s is gone: somebody has removed it", self.path)
        except OSError as error:
            words = f"{self.path} cannot be removed: {error.strerror}"
            raise ConfigurationError(words) from None
        finally:
            self.close()

    def _let_go(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _reader(self) -> BinaryIO:
        try:
            return open(self.path, "rb")
        except OSError as error:
            words = f"{self.path} cannot be read: {error.strerror}"
            raise ConfigurationError(words) from None

    def _append(self, content: bytes) -> None:
        begin, written = self._end, 0
        try:
            while written < len(content):
                written += os.write(self._fd, content[written:])
        except OSError as error:
            self._cut_to(begin)
            raise ConfigurationError(
                f"{self.path} line {self._lines + 1} cannot be written: {error.strerror}; "
                "what was done stays done: make room, and run the batch again to go on"
            ) from None
        self._end = begin + len(content)

    def _copy(
        self, path: str, leaving_out: Container[int]
    ) -> Tuple[List[int], List[int]]:
        """Copies what is to stay; gives where each other line begins, and the bytes up to it."""
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
            raise ConfigurationError(f"{self.path} line {number} is no JSON object")
        log.warning("%s line %d was cut by a crash: it is removed", self.path, number)

    def _cut_to(self, offset: int) -> None:
        os.ftruncate(self._fd, offset)
        self._end = offset


_open_files: "weakref.WeakSet[LineFile]" = weakref.WeakSet()


def _let_go_of_all() -> None:
    """Leaves a forked process none of them: it would keep them locked when this one dies."""
    for file in list(_open_files):
        file._let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_of_all)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _parse(raw: bytes) -> Optional[Dict[str, Any]]:
    try:
        value = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
