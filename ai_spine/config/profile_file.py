"""The file of profiles: an INI file that is read line by line and changed without loss.

Comments, blank lines and the order survive a change. Any part of the file may be secret, so no
message contains its text, and neither does a traceback that shows locals.
"""

import os
import re
import stat
import sys
from typing import Callable, Dict, NamedTuple, NoReturn, Optional

from ai_spine.utils import Secret, one_line

_SECTION = r"\[\s*([^\]]*?)\s*\]"
_NAME = r"[\w.@+-]+"
# Without digits: the name of an unknown setting appears in messages, and must not be a key.
_KEY = r"[A-Za-z][A-Za-z_-]{0,39}"
_LARGEST = 1024 * 1024  # bytes


class Entry(NamedTuple):
    """A value in the file."""

    text: Secret
    """The value, always wrapped: a key may be where another value should be."""
    line: int
    """Counted from 1."""


class Section(NamedTuple):
    """A section of the file."""

    line: int
    """The line of its header, counted from 1."""
    entries: Dict[str, Entry]
    """Its entries by key."""


class Document:
    """The content of the file. Its `repr` shows none of it.

    Args:
        text: The content of the file.
    """

    def __init__(self, text: str) -> None:
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._lines = [Secret(line.rstrip("\r")) for line in text.split("\n")]
        if not self._lines[-1].reveal():
            self._lines.pop()
        self.sections: Dict[str, Section] = {}
        self.problem: Optional[str] = None
        """What is wrong with it, and in which line; `None` if nothing is."""
        self._parse()

    @property
    def text(self) -> str:
        """The whole content."""
        return "".join(line.reveal() + self._newline for line in self._lines)

    def put(self, section: str, key: str, value: Secret) -> None:
        """Set a value; a section that does not exist is added at the end."""
        line = Secret(f"{key} = {value.reveal()}")
        found = self.sections.get(section)
        if found is None:
            blank = [Secret("")] if self._lines and self._lines[-1].reveal() else []
            self._lines += [*blank, Secret(f"[{section}]"), line]
        elif key in found.entries:
            self._lines[found.entries[key].line - 1] = line
        else:
            last = max([found.line, *(e.line for e in found.entries.values())])
            self._lines.insert(last, line)
        self._parse()

    def remove(self, section: str, key: str) -> bool:
        """Remove a value, and return whether it existed. The section stays."""
        found = self.sections.get(section)
        if found is None or key not in found.entries:
            return False
        del self._lines[found.entries[key].line - 1]
        self._parse()
        return True

    def remove_section(self, section: str) -> bool:
        """Remove a section up to the next one, and return whether it existed."""
        if section not in self.sections:
            return False
        begin = self.sections[section].line - 1
        later = [s.line - 1 for s in self.sections.values() if s.line - 1 > begin]
        del self._lines[begin : min(later, default=len(self._lines))]
        self._parse()
        return True

    def _parse(self) -> None:
        self.sections = {}
        name = None
        for number, line in enumerate(self._lines, start=1):
            if line.reveal().strip()[:1] in ("", "#", ";"):
                continue
            header = re.fullmatch(_SECTION, line.reveal().strip())
            if header is None:
                problem = self._add_entry(name, number, line)
            else:
                name = header.group(1)
                problem = self._begin_section(name, number)
            if problem is not None:
                self.problem = f"line {number} {problem}"
                return

    def _begin_section(self, name: str, number: int) -> Optional[str]:
        if not is_profile_name(name):
            return "begins a section whose name is not valid for a profile"
        if name in self.sections:
            return f"begins the section [{name}] a second time"
        self.sections[name] = Section(number, {})
        return None

    def _add_entry(
        self, name: Optional[str], number: int, line: Secret
    ) -> Optional[str]:
        key, equals, _ = line.reveal().partition("=")
        key = key.strip()
        if not equals or not re.fullmatch(_KEY, key):
            return "is neither a [section], nor key = value, nor a # comment"
        if name is None:
            return f"sets {key} before any [section]"
        entries = self.sections[name].entries
        if key in entries:
            return f"sets {key} a second time in the section [{name}]"
        entries[key] = Entry(Secret(line.reveal().partition("=")[2].strip()), number)
        return None


def is_profile_name(name: str) -> bool:
    """Return whether a name is valid for a profile.

    Example:
        >>> is_profile_name("work-2"), is_profile_name("a b"), is_profile_name("")
        (True, False, False)
    """
    return re.fullmatch(_NAME, name) is not None


def shown(path: str) -> str:
    """Return a path as messages show it."""
    return one_line(path, 300)


def read_document(path: Optional[str]) -> Document:
    """Read the file; one that does not exist is empty.

    Raises:
        ConfigurationError: It cannot be read, or is not a file of profiles.
    """
    raw = b"" if path is None else _content(path)
    try:
        document = Document(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line, document = raw[: error.start].count(b"\n") + 1, Document("")
        document.problem = f"line {line} is not UTF-8 text"
    if document.problem is not None:
        del raw  # a traceback that shows locals would show it
        _refuse(f"{shown(path or '')} {document.problem}")
    return document


def _content(path: str) -> bytes:
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST + 1) if stat.S_ISREG(mode) else b""
    except FileNotFoundError:
        return b""
    except OSError as error:
        _refuse(f"{shown(path)} cannot be read: {error.strerror}")
    if not stat.S_ISREG(mode) and path != os.devnull:
        _refuse(f"{shown(path)} is not a regular file")
    if len(content) > _LARGEST:
        del content  # as in `read_document`
        _refuse(f"{shown(path)} is larger than 1 MiB, the limit for a file of profiles")
    return content


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file without waiting, even a pipe that nobody writes to."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def change_document(path: str, change: Callable[[Document], bool]) -> bool:
    """Change the file in one step, which no other process can interrupt.

    Args:
        path: The file. It and its folder are created if necessary, for the owner alone. A symlink
            stays a symlink: the file that it leads to is changed.
        change: Changes the document, and returns whether it did.

    Returns:
        Whether anything changed.

    Raises:
        ConfigurationError: The file cannot be read or written. It is unchanged.
    """
    # Reading needs neither.
    from ai_spine.utils.files import write_whole
    from ai_spine.utils.locks import locked

    real = os.path.realpath(path)
    if os.path.lexists(real) and not os.path.isfile(real):
        _refuse(f"{shown(path)} is not a regular file")
    try:
        os.makedirs(os.path.dirname(real), mode=0o700, exist_ok=True)
        with locked(real + ".lock", 0o600):
            document = read_document(real)
            if not change(document):
                return False
            write_whole(real, document.text.encode(), mode=0o600)
    except OSError as error:
        _refuse(f"{shown(path)} cannot be written: {error.strerror}")
    return True


def is_open_to_others(path: str) -> bool:
    """Return whether other users can read the file; no, where the system cannot say."""
    if sys.platform == "win32":
        return False
    try:
        return bool(os.stat(path).st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


def _refuse(problem: str) -> NoReturn:
    # `exceptions` imports `requests`, and a help page need not wait for that.
    from ai_spine.exceptions import ConfigurationError

    raise ConfigurationError(problem) from None
