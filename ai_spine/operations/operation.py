"""What an operation is: one endpoint of the API, as data."""

from dataclasses import dataclass
from typing import Any, Callable, Generic, Mapping, NamedTuple, Optional, Tuple, TypeVar

from ai_spine.policy.messages import Credential

T = TypeVar("T")


Schema = Any
"""A model, or a JSON schema."""


class Query(NamedTuple):
    """A parameter of a query."""

    name: str
    kind: str
    """A type of JSON."""
    description: str


@dataclass(eq=False, repr=False)  # `frozen` would double the time to import this
class Operation(Generic[T]):
    """One endpoint.

    Example:
        >>> get_flow = Operation("get_flow", "GET", "/flows/{flow_id}", read_anything)
        >>> get_flow.template("/api/v1")
        '/api/v1/flows/{flow_id}'
    """

    name: str
    """The name of the client's method, unless `of` says another."""
    method: str
    """The HTTP method; it also says whether repeating the request is harmless."""
    path: str
    """The path, with the names of ids in braces."""
    read: Callable[[Any], T]
    """Turns the JSON of the response into the method's return value."""
    prefixed: bool = True
    """Whether `api_prefix` applies; it does not to endpoints of the system and of users."""
    path_under_prefix: Optional[str] = None
    """The path under a prefix, where it differs."""
    credential: Credential = Credential.API_KEY
    """What authorises the request."""
    reads: bool = False
    """Whether it changes nothing, although its method is POST: then it may be repeated."""
    streams: bool = False
    """Whether the response is a stream of events, each of which is read."""
    summary: str = ""
    """What it does, in one sentence."""
    query: Tuple[Query, ...] = ()
    """The parameters of its query."""
    body: Schema = None
    """What its body is; `None` if it has none."""
    response: Schema = None
    """What a response is, for documents; what is read from it may be another model."""
    of: Optional[str] = None
    """The client's method, if several operations make one."""

    def template(self, prefix: str) -> str:
        """Return the path under a prefix, with the names of ids in braces."""
        if not prefix or not self.prefixed:
            return self.path
        return prefix + (self.path_under_prefix or self.path)


def read_anything(data: Any) -> Any:
    """Return the JSON of a response as it is."""
    return data


def read_nothing(_: Any) -> None:
    """Ignore a response that says no more than that the request was executed."""


def list_of(name: str, model: Schema) -> Mapping[str, Schema]:
    """Return the schema of a list, as servers wrap it."""
    return {name: [model], "count": int}


LIMIT = Query("limit", "integer", "How many to return at most.")
OFFSET = Query("offset", "integer", "How many to skip.")
MESSAGE = {"message": str}
