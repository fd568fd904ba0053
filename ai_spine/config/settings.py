"""The one place that turns arguments, environment and profile into settings."""

import os
import warnings
from datetime import timedelta
from typing import Any, Callable, Dict, Optional, Set, Tuple
from urllib.parse import SplitResult, urlsplit

from ai_spine.config import profiles
from ai_spine.config.profile_file import is_open_to_others, shown
from ai_spine.config.profiles import Profile
from ai_spine.constants import (
    API_PREFIX,
    DEFAULT_API_PREFIX,
    DEFAULT_BASE_URL,
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    ENV_LOG_BODIES,
    MAX_SECONDS,
)
from ai_spine.exceptions import (
    ConfigurationError,
    InsecureTransportWarning,
    ProfileWarning,
)
from ai_spine.policy.settings import Settings
from ai_spine.policy.validation import (
    check_amount,
    check_count,
    check_seconds,
    fits_header,
)
from ai_spine.utils import (
    Secret,
    has_control_characters,
    is_loopback,
    is_unicode,
    origin,
)

# Hosts, files and profiles that were warned of in this process.
_warned_of: Set[Any] = set()


def load_profile(name: Any) -> Profile:
    """Gives the profile of that name, or the one that the environment or the file chooses.

    Raises:
        ConfigurationError: There is no such profile, or its file is wrong.

    Warns:
        ProfileWarning: The file holds a key, and others can read it; once for each file.
    """
    if name is not None and name != "":
        profiles.check_profile_name(name, "profile")
    return warn_of_open_file(profiles.load_profile(name), stacklevel=4)


def warn_of_open_file(profile: Profile, stacklevel: int = 2) -> Profile:
    """Warns, once for each file, that others can read a key in it, and gives the profile back."""
    path = profile.path
    if path is None or not profile.has_keys or path in _warned_of:
        return profile
    if is_open_to_others(path):
        _warned_of.add(path)
        told = shown(path)
        warnings.warn(
            f"{told} holds a key, and other users can read it: chmod 600 {told}",
            ProfileWarning,
            stacklevel=stacklevel,
        )
    return profile


def resolve_api_key(
    given: Optional[Secret], profile: Profile, base_url: str
) -> Optional[Secret]:
    """Gives the key that was given, or the environment's, or the profile's; blank is none.

    It is handled wrapped throughout, so that no traceback, with locals or without, shows it.
    A profile's key goes to no other server than the profile's.

    Raises:
        ConfigurationError: It cannot travel in a header.

    Warns:
        ProfileWarning: The profile's key is for another server; once for each pair of them.
    """
    if given is not None:
        return _check_secret("api_key", given)
    found = profiles.find("api_key", profile)
    if found is None or (found.in_profile and not is_meant_for(profile, base_url)):
        if found is not None:
            _warn_of_other_server(profile, origin(base_url))
        return None
    return _check_secret(found.name, found.text)


def is_meant_for(profile: Profile, base_url: str) -> bool:
    """Tells whether what a profile says of its server holds for this one."""
    own = profile.own("base_url")
    if own is None:
        return True
    return origin(_check_base_url(own.name, own.text.reveal())) == origin(base_url)


def _warn_of_other_server(profile: Profile, server: str) -> None:
    if (profile.name, server) not in _warned_of:
        _warned_of.add((profile.name, server))
        warnings.warn(
            f"the key of the profile {profile.name} is not sent to {server}, "
            "since its base_url is another server",
            ProfileWarning,
            stacklevel=4,  # where the client is made
        )


def check_access_token(given: Optional[Secret]) -> Optional[Secret]:
    """Gives the account token back; blank is none.

    Raises:
        ConfigurationError: It cannot travel in a header.
    """
    return None if given is None else _check_secret("access_token", given)


def _check_secret(name: str, secret: Secret) -> Optional[Secret]:
    if not isinstance(secret.reveal(), str):
        raise ConfigurationError(f"{name} must be text")
    if not secret.reveal():
        return None
    if not fits_header(secret.reveal()):
        raise ConfigurationError(
            f"{name} must be printable ASCII text without spaces around it"
        )
    return secret


def resolve_base_url(argument: Any, profile: Profile) -> str:
    """Gives the base URL that was given, or the environment's, or the profile's, or the default.

    Raises:
        ConfigurationError: It is no http(s) URL with a host, or holds more than that and a path.
    """
    if argument is not None:
        return _check_base_url("base_url", argument)
    found = profiles.find("base_url", profile)
    if found is None:
        return DEFAULT_BASE_URL
    return _check_base_url(found.name, found.text.reveal())


