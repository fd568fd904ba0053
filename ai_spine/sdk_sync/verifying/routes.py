"""Finds the operation that a request calls."""

import re
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import parse_qsl, quote, unquote

from ai_spine.sdk_sync.ir import IREndpoint
from ai_spine.sdk_sync.verifying.messages import Request

_IN_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_PLAIN = "!$&'()*+,;=:@"


class Route(NamedTuple):
    """An operation, and what a request looks like that calls it."""

    name: str
    endpoint: IREndpoint
    key: str
    """The key of its path in the document."""
    pattern: "re.Pattern[str]"
    ids: Tuple[str, ...]
    """The names in the path."""
    rank: Tuple[int, ...]
    """What comes first if several fit: fixed queries, and then names rather than variables."""


class Routes:
    """The operations of a document.

    Args:
        endpoints: The operations, by their names.
        paths: The paths in the document.

    Example:
        >>> routes = Routes({"get_user": IREndpoint("/users/{id}", "GET", "")}, {})
        >>> route, ids = routes.find(Request("GET", "/users/a%2Fb?x=1", {}, b""))
        >>> route.name, ids
        ('get_user', {'id': 'a%2Fb'})
    """

    def __init__(
        self, endpoints: Mapping[str, IREndpoint], paths: Mapping[str, object]
    ) -> None:
        self.all: List[Route] = [
            _route(name, endpoint, paths) for name, endpoint in endpoints.items()
        ]

    def find(
        self, request: Request, expected: Optional[str] = None
    ) -> Optional[Tuple[Route, Dict[str, str]]]:
        """Return the operation that a request calls, with the values in its path.

        Args:
            request: The request.
            expected: The operation to prefer to others that a request may call as well.
        """
        path = _normal(request.path)
        query = parse_qsl(request.query, keep_blank_values=True)
        found = []
        for route in self.all:
            endpoint = route.endpoint
            match = route.pattern.fullmatch(path)
            fixed = endpoint.get_fixed_query()
            if match and endpoint.method == request.method:
                if all(pair in query for pair in fixed):
                    found.append((route, dict(zip(route.ids, match.groups()))))
        return min(
            found,
            key=lambda each: (each[0].name != expected, each[0].rank),
            default=None,
        )


def _route(name: str, endpoint: IREndpoint, paths: Mapping[str, object]) -> Route:
    key = endpoint.path if endpoint.path in paths else endpoint.path[1:]
    key = key if key in paths else endpoint.path
    path = endpoint.get_url_path()
    parts = _IN_TEMPLATE.split(path)
    texts = [re.escape(_normal(each)) for each in parts[::2]]
    segments = [int("{" in each) for each in path.split("/")]
    return Route(
        name,
        endpoint,
        key,
        re.compile("([^/]*)".join(texts)),
        tuple(parts[1::2]),
        (-len(endpoint.get_fixed_query()), *segments),
    )


def _normal(path: str) -> str:
    """Return a path with each character written in one way."""
    return "/".join(quote(unquote(part), safe=_PLAIN) for part in path.split("/"))
