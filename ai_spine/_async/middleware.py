"""Takes each attempt of a call through what the caller has put in between."""

from typing import Any, Callable, Mapping

from ai_spine._async.runtime import returned_by
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.middleware import (
    AFTER,
    BEFORE,
    Members,
    calls,
    checked_request,
    checked_response,
    copied,
    secrets_for,
)
from ai_spine.policy.tokens import Token


async def through(
    middleware: Members,
    tokens: Mapping[Any, Token],
    attempt: Callable[[Request, float], Any],
    request: Request,
    timeout: float,
) -> Any:
    """Make one attempt, and return its result.

    Args:
        middleware: What sees the request, and a response that is complete.
        tokens: The credentials of the client, for those that ask for them.
        attempt: Makes the attempt.
        request: The request.
        timeout: Seconds for the attempt.
    """
    for method in calls(middleware, BEFORE):
        given = copied(request), *secrets_for(method, request, tokens)
        request = checked_request(method, await returned_by(method, *given), request)
    result = await attempt(request, timeout)
    if isinstance(result, Response):
        for method in calls(middleware, AFTER):
            value = await returned_by(method, copied(request), result)
            result = checked_response(method, value, result)
    return result
