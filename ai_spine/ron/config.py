"""The settings of a client of the app plane: its arguments, the environment and a `.env` file."""

import os
from typing import Any, Dict, Mapping, Optional
from urllib.parse import urlsplit

from ai_spine.config.urls import check_base_url, check_prefix
from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.validation import check_path
from ai_spine.ron.errors import RonConfigError, as_ron
from ai_spine.utils import is_loopback

DEFAULT_URL = "http://127.0.0.1:8080"
DEFAULT_TIMEOUT = 30.0
# Paths that are whole: any other is below the prefix of the app plane.
_PLANES = ("app", "facets", "v1", "healthz", "readyz", "api")
# The variables of a setting, the first that is set counts; times in parts of a second.
_TIMES = {
    "timeout": (("RON_APP_TIMEOUT", 1),),
    "deadline": (("RON_SDK_OVERALL_TIMEOUT_MS", 1000),),
    "connect_timeout": (("RON_SDK_CONNECT_TIMEOUT_MS", 1000),),
    "read_timeout": (("RON_SDK_READ_TIMEOUT_MS", 1000),),
    "write_timeout": (("RON_SDK_WRITE_TIMEOUT_MS", 1000),),
}


def resolve(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the options of the client below, in which arguments win over the environment.

    Args:
        given: The arguments that are not `None`, by name.

    Raises:
        RonConfigError: A setting is wrong.
    """
    options = dict(given)
    environment = _environment(options.pop("env_file", None))
    token = [
        options.pop(name) for name in ("macaroon", "token_provider") if name in options
    ]
    if len(token) + ("token" in options) > 1:
        raise RonConfigError(
            "token, macaroon and token_provider are one: set one of them"
        )
    options.setdefault("token", token[0] if token else environment.get("RON_APP_TOKEN"))
    url = environment.get("RON_SDK_GATEWAY_ADDR") or environment.get("RON_APP_URL")
    options.setdefault("base_url", url or DEFAULT_URL)
    for name, ((variable, parts),) in _TIMES.items():
        if variable in environment:
            options.setdefault(name, _number(variable, environment[variable]) / parts)
    verify, bundle = options.pop("tls_verify", True), options.pop("tls_ca", None)
    if bundle is not None and verify is not True:
        raise RonConfigError("tls_ca needs tls_verify=True: it says whom to trust")
    options["verify"] = verify if bundle is None else bundle
    refuse_plain_http(options["base_url"], options.pop("allow_insecure_http", False))
    return options


def refuse_plain_http(url: Any, allowed: bool) -> None:
    """Check that nothing is sent in the clear to another machine.

    Raises:
        RonConfigError: The URL is wrong, or http to a host that is not this machine.
    """
    try:
        parts = urlsplit(check_base_url("base_url", url))
    except ConfigurationError as error:
        raise as_ron(error) from None
    if parts.scheme == "http" and not allowed and not is_loopback(parts.hostname or ""):
        raise RonConfigError(
            "base_url is http to another machine, which all between can read: use https, or set "
            "allow_insecure_http=True"
        )


def path_below(prefix: Optional[str], path: Any) -> str:
    """Return the whole path of a request.

    Raises:
        ValidationError: It is no path.

    Example:
        >>> path_below("/app", "/hello"), path_below("/app", "/facets/a/b")
        ('/app/hello', '/facets/a/b')
    """
    whole = prefix is None or check_path("path", path).split("/")[1] in _PLANES
    return str(path) if whole else f"{prefix}{path}"


def check_app_prefix(value: Any) -> Optional[str]:
    """Return the prefix of paths; `None` if there is none.

    Raises:
        RonConfigError: It is no path.
    """
    try:
        return None if value is None else check_prefix("app_prefix", value) or None
    except ConfigurationError as error:
        raise as_ron(error) from None


def _environment(file: Any) -> Dict[str, str]:
    """Return the variables that are set; those of the process win over those of the file."""
    found = {}
    if file is not None:
        try:
            from dotenv import dotenv_values
        except ImportError:
            raise RonConfigError(
                "env_file needs python-dotenv: pip install 'ai-spine-sdk[dotenv]'"
            ) from None
        if not os.path.isfile(file):
            raise RonConfigError("env_file is the path of a file that does not exist")
        found = dotenv_values(file, interpolate=False)
    both = {**found, **os.environ}
    return {name: text for name, text in both.items() if text}


def _number(variable: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RonConfigError(f"{variable} must be a number") from None
