"""What goes over the wire between a client and the server of a document."""

from typing import Mapping, NamedTuple, Optional


class Request(NamedTuple):
    """A request, as it came."""

    method: str
    target: str
    """The path and the query, as they are on the wire."""
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path, not decoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query, not decoded."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> Optional[str]:
        """Return a header, whatever case its name is in."""
        return _header(self.headers, name)


class Response(NamedTuple):
    """A response, as it is sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def header(self, name: str) -> Optional[str]:
        """Return a header, whatever case its name is in."""
        return _header(self.headers, name)


def _header(headers: Mapping[str, str], name: str) -> Optional[str]:
    wanted = name.lower()
    return next((v for k, v in headers.items() if k.lower() == wanted), None)
