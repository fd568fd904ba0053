"""Chooses the library that an async client sends with, and imports no other."""

import importlib
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Union

from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.settings import Settings
from ai_spine.transport import environment

if TYPE_CHECKING:
    import aiohttp
    import httpx

    from ai_spine.transport.async_http import HTTPTransport

AsyncSession = Union["aiohttp.ClientSession", "httpx.AsyncClient"]

# Which extra installs the library, and the class of its transport.
_EXTRAS = {"aiohttp": "async", "httpx": "httpx"}
_CLASSES = {"aiohttp": "AiohttpTransport", "httpx": "HttpxTransport"}
_SESSIONS = {"aiohttp": "ClientSession", "httpx": "AsyncClient"}


def check_session(session: Optional[AsyncSession], given: Mapping[str, Any]) -> None:
    """Refuse a session of another kind, and settings that it would silently override.

    Args:
        session: A session of the caller's.
        given: The caller's settings, of which `proxies`, `verify` and `cert` count.

    Raises:
        ConfigurationError: The session cannot be used, or not with these settings.
    """
    if session is None:
        return
    _library_of(session)
    own = [given[name] for name in ("proxies", "verify", "cert")]
    if own != [None, True, None]:
        raise ConfigurationError(
            "set proxies, verify and cert on the session that you pass"
        )


def make_transport(
    settings: Settings, session: Optional[AsyncSession], library: str
) -> "HTTPTransport":
    """Make the transport of an async client.

    Args:
        settings: Checked settings.
        session: A checked session of the caller's; its library is used.
        library: `aiohttp` or `httpx`.

    Raises:
        ConfigurationError: The library is unknown, is not installed, or cannot use the proxy.
    """
    if library not in _EXTRAS:
        raise ConfigurationError(f"transport must be aiohttp or httpx, not {library!r}")
    if session is not None:
        library = _library_of(session)
    try:
        module = importlib.import_module(f"ai_spine.transport.{library}")
    except ImportError as error:
        if (error.name or "").startswith("ai_spine"):
            raise
        raise ConfigurationError(
            f"{settings.client} needs {library}: pip install 'ai-spine-sdk[{_EXTRAS[library]}]'"
        ) from None
    if session is None:
        environment.check_proxy(settings)
    make: Any = getattr(module, _CLASSES[library])
    transport: HTTPTransport = make(settings, session)
    return transport


def _library_of(session: Any) -> str:
    """Return the library that a session of the caller's belongs to."""
    known: Dict[str, str] = {}
    for kind in type(session).__mro__:
        known.setdefault(kind.__name__, kind.__module__.partition(".")[0])
    for library, name in _SESSIONS.items():
        if known.get(name) == library:
            return library
    raise ConfigurationError(
        "session must be an aiohttp.ClientSession or an httpx.AsyncClient"
    )
