"""Settings for agents from a file of `KEY=VALUE` lines, which become environment variables."""

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, Optional, Tuple

from ai_spine.exceptions import ConfigurationError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMMENT = re.compile(r"(^|\s)#.*")


class EnvFile:
    """A file whose lines are in the environment of this process.

    A variable that the environment has already keeps its value.

    Args:
        path: The file.
        required: Whether it must exist; else, a missing one is like an empty one.
    """

    def __init__(self, path: Path, *, required: bool) -> None:
        self.path = path
        self._required = required
        self._set: Dict[str, str] = {}

    def load(self) -> None:
        """Read the file, and replace the variables that it has set before.

        Raises:
            ConfigurationError: The file cannot be read, or a line is wrong; nothing has changed.
        """
        self._replace(self._read())

    @contextmanager
    def loaded(self) -> Iterator[None]:
        """Read the file; if the block raises, the variables are those of before.

        Raises:
            ConfigurationError: The file cannot be read, or a line is wrong.
        """
        before = self._set
        self.load()
        try:
            yield
        except BaseException:
            self._replace(before)
            raise

    def _replace(self, values: Dict[str, str]) -> None:
        for name in self._set:
            os.environ.pop(name, None)
        self._set = {n: text for n, text in values.items() if n not in os.environ}
        os.environ.update(self._set)

    def _read(self) -> Dict[str, str]:
        if not self._required and not self.path.exists():
            return {}
        try:
            lines = self.path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            words = f"{self.path} cannot be read: {error.strerror}"
            raise ConfigurationError(words) from None
        except UnicodeDecodeError:
            words = f"{self.path} cannot be read: it is not UTF-8 text"
            raise ConfigurationError(words) from None
        read = {}
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                found = read_line(line)
                if (
                    found is None
                ):  # the line may be half a secret, so that it is not shown
                    words = f"{self.path}, line {number}: KEY=VALUE is expected"
                    raise ConfigurationError(words)
                read[found[0]] = found[1]
        return read


def read_line(line: str) -> Optional[Tuple[str, str]]:
    """Return the name and the value of a line; `None` if it has none.

    What is between quotes is taken as it is; without quotes, ` #` begins a comment.

    Example:
        >>> read_line("export CITY='Rome # Italy'"), read_line("LIMIT = 7  # seconds")
        (('CITY', 'Rome # Italy'), ('LIMIT', '7'))
    """
    name, equals, text = line.partition("=")
    words = name.split()
    if len(words) == 2 and words[0] == "export":
        del words[0]
    if not equals or len(words) != 1 or not _NAME.fullmatch(words[0]) or "\0" in text:
        return None
    text = text.strip()
    if text[:1] not in ('"', "'") or not text:
        return words[0], _COMMENT.sub("", text).rstrip()
    value, quote, rest = text[1:].partition(text[0])
    is_whole = quote and not _COMMENT.sub("", rest).strip()
    return (words[0], value) if is_whole else None
