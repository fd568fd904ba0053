"""Checks the client's other arguments: headers, proxies, hooks and certificates."""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from ai_spine.constants import (
    IDEMPOTENCY_KEY_HEADER,
    MAX_TENANT_LENGTH,
    REQUEST_ID_HEADER,
)
from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.settings import Hook
from ai_spine.policy.validation import (
    check_amount,
    check_callable,
    check_header_value,
    is_async,
)
from ai_spine.policy.json_encoding import kind_of
from ai_spine.utils import Secret, is_header_name, is_header_value, one_line

HOOK_NAMES = ("request", "response", "retry")
# Each request sets these headers itself.
_OWN_HEADERS = {
    name.lower()
    for name in (
        "Authorization",
        "Content-Length",
        "Content-Type",
        "Host",
        IDEMPOTENCY_KEY_HEADER,
        REQUEST_ID_HEADER,
    )
}


def hide(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a client's arguments with those wrapped that are, or contain, secrets.

    It comes before all checks, so that no traceback that shows local variables shows a secret.
    """
    hidden = dict(given)
    for name in ("api_key", "access_token", "token"):
        if hidden.get(name) is not None:
            hidden[name] = Secret(hidden[name])
    hidden["proxies"] = hide_proxies(hidden["proxies"])
    return hidden


def check_network(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the settings of requests and connections, checked.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    names = {name: given[name] for name in ("tenant_header", "workspace_header")}
    _check_tenancy_headers(names)
    tenancy = given.get("tenancy_arguments", ("tenant", "workspace"))
    key_argument = "api_key" if "api_key" in given else "token"
    instead = dict(zip(names.values(), tenancy), Authorization=key_argument)
    return {
        "headers": check_headers(given["headers"], instead),
        "proxies": check_proxies(given["proxies"]),
        "verify": check_verify(given["verify"]),
        "cert": check_cert(given["cert"]),
        **names,
    }


def check_tenant(name: str, value: Any) -> Optional[str]:
    """Return the id of a tenant or a workspace; an empty one is none.

    Raises:
        ConfigurationError: No header can hold it, or it is too long.
    """
    if value == "":
        return None
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be text, not {kind_of(value)}")
    if not is_header_value(value):
        raise ConfigurationError(
            f"{name} must be printable ASCII text without spaces around it"
        )
    if len(value) > MAX_TENANT_LENGTH:
        raise ConfigurationError(
            f"{name} must have at most {MAX_TENANT_LENGTH} characters, not {len(value)}"
        )
    return value


def _check_tenancy_headers(names: Mapping[str, Any]) -> None:
    """Check the names of both headers.

    Raises:
        ConfigurationError: One cannot be the name of a header, is one that the client sets, or both
            are the same.
    """
    for argument, name in names.items():
        if not isinstance(name, str) or not is_header_name(name):
            raise ConfigurationError(f"{argument} must be the name of a header")
        if name.lower() in _OWN_HEADERS:
            raise ConfigurationError(
                f"{argument} must not be {name}, which the client sets"
            )
    if len({name.lower() for name in names.values()}) < len(names):
        raise ConfigurationError("tenant_header and workspace_header must differ")


def check_callbacks(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the caller's functions, checked.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    wrong = ConfigurationError
    if is_async(given["json_default"]):
        raise ConfigurationError("json_default must be a plain function, not async")
    functions = {
        name: check_callable(name, given[name], wrong)
        for name in ("on_credits_low", "json_default")
    }
    return {
        "event_hooks": check_hooks(given["event_hooks"]),
        "credits_low_at": check_amount(
            "credits_low_at", given["credits_low_at"], "credits", wrong
        ),
        **functions,
    }


def check_headers(value: Any, instead: Mapping[str, str]) -> Dict[str, str]:
    """Return the extra headers as a new dict.

    Args:
        value: The headers.
        instead: The arguments that are to be used instead of headers, by the names of these.

    Raises:
        ConfigurationError: They are not a mapping of texts, or set what the client itself sets.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError("headers must be a mapping of names to texts")
    instead = {name.lower(): argument for name, argument in instead.items()}
    for name, text in value.items():
        if not isinstance(name, str) or not is_header_name(name):
            raise ConfigurationError(
                f"headers has an invalid name: {one_line(repr(name), 100)}"
            )
        check_header_value(f"the header {name}", text, ConfigurationError)
        if name.lower() in _OWN_HEADERS or name.lower() in instead:
            use = instead.get(name.lower())
            raise ConfigurationError(
                f"headers must not set {name}, which the client sets"
                f"{f': use {use}' if use else ''}"
            )
    return dict(value)


def hide_proxies(given: Any) -> Any:
    """Wrap the URLs of proxies, which may contain passwords, and any other value."""
    if isinstance(given, Mapping):
        return {scheme: Secret(url) for scheme, url in given.items()}
    return None if given is None else Secret(given)


def check_proxies(hidden: Any) -> Dict[str, Secret]:
    """Return wrapped proxies.

    Raises:
        ConfigurationError: They are not a mapping of schemes to URLs.
    """
    if hidden is None:
        return {}
    if not isinstance(hidden, dict):
        raise ConfigurationError("proxies must be a mapping of schemes to URLs")
    for scheme, url in hidden.items():
        text = isinstance(scheme, str) and isinstance(url.reveal(), str)
        if not text or not scheme or not url.reveal():
            raise ConfigurationError(
                "proxies must map schemes to URLs, both of them text"
            )
    return hidden


def check_hooks(value: Any) -> Dict[str, Tuple[Hook, ...]]:
    """Return the hooks as a tuple for each event.

    Raises:
        ConfigurationError: The name of an event is unknown, or a hook cannot be called.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not set(value) <= set(HOOK_NAMES):
        raise ConfigurationError(
            f"event_hooks must map {', '.join(HOOK_NAMES)} to callables"
        )
    hooks = {}
    for name, given in value.items():
        hooks[name] = tuple(given) if isinstance(given, (list, tuple)) else (given,)
        if not all(callable(hook) for hook in hooks[name]):
            raise ConfigurationError(
                f"event_hooks[{name!r}] must be a callable, or a list of them"
            )
    return hooks


def check_verify(value: Any) -> Union[bool, str]:
    """Return `verify` if it is a boolean or the path of a CA bundle that exists.

    Raises:
        ConfigurationError: It is neither.
    """
    if isinstance(value, bool):
        return value
    return _check_path("verify", value)


def check_cert(value: Any) -> Union[None, str, Tuple[str, str]]:
    """Return `cert` if it is the path of a client certificate, or the paths of it and its key.

    Raises:
        ConfigurationError: It is neither, or a file does not exist.
    """
    if value is None:
        return None
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return _check_path("cert", value[0]), _check_path("cert", value[1])
    return _check_path("cert", value)


def _check_path(name: str, value: Any) -> str:
    if not isinstance(value, (str, os.PathLike)):
        raise ConfigurationError(f"{name} must be the path of a file")
    path = os.fspath(value)
    if not os.path.exists(path):
        shown = one_line(repr(path), 200)
        raise ConfigurationError(
            f"{name} is the path of a file that does not exist: {shown}"
        )
    return str(path)
