"""Turns arguments, the environment and profiles into settings. The only place that does."""

from __future__ import annotations

import os
import warnings
from datetime import timedelta
from typing import Any, Callable, Dict, Mapping, Optional, Set
from urllib.parse import urlsplit

from ai_spine.config import arguments, profiles
from ai_spine.config.key_file import KeyFile
from ai_spine.config.profile_file import is_open_to_others, shown
from ai_spine.config.profiles import Profile
from ai_spine.config.urls import check_base_url, check_prefix, split_base_url
from ai_spine.constants import (
    DEFAULT_API_PREFIX,
    DEFAULT_BASE_URL,
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    ENV_API_KEY_FILE,
    ENV_LOG_BODIES,
    MAX_POOL_SIZE,
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
    check_bool,
    check_count,
    check_flag,
    check_seconds,
)
from ai_spine.utils import Secret, is_header_value, is_loopback, origin

# Hosts, files and profiles that this process has warned about.
_warned_of: Set[Any] = set()


def check_all(given: Mapping[str, Any]) -> Settings:
    """Return the settings of a client from its arguments.

    Args:
        given: The arguments by name; those that are secrets are wrapped.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    return Settings(
        **resolve_server(given),
        **check_policy(given),
        **arguments.check_network(given),
        **arguments.check_callbacks(given),
    )


def resolve_server(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the settings that arguments, the environment and a profile can give.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    chosen = load_profile(given["profile"])
    url = resolve_base_url(given["base_url"], chosen)
    prefix = resolve_prefix(given["api_prefix"], chosen, url)
    url, prefix = split_base_url(url, prefix)
    return {
        "api_key": resolve_api_key(given["api_key"], chosen, url),
        "access_token": check_access_token(given["access_token"]),
        "base_url": url,
        "timeout": resolve_timeout(given["timeout"], chosen),
        "max_retries": resolve_max_retries(given["max_retries"], chosen),
        "api_prefix": prefix,
        "tenant": resolve_tenant("tenant", given["tenant"], chosen, url),
        "workspace": resolve_tenant("workspace", given["workspace"], chosen, url),
        "log_bodies": wants_bodies_logged(),
    }


def check_policy(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the settings of calls, checked.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    wrong, deadline, size = ConfigurationError, given["deadline"], given["pool_size"]
    if deadline is not None:
        deadline = check_seconds("deadline", deadline, wrong)
    flags = {
        name: check_flag(name, given[name], wrong) for name in ("retry_writes", "debug")
    }
    return {
        "deadline": deadline,
        "tracing": check_bool("tracing", given["tracing"], wrong),
        "retry_after_limit": check_retry_after_limit(given["retry_after_limit"]),
        "pool_size": check_count(
            "pool_size", size, least=1, most=MAX_POOL_SIZE, error=wrong
        ),
        **flags,
    }


def change(settings: Settings, **given: Any) -> Settings:
    """Return settings with other values for those that are given and not `None`.

    Raises:
        ConfigurationError: A value is wrong.
    """
    instead = {
        settings.tenant_header: "tenant",
        settings.workspace_header: "workspace",
        "Authorization": settings.key_argument,
    }
    wrong = ConfigurationError
    checks: Dict[str, Callable[[Any], Any]] = {
        "timeout": lambda value: check_seconds("timeout", value, wrong),
        "max_retries": lambda value: check_count("max_retries", value, error=wrong),
        "deadline": lambda value: check_seconds("deadline", value, wrong),
        "headers": lambda value: {
            **settings.headers,
            **arguments.check_headers(value, instead),
        },
        "retry_writes": lambda value: check_flag("retry_writes", value, wrong),
        "retry_after_limit": check_retry_after_limit,
        "tenant": lambda value: arguments.check_tenant("tenant", value),
        "workspace": lambda value: arguments.check_tenant("workspace", value),
    }
    changes = {
        name: checks[name](value) for name, value in given.items() if value is not None
    }
    return settings._replace(**changes)


def load_profile(name: Any) -> Profile:
    """Return the profile of that name, or the one that the environment or the file chooses.

    Raises:
        ConfigurationError: There is no such profile, or its file is invalid.

    Warns:
        ProfileWarning: The file contains a key, and others can read it; once for each file.
    """
    if name is not None and name != "":
        profiles.check_profile_name(name, "profile")
    return warn_of_open_file(profiles.load_profile(name), stacklevel=7)


def warn_of_open_file(profile: Profile, stacklevel: int = 2) -> Profile:
    """Warn once for each file that others can read a key in it, and return the profile."""
    path = profile.path
    if path is None or not profile.has_keys or path in _warned_of:
        return profile
    if is_open_to_others(path):
        _warned_of.add(path)
        name = shown(path)
        warnings.warn(
            f"{name} contains a key, and other users can read it: chmod 600 {name}",
            ProfileWarning,
            stacklevel=stacklevel,
        )
    return profile


def resolve_api_key(
    given: Optional[Secret], profile: Profile, base_url: str
) -> Optional[Secret]:
    """Return the key from the argument, the environment or the profile; a blank one is none.

    A function, or a file, is asked for the key when it is needed.

    It stays wrapped throughout, so that no traceback shows it, with locals or without. A
    profile's key is only sent to the profile's own server.

    Raises:
        ConfigurationError: A header cannot hold it.

    Warns:
        ProfileWarning: The profile's key is for another server; once for each pair of them.
    """
    if given is not None:
        return _check_secret("api_key", given)
    found = profiles.find("api_key", profile)
    if found is None or (found.in_profile and not is_meant_for(profile, base_url)):
        if found is not None:
            _warn_of_other_server(profile, origin(base_url), "key")
        return None
    if (
        found.name == ENV_API_KEY_FILE
    ):  # read again when the server refuses what is in it
        key: Any = KeyFile(os.environ[ENV_API_KEY_FILE].strip(), found.name)
        return Secret(key)
    return _check_secret(found.name, found.text)


def is_meant_for(profile: Profile, base_url: str) -> bool:
    """Return whether what a profile says about its server applies to this one."""
    own = profile.own("base_url")
    if own is None:
        return True
    return origin(check_base_url(own.name, own.text.reveal())) == origin(base_url)


def _warn_of_other_server(profile: Profile, server: str, what: str) -> None:
    if (profile.name, server, what) not in _warned_of:
        _warned_of.add((profile.name, server, what))
        warnings.warn(
            f"the {what} of the profile {profile.name} is not sent to {server}, "
            "since its base_url is another server",
            ProfileWarning,
            stacklevel=7,  # where the client is made
        )


def check_access_token(given: Optional[Secret]) -> Optional[Secret]:
    """Return the account token; a blank one is none.

    Raises:
        ConfigurationError: A header cannot hold it.
    """
    return None if given is None else _check_secret("access_token", given)


def _check_secret(name: str, secret: Secret) -> Optional[Secret]:
    if callable(secret.reveal()):  # asked for when it is needed
        return secret
    if not isinstance(secret.reveal(), str):
        raise ConfigurationError(f"{name} must be text")
    if not secret.reveal():
        return None
    if not is_header_value(secret.reveal()):
        raise ConfigurationError(
            f"{name} must be printable ASCII text without spaces around it"
        )
    return secret


def resolve_base_url(argument: Any, profile: Profile) -> str:
    """Return the base URL from the argument, the environment, the profile or the default.

    Raises:
        ConfigurationError: It is not an http(s) URL with a host and at most a path.
    """
    if argument is not None:
        return check_base_url("base_url", argument)
    found = profiles.find("base_url", profile)
    if found is None:
        return DEFAULT_BASE_URL
    return check_base_url(found.name, found.text.reveal())


def resolve_timeout(argument: Any, profile: Profile) -> float:
    """Return the timeout from the argument, the environment, the profile or the default.

    Raises:
        ConfigurationError: It is not a number of seconds above zero.
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
    """Return the retries from the argument, the environment, the profile or the default.

    Raises:
        ConfigurationError: It is not a whole number from 0 up.
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
    """Return the prefix from the argument, or from the profile for its own server, or none.

    Raises:
        ConfigurationError: It is not a path.
    """
    found = profile.own("api_prefix") if argument is DEFAULT_API_PREFIX else None
    if found is None or not is_meant_for(profile, base_url):
        return check_prefix("api_prefix", argument)
    return check_prefix(found.name, found.text.reveal())


def resolve_tenant(
    name: str, argument: Any, profile: Profile, base_url: str
) -> Optional[str]:
    """Return the tenant or the workspace from the argument, the environment or the profile.

    A profile's applies to the profile's own server.

    Raises:
        ConfigurationError: A header cannot hold it, or it is too long.

    Warns:
        ProfileWarning: The profile's is for another server; once for each pair of them.
    """
    if argument is not None:
        return arguments.check_tenant(name, argument)
    found = profiles.find(name, profile)
    if found is None:
        return None
    if found.in_profile and not is_meant_for(profile, base_url):
        _warn_of_other_server(profile, origin(base_url), name)
        return None
    return arguments.check_tenant(found.name, found.text.reveal())


# How to read the text of each setting; each function raises a `ConfigurationError`.
READERS: Dict[str, Callable[[str, Secret], Any]] = {
    "api_key": _check_secret,
    "base_url": lambda name, text: check_base_url(name, text.reveal()),
    "api_prefix": lambda name, text: check_prefix(name, text.reveal()),
    "timeout": _read_timeout,
    "max_retries": _read_max_retries,
    "tenant": lambda name, text: arguments.check_tenant(name, text.reveal()),
    "workspace": lambda name, text: arguments.check_tenant(name, text.reveal()),
}


def check_retry_after_limit(value: Any) -> float:
    """Return the longest `Retry-After` to obey, in seconds.

    Raises:
        ConfigurationError: It is not a number from 0 up.
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return min(
        check_amount("retry_after_limit", value, "seconds", ConfigurationError),
        MAX_SECONDS,
    )


def warn_of_plain_http(settings: Settings) -> None:
    """Warn once for each host that a credential is about to travel unencrypted."""
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    secrets = settings.api_key or settings.access_token or settings.credentials
    if parts.scheme == "https" or not secrets or is_loopback(host):
        return
    if host not in _warned_of:
        _warned_of.add(host)
        warnings.warn(
            f"the key is sent to {host} over plain http, readable for everybody on the way: "
            "use https",
            InsecureTransportWarning,
            stacklevel=4,  # where the client is made
        )


def wants_bodies_logged() -> bool:
    """Return whether the environment asks for bodies in the log."""
    return os.environ.get(ENV_LOG_BODIES, "").strip() == "1"
