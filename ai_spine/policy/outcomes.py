"""What a result means: a value for the caller, or a failure, and the error it becomes. Pure."""

from __future__ import annotations

from email.message import Message
from typing import Any, Callable, Optional, TypeVar, Union

from ai_spine.constants import REQUEST_ID_HEADER
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    CallInfo,
    NetworkError,
    RequestTimeoutError,
)
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.decoding import decode_text, parse_json
from ai_spine.policy.messages import Response
from ai_spine.policy.retry import Failure, FailureKind, RetryPolicy, kind_of_status
from ai_spine.utils import one_line

T = TypeVar("T")
Redact = Callable[[str], str]


def read_value(
    response: Response, read: Callable[[Any], T], policy: RetryPolicy, redact: Redact
) -> Union[T, Failure]:
    """Return what an operation reads from the JSON of a response.

    A failure is returned and not raised, so that no traceback shows what is in the response.
    """
    if not 200 <= response.status < 300:
        return _refusal(response, policy)
    content_type = response.headers.get("Content-Type", "")
    try:
        payload = parse_json(response.body, content_type)
    except (ValueError, RecursionError):
        kind = one_line(redact(content_type), 60) or "unknown type"
        message = f"the response is not JSON ({kind}, {len(response.body)} bytes)"
        return Failure(FailureKind.UNREADABLE, message)
    try:
        return read(payload)
    except UnexpectedResponse as error:
        return _unexpected(error, redact)


def read_response(
    response: Response,
    read: Callable[[Response], T],
    policy: RetryPolicy,
    redact: Redact,
    judge: Optional[Callable[[Failure, Response], Failure]] = None,
) -> Union[T, Failure]:
    """Return what an exchange reads from a response, or the failure, as `read_value` does.

    Args:
        response: The response.
        read: Reads it.
        policy: Reads `Retry-After`.
        redact: Removes secrets.
        judge: Returns what a refusal means, where its body says so.
    """
    if not 200 <= response.status < 300:
        refusal = _refusal(response, policy)
        return refusal if judge is None else judge(refusal, response)
    try:
        return read(response)
    except UnexpectedResponse as error:
        return _unexpected(error, redact)


def _refusal(response: Response, policy: RetryPolicy) -> Failure:
    return Failure(
        kind_of_status(response.status),
        f"status {response.status}",
        retry_after=policy.read_retry_after(response.headers),
    )


def _unexpected(error: UnexpectedResponse, redact: Redact) -> Failure:
    message = redact(f"the server responded with {error}")
    return Failure(FailureKind.UNREADABLE, message)


def error_of_failure(base_url: str, failure: Failure, call: CallInfo) -> NetworkError:
    """Return the error of a call that got no response."""
    kind = RequestTimeoutError if failure.timed_out else NetworkError
    error = kind(f"{base_url}: {failure.message}", call=call)
    error.retry_after, error.unresolved = failure.retry_after, failure.unresolved
    return error


def error_of_response(
    response: Response,
    failure: Failure,
    call: CallInfo,
    redact: Redact,
    refine: Optional[Callable[[APIError, Response], APIError]] = None,
) -> AISpineError:
    """Return the error of a call whose response is a refusal, or cannot be read.

    Args:
        response: The response.
        failure: What it means.
        call: What is known of the request.
        redact: Removes secrets.
        refine: Returns another error for a refusal; it sees a response without secrets.
    """
    # Most programs see no error.
    from ai_spine.policy.error_bodies import error_from_response

    request_id = response.headers.get(REQUEST_ID_HEADER)
    if request_id:
        call = call._replace(request_id=one_line(redact(request_id), 200))
    if response.status < 300:
        return APIError(failure.message, status_code=response.status, call=call)
    text = decode_text(response.body, response.headers.get("Content-Type", ""))
    clean = redact(text)
    body = clean.encode("utf-8", "replace")
    error = error_from_response(
        response.status, body, retry_after=failure.retry_after, call=call
    )
    if refine is None:
        return error
    if clean != text:
        response = response._replace(body=body)
    return refine(error, _without_secrets(response, redact))


def _without_secrets(response: Response, redact: Redact) -> Response:
    """Return a response whose headers have no secrets either."""
    known = [(name, redact(text)) for name, text in response.headers.items()]
    if known == list(response.headers.items()):
        return response
    headers: Any = Message()  # of the standard library, to find names in any case
    for name, text in known:
        headers[name] = text
    return response._replace(headers=headers)
