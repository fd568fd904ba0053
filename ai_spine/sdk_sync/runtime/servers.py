"""The servers of an API: their variables, and where an operation is that has its own. Pure."""

import re
from typing import Mapping, Optional, Sequence
from urllib.parse import urljoin, urlsplit

from ai_spine.exceptions import ConfigurationError
from ai_spine.sdk_sync.runtime.endpoints import Server
from ai_spine.utils import one_line

_VARIABLE = re.compile(r"\{([^{}]*)\}")
NO_VARIABLES: Mapping[str, str] = {}


def url_of(server: Server, variables: Mapping[str, str] = NO_VARIABLES) -> str:
    """Return the URL of a server.

    Args:
        server: The server.
        variables: Values of its variables; others have their defaults.

    Example:
        >>> url_of(Server("https://{region}.example.com/v1", {"region": "eu"}), {"region": "us"})
        'https://us.example.com/v1'
    """
    known = {**server.variables, **variables}
    filled = _VARIABLE.sub(lambda found: str(known.get(found[1], found[0])), server.url)
    return filled.rstrip("/")


def base_url_of(
    given: Optional[str],
    servers: Sequence[Server],
    variables: Mapping[str, str] = NO_VARIABLES,
) -> str:
    """Return the URL that a client calls.

    Args:
        given: The caller's URL; `None` stands for the first server.
        servers: The servers of the API.
        variables: Values of the variables of that server.

    Raises:
        ConfigurationError: There is no URL with a host, the server has no such variable, or not
            with such a value, or both a URL and variables were given.

    Example:
        >>> base_url_of(None, [Server("https://api.example.com/v1/")])
        'https://api.example.com/v1'
    """
    if given is not None:
        if variables:
            raise ConfigurationError(
                "server_variables fill in the URL that the API names: leave out base_url, or them"
            )
        return given
    if not servers or not urlsplit(servers[0].url).netloc:
        raise ConfigurationError("base_url is missing: the API does not name its host")
    unknown = sorted(set(variables) - set(servers[0].variables))
    if unknown:
        known = ", ".join(servers[0].variables) or "none"
        shown = one_line(unknown[0], 60)
        raise ConfigurationError(f"the server has no variable {shown!r}, only: {known}")
    for name, allowed in servers[0].allowed.items():
        if name in variables and str(variables[name]) not in allowed:
            raise ConfigurationError(
                f"the server's variable {name} must be one of: {', '.join(allowed)}"
            )
    return url_of(servers[0], variables)


def operation_url(
    servers: Sequence[Server], base_url: str, *, is_replaced: bool
) -> str:
    """Return where an operation is that has servers of its own.

    Args:
        servers: The servers of the operation.
        base_url: The client's URL.
        is_replaced: Whether the caller has chosen another server than the API's: that has all of
            its operations.

    Example:
        >>> uploads = [Server("https://uploads.example.com")]
        >>> operation_url(uploads, "https://api.example.com", is_replaced=False)
        'https://uploads.example.com'
        >>> operation_url(uploads, "http://127.0.0.1:8000", is_replaced=True)
        'http://127.0.0.1:8000'
        >>> operation_url([Server("/v2")], "http://127.0.0.1:8000/v1", is_replaced=True)
        'http://127.0.0.1:8000/v2'
    """
    url = url_of(servers[0])
    if not urlsplit(url).netloc:
        return urljoin(f"{base_url}/", url or "/").rstrip("/")
    return base_url if is_replaced else url
