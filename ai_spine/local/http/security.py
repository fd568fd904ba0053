"""Protects the local server: which requests may pass, and the headers of every response.

A page in a browser can reach a server on its user's machine: by a name of its own that it has point
to 127.0.0.1 (DNS rebinding), or by a request that browsers send to anybody without asking (a form,
a POST of plain text). The first names a host that is not ours, the second the page's origin.
"""

import functools
import ipaddress
import json
import re
import socket
from typing import Any, Callable, Dict, FrozenSet, Iterable, Optional, Sequence, Tuple

from ai_spine.exceptions import ConfigurationError
from ai_spine.utils import one_line

Wsgi = Callable[[Dict[str, Any], Callable[..., Any]], Iterable[bytes]]

SAFE_HEADERS = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/?#@,\\]+)(?::([0-9]{0,5}))?")
_ORIGIN = re.compile(r"(https?)://(.+)")
EVERY_IPV4 = "0.0.0.0"  # nosec B104
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_LONGEST_SHOWN = 80  # characters of a host that a refusal repeats


class Guard:
    """A WSGI application that passes only safe requests on to another one.

    Args:
        app: The application.
        hosts: The names that it has beside IP addresses and `localhost`.
    """

    def __init__(self, app: Wsgi, hosts: FrozenSet[str]) -> None:
        self._app = app
        self._hosts = hosts

    def __call__(
        self, environ: Dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            return start_response(status, _with_safe_headers(headers), *exc_info)

        refusal = self._refusal(environ)
        if refusal is None:
            return self._app(environ, start)
        content = json.dumps({"detail": refusal}).encode("utf-8")
        length = str(len(content))
        headers = [("Content-Type", "application/json"), ("Content-Length", length)]
        start("403 Forbidden", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]

    def _refusal(self, environ: Dict[str, Any]) -> Optional[str]:
        host = environ.get("HTTP_HOST", "")
        named = _host_and_port(host, "")
        if named is None:
            return "The request must have one Host header, with a host that can be one"
        if not _is_of_this_machine(named[0]) and named[0] not in self._hosts:
            shown = one_line(named[0], _LONGEST_SHOWN)
            return (
                f"The host {shown!r} is not one of this server's:"
                " if it should be, name it with allowed_hosts or --allowed-host"
            )
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not _is_same(origin, host):
            return (
                "The request comes from a web page of another origin, which may not ask"
            )
        return None


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server that listens there.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
        (True, True, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return _plain_name(host) == "localhost"


def names_of(host: str, allowed_hosts: Sequence[str]) -> FrozenSet[str]:
    """Return the host names that a server accepts beside IP addresses and `localhost`.

    Raises:
        ConfigurationError: `allowed_hosts` is not a list of host names.
    """
    if isinstance(allowed_hosts, str) or not isinstance(allowed_hosts, Iterable):
        raise ConfigurationError("allowed_hosts must be a list of names of hosts")
    names = {_checked_name(name) for name in allowed_hosts}
    own = {host}
    if host in (EVERY_IPV4, "::"):
        own.add(socket.gethostname())
    return frozenset(names | {_plain_name(name) for name in own})


def _checked_name(name: Any) -> str:
    named = _host_and_port(name, "") if isinstance(name, str) else None
    if named is None or named[1] or not named[0]:
        shown = one_line(repr(name), _LONGEST_SHOWN)
        raise ConfigurationError(
            f"allowed_hosts must be host names without scheme and port, not {shown}"
        )
    return named[0]


@functools.lru_cache(maxsize=64)
def _host_and_port(text: str, default_port: str) -> Optional[Tuple[str, str]]:
    """Take a Host header apart; `None` if it is malformed, as two in one are."""
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    return _plain_name(found.group(1)), found.group(2) or default_port


def _plain_name(name: str) -> str:
    """Return the one form of a name that others are compared with."""
    plain = name.lower()
    try:
        plain = plain.encode("idna").decode("ascii")
    except UnicodeError:  # no name that DNS knows; it can still be compared
        pass
    return plain[:-1] if plain.endswith(".") else plain


@functools.lru_cache(maxsize=64)
def _is_of_this_machine(name: str) -> bool:
    """Return whether a name needs no DNS, so that nobody can point it here."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _is_same(origin: str, host: str) -> bool:
    """Return whether the origin of a page is the host that it sends the request to."""
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        return False
    port = _DEFAULT_PORTS[found.group(1)]
    return _host_and_port(found.group(2), port) == _host_and_port(host, port)


def _with_safe_headers(headers: Sequence[Tuple[str, str]]) -> Sequence[Tuple[str, str]]:
    given = {name.lower() for name, _ in headers}
    missing = [pair for pair in SAFE_HEADERS if pair[0].lower() not in given]
    return [*headers, *missing]
