"""Checks the address of a server: the base URL, and the prefix of the API."""

from __future__ import annotations

from typing import Any, Tuple
from urllib.parse import SplitResult, urlsplit

from ai_spine.constants import API_PREFIX
from ai_spine.exceptions import ConfigurationError
from ai_spine.utils import has_control_characters, is_unicode


def check_base_url(name: str, value: Any, instead: str = "api_key") -> str:
    """Return a base URL without a slash at its end.

    Args:
        name: What the caller knows it by.
        value: The URL.
        instead: What to use instead of a user name in it.

    Raises:
        ConfigurationError: It is not an http(s) URL with a host and at most a path. The message
            does not repeat it, since it may be a key in the wrong place.
    """
    problem = (
        f"{name} must be an http:// or https:// URL such as https://api.example.com"
    )
    if (
        not isinstance(value, str)
        or has_control_characters(value)
        or not is_unicode(value)
    ):
        raise ConfigurationError(problem)
    url = value.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        if not _has_possible_port(parts):
            raise ConfigurationError(
                f"{name} has a port that is not a number from 0 to 65535"
            )
        _check_host(host or "")
    except ConfigurationError:
        raise
    except ValueError:
        raise ConfigurationError(problem) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            f"{name} must not have a user name or password: use {instead}"
        )
    if parts.scheme not in ("http", "https") or not host or " " in url:
        raise ConfigurationError(problem)
    if "?" in url or "#" in url:  # also empty ones
        raise ConfigurationError(f"{name} must not have a query or a fragment")
    return url


def _check_host(host: str) -> None:
    """Check that a host can be looked up.

    Raises:
        ValueError: No name service can know it.
    """
    if not host.isascii():
        host.encode("idna")
    elif host.startswith(("*", ".")):
        raise ValueError("a host name cannot begin like this")


def _has_possible_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port >= 0
    except ValueError:
        return False


def check_prefix(name: str, value: Any) -> str:
    """Return the prefix with a slash at its start and none at its end.

    Raises:
        ConfigurationError: It is not a path.
    """
    odd = (
        not isinstance(value, str)
        or has_control_characters(value)
        or not is_unicode(value)
    )
    if odd or set(value) & set(" ?#"):
        raise ConfigurationError(f"{name} must be a path such as /api/v1")
    stripped = value.strip("/")
    if {".", ".."} & set(stripped.split("/")):
        raise ConfigurationError(f"{name} must not have . or .. as a part")
    return f"/{stripped}" if stripped else ""


def split_base_url(base_url: str, prefix: str) -> Tuple[str, str]:
    """Split the API's prefix off the end of a base URL.

    Example:
        >>> split_base_url("https://h/api/v1", "")
        ('https://h', '/api/v1')
    """
    if urlsplit(base_url).path.endswith(API_PREFIX) and prefix in ("", API_PREFIX):
        return base_url[: -len(API_PREFIX)], API_PREFIX
    return base_url, prefix
