"""The servers of an API and of operations."""

import ast
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence

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
    given = server.get("variables")
    found = {}
    for name in sorted(set(_VARIABLE.findall(str(server["url"])))):
        own = given.get(name) if isinstance(given, Mapping) else None
        value = own.get("default") if isinstance(own, Mapping) else None
        found[name] = "" if value is None else str(value)
    return found


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
    values = variables_of(server)
    written = [literal(str(server["url"])), *([literal(values)] if values else [])]
    return call_of("Server", written, {})
