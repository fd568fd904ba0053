"""Files of JSON lines that are appended to, each line whole or not at all."""

import json
import os
import stat
import weakref
from typing import Any, Container, Dict, Iterator, NamedTuple, Optional

from ai_spine.events import log
from ai_spine.exceptions import ConfigurationError

try:
    import fcntl
except ImportError:  # Windows, where nothing here keeps a second process out
    fcntl = None  # type: ignore[assignment]

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
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._fd = os.open(path, flags, 0o600)
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or str(error)
            raise ConfigurationError(f"{path} cannot be opened: {words}") from None
        _open_files.add(self)
        try:
            if fcntl is not None:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._let_go()
            raise ConfigurationError(f"{path} is in use by another run") from None
        state = os.fstat(self._fd)
        if not stat.S_ISREG(state.st_mode):  # a device may have no end
            self.close()
            raise ConfigurationError(f"{path} is no regular file")
        self._end = state.st_size
        self._lines = 0

    def read(self) -> Iterator[Line]:
        """Gives its lines, and takes away a last one that a crash has cut.

        Raises:
            ConfigurationError: A line is no JSON object.
        """
        offset = 0
        with open(self.path, "rb") as reader:
            for number, raw in enumerate(reader, start=1):
                value = _parse(raw)
                if value is None:
                    self._check_last(number, offset, raw)
                    break
                self._lines = number
                yield Line(number, offset, value)
                offset += len(raw)
        self._cut_to(offset)

    def at(self, offset: int) -> Dict[str, Any]:
        """Gives the object of the line that begins there."""
        with open(self.path, "rb") as reader:
            reader.seek(offset)
            return _parse(reader.readline()) or {}

    def add(self, value: Dict[str, Any]) -> int:
        """Appends a line, and gives where it begins.

        Raises:
            ConfigurationError: It cannot be written. The file is as it was.
        """
        line = json.dumps(value).encode("ascii") + b"\n"
        begin, written = self._end, 0
        try:
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError as error:
            self._cut_to(begin)
            raise ConfigurationError(
                f"{self.path} line {self._lines + 1} cannot be written: {error.strerror}; "
                "what was done stays done: make room, and run the batch again to go on"
            ) from None
        self._end = begin + len(line)
        self._lines += 1
        return begin

    @property
    def has_lines(self) -> bool:
        """Whether there is anything in it."""
        return self._end > 0

    def without(self, offsets: Container[int]) -> "LineFile":
        """Gives the file without the lines that begin there; until it is whole, the old one stays.

        Raises:
            ConfigurationError: It cannot be written. The file is as it was.
        """
        new = self.path + ".new"
        try:
            with open(new, "wb", opener=_private) as writer, open(
                self.path, "rb"
            ) as reader:
                offset = 0
                for raw in reader:
                    if offset not in offsets:
                        writer.write(raw)
                    offset += len(raw)
            self.close()  # some systems replace no file that is open
            os.replace(new, self.path)
        except OSError as error:
            words = f"{new} cannot be written: {error.strerror}"
            raise ConfigurationError(words) from None
        return LineFile(self.path)

    def close(self) -> None:
        """Closes it, and lets others have it; a second call changes nothing."""
        if self._fd >= 0 and fcntl is not None:
            # Processes that were forked meanwhile hold it too, and would keep it locked.
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        self._let_go()

    def _let_go(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _check_last(self, number: int, offset: int, raw: bytes) -> None:
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
        value = json.loads(raw.decode("utf-8")) if raw.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
