"""Reads problems, in each of the three shapes that nodes and gateways send. Pure."""

from typing import Any, Optional, cast

from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.exceptions import APIError
from ai_spine.policy.error_bodies import shallow
from ai_spine.policy.messages import Response
from ai_spine.policy.problems import fields_of, seconds_of
from ai_spine.ron.errors import RonProblem, as_ron
from ai_spine.utils import one_line

_TEXTS = ("title", "type", "instance", "kind", "reason", "correlation_id")


def refine(error: APIError, response: Response) -> APIError:
    """Return the problem that a refusal is.

    Args:
        error: What the SDK has read from it.
        response: The refusal; no secret is in its body.

    Example:
        >>> body = b'{"code": "rate", "message": "slow down", "retry_after_ms": 250}'
        >>> error = refine(APIError("", status_code=429), Response(429, {}, body))
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
