"""Reads the heads of responses: in one go if they are plain, as nearly all are."""

import http.client
import io
import re
from typing import Any, Iterator, List, Mapping, Optional, Tuple

LONGEST_LINE = 65536
_END_OF_HEADERS = (b"\r\n", b"\n")
_MOST_HEADERS = 100
# Headers as nearly all servers send them; the standard library parses the others.
_PLAIN_HEADER = re.compile(
    r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)\r\n", re.MULTILINE
)
_PLAIN_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9][0-9])(?: (.*))?\r\n")
# Cookies are not kept, and `http.cookiejar` may take minutes to read one.
_UNREAD_HEADERS = ("set-cookie", "set-cookie2")

Pairs = List[Tuple[str, str]]


class Headers(Mapping[str, str]):
    """Headers whose names are found in any case.

    Args:
        pairs: Names and values; of those that are repeated, the last one counts.
    """

    def __init__(self, pairs: Pairs) -> None:
        self._known = {name.lower(): (name, value) for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._known[name.lower()][1]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header; this one takes a third of the time of the base class."""
        return self._known.get(name.lower(), (name, default))[1]

    def __contains__(self, name: Any) -> bool:
        return name.lower() in self._known

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._known.values()])

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)})"


def read_headers(reader: Any) -> http.client.HTTPMessage:
    """Read headers; without the empty line after them they were cut short."""
    message = _read_at_once(reader)
    if message is not None:
        return message
    lines: List[bytes] = []
    line = reader.readline()
    while line not in _END_OF_HEADERS:
        if not line:
            raise http.client.IncompleteRead(b"".join(lines))
        if line[:1] in (b" ", b"\t") and lines:  # it continues the header before it
            line = lines.pop().rstrip() + b" " + line.lstrip(b" \t")
        lines.append(line)
        if len(lines) > _MOST_HEADERS:
            raise http.client.HTTPException("too many headers")
        line = reader.readline()
    message = _plain_message(b"".join(lines))
    if message is None:
        message = http.client.parse_headers(io.BytesIO(b"".join([*lines, line])))
        for name in _UNREAD_HEADERS:
            del message[name]
    return message


def parse_head(head: bytes) -> Optional[Tuple[int, str, Pairs]]:
    """Return the status, the reason and the headers of a plain head; `None` of any other.

    Args:
        head: A head without the empty line at its end.
    """
    text = head.decode("iso-8859-1") + "\r\n"
    line = _PLAIN_STATUS.match(text)
    if line is None or text.count("\n") > _MOST_HEADERS:
        return None
    headers = _plain_headers(text[line.end() :])
    if headers is None:
        return None
    return int(line.group(1)), (line.group(2) or "").strip(), headers


def _read_at_once(reader: Any) -> Optional[http.client.HTTPMessage]:
    """Read plain headers that have come together, as nearly all do; else read nothing."""
    if not isinstance(reader, io.BufferedReader):
        return None
    head, found, _ = reader.peek().partition(b"\r\n\r\n")
    if not found or head.count(b"\n") >= _MOST_HEADERS:
        return None
    message = _plain_message(head + b"\r\n")
    if message is not None:
        reader.read(len(head) + len(found))
    return message


def _plain_message(block: bytes) -> Optional[http.client.HTTPMessage]:
    """Parse plain headers; return `None` if any is not plain."""
    headers = _plain_headers(block.decode("iso-8859-1"))
    if headers is None:
        return None
    message = http.client.HTTPMessage()
    for name, value in headers:
        message.set_raw(name, value)
    return message


def _plain_headers(text: str) -> Optional[Pairs]:
    """Parse lines of plain headers; return `None` if any is not plain."""
    pairs = _PLAIN_HEADER.findall(text)
    if not len(pairs) == text.count("\n") == text.count("\r"):
        return None
    return [pair for pair in pairs if pair[0].lower() not in _UNREAD_HEADERS]
