"""The errors of RON-CORE's app plane, each a member of the SDK's own tree, and how they are read.

Problems come in three shapes: the canonical one, the gateway's, and that of RFC 9457.
"""

from typing import Any, List, Mapping, Optional, Tuple, Type, cast

from ai_spine import exceptions as core
from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.policy.error_bodies import shallow
from ai_spine.policy.messages import Response
from ai_spine.policy.problems import fields_of, seconds_of
from ai_spine.utils import one_line

_TEXTS = ("title", "type", "instance", "kind", "reason", "correlation_id")


class RonError(core.AISpineError):
    """The base of all errors of the app plane."""


class AmnesiaWarning(UserWarning):
    """The node keeps in memory only what is about to be stored."""


class RonConfigError(RonError, core.ConfigurationError):
    """A setting of the client is wrong."""


class RonValidationError(RonError, core.ValidationError):
    """An argument is wrong; nothing was sent."""


class RonNetworkError(RonError, core.NetworkError):
    """No usable response came; `unresolved` says that the host's name leads to no address."""


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


def _problem_that_is(base: Type[core.APIError]) -> Type[RonError]:
    """Return the class of problems that are an error of the core; pickles find it by its name."""
    names = {"__module__": __name__, "__doc__": base.__doc__}
    kind = type(f"Ron{base.__name__}", (RonProblem, base), names)
    globals()[kind.__name__] = kind
    return kind


# The first whose class the error has decides.
_KINDS: List[Tuple[Type[core.AISpineError], Type[RonError]]] = [
    (core.AuthenticationError, RonAuthError),
    (core.InsufficientCreditsError, RonProblem),  # nodes know no credits
    (core.PermissionDeniedError, RonPermissionError),
    (core.NotFoundError, _problem_that_is(core.NotFoundError)),
    (core.ConflictError, _problem_that_is(core.ConflictError)),
    (core.RateLimitError, _problem_that_is(core.RateLimitError)),
    (core.ServerError, _problem_that_is(core.ServerError)),
    (core.BadRequestError, _problem_that_is(core.BadRequestError)),
    (core.APIError, RonProblem),
    (core.TimeoutError, RonTimeoutError),
    (core.NetworkError, RonNetworkError),
    (core.ConfigurationError, RonConfigError),
    (core.ValidationError, RonValidationError),
]


def as_ron(error: core.AISpineError) -> RonError:
    """Return an error as one of the app plane, with all that it says."""
    if isinstance(error, RonError):
        return error
    kind = next((k for base, k in _KINDS if isinstance(error, base)), RonError)
    made = kind.__new__(kind)
    made.args, made.__cause__ = error.args, error.__cause__
    vars(made).update(vars(error))
    return made


def refine(error: core.APIError, response: Response) -> core.APIError:
    """Return the problem that a refusal is.

    Args:
        error: What the SDK has read from it.
        response: The refusal; no secret is in its body.

    Example:
        >>> body = b'{"code": "rate", "message": "slow down", "retry_after_ms": 250}'
        >>> error = refine(core.APIError("", status_code=429), Response(429, {}, body))
        >>> error.code, error.detail, error.retry_after
        ('rate', 'slow down', 0.25)
    """
    fields = fields_of(response)
    problem = cast(RonProblem, as_ron(error))
    problem.fields = shallow(fields) or {}
    for name in _TEXTS:
        setattr(problem, name, _text(fields.get(name)))
    if problem.correlation_id is None:
        problem.correlation_id = _text(response.headers.get("X-Correlation-Id"))
    code = _text(fields.get("code"))
    problem.code = code or problem.type
    said = (_text(fields.get(name)) for name in ("message", "detail", "title"))
    words = next((text for text in said if text), None)
    problem.message = words or problem.reason or code or problem.message
    problem.args = (problem.message,)
    flag = fields.get("retryable")
    problem.retryable = flag if isinstance(flag, bool) else None
    asked = seconds_of(fields.get("retry_after_ms"))
    problem.retry_after = problem.retry_after if asked is None else asked
    return problem


def _text(value: Any) -> Optional[str]:
    text = one_line(value, MAX_MESSAGE_LENGTH) if isinstance(value, str) else ""
    return text or None
