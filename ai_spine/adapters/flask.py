"""A client as an extension of a Flask application."""

from typing import Any

from ai_spine.exceptions import ConfigurationError

NAME = "ai_spine"


def init_app(app: Any, client: Any, name: str = NAME) -> None:
    """Make a client that of an application, under a name in `app.extensions`.

    Threads may share it, and it survives the forks of a server; the application does not close it.

    Args:
        app: The application.
        client: The client, which is a synchronous one.
        name: Its name, where an application has more than one.

    Raises:
        ConfigurationError: The application has one of that name, or the client is an async one.
    """
    if hasattr(client, "__aenter__"):
        raise ConfigurationError(
            "an async client is of one event loop, and Flask has none: use the synchronous one"
        )
    if app.extensions.setdefault(name, client) is not client:
        raise ConfigurationError(f"the application has an extension {name!r} already")


def current_client(name: str = NAME) -> Any:
    """Return the client of the application that serves the current request.

    Raises:
        ConfigurationError: Flask is not installed, or the application has no such client.
    """
    try:
        from flask import current_app
    except ImportError:
        raise ConfigurationError(
            "current_client needs Flask: pip install 'ai-spine-sdk[flask]'"
        ) from None
    if name not in current_app.extensions:
        raise ConfigurationError(
            f"the application has no client {name!r}: call init_app"
        )
    return current_app.extensions[name]
