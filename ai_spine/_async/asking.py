"""Asks the caller's function for a key when there is none, or when the server has refused it."""

from typing import Any

from ai_spine._async.runtime import result_of, turn_of
from ai_spine.exceptions import AuthenticationError
from ai_spine.policy.call_state import CallState
from ai_spine.policy.messages import Credential, Response
from ai_spine.policy.tokens import Token, problem_of
from ai_spine.transport.async_base import AsyncTransport
from ai_spine.utils import Secret


async def ask_if_needed(
    transport: AsyncTransport, which: Credential, call: CallState
) -> int:
    """Ask for the key if it is not known, and return the version that an attempt sends.

    Raises:
        AuthenticationError: The caller's function raised an exception, or returned no key.
    """
    token = transport.tokens[which]
    if token.must_be_asked_for:
        async with turn_of(token):
            if token.must_be_asked_for:  # nobody did while this call waited
                secret = await _ask(token, which, call)
                transport.redactor.add(secret)
                token.keep(secret)
    return token.version


def may_ask_again(token: Token, call: CallState, result: Any, version: int) -> bool:
    """Return whether to ask for another key and repeat the request, once in a call.

    A server that refuses the key has not executed the request, whatever its method.
    """
    refused = isinstance(result, Response) and result.status == 401
    if not refused or token.source is None or call.has_asked_again:
        return False
    call.has_asked_again = True
    token.refuse(version)
    return True


async def _ask(token: Token, which: Credential, call: CallState) -> Secret:
    name = "api_key" if which is Credential.API_KEY else "access_token"
    try:
        secret = Secret(await result_of(token.source))
    except Exception as error:
        message = f"the function given as {name} raised {type(error).__name__}"
        info = call.info(transient=False)
        raise AuthenticationError(message, call=info) from error
    problem = problem_of(secret)
    if problem is not None:
        message = f"the function given as {name} {problem}"
        raise AuthenticationError(message, call=call.info(transient=False))
    return secret
