"""The request that is being answered, and the views by method and path."""

from contextvars import ContextVar
from typing import Any, Callable, Dict, Mapping, Optional, Union, cast

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.local import LocalProxy
from werkzeug.routing import Map, Rule
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from ai_spine.flows.json_reading import parse_json
from ai_spine.local.http.wsgi_server import MAX_BODY_BYTES
from ai_spine.local.store.store import Reply

Answer = Union[Reply, Response]
View = Callable[..., Answer]


class Request(WerkzeugRequest):
    """A request to the API."""

    max_content_length = MAX_BODY_BYTES
    url_rule: Optional[Rule] = None
    """The rule that its path has."""
    ids: Mapping[str, str] = {}
    """What the rule finds in its path."""
    problem: Optional[HTTPException] = None
    """Why no view can answer it."""

    def __init__(self, environ: Dict[str, Any]) -> None:
        super().__init__(environ, populate_request=False)
        self.reply_headers: Dict[str, str] = {}
        """What its response has beside its own headers."""

    def view(self) -> Answer:
        """Return what the view of its route answers.

        Raises:
            HTTPException: The path has none for this method.
        """
        if self.problem is not None:
            raise self.problem
        assert self.url_rule is not None  # nosec B101: for the types
        answer: Answer = self.url_rule.endpoint(**self.ids)
        return answer

    @cached_property
    def json_value(self) -> Any:
        """The value of the body.

        Raises:
            ValueError: It is not JSON, or nested too deeply.
        """
        return parse_json(self.get_data().decode("utf-8"))


current_request: "ContextVar[Request]" = ContextVar("ai_spine.local.request")
request = cast(Request, LocalProxy(current_request))
"""The request that this thread answers."""


class MatchingRule(Rule):
    """Matches URLs and builds none: compiling a builder takes most of a server's start."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        return _build_nothing


def _build_nothing(*_: Any, **__: Any) -> Any:
    raise RuntimeError("the local server builds no URLs from its rules")


class Routes:
    """The views of the API.

    Args:
        url_map: Has their rules; without one, there are none yet.
        prefix: What the paths of those to come begin with.
    """

    def __init__(self, url_map: Optional[Map] = None, prefix: str = "") -> None:
        self.url_map = url_map or Map(strict_slashes=False, merge_slashes=False)
        self._prefix, self._matcher = prefix, self.url_map.bind("localhost")

    def below(self, prefix: str) -> "Routes":
        """Return the same routes, to add views below a prefix."""
        return Routes(self.url_map, self._prefix + prefix)

    def add(self, method: str, path: str, view: View) -> None:
        """Add a view; it is called with the ids in the path."""
        path = self._prefix + path
        self.url_map.add(MatchingRule(path, methods=[method], endpoint=view))

    def find(self, asked: Request) -> bool:
        """Find the rule of a request, and return whether its path has one with any method."""
        try:
            asked.url_rule, asked.ids = self._matcher.match(
                asked.path, asked.method, return_rule=True
            )
        except NotFound:
            return False
        except HTTPException as error:
            asked.problem = error
        return True
