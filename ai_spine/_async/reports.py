"""What is reported of attempts: to the log, to event hooks and to the call's scope."""

from __future__ import annotations

import logging
from typing import Any, Optional, Union

from ai_spine._async.runtime import run_hook
from ai_spine.exceptions import CallInfo
from ai_spine.policy.call_state import CallState
from ai_spine.policy.request_events import RequestEvent, fields, log, log_line
from ai_spine.policy.retry import Failure
from ai_spine.policy.settings import Settings
from ai_spine.transport.async_base import AsyncTransport


class AsyncReports:
    """Reports attempts as the settings of a client say."""

    settings: Settings
    transport: AsyncTransport

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

    async def emit_retry(self, call: CallState, failure: Failure, delay: float) -> None:
        """Report that another attempt follows."""
        call.scope.retry(failure.message, delay)
        if self.is_observed("retry"):
            known = {"cause": failure.message, "delay": delay}
            await self.emit("retry", call, len(call.attempts), **known)

    def is_observed(self, name: str) -> bool:
        """Return whether anybody is to hear of such an event."""
        return name in self.settings.event_hooks or log.isEnabledFor(logging.DEBUG)

    async def emit(
        self, name: str, call: CallState, attempt: int, **known: Any
    ) -> None:
        """Report an attempt to the log and the event hooks."""
        event = RequestEvent(
            name, call.method, call.path, attempt, call.request_id, **known
        )
        if name != "request":
            log.debug(log_line(event), extra=fields(attempt=attempt))
        for hook in self.settings.event_hooks.get(name, ()):
            await run_hook(name, hook, event)
