"""Reads the bodies of error responses, in every form that servers and gateways use. Pure."""

import http.client
import json
from typing import Any, Dict, List, NamedTuple, Optional, Type

from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.exceptions import (
    APIError,
    AuthenticationError,
    BadRequestError,
    CallInfo,
    ConflictError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from ai_spine.utils import one_line

_DEEPEST = 50  # levels
_CLASS_BY_STATUS: Dict[int, Type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: BadRequestError,
    429: RateLimitError,
}


class ErrorBody(NamedTuple):
    """What the body of an error says, in either dialect."""

    message: str = ""
    code: Optional[str] = None
    details: Any = None
    credits_needed: Optional[float] = None
    credits_available: Optional[float] = None


def read_error_body(body: bytes) -> ErrorBody:
    """Parse the body of an error response; fields that it does not have stay empty."""
    try:
        payload = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return ErrorBody()  # HTML or nothing, from a proxy: the status says more
    if isinstance(payload, str):
        return ErrorBody(one_line(payload, MAX_MESSAGE_LENGTH))
    if not isinstance(payload, dict):
        return ErrorBody(details=shallow(payload))
    inner = payload.get("error")
    return _read_error_object(
        {**payload, **inner} if isinstance(inner, dict) else payload
    )


def _read_error_object(payload: Dict[str, Any]) -> ErrorBody:
    detail = payload.get("detail")
    fields = _field_errors(detail) or _field_errors(payload.get("details"))
    texts = [payload.get(name) for name in ("detail", "message", "error", "title")]
    message = next(
        (text for text in texts if isinstance(text, str) and text.strip()), ""
    )
    if isinstance(detail, dict) and not message:
        return _read_error_object(_flattened(payload, detail))
    if fields and not message:
        message = "; ".join(f"{e['field']}: {e['message']}" for e in fields)
    return ErrorBody(
        one_line(message, MAX_MESSAGE_LENGTH),
        _text(_first(payload, "error_code", "errorCode", "code", "type")),
        fields
        or shallow(
            payload.get("details") or (None if isinstance(detail, str) else detail)
        ),
        _number(_first(payload, "credits_needed", "creditsNeeded")),
        _number(_first(payload, "credits_available", "creditsAvailable")),
    )


def shallow(value: Any) -> Any:
    """Return JSON unless it is nested so deeply that the error could not be pickled."""
    level, depth = [value], 0
    while level:
        inner = [part for part in level if isinstance(part, (dict, list))]
        level = [
            part
            for held in inner
            for part in (held.values() if isinstance(held, dict) else held)
        ]
        depth += 1
    return value if depth <= _DEEPEST else None


def _first(payload: Dict[str, Any], *names: str) -> Any:
    """Return the first of these fields that exists, at the top or under `details`."""
    details = payload.get("details")
    places = [payload, details] if isinstance(details, dict) else [payload]
    return next(
        (place[n] for place in places for n in names if place.get(n) is not None), None
    )


def _flattened(payload: Dict[str, Any], detail: Dict[str, Any]) -> Dict[str, Any]:
    """Move the fields of an object under `detail`, and of `error` in it, one level up."""
    nested = detail.get("error")
    flat = {
        **payload,
        "details": detail,
        **detail,
        **(nested if isinstance(nested, dict) else {}),
    }
    inner = detail.get("detail")
    flat["detail"] = None if isinstance(inner, dict) else inner
    return flat


def _field_errors(detail: Any) -> List[Dict[str, Any]]:
    """Read the field errors of a 422: `[{"loc": ["body", "x"], "msg": …, "type": …}]`."""
    if not isinstance(detail, list):
        return []
    return [
        _field_error(entry)
        for entry in detail
        if isinstance(entry, dict) and "msg" in entry
    ]


def _field_error(entry: Dict[str, Any]) -> Dict[str, Any]:
    loc = entry.get("loc")
    steps = [str(step) for step in loc] if isinstance(loc, list) else []
    if len(steps) > 1 and steps[0] in ("body", "path", "query", "header"):
        steps = steps[1:]
    return {
        "field": ".".join(steps),
        "message": one_line(str(entry["msg"]), MAX_MESSAGE_LENGTH),
        "type": _text(entry.get("type")),
    }


def _text(value: Any) -> Optional[str]:
    return (
        one_line(value, MAX_MESSAGE_LENGTH)
        if isinstance(value, str) and value
        else None
    )


def _number(value: Any) -> Optional[float]:
    return (
        value
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else None
    )


def error_from_response(
    status_code: int,
    body: bytes,
    *,
    retry_after: Optional[float] = None,
    call: CallInfo = CallInfo(),
) -> APIError:
    """Return the exception for an error response.

    Args:
        status_code: The HTTP status.
        body: The body, in any of the forms that servers and proxies use.
        retry_after: Seconds that the server asks to wait.
        call: What is known of the request.

    Example:
        >>> call = CallInfo("GET", "/flows/f")
        >>> str(error_from_response(404, b'{"detail": "no flow"}', call=call))
        '404: no flow (GET /flows/f)'
    """
    parsed = read_error_body(body)
    message = parsed.message or http.client.responses.get(
        status_code, "the server gave no reason"
    )
    error = _class_for(status_code, parsed.code, message)(
        message,
        status_code=status_code,
        code=parsed.code,
        details=parsed.details,
        retry_after=retry_after,
        call=call,
    )
    if isinstance(error, InsufficientCreditsError):
        error.credits_needed = parsed.credits_needed
        error.credits_available = parsed.credits_available
    return error


def _class_for(status_code: int, code: Optional[str], message: str) -> Type[APIError]:
    if status_code == 403 and (
        code == "INSUFFICIENT_CREDITS" or "credit" in message.lower()
    ):
        return InsufficientCreditsError
    return _CLASS_BY_STATUS.get(
        status_code, ServerError if status_code >= 500 else APIError
    )
