"""The servers of an API and of operations."""

import ast
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ai_spine.config.urls import check_base_url
from ai_spine.exceptions import ConfigurationError
from ai_spine.sdk_sync.generators.python.endpoints.expressions import call_of
from ai_spine.sdk_sync.generators.python.syntax import literal

Servers = Sequence[Mapping[str, Any]]
_VARIABLE = re.compile(r"\{([^{}]*)\}")


def servers_of(servers: Servers) -> List[ast.expr]:
    """Return servers as the expressions that make them."""
    return [_server(each) for each in servers]


def variables_of(server: Mapping[str, Any]) -> Dict[str, str]:
    """Return the default values of the variables of a server.

    Example:
        >>> variables_of({"url": "https://{a}.com", "variables": {"a": {"default": "eu"}}})
        {'a': 'eu'}
    """
    found = {}
    for name, own in _described(server).items():
        value = own.get("default")
        found[name] = "" if value is None else str(value)
    return found


def allowed_of(server: Mapping[str, Any]) -> Dict[str, Tuple[str, ...]]:
    """Return the values that the variables of a server may have, where that is said.

    Example:
        >>> allowed_of({"url": "https://{a}.com", "variables": {"a": {"enum": ["eu", "us"]}}})
        {'a': ('eu', 'us')}
    """
    given = {name: own.get("enum") for name, own in _described(server).items()}
    return {
        name: tuple(map(str, values))
        for name, values in given.items()
        if isinstance(values, list) and values
    }


def _described(server: Mapping[str, Any]) -> Dict[str, Mapping[str, Any]]:
    """Return what is said of the variables in the URL of a server."""
    given = server.get("variables")
    known = given if isinstance(given, Mapping) else {}
    names = sorted(set(_VARIABLE.findall(str(server["url"]))))
    described = {name: known.get(name) for name in names}
    return {n: own if isinstance(own, Mapping) else {} for n, own in described.items()}


def default_base_url(servers: Servers) -> Optional[str]:
    """Return the URL that clients call by default; `None` if the first server is none.

    Example:
        >>> default_base_url([{"url": "https://a.example/v1/"}]), default_base_url([{"url": "/v1"}])
        ('https://a.example/v1', None)
    """
    if not servers:
        return None
    values = variables_of(servers[0])
    url = _VARIABLE.sub(lambda found: values[found[1]], str(servers[0]["url"]))
    try:
        return check_base_url("base_url", url)
    except ConfigurationError:
        return None


def _server(server: Mapping[str, Any]) -> ast.expr:
    more = (variables_of(server), allowed_of(server))
    written = [str(server["url"]), *(part for part in more if part)]
    return call_of("Server", [literal(part) for part in written], {})
