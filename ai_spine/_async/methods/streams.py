"""Following an execution by its events."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, AsyncGenerator, AsyncIterator, Optional

from ai_spine._async.methods.base import Methods
from ai_spine._async.runtime import naming_execution
from ai_spine.constants import DEFAULT_INTERVAL, DEFAULT_WAIT_TIMEOUT
from ai_spine.policy.validation import (
    Duration,
    ExecutionId,
    check_id,
    check_wait_timeout,
)
from ai_spine.policy.waiting import Wait

# A client that follows no execution does not pay for its import.
if TYPE_CHECKING:
    from ai_spine.policy.execution_events import ExecutionEvent


class StreamMethods(Methods):
    """The method of event streams."""

    def stream_execution(
        self,
        execution_id: ExecutionId,
        *,
        timeout: Optional[Duration] = DEFAULT_WAIT_TIMEOUT,
    ) -> AsyncIterator["ExecutionEvent"]:
        """Yield what happens to an execution and its nodes, as it happens, up to its end.

        The first events are those that have happened already. A connection that is lost, or silent
        for longer than the client's `timeout`, is made again, and no event is yielded twice. Where
        the server has no stream, it is polled instead, and what has changed makes the events.

        The connection lasts until the last event, or until the iterator is closed.

        Args:
            execution_id: The id of the execution, or the execution.
            timeout: Seconds, or a `timedelta`, for the whole iteration, from the first event asked
                for; `None` for no limit.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            TimeoutError: The execution was not done in time. It goes on.
            NotFoundError: There is no such execution.
            APIError: The server refused, or its stream cannot be read.
            NetworkError: The server cannot be reached, and to try again would not help.
            CancelledError: The task was cancelled; the execution goes on.

        Example:
            >>> execution = await client.execute_flow("sentiment-analysis", {"text": "Fine."})
            >>> async for event in client.stream_execution(execution):
            ...     if event.node and event.node.status == "completed":
            ...         print(event.node.node_id)
            text
            sentiment
        """
        named = check_id("execution_id", execution_id)
        return self._follow(named, check_wait_timeout(timeout))

    async def _follow(
        self, execution_id: str, timeout: Optional[float]
    ) -> AsyncGenerator["ExecutionEvent", None]:
        from ai_spine._async.streaming import EventFollower

        wait = Wait(
            execution_id,
            timeout,
            DEFAULT_INTERVAL,
            clock=self._api.clock,
            redact=self._api.redact,
        )
        with self._api.below("stream_execution", execution_id=execution_id) as api:
            with naming_execution("following", execution_id):
                async with aclosing(EventFollower(api, wait).events()) as events:
                    async for event in events:
                        if event.is_final and event.execution is not None:
                            api.telemetry.record_execution(event.execution)
                        yield event
