"""Reads problems, in each of the three shapes that nodes and gateways send. Pure."""

from typing import Any, Dict, Mapping, Optional

from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.exceptions import APIError
from ai_spine.policy.decoding import parse_json
from ai_spine.policy.error_bodies import shallow
from ai_spine.policy.messages import Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.ron.errors import RonProblem, as_ron
from ai_spine.utils import one_line

# What a refusal means where the node says whether it may be repeated.
_FINAL = {
    FailureKind.NOT_DONE: FailureKind.REFUSED,
    FailureKind.UNCERTAIN: FailureKind.UNREADABLE,
}
_PASSING = {kind: passing for passing, kind in _FINAL.items()}
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
    problem = as_ron(error)
    assert isinstance(problem, RonProblem)
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
    problem.retryable = _flag(fields.get("retryable"))
    asked = _seconds(fields.get("retry_after_ms"))
    problem.retry_after = problem.retry_after if asked is None else asked
    return problem


def judge(failure: Failure, response: Response) -> Failure:
    """Return what a refusal means for the request, which the node may say itself.

    Args:
        failure: What its status and its headers mean.
        response: The refusal.
    """
    fields = fields_of(response)
    asked, kind = _seconds(fields.get("retry_after_ms")), failure.kind
    if fields.get("retryable") is False:
        kind = _FINAL.get(kind, kind)
    elif fields.get("retryable") is True:
        kind = _PASSING.get(kind, kind)
    retry_after = failure.retry_after if asked is None else asked
    return failure._replace(kind=kind, retry_after=retry_after)


def fields_of(response: Response) -> Dict[str, Any]:
    """Return the fields of a problem; none where the body is something else."""
    try:
        found = parse_json(response.body, response.headers.get("Content-Type", ""))
    except (ValueError, RecursionError):
        return {}
    inner = found.get("error") if isinstance(found, Mapping) else None
    if isinstance(inner, dict):
        return inner
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> Optional[str]:
    text = one_line(value, MAX_MESSAGE_LENGTH) if isinstance(value, str) else ""
    return text or None


def _flag(value: Any) -> Optional[bool]:
    return value if isinstance(value, bool) else None


def _seconds(milliseconds: Any) -> Optional[float]:
    """Return milliseconds as seconds; `None` if they are none."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        return None
    if not 0 <= milliseconds <= 1e15:
        return None
    return milliseconds / 1000