def _check_base_url(name: str, value: Any) -> str:
    """Checks a base URL; no message repeats it, lest a key given in its place be shown."""
    problem = f"{name} must be an http:// or https:// URL such as {DEFAULT_BASE_URL}"
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
                f"{name} names a port that is no number from 0 to 65535"
            )
        _check_host(host or "")
    except ConfigurationError:
        raise
    except ValueError:
        raise ConfigurationError(problem) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            f"{name} must not hold a user name or password: use api_key"
        )
    if parts.scheme not in ("http", "https") or not host or " " in url:
        raise ConfigurationError(problem)
    if parts.query or parts.fragment:
        raise ConfigurationError(f"{name} must not hold a query or a fragment")
    return url


def _check_host(host: str) -> None:
    """Checks that a host can be looked up.

    Raises:
        ValueError: No name service could know it.
    """
    if not host.isascii():
        host.encode("idna")
    elif host.startswith(("*", ".")):
        raise ValueError("a host cannot begin so")


def _has_possible_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port >= 0
    except ValueError:
        return False


def resolve_timeout(argument: Any, profile: Profile) -> float:
    """Gives the timeout that was given, or the environment's, or the profile's, or the default.

    Raises:
        ConfigurationError: It is no number of seconds above zero.
    """
    found = profiles.find("timeout", profile) if argument is DEFAULT_TIMEOUT else None
    if found is None:
        return check_seconds("timeout", argument, ConfigurationError)
    return _read_timeout(found.name, found.text)


def _read_timeout(name: str, text: Secret) -> float:
    try:
        return check_seconds(name, float(text.reveal()), ConfigurationError)
    except ValueError:
        raise ConfigurationError(
            f"{name} must be a number of seconds above zero"
        ) from None


def resolve_max_retries(argument: Any, profile: Profile) -> int:
    """Gives the retries that were given, or the environment's, or the profile's, or the default.

    Raises:
        ConfigurationError: It is no whole number from zero up.
    """
    is_default = argument is DEFAULT_MAX_RETRIES
    found = profiles.find("max_retries", profile) if is_default else None
    if found is None:
        return check_count("max_retries", argument, error=ConfigurationError)
    return _read_max_retries(found.name, found.text)


def _read_max_retries(name: str, text: Secret) -> int:
    try:
        return check_count(name, int(text.reveal()), error=ConfigurationError)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number from 0 up") from None


def resolve_prefix(argument: Any, profile: Profile, base_url: str) -> str:
    """Gives the prefix that was given, or the profile's for its own server, or none.

    Raises:
        ConfigurationError: It is no path.
    """
    found = profile.own("api_prefix") if argument is DEFAULT_API_PREFIX else None
    if found is None or not is_meant_for(profile, base_url):
        return check_prefix("api_prefix", argument)
    return check_prefix(found.name, found.text.reveal())


# How the text of a setting is read, wherever it stands; each raises a `ConfigurationError`.
READERS: Dict[str, Callable[[str, Secret], Any]] = {
    "api_key": _check_secret,
    "base_url": lambda name, text: _check_base_url(name, text.reveal()),
    "api_prefix": lambda name, text: check_prefix(name, text.reveal()),
    "timeout": _read_timeout,
    "max_retries": _read_max_retries,
}


def check_prefix(name: str, value: Any) -> str:
    """Gives the prefix with a slash before it and none behind.

    Raises:
        ConfigurationError: It is no path.
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
        raise ConfigurationError(f"{name} must not hold . or .. as a part")
    return f"/{stripped}" if stripped else ""


def split_base_url(base_url: str, prefix: str) -> Tuple[str, str]:
    """Takes the API's prefix from the end of a base URL, where both may stand.

    Example:
        >>> split_base_url("https://h/api/v1", "")
        ('https://h', '/api/v1')
    """
    if urlsplit(base_url).path.endswith(API_PREFIX) and prefix in ("", API_PREFIX):
        return base_url[: -len(API_PREFIX)], API_PREFIX
    return base_url, prefix


def check_retry_after_limit(value: Any) -> float:
    """Gives the longest `Retry-After` to obey, in seconds.

    Raises:
        ConfigurationError: It is no number from zero up.
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return min(
        check_amount("retry_after_limit", value, "seconds", ConfigurationError),
        MAX_SECONDS,
    )


def warn_of_plain_http(settings: Settings) -> None:
    """Warns, once for each host, that a credential is about to travel for all to read."""
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    secret = settings.api_key or settings.access_token
    if parts.scheme == "https" or secret is None or is_loopback(host):
        return
    if host not in _warned_of:
        _warned_of.add(host)
        warnings.warn(
            f"the key goes to {host} over plain http, for everybody on the way to read: "
            "use https",
            InsecureTransportWarning,
            stacklevel=3,  # where the client is made
        )


def wants_bodies_logged() -> bool:
    """Tells whether the environment asks for the bodies in the log."""
    return os.environ.get(ENV_LOG_BODIES, "").strip() == "1"
