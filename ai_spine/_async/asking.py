"""Asks the caller's function for a key when there is none, or when the server has refused it."""

from __future__ import annotations

from typing import Any, Sequence

from ai_spine._async.runtime import result_of, turn_of, who_asks
from ai_spine.config.key_file import KeyFile
from ai_spine.exceptions import AuthenticationError
from ai_spine.policy.call_state import CallState
from ai_spine.policy.messages import Response
from ai_spine.policy.tokens import Token
from ai_spine.transport.async_base import AsyncTransport
from ai_spine.utils import Secret


async def ask_if_needed(
    transport: AsyncTransport, token: Token, call: CallState
) -> None:
    """Ask for the key if it is not known.

    Those who wait while another asks share its key, or its failure.

    Raises:
        AuthenticationError: The caller's function raised an exception, or returned no key, or
            called this client, which waits for it.
    """
    if not token.must_be_asked_for:
        return
    name = token.name
    if token.asker is not None and token.asker == who_asks():
        message = f"the function given as {name} calls this client, which waits for it"
        raise AuthenticationError(message, call=call.info(transient=False))
    failures = token.failures
    async with turn_of(token):
        if token.must_be_asked_for and token.failures == failures:
            token.asker = who_asks()
            try:
                await _ask(token, transport)
            finally:
                token.asker = None
    if token.failures != failures and token.must_be_asked_for:
        message, cause = token.last_failure
        raise AuthenticationError(message, call=call.info(transient=False)) from cause


def may_ask_again(tokens: Sequence[Token], call: CallState, result: Any) -> bool:
    """Return whether to ask for other keys and repeat the request, once in a call.

    A server that refuses the key has not executed the request, whatever its method.
    """
    refused = isinstance(result, Response) and result.status == 401
    if not refused or call.has_asked_again:
        return False
    for token, version in zip(tokens, call.token_versions):
        if token.source is not None:
            call.has_asked_again = True
            token.refuse(version)
    return call.has_asked_again


async def _ask(token: Token, transport: AsyncTransport) -> None:
    """Call the source, and keep the key or what went wrong."""
    name = token.name
    try:
        secret = Secret(await result_of(token.source))
    except Exception as error:
        message = f"the function given as {name} raised {type(error).__name__}"
        if isinstance(token.source, KeyFile):
            message = str(error)
        token.note_failure(message, error)
        return
    problem = token.credential.problem_of(secret)
    if problem is not None:
        token.note_failure(f"the function given as {name} must return {problem}", None)
        return
    for spelling in token.credential.spellings(secret):
        transport.redactor.add(spelling)
    token.keep(secret)
