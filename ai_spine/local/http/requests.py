"""The request that is being answered, and the views by method and path."""

from contextvars import ContextVar
from copy import copy
from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union, cast

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.local import LocalProxy
from werkzeug.routing import Map, MapAdapter, Rule
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
    route: Optional[View] = None
    """The view of that rule."""
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
        assert self.route is not None  # nosec B101 # for the types
        return self.route(**self.ids)

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


@lru_cache(maxsize=None)
def _map_of(rules: Tuple[Tuple[str, str], ...]) -> Map:
    """Return the map of methods and paths, made once: parsing it takes most of a server's start."""
    made = Map(strict_slashes=False, merge_slashes=False)
    for place, (method, path) in enumerate(rules):
        made.add(MatchingRule(path, methods=[method], endpoint=place))
    return made


class Routes:
    """The views of the API."""

    def __init__(self) -> None:
        self._rules: List[Tuple[str, str]] = []
        self._views: List[View] = []
        self._prefix = ""

    def below(self, prefix: str) -> "Routes":
        """Return the same routes, to add views below a prefix."""
        below = copy(self)
        below._prefix += prefix
        return below

    def add(self, method: str, path: str, view: View) -> None:
        """Add a view; it is called with the ids in the path."""
        self._rules.append((method, self._prefix + path))
        self._views.append(view)

    @property
    def rules(self) -> Tuple[Tuple[str, str], ...]:
        """The method and the path of each view."""
        return tuple(self._rules)

    @cached_property
    def _matcher(self) -> MapAdapter:
        return _map_of(self.rules).bind("localhost")

    def find(self, asked: Request) -> bool:
        """Find the view for a request, and return whether its path has one for any method."""
        try:
            asked.url_rule, asked.ids = self._matcher.match(
                asked.path, asked.method, return_rule=True
            )
            asked.route = self._views[asked.url_rule.endpoint]
        except NotFound:
            return False
        except HTTPException as error:
            asked.problem = error
        return True
