"""What is reported of attempts: to the log, to event hooks and to the call's scope."""

from __future__ import annotations

import logging
from typing import Any, Callable, Dict, Optional, Union

from ai_spine._async.runtime import run_hook
from ai_spine.exceptions import CallInfo
from ai_spine.policy.call_state import CallState
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.request_events import RequestEvent, fields, log, log_line
from ai_spine.policy.retry import Failure
from ai_spine.policy.settings import Settings
from ai_spine.transport.async_base import AsyncByteStream, AsyncTransport

Result = Union[Response, AsyncByteStream, Failure]


class AsyncReports:
    """Reports attempts as the settings of a client say."""

    settings: Settings
    transport: AsyncTransport
    clock: Callable[[], float]

    async def report_credits(self, credits: Any) -> None:
        """Call `on_credits_low` when few credits are left."""
        callback = self.settings.on_credits_low
        is_number = isinstance(credits, (int, float)) and not isinstance(credits, bool)
        if callback and is_number and credits <= self.settings.credits_low_at:
            await run_hook("on_credits_low", callback, credits)

    def warn(self, message: str, execution_id: str, *values: Any) -> None:
        """Log a failure after which an execution is still followed."""
        extra = fields(execution_id=execution_id, tenant=self.settings.tenant)
        log.warning(message, execution_id, *values, extra=extra)

    def log_body(
        self, which: str, call: Union[CallState, CallInfo], content: Optional[bytes]
    ) -> None:
        """Log a body without its secrets, where `AI_SPINE_LOG_BODIES` is set."""
        if self.settings.log_bodies and log.isEnabledFor(logging.DEBUG):
            text = self.transport.redactor.body(content or b"")
            log.debug("%s %s %s body: %s", call.method, call.path, which, text)

    async def report_request(self, call: CallState, request: Request) -> None:
        """Report that an attempt begins."""
        await self.emit("request", call, call.attempt)
        self.log_body("request", call, request.content)

    async def report_result(self, call: CallState, result: Result) -> None:
        """Report what became of an attempt; a stream is closed if a hook ends the call."""
        known: Dict[str, Any] = {"elapsed": self.clock() - call.attempt_began}
        if isinstance(result, Failure):
            known["cause"] = result.message
        else:
            known["status_code"] = result.status
        if isinstance(result, Response):
            self.log_body("response", call, result.body)
        try:
            await self.emit("response", call, call.attempt, **known)
        except BaseException:
            if isinstance(result, AsyncByteStream):
                await result.aclose()
            raise

    async def emit_retry(self, call: CallState, failure: Failure, delay: float) -> None:
        """Report that another attempt follows."""
        call.scope.retry(failure.message, delay)
        if call.is_observed:
            known = {"cause": failure.message, "delay": delay}
            await self.emit("retry", call, len(call.attempts), **known)

    def _is_observed(self) -> bool:
        """Return whether anybody may want to hear of attempts."""
        return bool(self.settings.event_hooks) or log.isEnabledFor(logging.DEBUG)

    async def emit(
        self, name: str, call: CallState, attempt: int, **known: Any
    ) -> None:
        """Report an attempt to the log and the event hooks."""
        hooks = self.settings.event_hooks.get(name, ())
        is_logged = name != "request" and log.isEnabledFor(logging.DEBUG)
        if not hooks and not is_logged:
            return
        event = RequestEvent(
            name, call.method, call.path, attempt, call.request_id, **known
        )
        if is_logged:
            log.debug(log_line(event), extra=fields(attempt=attempt))
        for hook in hooks:
            await run_hook(name, hook, event)
