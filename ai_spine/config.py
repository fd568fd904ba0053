"""The one place that turns arguments and environment into settings."""

import os
import re
import warnings
from typing import (
    Any,
    Callable,
    Dict,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)
from urllib.parse import SplitResult, urlsplit

import requests

from ai_spine.constants import (
    API_PREFIX,
    DEFAULT_BASE_URL,
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    ENV_API_KEY,
    ENV_BASE_URL,
    ENV_LOG_BODIES,
    ENV_MAX_RETRIES,
    ENV_TIMEOUT,
    IDEMPOTENCY_KEY_HEADER,
    MAX_SECONDS,
    REQUEST_ID_HEADER,
)
from ai_spine.exceptions import ConfigurationError, InsecureTransportWarning
from ai_spine.utils import (
    Secret,
    has_control_characters,
    is_loopback,
    is_unicode,
    one_line,
)
from ai_spine.validation import (
    check_amount,
    check_count,
    check_header_value,
    check_seconds,
    fits_header,
)

_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

Hook = Callable[[Any], None]
Hooks = Mapping[str, Union[Hook, Sequence[Hook]]]

HOOK_NAMES = ("request", "response", "retry")
# Each request sets these itself.
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


# Hosts that were warned of in this process.
_warned_of: Set[str] = set()


class Settings(NamedTuple):
    """What a client was told, checked and complete."""

    api_key: Optional[Secret]
    base_url: str
    timeout: float
    max_retries: int
    debug: bool
    api_prefix: str
    deadline: Optional[float]
    retry_writes: bool
    retry_after_limit: float
    headers: Mapping[str, str]
    proxies: Mapping[str, Secret]
    verify: Union[bool, str]
    cert: Union[None, str, Tuple[str, str]]
    pool_size: int
    event_hooks: Mapping[str, Tuple[Hook, ...]]
    access_token: Optional[Secret]
    on_credits_low: Optional[Callable[[float], Any]]
    credits_low_at: float
    log_bodies: bool

    def __repr__(self) -> str:  # headers may hold secrets
        return f"Settings(base_url={self.base_url!r})"


def resolve_api_key(given: Optional[Secret]) -> Optional[Secret]:
    """Gives the key that was given, or the environment's; blank is none.

    It is handled wrapped throughout, so that no traceback, with locals or without, shows it.

    Raises:
        ConfigurationError: It cannot travel in a header.
    """
    if given is not None:
        return _check_secret("api_key", given)
    return _check_secret(ENV_API_KEY, Secret(os.environ.get(ENV_API_KEY, "").strip()))


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


def resolve_base_url(argument: Any) -> str:
    """Gives the base URL that was given, or the environment's, or the default.

    Raises:
        ConfigurationError: It is no http(s) URL with a host, or holds more than that and a path.
    """
    name = "base_url"
    if argument is None:
        name, argument = ENV_BASE_URL, os.environ.get(ENV_BASE_URL, "").strip()
        argument = argument or DEFAULT_BASE_URL
    return _check_base_url(name, argument)


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
        requests.PreparedRequest().prepare_url(url, None)
    except ConfigurationError:
        raise
    except (ValueError, requests.RequestException):
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


def _has_possible_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port >= 0
    except ValueError:
        return False


def resolve_timeout(argument: Any) -> float:
    """Gives the timeout that was given, or the environment's, or the default, in seconds.

    Raises:
        ConfigurationError: It is no number above zero.
    """
    text = os.environ.get(ENV_TIMEOUT, "").strip()
    if argument is not DEFAULT_TIMEOUT or not text:
        return check_seconds("timeout", argument, ConfigurationError)
    try:
        return check_seconds(ENV_TIMEOUT, float(text), ConfigurationError)
    except ValueError:
        raise ConfigurationError(
            f"{ENV_TIMEOUT} must be a number of seconds above zero"
        ) from None


def resolve_max_retries(argument: Any) -> int:
    """Gives the retries that were given, or the environment's, or the default.

    Raises:
        ConfigurationError: It is no whole number from zero up.
    """
    text = os.environ.get(ENV_MAX_RETRIES, "").strip()
    if argument is not DEFAULT_MAX_RETRIES or not text:
        return check_count("max_retries", argument, error=ConfigurationError)
    try:
        return check_count(ENV_MAX_RETRIES, int(text), error=ConfigurationError)
    except ValueError:
        raise ConfigurationError(
            f"{ENV_MAX_RETRIES} must be a whole number from 0 up"
        ) from None


def check_prefix(value: Any) -> str:
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
        raise ConfigurationError("api_prefix must be a path such as /api/v1")
    stripped = value.strip("/")
    if {".", ".."} & set(stripped.split("/")):
        raise ConfigurationError("api_prefix must not hold . or .. as a part")
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


def check_headers(value: Any) -> Dict[str, str]:
    """Gives the extra headers as a dict of their own.

    Raises:
        ConfigurationError: They are no mapping of texts, or hold what the client itself sets.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError("headers must be a mapping of names to texts")
    for name, text in value.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ConfigurationError(
                f"headers has a name that no header can have: {one_line(repr(name), 100)}"
            )
        check_header_value(f"the header {name}", text, ConfigurationError)
        if name.lower() in _OWN_HEADERS:
            instead = ": use api_key" if name.lower() == "authorization" else ""
            raise ConfigurationError(
                f"headers must not set {name}, which the client sets{instead}"
            )
    return dict(value)


def hide_proxies(given: Any) -> Any:
    """Wraps the URLs of proxies, which may hold passwords; whatever else was given, as well."""
    if isinstance(given, Mapping):
        return {scheme: Secret(url) for scheme, url in given.items()}
    return None if given is None else Secret(given)


def check_proxies(hidden: Any) -> Dict[str, Secret]:
    """Gives wrapped proxies back.

    Raises:
        ConfigurationError: They are no mapping of schemes to URLs.
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
    """Gives the hooks as a tuple for each event.

    Raises:
        ConfigurationError: An event has an unknown name, or a hook cannot be called.
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
    """Gives `verify` back if it is a boolean or the path of a CA bundle that exists.

    Raises:
        ConfigurationError: It is neither.
    """
    if isinstance(value, bool):
        return value
    return _check_path("verify", value)


def check_cert(value: Any) -> Union[None, str, Tuple[str, str]]:
    """Gives `cert` back if it is the path of a client certificate, or of it and its key.

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
        told = one_line(repr(path), 200)
        raise ConfigurationError(f"{name} names a file that does not exist: {told}")
    return str(path)
