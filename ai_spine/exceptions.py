"""The exceptions that the SDK raises.

AISpineError
├── ConfigurationError (ValueError)        a setting is wrong
├── ValidationError (ValueError)           an argument is wrong; nothing was sent
├── NetworkError (requests.RequestException)
├── TimeoutError (builtin TimeoutError)    a wait ran out of time
│   └── RequestTimeoutError                a request did; also a NetworkError
├── ExecutionError                         the flow failed; `.execution` says how
│   ├── ExecutionCancelledError
│   └── BatchError                         inputs of a batch failed; `.failed` has them
└── APIError                               the server refused
    ├── BadRequestError 400, 422           also a ValidationError
    ├── AuthenticationError 401
    ├── PermissionDeniedError 403
    │   └── InsufficientCreditsError 402, 403
    ├── NotFoundError 404
    ├── ConflictError 409
    ├── RateLimitError 429
    └── ServerError 5xx

Each can be pickled, holds no live response and no secret, and reads as one sentence. There are
three warnings as well: `BusyLoopWarning`, `InsecureTransportWarning` and `ProfileWarning`.
"""

import builtins
from typing import Any, NamedTuple, Optional, Sequence, Tuple

import requests


class Attempt(NamedTuple):
    """One attempt of a call that failed in the end."""

    number: int
    """Counted from 1."""
    outcome: str
    """What happened, in words."""
    delay: Optional[float]
    """Seconds slept after it; `None` after the last."""


class CallInfo(NamedTuple):
    """What is known about a request that failed; its errors have each field as an attribute."""

    method: Optional[str] = None
    """The HTTP method."""
    path: Optional[str] = None
    """The path, without host and query."""
    request_id: Optional[str] = None
    """The id of the request in the server's log."""
    attempts: Tuple[Attempt, ...] = ()
    """The attempts, oldest first."""
    maybe_executed: bool = False
    """Whether the request may have been executed although it failed."""
    idempotency_key: Optional[str] = None
    """Its key; use it to send the request again to a server that honours keys."""
    transient: bool = False
    """Whether the same request may succeed later."""


class AISpineError(Exception):
    """The base of all exceptions of this SDK.

    Attributes:
        message: What went wrong; for an `APIError`, in the server's own words.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(AISpineError, ValueError):
    """A setting of the client, the command line or the local server is wrong."""


class ValidationError(AISpineError, ValueError):
    """An argument is wrong; nothing was sent, unless it is a `BadRequestError`."""


class BusyLoopWarning(UserWarning):
    """One path is requested in a loop that never sleeps."""


class InsecureTransportWarning(UserWarning):
    """A key is sent over plain http to a host that is not this machine."""


class ProfileWarning(UserWarning):
    """A profile's key is not sent, or other users can read its file."""


class _CallError(AISpineError):
    """The base of the errors of a request, with what is known about the request."""

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
            text += "; it may have run: check before sending it again"
            text += (
                f" (idempotency key {self.idempotency_key})"
                if self.idempotency_key
                else ""
            )
        return text


class NetworkError(_CallError, requests.RequestException):
    """No usable response came.

    Attributes:
        maybe_executed: Whether the request may have reached the server.
        idempotency_key: The key that it carried.
        attempts: The attempts that were made.
        request_id: The id that was sent with it.
        transient: Whether the same request may succeed later.
        retry_after: Seconds that the server has asked this client to wait, if that is why nothing
            was sent.
        unresolved: Whether the name of the host leads to no address: nothing was sent, and a proxy
            or a gateway that fails is something else.
    """

    retry_after: Optional[float] = None
    unresolved: bool = False


class TimeoutError(AISpineError, builtins.TimeoutError):
    """The time ran out before an execution was done. The execution continues.

    Attributes:
        execution_id: The execution that was waited for.
        last_status: The last status seen; `None` if none was.
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
    """A request got no response within its timeout or its deadline."""

    execution_id = None
    last_status = None


class ExecutionError(AISpineError):
    """An execution failed, or was never started; or a tool failed.

    Attributes:
        execution: The execution as the server last sent it, or a tool's `ToolResult`; `None` if
            there is none.
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
    """The server refused a request, or its response cannot be read.

    Attributes:
        status_code: The HTTP status.
        code: The server's code for the error; `None` if it sent none.
        details: What else the server sent. Field errors are `[{field, message, type}]`.
        retry_after: Seconds that the server asks to wait; `None` if it does not ask.
        maybe_executed: Whether the request may have been executed.
        idempotency_key: The key that it carried.
        attempts: The attempts that were made.
        request_id: The id of the request in the server's log.
        transient: Whether the same request may succeed later.
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
    """401: no key, or one that the server does not know; or the function for the key failed."""


class PermissionDeniedError(APIError):
    """403: the key does not allow this."""


class InsufficientCreditsError(PermissionDeniedError):
    """402, or a 403 that mentions credits.

    Attributes:
        credits_needed: What the call costs; `None` if the server does not say.
        credits_available: What is left; `None` if the server does not say.
    """

    credits_needed: Optional[float] = None
    credits_available: Optional[float] = None


class NotFoundError(APIError):
    """404: the resource does not exist."""


class ConflictError(APIError):
    """409: it exists already, or the same idempotency key came with another body."""


class RateLimitError(APIError):
    """429: too many requests; `retry_after` says how many seconds to wait."""


class ServerError(APIError):
    """5xx: the server failed."""
