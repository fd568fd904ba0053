"""The errors of RON-CORE's app plane; each is a member of the SDK's own tree as well.

RonError (AISpineError)
├── RonConfigError (ConfigurationError)
├── RonValidationError (ValidationError)
├── RonNetworkError (NetworkError)
│   └── RonTimeoutError (RequestTimeoutError)
└── RonProblem (APIError)
    ├── RonAuthError (AuthenticationError)            401, or the token cannot be used
    │   └── RonPermissionError (PermissionDeniedError)  403
    ├── RonBadRequestError (BadRequestError)          400, 422
    ├── RonNotFoundError (NotFoundError)              404
    ├── RonConflictError (ConflictError)              409
    ├── RonRateLimitError (RateLimitError)            429
    └── RonServerError (ServerError)                  5xx
"""

from typing import Any, Dict, Mapping, Optional, Tuple, Type

from ai_spine import exceptions as core


class RonError(core.AISpineError):
    """The base of all errors of the app plane."""


class AmnesiaWarning(UserWarning):
    """The node keeps in memory only what is about to be stored."""


class RonConfigError(RonError, core.ConfigurationError):
    """A setting of the client is wrong."""


class RonValidationError(RonError, core.ValidationError):
    """An argument is wrong; nothing was sent."""


class RonNetworkError(RonError, core.NetworkError):
    """No usable response came; `unresolved` if the name of the host leads to no address."""


class RonTimeoutError(RonNetworkError, core.RequestTimeoutError):
    """A request got no response in time."""


class RonProblem(RonError, core.APIError):
    """The node refused a request, or its response cannot be read.

    Args:
        detail: What went wrong.
        status: The HTTP status.
        title: What kind of problem it is, in a few words.
        type: The URI of that kind.

    Attributes:
        title: What kind of problem it is; `None` if the node does not say, as for those below.
        type: The URI of that kind.
        instance: The URI of this occurrence.
        kind: The class of the problem, in the canonical shape.
        reason: Why the gateway refused.
        retryable: Whether the node says that the same request may succeed later.
        correlation_id: The id of the request in the logs of all services.
        fields: All that the node sent, its unknown fields included.
    """

    title: Optional[str] = None
    type: Optional[str] = None
    instance: Optional[str] = None
    kind: Optional[str] = None
    reason: Optional[str] = None
    retryable: Optional[bool] = None
    correlation_id: Optional[str] = None
    fields: Mapping[str, Any] = {}

    def __init__(
        self,
        detail: str = "",
        status: Optional[int] = None,
        title: Optional[str] = None,
        type: Optional[str] = None,
        **more: Any,
    ) -> None:
        super().__init__(detail, status_code=status, **more)
        self.title, self.type = title, type

    @property
    def detail(self) -> str:
        """What went wrong, in the node's own words."""
        return self.message

    @property
    def status(self) -> Optional[int]:
        """The HTTP status."""
        return self.status_code


class RonAuthError(RonProblem, core.AuthenticationError):
    """The token is missing, unknown or expired, or does not allow this."""


class RonPermissionError(RonAuthError, core.PermissionDeniedError):
    """403: the token does not allow this."""


class RonBadRequestError(RonProblem, core.BadRequestError):
    """400 or 422: the node refused what was sent."""


class RonNotFoundError(RonProblem, core.NotFoundError):
    """404: there is no such facet, route or object."""


class RonConflictError(RonProblem, core.ConflictError):
    """409: it exists already, or the idempotency key came with another body."""


class RonRateLimitError(RonProblem, core.RateLimitError):
    """429: too many requests."""


class RonServerError(RonProblem, core.ServerError):
    """5xx: the node failed."""


# The first whose class the error has decides.
_KINDS: Tuple[Tuple[Type[core.AISpineError], Type[RonError]], ...] = (
    (core.AuthenticationError, RonAuthError),
    (core.PermissionDeniedError, RonPermissionError),
    (core.NotFoundError, RonNotFoundError),
    (core.ConflictError, RonConflictError),
    (core.RateLimitError, RonRateLimitError),
    (core.ServerError, RonServerError),
    (core.BadRequestError, RonBadRequestError),
    (core.APIError, RonProblem),
    (core.TimeoutError, RonTimeoutError),
    (core.NetworkError, RonNetworkError),
    (core.ConfigurationError, RonConfigError),
    (core.ValidationError, RonValidationError),
)


def as_ron(error: core.AISpineError) -> RonError:
    """Return an error as one of the app plane, with all that it says.

    Example:
        >>> str(as_ron(core.NotFoundError("no such facet", status_code=404)))
        '404: no such facet'
    """
    if isinstance(error, RonError):
        return error
    kind = next((k for base, k in _KINDS if isinstance(error, base)), RonError)
    known: Dict[str, Any] = dict(vars(error))
    if (
        known.get("status_code") == 402
    ):  # it is about credits, which a node does not have
        kind = RonProblem
    made = kind.__new__(kind)
    made.args, made.__cause__ = error.args, error.__cause__
    vars(made).update(known)
    return made
