"""What comes before each attempt of a call, and what its result means."""

from __future__ import annotations

import math
from typing import Any, Optional, Sequence

from ai_spine._async.asking import may_ask_again
from ai_spine._async.reports import AsyncReports, Result
from ai_spine._async.runtime import Sleep
from ai_spine.exceptions import AISpineError, InsufficientCreditsError
from ai_spine.policy.call_state import CallState
from ai_spine.policy.messages import Response
from ai_spine.policy.outcomes import (
    error_of_failure,
    error_of_response,
    read_response,
    read_value,
)
from ai_spine.policy.request_events import log
from ai_spine.policy.retry import Failure, FailureKind, RetryPolicy
from ai_spine.policy.server_state import ServerState
from ai_spine.policy.telemetry import Telemetry
from ai_spine.policy.tokens import Token


class AsyncAttempts(AsyncReports):
    """Decides whether an attempt may be made, and maps every failure."""

    state: ServerState
    sleep: Sleep
    telemetry: Telemetry
    _policy: RetryPolicy

    def redact(self, text: str) -> str:
        """Remove the client's secrets from a server's text, before it becomes an error's."""
        return self.transport.redactor.redact(text)

    async def _wait_for_turn(self, call: CallState) -> Optional[Failure]:
        """Sleep while the server has asked this client, in whichever call, to wait.

        Returns:
            Why no attempt may be made; `None` if one may.
        """
        cooldown, held_until = self.state.cooldown, -math.inf
        # Without retries the caller alone decides. Another call may make the wait longer.
        while self.settings.max_retries and cooldown.until > held_until:
            held_until, left = cooldown.until, cooldown.remaining(self.clock())
            if left <= 0:
                break
            too_late = (
                call.deadline is not None and self.clock() + left >= call.deadline
            )
            if too_late or left > self._policy.retry_after_limit:
                message = f"the server asked to wait {left:.3g} s, which is too long"
                return Failure(
                    FailureKind.NOT_SENT, message, too_late, retry_after=left
                )
            log.debug("%s %s: waiting %.2f s", call.method, call.path, left)
            await self.sleep(left)
        if call.deadline is not None and self.clock() >= call.deadline:
            return Failure(
                FailureKind.NOT_SENT, "the deadline has passed", timed_out=True
            )
        return None

    def _begin_attempt(self, call: CallState, tokens: Sequence[Token]) -> float:
        """Note that an attempt begins, and return the seconds that it may take."""
        call.attempt_began = now = self.clock()
        timeout = call.timeout or self.settings.timeout
        if call.deadline is not None:
            timeout = min(timeout, call.deadline - now)
        call.attempt_timeout = timeout
        if not call.attempts and self.settings.retry_budget is not None:
            self.state.retry_budget.note_call(self.settings.retry_budget)
        if tokens:
            call.token_versions = [token.version for token in tokens]
        call.is_observed = self._is_observed()
        call.scope.begin_attempt()
        return timeout

    def _end_attempt(self, call: CallState, result: Result) -> Result:
        """Note what became of an attempt, and return it."""
        status = None
        if isinstance(result, Failure):
            if result.timed_out:
                seconds = result.seconds or call.attempt_timeout
                message = f"{result.message} ({seconds:g} s)"
                result = result._replace(message=message)
        else:
            status = result.status
            if isinstance(result, Response):
                place = call.method, call.template
                self.state.learn_from(result.headers, call.idempotency_key, place)
            else:
                result.call = call.info(transient=True)
        call.scope.end_attempt(status)
        return result

    def _read(self, call: CallState, result: Result) -> Any:
        """Return what is read from a result, or a `Failure` that says why nothing is."""
        if not isinstance(result, Response):
            return result
        if call.streams and 200 <= result.status < 300:
            return Failure(
                FailureKind.UNREADABLE, "the response is not a stream of events"
            )
        if call.parses:
            return read_value(result, call.read, self._policy, self.redact)
        return read_response(result, call.read, self._policy, self.redact, call.judge)

    async def _wait_after(
        self,
        failure: Failure,
        call: CallState,
        result: Result,
        tokens: Sequence[Token],
    ) -> None:
        """Sleep until the next attempt of a call.

        Raises:
            AISpineError: There is to be none.
        """
        delay = self._delay_before_next(failure, call)
        if tokens and may_ask_again(tokens, call, result):
            delay = 0.0
        call.note(failure, delay)
        if delay is None:
            raise await self._error_of(result, failure, call)
        await self.emit_retry(call, failure, delay)
        await self.sleep(delay)

    def _delay_before_next(self, failure: Failure, call: CallState) -> Optional[float]:
        """Return the seconds to sleep before another attempt; `None` if there is to be none."""
        asked, made = failure.retry_after, call.attempts_that_count + 1
        may_pass = failure.kind in (FailureKind.NOT_DONE, FailureKind.UNCERTAIN)
        if may_pass and asked is not None and asked <= self._policy.retry_after_limit:
            self.state.cooldown.extend(self.clock() + asked)
        if not self._policy.may_repeat(self._repeat_as(call), failure, made):
            return None
        delay = self._policy.delay(made, asked)
        if delay is None:
            return None
        if call.deadline is not None and self.clock() + delay >= call.deadline:
            return None
        has_budget = self.settings.retry_budget is not None
        if has_budget and not self.state.retry_budget.take():
            log.debug("%s %s: too many retries lately", call.method, call.path)
            return None
        return delay

    def _repeat_as(self, call: CallState) -> str:
        """Return the method that says whether a call may be repeated."""
        place = call.method, call.template
        echoes = not call.parses and place in self.state.echoing
        is_safe = call.idempotent or echoes
        return "PUT" if is_safe and call.idempotency_key else call.repeat_as

    async def _error_of(
        self, result: Result, failure: Failure, call: CallState
    ) -> AISpineError:
        """Return the error to raise for a call that has failed for good."""
        info = call.info(
            transient=failure.kind not in (FailureKind.REFUSED, FailureKind.UNREADABLE)
        )
        if not isinstance(result, Response):
            return error_of_failure(self.settings.base_url, failure, info)
        error = error_of_response(result, failure, info, self.redact, call.refine)
        if isinstance(error, InsufficientCreditsError):
            await self.report_credits(error.credits_available or 0)
        return error
