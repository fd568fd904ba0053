"""`Endpoint`: one operation of an API, as data. Generated packages have a table of them."""

from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Generic,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
)

if TYPE_CHECKING:
    from ai_spine.sdk_sync.runtime.bodies import Body
    from ai_spine.sdk_sync.runtime.pages import Pages
    from ai_spine.sdk_sync.runtime.parameters import Parameter

T = TypeVar("T")
Load = Optional[Callable[[], Any]]
"""Returns the type of a body, so that its module is imported when it is first needed; `None` where
nothing is said of the body."""
Content = Mapping[str, Load]
"""The types of a body by its media types; empty where there is no body."""


class Server(NamedTuple):
    """A server that an API or an operation is on.

    Attributes:
        url: Its URL, with the names of variables in braces; one without a host is relative to the
            client's.
        variables: The default values of the variables.
        allowed: The values that a variable may have, for those of which the API says it.
    """

    url: str
    variables: Mapping[str, str] = {}
    allowed: Mapping[str, Sequence[str]] = {}


class Endpoint(Generic[T]):
    """One operation of an API. Nothing in it is imported, or prepared, before the first call.

    Args:
        name: Its name, for spans and logs.
        method: The HTTP method.
        path: The path below the server, with the names of path parameters in braces.
        parameters: What is sent in the path, the query, headers and cookies, in the order of the
            values that a call has.
        bodies: The bodies that a request may have, one for each media type.
        body_required: Whether a request needs a body.
        body_fields: Fields that each body has, such as `{"stream": True}`.
        responses: What is promised: content by statuses `200`, `2XX` or `default`.
        errors: The same for responses that are errors.
        security: The names of security schemes: all of any one of these. `None` stands for the
            client's token, if there is one; an empty tuple for nothing.
        servers: The servers that the operation is on, if not those of the API.
        query: A query that each request has, encoded.
        reads: Whether it changes nothing although it is a POST, and may be repeated.
        pages: How to walk its pages, if it has any.
    """

    def __init__(
        self,
        name: str,
        method: str,
        path: str,
        *,
        parameters: "Tuple[Parameter, ...]" = (),
        bodies: "Tuple[Body, ...]" = (),
        body_required: bool = False,
        body_fields: Optional[Mapping[str, Any]] = None,
        responses: Optional[Mapping[str, Content]] = None,
        errors: Optional[Mapping[str, Content]] = None,
        security: Optional[Tuple[Tuple[str, ...], ...]] = None,
        servers: Tuple[Server, ...] = (),
        query: str = "",
        reads: bool = False,
        pages: "Optional[Pages]" = None,
    ) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.parameters = parameters
        self.bodies = bodies
        self.body_required = body_required
        self.body_fields = body_fields
        self.responses = responses or {}
        self.errors = errors or {}
        self.security = security
        self.servers = servers
        self.query = query
        self.reads = reads
        self.pages = pages

    def __repr__(self) -> str:
        return f"Endpoint({self.name!r}, {self.method!r}, {self.path!r})"
