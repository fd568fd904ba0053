"""Waiting for executions: over a stream where the server has one, else by polling."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any, Callable, Mapping, Optional

from ai_spine._async.methods.executions import ExecutionMethods
from ai_spine._async.progress import make_bars, wait_bar
from ai_spine._async.runtime import (
    call_back,
    check_callback,
    naming_execution,
)
from ai_spine.constants import DEFAULT_INTERVAL, DEFAULT_WAIT_TIMEOUT
from ai_spine.exceptions import AISpineError
from ai_spine.models import Execution
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.policy.validation import (
    Duration,
    ExecutionId,
    FlowId,
    check_id,
    check_seconds,
    check_wait_timeout,
)
from ai_spine.policy.waiting import Wait, check_outcome, intervals_around

OnProgress = Callable[[Execution], Any]


class WaitMethods(ExecutionMethods):
    """Methods that wait for executions."""

    async def wait_for_execution(
        self,
        execution_id: ExecutionId,
        timeout: Optional[Duration] = DEFAULT_WAIT_TIMEOUT,
        interval: Duration = DEFAULT_INTERVAL,
        *,
        on_progress: Optional[OnProgress] = None,
        progress: Optional[bool] = None,
        raise_on_failure: bool = True,
    ) -> Execution:
        """Wait until an execution is done, and return it.

        Where the server has announced that it streams executions, the wait follows the stream.
        Otherwise, and where a stream fails, it polls: at once, then after 0.05 s, every 0.1 s up to
        half a second, and then at growing intervals. A poll that fails for a passing reason does
        not end the wait.

        Args:
            execution_id: The id of the execution, or the execution.
            timeout: Seconds, or a `timedelta`, for the whole wait, its requests included; `None`
                waits without a limit.
            interval: The longest interval between two polls, in seconds or as a `timedelta`.
            on_progress: A plain or async function, called with the execution as it changes, or
                after each poll.
            progress: Whether to show a progress bar (tqdm); by default, only in notebooks.
            raise_on_failure: Whether to raise if the execution failed or was cancelled, or to
                return it.

        Raises:
            ValidationError: An argument is wrong.
            ExecutionCancelledError: The execution was cancelled.
            ExecutionError: The execution failed; `.execution` has the details.
            TimeoutError: The execution was not done in time. It goes on; you can wait again.
            ConfigurationError: A progress bar is requested, and tqdm is not installed.
            APIError: The server refused.
            NetworkError: The server cannot be reached, and to try again would not help.
            CancelledError: The task was cancelled; the execution goes on.
        """
        check_callback("on_progress", on_progress)
        wait = self._wait_for(execution_id, timeout, interval)
        with self._api.span("wait_for_execution", execution_id=wait.execution_id):
            return await self._finish(wait, on_progress, progress, raise_on_failure)

    async def execute_and_wait(
        self,
        flow_id: FlowId,
        input_data: Mapping[str, Any],
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[Duration] = DEFAULT_WAIT_TIMEOUT,
        interval: Duration = DEFAULT_INTERVAL,
        on_progress: Optional[OnProgress] = None,
        progress: Optional[bool] = None,
        raise_on_failure: bool = True,
        idempotency_key: Optional[str] = None,
    ) -> Execution:
        """Start an execution of a flow, wait until it is done, and return it.

        The arguments and errors are those of `execute_flow` and `wait_for_execution`. All arguments
        are checked before the flow is started. Without a stream, the first poll comes after 0.05 s;
        once this client has seen an execution of the flow complete, later waits poll after 0.05 s
        and 0.5 s, and then most often around the time that it usually takes.

        Example:
            >>> execution = await client.execute_and_wait("sentiment-analysis", {"text": "Awful."})
            >>> execution.output_data["sentiment"]["label"]
            'negative'
        """
        check_wait_timeout(timeout)
        check_seconds("interval", interval)
        check_callback("on_progress", on_progress)
        make_bars(progress)
        named = check_id("flow_id", flow_id)
        with self._api.span("execute_and_wait", flow_id=named) as known:
            execution = await self.execute_flow(
                named, input_data, metadata, idempotency_key=idempotency_key
            )
            started = None if execution.is_done else named
            wait = self._wait_for(
                execution.execution_id, timeout, interval, started=started
            )
            known["execution_id"] = wait.execution_id
            return await self._finish(wait, on_progress, progress, raise_on_failure)

    def _wait_for(
        self,
        execution_id: ExecutionId,
        timeout: Optional[Duration],
        interval: Duration,
        *,
        started: Optional[str] = None,
    ) -> Wait:
        """Return the state of a new wait; `started` is the flow if it has just been started."""
        clock, longest = self._api.clock, check_seconds("interval", interval)
        usual = self._api.state.durations.usual(started) if started else None
        return Wait(
            check_id("execution_id", execution_id),
            check_wait_timeout(timeout),
            longest,
            clock=clock,
            delays=None if usual is None else intervals_around(usual, longest, clock),
            is_new=started is not None,
            redact=self._api.redact,
        )

    async def _finish(
        self,
        wait: Wait,
        on_progress: Optional[OnProgress],
        progress: Optional[bool],
        raise_on_failure: bool,
    ) -> Execution:
        bars = make_bars(progress)
        with naming_execution("waiting for", wait.execution_id):
            with wait_bar(bars, wait.execution_id, on_progress) as callback:
                execution = await self._wait_until_done(wait, callback)
        self._api.state.durations.note(execution)
        self._api.telemetry.record_execution(execution)
        if not raise_on_failure:
            return execution
        return check_outcome(execution, self._api.redact)

    async def _wait_until_done(
        self, wait: Wait, on_progress: Optional[OnProgress]
    ) -> Execution:
        may_stream, may_poll = True, not wait.is_new
        while True:
            if may_stream and self._api.state.streams_executions:
                may_stream = False
                execution = await self._watch(wait, on_progress)
                if execution is not None:
                    return execution
            if may_poll:
                execution = await self._poll(wait, on_progress)
                if execution is not None and execution.is_done:
                    return execution
            may_poll = True
            await self._api.sleep(wait.delay())

    async def _poll(
        self, wait: Wait, on_progress: Optional[OnProgress]
    ) -> Optional[Execution]:
        """Request an execution; return `None` if that failed for now."""
        try:
            execution = await self._get_execution(
                wait.execution_id, deadline=wait.remaining()
            )
        except AISpineError as error:
            if wait.note_failure(error):
                self._api.warn(
                    "still waiting for execution %s: %s", wait.execution_id, error
                )
            return None
        wait.note_state(execution)
        if on_progress is not None:
            await call_back(on_progress, execution)
        return execution

    async def _watch(
        self, wait: Wait, on_progress: Optional[OnProgress]
    ) -> Optional[Execution]:
        """Wait over a stream; return `None` if it failed."""
        from ai_spine._async.streaming import watch

        seen = wait.last_status
        async with aclosing(watch(self._api, wait)) as changes:
            async for execution in changes:
                # A stream begins with states that a poll may have passed already.
                if on_progress is not None and (
                    seen is None or execution.status != ExecutionStatus.PENDING
                ):
                    await call_back(on_progress, execution)
                if execution.is_done:
                    return execution
        return None
