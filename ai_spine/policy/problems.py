"""Reads what the body of a refusal says beyond its message: whether to repeat the request. Pure."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from ai_spine.policy.messages import Response
from ai_spine.policy.retry import Failure, FailureKind

# What a refusal means where its body says whether the request may be repeated.
_FINAL = {
    FailureKind.NOT_DONE: FailureKind.REFUSED,
    FailureKind.UNCERTAIN: FailureKind.UNREADABLE,
}
_PASSING = {kind: passing for passing, kind in _FINAL.items()}


def judge(failure: Failure, response: Response) -> Failure:
    """Return what a refusal means for the request, where the body may say more than the status.

    Args:
        failure: What its status and its headers mean.
        response: The refusal.
    """
    fields = fields_of(response)
    asked, kind = seconds_of(fields.get("retry_after_ms")), failure.kind
    if fields.get("retryable") is False:
        kind = _FINAL.get(kind, kind)
    elif fields.get("retryable") is True:
        kind = _PASSING.get(kind, kind)
    retry_after = failure.retry_after if asked is None else asked
    return failure._replace(kind=kind, retry_after=retry_after)


def fields_of(response: Response) -> Dict[str, Any]:
    """Return the fields of a problem; none where the body is something else."""
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return {}
    inner = found.get("error") if isinstance(found, Mapping) else None
    if isinstance(inner, dict):
        return {**found, **inner}
    return found if isinstance(found, dict) else {}


def seconds_of(milliseconds: Any) -> Optional[float]:
    """Return milliseconds as seconds; `None` if they are none."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        return None
    if not 0 <= milliseconds <= 1e15:
        return None
    return milliseconds / 1000
