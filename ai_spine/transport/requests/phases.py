"""Attempts whose parts have limits of their own: connecting, sending and reading."""

import time
from typing import Callable, TypeVar, Union

from ai_spine.policy.messages import Request
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.policy.settings import Phases
from ai_spine.transport.requests.sockets import PHASES

T = TypeVar("T")


def within_phases(
    phases: Phases,
    attempt: Callable[[Request, float], T],
    request: Request,
    timeout: float,
) -> Union[T, Failure]:
    """Make an attempt, and return its result.

    Args:
        phases: The limits.
        attempt: Makes it, over connections that know the limits.
        request: The request.
        timeout: Seconds for the attempt as a whole.
    """
    began, token = time.monotonic(), PHASES.set(phases)
    try:
        result = attempt(request, timeout)
    finally:
        PHASES.reset(token)
    is_whole = time.monotonic() - began >= timeout
    if isinstance(result, Failure) and result.timed_out and not is_whole:
        if result.kind is FailureKind.NOT_SENT:
            return result._replace(seconds=phases.connect)
        return result._replace(seconds=phases.read or phases.write)
    return result
