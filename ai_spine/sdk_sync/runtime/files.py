"""Files that are sent. Each is read whole, so that the request may be sent again."""

import inspect
import io
import mimetypes
import os
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Optional, Union

from ai_spine.exceptions import ValidationError
from ai_spine.policy.json_encoding import kind_of
from ai_spine.utils import one_line

OCTETS = "application/octet-stream"
_BYTES = (bytes, bytearray, memoryview)


class File:
    """A file, or another part of a form, with what a server is to know of it.

    Args:
        content: Bytes, text, a path (`pathlib.Path`), or a file that is open for reading bytes.
        filename: Its name; without one, that of the path or the open file, or of the field.
        content_type: Its media type; without one, it is guessed from the name.
        headers: More headers of its part.

    Attributes:
        content: What it holds.
        filename: Its name, if it was given.
        content_type: Its media type, if it was given.
        headers: More headers of its part.

    Example:
        >>> File(b"a,b", "table.csv", "text/csv")
        File('table.csv', 'text/csv')
    """

    __slots__ = ("content", "filename", "content_type", "headers")

    def __init__(
        self,
        content: Any,
        filename: Optional[str] = None,
        content_type: Optional[str] = None,
        headers: "Mapping[str, str]" = {},
    ) -> None:
        self.content = content
        self.filename = filename
        self.content_type = content_type
        self.headers = headers

    def __repr__(self) -> str:  # the content may be large, and secret
        return f"File({self.filename!r}, {self.content_type!r})"


FileInput = Union[File, bytes, BinaryIO, os.PathLike[str]]
"""What is sent as a file: bytes, a path, a file that is open for reading bytes, or a `File`."""


def is_file(value: Any) -> bool:
    """Return whether a value is a file, or something else that is sent as it is.

    Example:
        >>> import io, pathlib
        >>> [is_file(each) for each in (b"", io.BytesIO(), pathlib.Path("a"), "a", {}, 5)]
        [True, True, True, False, False, False]
    """
    if isinstance(value, (*_BYTES, File, os.PathLike)):
        return True
    return callable(getattr(value, "read", None))


def read_file(value: Any) -> bytes:
    """Return what a file holds.

    Args:
        value: A `File`, bytes, a path, a file that is open for reading bytes, or an iterable of
            bytes.

    Raises:
        ValidationError: It cannot be read, or holds something else than bytes.
    """
    if isinstance(value, File):
        content = value.content
        return content.encode() if isinstance(content, str) else read_file(content)
    if isinstance(value, _BYTES):
        return bytes(value)
    try:
        return _read(value)
    except ValidationError:
        raise
    except io.UnsupportedOperation:
        reason = "it is not open for reading"
    except (OSError, ValueError) as error:
        reason = one_line(getattr(error, "strerror", None) or str(error), 200)
    shown = one_line(repr(file_name(value) or "the file"), 100)
    raise ValidationError(f"{shown} cannot be read: {reason}")


def _read(value: Any) -> bytes:
    if isinstance(value, os.PathLike):
        with open(value, "rb") as opened:
            return opened.read()
    if callable(getattr(value, "read", None)):
        return _checked(value.read(), "the file returned")
    if isinstance(value, Iterable) and not isinstance(value, (str, Mapping)):
        return b"".join(_checked(each, "an item is") for each in value)
    words = "a file is bytes, a path or an open file"
    raise ValidationError(f"{words}, not {kind_of(value)}")


def file_name(value: Any) -> Optional[str]:
    """Return the name of a file, without its folder; `None` if it has none.

    Example:
        >>> import pathlib
        >>> file_name(pathlib.Path("reports/may.pdf")), file_name(b"%PDF")
        ('may.pdf', None)
    """
    if isinstance(value, File):
        return value.filename or file_name(value.content)
    path = value if isinstance(value, os.PathLike) else getattr(value, "name", None)
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None  # of a descriptor, it is a number
    return os.path.basename(os.fsdecode(path)) or None


def file_type(value: Any) -> Optional[str]:
    """Return the media type of a file, as it says or as its name does; `None` if neither does.

    Example:
        >>> file_type(File(b"", "may.PDF")), file_type(b"%PDF")
        ('application/pdf', None)
    """
    if isinstance(value, File) and value.content_type:
        return value.content_type
    name = file_name(value)
    if name is None:
        return None
    guessed, compressed = mimetypes.guess_type(name)
    return OCTETS if compressed else guessed


def _checked(content: Any, owner: str) -> bytes:
    if isinstance(content, _BYTES):
        return bytes(content)
    if isinstance(content, str):
        raise ValidationError(
            f"{owner} text instead of bytes: open files with mode 'rb'"
        )
    if inspect.iscoroutine(content):
        content.close()  # otherwise Python warns that it was never awaited
    raise ValidationError(f"{owner} no bytes but a value {kind_of(content)}")
