"""The settings of a client of the app plane: its arguments, the environment and a `.env` file."""

import re
from typing import Any, Dict, Mapping
from urllib.parse import urlsplit

from ai_spine.config.env_files import variables
from ai_spine.config.urls import check_base_url
from ai_spine.ron.errors import RonConfigError
from ai_spine.ron.wire import wire_default
from ai_spine.utils import Secret, is_loopback

_TOKENS = ("token", "macaroon", "token_provider")
# Paths that are whole: any other is below the prefix of the app plane.
_PLANES = ("app", "facets", "v1", "healthz", "readyz", "api")
# The variables of times, and how many of their units are a second.
_TIMES = {
    "timeout": ("RON_APP_TIMEOUT", 1),
    "deadline": ("RON_SDK_OVERALL_TIMEOUT_MS", 1000),
    "connect_timeout": ("RON_SDK_CONNECT_TIMEOUT_MS", 1000),
    "read_timeout": ("RON_SDK_READ_TIMEOUT_MS", 1000),
    "write_timeout": ("RON_SDK_WRITE_TIMEOUT_MS", 1000),
}


def hide(given: Dict[str, Any]) -> Dict[str, Any]:
    """Return the arguments that are not `None`, secrets wrapped against tracebacks with locals."""
    for name in ("self", "__class__", "options", "app_prefix", "amnesia"):
        given.pop(name, None)
    hidden = {name: value for name, value in given.items() if value is not None}
    for name in (*_TOKENS, "proxies"):
        if name in hidden:
            hidden[name] = Secret(hidden[name])
    return hidden


def revealed(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the arguments of the general client, which wraps secrets itself."""
    return {n: v.reveal() if isinstance(v, Secret) else v for n, v in given.items()}


def resolve(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the options of the client below, in which arguments win over the environment.

    Args:
        given: The arguments, as `hide` returns them.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    options = dict(given)
    environment: Dict[str, Any] = variables("RON_", options.pop("env_file", None))
    tokens = [options.pop(name) for name in _TOKENS if name in options]
    if len(tokens) > 1:
        raise RonConfigError(f"{', '.join(_TOKENS)} are one: set one of them")
    known = environment.pop("RON_APP_TOKEN", None)
    options["token"] = tokens[0] if tokens else known
    url = environment.get("RON_SDK_GATEWAY_ADDR") or environment.get("RON_APP_URL")
    options.setdefault("base_url", url or "http://127.0.0.1:8080")
    options = {**_times(environment), **options}
    verify, bundle = options.pop("tls_verify", True), options.pop("tls_ca", None)
    if bundle is not None and verify is not True:
        raise RonConfigError("tls_ca needs tls_verify=True: it says whom to trust")
    options["verify"] = verify if bundle is None else bundle
    parts = urlsplit(check_base_url("base_url", options["base_url"], "token"))
    is_here = parts.scheme == "https" or is_loopback(parts.hostname or "")
    if not options.pop("allow_insecure_http", False) and not is_here:
        words = "base_url is http to another machine: use https, or"
        raise RonConfigError(f"{words} set allow_insecure_http=True")
    options.setdefault("json_default", wire_default)
    return options


def _times(environment: Mapping[str, str]) -> Dict[str, float]:
    """Return the times of the environment in seconds."""
    found = {name: pair for name, pair in _TIMES.items() if pair[0] in environment}
    for variable, _ in found.values():
        try:
            float(environment[variable])
        except ValueError:
            raise RonConfigError(f"{variable} must be a number") from None
    return {n: float(environment[v]) / units for n, (v, units) in found.items()}


def path_below(prefix: str, path: Any) -> Any:
    """Return the whole path of a request; what is no path is left to the general client."""
    is_path = isinstance(path, str) and path.startswith("/")
    whole = not is_path or re.split("[/?]", path)[1] in _PLANES
    return path if whole else prefix + path
