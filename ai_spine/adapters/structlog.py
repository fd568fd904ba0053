"""What an error knows of its request, as fields of structlog's entries."""

import sys
from typing import Any, MutableMapping

from ai_spine.exceptions import AISpineError

_NAMES = (
    "method",
    "path",
    "request_id",
    "correlation_id",
    "status_code",
    "code",
    "idempotency_key",
    "maybe_executed",
    "transient",
    "retry_after",
)


def add_error_fields(
    logger: Any, name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add to an entry what an error of the SDK knows: a processor of structlog.

    The error is that of the entry's `exc_info`, or its field `error`. What the entry has already
    stays as it is; no field is a secret.

    Args:
        logger: The logger.
        name: The name of the level.
        event: The entry.

    Example:
        >>> from ai_spine import NotFoundError
        >>> error = NotFoundError("no such user", status_code=404)
        >>> add_error_fields(None, "info", {"event": "gone", "error": error})["status_code"]
        404
    """
    error = event.get("error")
    if not isinstance(error, BaseException):
        error = event.get("exc_info")
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, AISpineError):
        for field in _NAMES:
            value = getattr(error, field, None)
            if value is not None and value is not False:
                event.setdefault(field, value)
        attempts = getattr(error, "attempts", ())
        if attempts:
            event.setdefault("attempts", len(attempts))
    return event
