"""Files that are sent: bytes, paths and open files. Each is read whole, so that it may be resent."""

from typing import Any, Mapping, NamedTuple, Optional


class File(NamedTuple):
    """A file, or another part of a form, with what a server is to know of it.

    Example:
        >>> File(b"a,b", "table.csv", "text/csv").filename
        'table.csv'
    """

    content: Any
    """Bytes, text, a path (`pathlib.Path`), or a file that is open for reading bytes."""
    filename: Optional[str] = None
    """Its name; without one, that of the path or the open file, or of the field."""
    content_type: Optional[str] = None
    """Its media type; without one, it is guessed from the name."""
    headers: Mapping[str, str] = {}
    """More headers of its part."""
