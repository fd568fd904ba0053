"""What a terminal can take: its width, its colours, and text that moves nothing on it."""

import os
import re
import sys
from typing import Any, Optional

import click

from ai_spine.utils import TURNING, one_line

UNSAFE = f"[\x7f-\x9f\u2028\u2029{TURNING}]"

_COLOURS = {
    "completed": "green",
    "healthy": "green",
    "operational": "green",
    "running": "cyan",
    "cancelled": "yellow",
    "skipped": "bright_black",
    "pending": "bright_black",
    "failed": "red",
}


class StdoutError(click.ClickException):
    """What is printed cannot be written: a disk is full, say."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"stdout cannot be written: {error.strerror or error}")


def is_terminal(stream: Any) -> bool:
    """Return whether a stream is a terminal; one that is closed is none."""
    try:
        return stream is not None and bool(stream.isatty())
    except ValueError:
        return False


def size_of(stream: Any) -> "os.terminal_size":
    """Return the columns and lines of a terminal, which the environment may know better."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError, AttributeError):
        size = os.terminal_size((0, 0))
    columns = _number("COLUMNS") or size.columns or 80
    return os.terminal_size((columns, _number("LINES") or size.lines or 24))


def _number(variable: str) -> int:
    """Return the number of columns or lines that the environment has; 0 if it has none."""
    try:
        return max(int(os.environ.get(variable, "")), 0)
    except ValueError:
        return 0


def help_width() -> int:
    """Return how wide help pages are, as click has them."""
    return max(min(size_of(sys.__stdout__).columns, 80) - 2, 50)


def width_of(stream: Any) -> Optional[int]:
    """Return the width of a stream in columns; `None` if it is not a terminal."""
    return size_of(stream).columns if is_terminal(stream) else None


def takes_colour(stream: Any, refused: bool = False) -> bool:
    """Return whether to colour what is written to a stream.

    Args:
        stream: The stream.
        refused: Whether the user has refused colours.
    """
    if refused or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def painted(text: str, status: Any) -> str:
    """Colour a text by its status; the words stay, for those who see no colours.

    Example:
        >>> painted("failed", "failed"), painted("odd", "odd")
        ('\\x1b[31mfailed\\x1b[0m', 'odd')
    """
    colour = _COLOURS.get(str(status).strip())
    return text if colour is None else str(click.style(text, fg=colour))


def harmless(text: str) -> str:
    """Return a text as one line that neither moves the cursor nor turns the direction of text.

    Example:
        >>> print(harmless("a\\nb \\x1b[2J\\u202ec"))
        a b [2J\\u202ec
    """
    return re.sub(f"[{TURNING}]", escaped, one_line(text))


def harmless_line(text: str) -> str:
    """Return a line as `harmless` does, with its indentation."""
    indent = " " * (len(text) - len(text.lstrip(" ")))
    return indent + harmless(text)


def escaped(found: "re.Match[str]") -> str:
    """Return a character as the escape that JSON has for it."""
    return f"\\u{ord(found.group()):04x}"


def encodes(text: str, stream: Any = None) -> bool:
    """Return whether a stream, or else stdout, can take a text as it is."""
    return encodable(text, stream) == text


def encodable(text: str, stream: Any = None) -> str:
    """Return a text with escapes for what a stream, or else stdout, cannot encode."""
    stream = sys.stdout if stream is None else stream
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def put(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Write a text as it is; the caller decides whether it has colours."""
    stream = sys.stderr if err else sys.stdout
    try:
        click.echo(encodable(text, stream) + end, err=err, nl=False, color=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        if err:
            raise
        raise StdoutError(error) from None
