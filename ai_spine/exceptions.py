"""Everything that the SDK raises.

AISpineError
├── ConfigurationError (ValueError)        a setting is wrong
├── ValidationError (ValueError)           an argument is wrong, found before the wire
├── NetworkError (requests.RequestException)
├── TimeoutError (builtin TimeoutError)    a wait ran out of time
│   └── RequestTimeoutError                a request did; also a NetworkError
├── ExecutionError                         the flow failed; `.execution` says how
│   ├── ExecutionCancelledError
│   └── BatchError                         inputs of a batch failed; `.failed` has them
└── APIError                               the server answered, and refused
    ├── BadRequestError 400, 422           also a ValidationError
    ├── AuthenticationError 401
    ├── PermissionDeniedError 403
    │   └── InsufficientCreditsError 402, 403
    ├── NotFoundError 404
    ├── ConflictError 409
    ├── RateLimitError 429
    └── ServerError 5xx

Each pickles, holds no live response and no secret, and reads as one sentence. Beside them stands
`InsecureTransportWarning` and `ProfileWarning`, which are only warned of.
"""

import builtins
from typing import Any, NamedTuple, Optional, Sequence, Tuple

import requests


class Attempt(NamedTuple):
    """One try of a call that failed in the end."""

    number: int
    """Counted from 1."""
    outcome: str
    """What became of it, in words."""
    delay: Optional[float]
    """Seconds slept after it; `None` after the last."""


class CallInfo(NamedTuple):
    """What is known of a request that failed; its errors carry each field as an attribute."""

    method: Optional[str] = None
    """The HTTP method."""
    path: Optional[str] = None
    """The path, without host and query."""
    request_id: Optional[str] = None
    """The id under which the server's log knows the request."""
    attempts: Tuple[Attempt, ...] = ()
    """The tries that were made, oldest first."""
    maybe_executed: bool = False
    """Whether the request may have had its effect although it failed."""
    idempotency_key: Optional[str] = None
    """The key that it carried, to repeat it with where the server honours keys."""
    transient: bool = False
    """Whether the same request may well succeed later."""


class AISpineError(Exception):
    """The base of all errors of this SDK.

    Attributes:
        message: What went wrong; of an `APIError`, the server's own words.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(AISpineError, ValueError):
    """A setting of the client, the command line or the local server is wrong."""


class ValidationError(AISpineError, ValueError):
    """An argument is wrong; nothing was sent, unless it is a `BadRequestError`."""


class InsecureTransportWarning(UserWarning):
    """A key is sent over plain http to a host that is not this machine."""


class ProfileWarning(UserWarning):
    """A profile's key is not sent, or others can read the file that it stands in."""


class _CallError(AISpineError):
    """What the errors of a request share: what is known of it, and a sentence that says so."""

    method: Optional[str]
    path: Optional[str]
    request_id: Optional[str]
    attempts: Tuple[Attempt, ...]
    maybe_executed: bool
    idempotency_key: Optional[str]
    transient: bool

    def __init__(self, message: str = "", *, call: CallInfo = CallInfo()) -> None:
        super().__init__(message)
        for name, value in call._asdict().items():
            setattr(self, name, value)

    def __str__(self) -> str:
        where = [f"{self.method} {self.path}"] if self.method else []
        if len(self.attempts) > 1:
            where.append(f"{len(self.attempts)} attempts")
        if self.request_id:
            where.append(f"request id {self.request_id}")
        text = self.message + (f" ({', '.join(where)})" if where else "")
        if self.maybe_executed:
            text += "; it may have run: look before sending it again"
            text += (
                f" (idempotency key {self.idempotency_key})"
                if self.idempotency_key
                else ""
            )
        return text


class NetworkError(_CallError, requests.RequestException):
    """No usable answer came back.

    Attributes:
        maybe_executed: Whether the request may have reached the server all the same.
        idempotency_key: The key that it carried.
        attempts: The tries that were made.
        request_id: The id that was sent along.
        transient: Whether the same request may well succeed later.
        retry_after: Seconds for which the server has asked this client to wait, where it was
            not sent for that reason.
    """

    retry_after: Optional[float] = None


class TimeoutError(AISpineError, builtins.TimeoutError):
    """Time ran out before an execution was done. The execution goes on.

    Attributes:
        execution_id: The execution that was waited for.
        last_status: The last status that was seen; `None` if none was.
    """

    def __init__(
        self,
        message: str = "",
        *,
        execution_id: Optional[str] = None,
        last_status: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        self.execution_id = execution_id
        self.last_status = last_status


class RequestTimeoutError(NetworkError, TimeoutError):
    """A request got no answer within its timeout or its deadline."""

    execution_id = None
    last_status = None


class ExecutionError(AISpineError):
    """A flow failed, or was never started.

    Attributes:
        execution: The execution as the server last told it; `None` where there is none.
    """

    def __init__(self, message: str = "", *, execution: Any = None) -> None:
        super().__init__(message)
        self.execution = execution


class ExecutionCancelledError(ExecutionError):
    """An execution was cancelled before it was done."""


class BatchError(ExecutionError):
    """Inputs of a batch failed.

    Attributes:
        failed: Their items, each with its own error.
    """

    def __init__(self, message: str = "", *, failed: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.failed = list(failed)


class APIError(_CallError):
    """The server answered with an error, or with something that cannot be read.

    Attributes:
        status_code: The HTTP status.
        code: The server's code for the error; `None` where it gave none.
        details: What else the server told. Field errors are `[{field, message, type}]`.
        retry_after: Seconds that the server asks to wait; `None` where it does not ask.
        maybe_executed: Whether the request may have had its effect all the same.
        idempotency_key: The key that it carried.
        attempts: The tries that were made.
        request_id: The id under which the server's log knows the request.
        transient: Whether the same request may well succeed later.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status_code: Optional[int] = None,
        code: Optional[str] = None,
        details: Any = None,
        retry_after: Optional[float] = None,
        call: CallInfo = CallInfo(),
    ) -> None:
        super().__init__(message, call=call)
        self.status_code = status_code
        self.code = code
        self.details = details
        self.retry_after = retry_after

    def __str__(self) -> str:
        return (
            f"{self.status_code}: {super().__str__()}"
            if self.status_code
            else super().__str__()
        )


class BadRequestError(APIError, ValidationError):
    """400 or 422: the server refused what was sent."""


class AuthenticationError(APIError):
    """401: no key, or one that the server does not know."""


class PermissionDeniedError(APIError):
    """403: the key does not allow this."""


class InsufficientCreditsError(PermissionDeniedError):
    """402, or 403 with words of credits.

    Attributes:
        credits_needed: What the call costs; `None` where the server does not say.
        credits_available: What is left; `None` where the server does not say.
    """

    credits_needed: Optional[float] = None
    credits_available: Optional[float] = None


class NotFoundError(APIError):
    """404: there is no such thing."""


class ConflictError(APIError):
    """409: it is there already, or the same idempotency key came with another body."""


class RateLimitError(APIError):
    """429: too many requests; `retry_after` says how many seconds to wait."""


class ServerError(APIError):
    """5xx: the server failed."""
