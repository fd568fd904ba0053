"""What an operation is: one endpoint of the API, as data."""

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


class Operation(Generic[T]):
    """One endpoint.

    It is no dataclass: `dataclasses` takes as long to import as all operations.

    Attributes:
        name: The name of the client's method, unless `of` says another.
        method: The HTTP method; it also says whether repeating the request is harmless.
        path: The path, with the names of ids in braces.
        read: Turns the JSON of the response into the method's return value.
        prefixed: Whether `api_prefix` applies; it does not to endpoints of the system and of users.
        path_under_prefix: The path under a prefix, where it differs.
        credential: What authorises the request.
        reads: Whether it changes nothing, although its method is POST: then it may be repeated.
        streams: Whether the response is a stream of events, each of which is read.
        summary: What it does, in one sentence.
        query: The parameters of its query.
        body: What its body is; `None` if it has none.
        response: What a response is, for documents; what is read from it may be another model.
        of: The client's method, if several operations make one.

    Example:
        >>> get_flow = Operation("get_flow", "GET", "/flows/{flow_id}", read_anything)
        >>> get_flow.template("/api/v1")
        '/api/v1/flows/{flow_id}'
    """

    def __init__(
        self,
        name: str,
        method: str,
        path: str,
        read: Callable[[Any], T],
        *,
        prefixed: bool = True,
        path_under_prefix: Optional[str] = None,
        credential: Credential = Credential.API_KEY,
        reads: bool = False,
        streams: bool = False,
        summary: str = "",
        query: Tuple[Query, ...] = (),
        body: Schema = None,
        response: Schema = None,
        of: Optional[str] = None,
    ) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.read = read
        self.prefixed = prefixed
        self.path_under_prefix = path_under_prefix
        self.credential = credential
        self.reads = reads
        self.streams = streams
        self.summary = summary
        self.query = query
        self.body = body
        self.response = response
        self.of = of

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
