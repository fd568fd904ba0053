"""Decompresses a body in bounded steps, whatever it expands to."""

import zlib
from typing import Any, Iterator

_STEP = 256 * 1024  # bytes that one step may yield at most
_GZIP = ("gzip", "x-gzip")
_KNOWN = ("", "identity", "deflate", *_GZIP)


class BrokenCompression(ValueError):
    """A body is not compressed as its headers say."""


def is_known_encoding(encoding: str) -> bool:
    """Return whether a body with this `Content-Encoding` can be read."""
    return encoding in _KNOWN


class Decompressor:
    """Decompresses one body.

    Args:
        encoding: Its `Content-Encoding`.

    Example:
        >>> import gzip
        >>> b"".join(Decompressor("gzip").feed(gzip.compress(b"text")))
        b'text'
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._is_plain = encoding in ("", "identity")
        self._zlib: Any = None
        self._is_done = False

    @property
    def is_unfinished(self) -> bool:
        """Whether the body must go on."""
        return self._zlib is not None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes of the body become.

        Raises:
            BrokenCompression: They are not compressed that way.
        """
        if self._is_plain:
            yield data
            return
        while data and not self._is_done:
            if self._zlib is None:
                self._zlib = self._begin(data)
            try:
                piece = self._zlib.decompress(data, _STEP)
            except zlib.error:
                raise BrokenCompression("the compression is broken") from None
            if piece:
                yield piece
            data = self._zlib.unconsumed_tail
            if self._zlib.eof:
                data, self._zlib = self._zlib.unused_data, None
                # Only gzip may have several parts; what follows the last is padding.
                self._is_done = not (
                    self._encoding in _GZIP and data.startswith(b"\x1f")
                )

    def _begin(self, data: bytes) -> Any:
        if self._encoding in _GZIP:
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # Some servers send `deflate` without the header that the standard asks for.
        has_header = data[0] & 0x0F == 8
        return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
