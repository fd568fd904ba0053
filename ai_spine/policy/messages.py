"""A request and its response, as every transport sends and returns them."""

from enum import Enum
from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlencode

from ai_spine.exceptions import APIError, ValidationError
from ai_spine.policy.decoding import decode_text, parse_json
from ai_spine.policy.retry import Failure
from ai_spine.utils import fill_in

JSON = "application/json"


class Credential(Enum):
    """What authorises a request."""

    API_KEY = "the client's key"
    ACCESS_TOKEN = "the client's account token"  # nosec B105
    NONE = "nothing"

    # Each is itself alone, so this agrees with `==`; that of `Enum` is no C, and is needed often.
    __hash__ = object.__hash__


class Request(NamedTuple):
    """One request of the API: what is the same for every attempt of a call.

    It holds no secret: the transport adds the key, and only for the origin that it belongs to.
    """

    method: str
    template: str
    """The path from the server's root, with the names of ids in braces."""
    ids: Mapping[str, str]
    """The ids of the path, not yet quoted."""
    query: str
    """The encoded query; empty if there is none."""
    headers: Mapping[str, str]
    """The headers of this call alone."""
    content: Optional[bytes]
    """The body."""
    content_type: Optional[str]
    """What the body is; `None` without a body, or if it does not say."""
    credentials: Tuple[Any, ...]
    """What authorises it: each a `Credential`, or the name of one of the client's."""

    @property
    def path(self) -> str:
        """The path from the server's root."""
        return fill_in(self.template, self.ids)

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        """Return the request with more headers; those that it has stay as they are."""
        if not headers:
            return self
        own = {name.lower() for name in self.headers}
        more = {name: headers[name] for name in headers if name.lower() not in own}
        return self._replace(headers={**more, **self.headers})

    def __repr__(self) -> str:  # headers and bodies may hold secrets
        return f"Request({self.method!r}, {self.template!r})"


class Response(NamedTuple):
    """A complete HTTP response."""

    status: int
    headers: Mapping[str, str]
    """Names are found in any case."""
    body: bytes

    def json(self) -> Any:
        """Return the JSON of the body; `None` if there is no body.

        Raises:
            ValueError: It is something else.
        """
        return parse_json(self.body, self.headers.get("Content-Type", ""))

    @property
    def text(self) -> str:
        """The body as text, in the encoding that the server names."""
        return decode_text(self.body, self.headers.get("Content-Type", ""))

    def __repr__(self) -> str:  # a server may repeat the key in its headers or its body
        return f"Response({self.status}, {len(self.body)} bytes)"


def read_whole(response: Response) -> Any:
    """Return a response as it is."""
    return response


class Exchange(NamedTuple):
    """One request of any HTTP API, and what is read from its response."""

    name: str
    """The name of the operation."""
    method: str
    """The HTTP method; it also says whether repeating the request is harmless."""
    template: str
    """The path below the base URL, with the names of ids in braces."""
    ids: Mapping[str, str] = {}
    """The ids of the path, not yet quoted."""
    query: str = ""
    """The encoded query; empty if there is none."""
    headers: Mapping[str, str] = {}
    """The headers of this call; they win over the client's own."""
    content: Optional[bytes] = None
    """The body, encoded."""
    content_type: Optional[str] = None
    """What the body is."""
    credentials: Tuple[str, ...] = ()
    """The names of the client's credentials that are sent, all of them."""
    reads: bool = False
    """Whether it changes nothing, although its method is POST: then it may be repeated."""
    read: Callable[[Response], Any] = read_whole
    """Reads a response of status 2xx; raises an `UnexpectedResponse` if it cannot be read."""
    refine: Optional[Callable[[APIError, Response], APIError]] = None
    """Returns another error for one that the server sent; what it sees has no secret."""
    judge: Optional[Callable[[Failure, Response], Failure]] = None
    """Returns what a refusal means, where its body says whether to repeat the request."""
    idempotent: bool = False
    """Whether the server honours its idempotency key: then it may be repeated."""

    def __repr__(self) -> str:  # headers and bodies may hold secrets
        return f"Exchange({self.name!r}, {self.method!r}, {self.template!r})"


def encode_query(params: Optional[Mapping[str, Any]]) -> str:
    """Return the query of a URL; `None` values are left out, and lists become repeated names.

    Booleans are `true` and `false`, as in JSON.

    Raises:
        ValidationError: Half of a surrogate pair is in it, which no URL can hold.

    Example:
        >>> encode_query({"flow_id": "a b", "limit": 5, "offset": None, "all": True})
        'flow_id=a+b&limit=5&all=true'
    """
    if not params:
        return ""
    known = {n: _query_value(each) for n, each in params.items() if each is not None}
    try:
        return urlencode(known, doseq=True)
    except UnicodeError:
        raise ValidationError(
            "params contains half of a character, which no URL can hold"
        ) from None


def _query_value(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_query_value(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else value
