"""`RawResponse`: a response with its status, its headers and its body as they came."""

from typing import Any, Callable, Generic, Iterator, Mapping, Tuple, TypeVar

T = TypeVar("T")


class Headers(Mapping[str, str]):
    """The headers of a response; names are found in any case.

    Args:
        headers: The headers, as a transport has them.

    Example:
        >>> Headers({"Content-Type": "text/plain"})["content-type"]
        'text/plain'
    """

    __slots__ = ("_entries",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        # Of a header that came more than once, `headers` has all values.
        self._entries: Mapping[str, Tuple[str, str]] = {
            name.lower(): (name, headers[name]) for name in headers
        }

    def __getitem__(self, name: str) -> str:
        return self._entries[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:  # they may hold secrets
        return f"Headers({', '.join(self)})"


class RawResponse(Generic[T]):
    """A response of the server as it came.

    Args:
        status: The HTTP status, from 200 to 299.
        headers: Its headers.
        body: Its body, decompressed.
        parse: Reads it as the method does that was called.

    Attributes:
        status: The HTTP status, from 200 to 299.
        headers: Its headers; names are found in any case.
        body: Its body, decompressed.

    Example:
        >>> raw = RawResponse(200, {"X-Left": "4"}, b"{}", lambda raw: len(raw.body))
        >>> raw.status, raw.headers["x-left"], raw.parsed()
        (200, '4', 2)
    """

    __slots__ = ("status", "headers", "body", "_parse")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        parse: Callable[["RawResponse[T]"], Any],
    ) -> None:
        self.status = status
        self.headers: Mapping[str, str] = Headers(headers)
        self.body = body
        self._parse = parse

    def parsed(self) -> T:
        """Return what the method itself would have returned.

        Raises:
            APIError: The body is not what the operation promises.
        """
        value: T = self._parse(self)
        return value

    def __repr__(self) -> str:  # a server may repeat the key in its headers or its body
        return f"RawResponse({self.status}, {len(self.body)} bytes)"
