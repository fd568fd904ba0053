"""Checks of the settings of a local server, and the settings of its clients."""

import os
from typing import Any, Dict, Mapping, Optional
from urllib.parse import urlsplit

from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models.statuses import ExecutionStatus, read_status
from ai_spine.policy.validation import check_bool, check_count, check_flag
from ai_spine.utils import Secret, is_header_value


def check_flags(streams: Any, tenants: Any, tracing: Any, show_tracebacks: Any) -> None:
    """Refuse what is not a bool.

    Raises:
        ConfigurationError: One of them is not.
    """
    check_flag("streams", streams, ConfigurationError)
    check_bool("tenants", tenants, ConfigurationError)
    check_bool("tracing", tracing, ConfigurationError)
    check_bool("show_tracebacks", show_tracebacks, ConfigurationError)


def check_settings(
    host: Any, port: Any, api_key: Optional[Secret], max_workers: Any, db: Any
) -> None:
    """Refuse values that cannot be used.

    Raises:
        ConfigurationError: One of them cannot.
    """
    if not isinstance(host, str) or not host:
        raise ConfigurationError("host must be the name or address to listen on")
    if check_count("port", port, error=ConfigurationError) > 65535:
        raise ConfigurationError(f"port must be from 0 to 65535, not {port}")
    check_count("max_workers", max_workers, least=1, error=ConfigurationError)
    if not isinstance(db, (str, os.PathLike)) or not os.fspath(db):
        raise ConfigurationError("db must be the path of a file, or :memory:")
    if api_key is not None:
        key = api_key.reveal()
        if not isinstance(key, str) or not is_header_value(key):
            raise ConfigurationError(
                "api_key must be printable ASCII text, and not be empty"
            )


def check_status(status: Any) -> str:
    """Return a status as the server writes it.

    Raises:
        ValidationError: There is no such status.
    """
    known = read_status(status)
    if not isinstance(known, ExecutionStatus):
        known = ", ".join(ExecutionStatus)
        raise ValidationError(f"status must be one of {known}, not {status!r}")
    return known.value


def client_options(
    url: str, api_key: Optional[Secret], options: Mapping[str, Any]
) -> Dict[str, Any]:
    """Return the options of a client of a server.

    Args:
        url: The URL of the server.
        api_key: Its key.
        options: What the caller wants, which goes before.
    """
    key = "" if api_key is None else api_key.reveal()
    known: Dict[str, Any] = {"base_url": url, "api_key": key, "profile": ""}
    if not {"proxies", "session"} & set(options):
        known["proxies"] = {"no_proxy": urlsplit(url).hostname}
    return {**known, **options}
