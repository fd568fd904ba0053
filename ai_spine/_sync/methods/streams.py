"""Following an execution by the events of it."""

from typing import Iterator

from ai_spine._sync.methods.base import Methods
from ai_spine._sync.streaming import EventFollower
from ai_spine.constants import DEFAULT_INTERVAL, DEFAULT_WAIT_TIMEOUT
from ai_spine.policy.execution_events import ExecutionEvent
from ai_spine.policy.validation import check_id, check_seconds
from ai_spine.policy.waiting import Wait


class StreamMethods(Methods):
    """The method of streams."""

    def stream_execution(
        self, execution_id: str, *, timeout: float = DEFAULT_WAIT_TIMEOUT
    ) -> Iterator[ExecutionEvent]:
        """Gives what becomes of an execution and of its nodes, as it happens, up to its end.

        It begins with what has happened already. A connection that is lost, or silent for longer
        than the client's `timeout`, is made again, and no event is given twice. Where the server
        has no stream, it is asked again and again instead, and what has changed makes the events.

        The connection lasts until the last event, or until the iterator is closed.

        Args:
            execution_id: The execution.
            timeout: Seconds that the whole of it may take, counted from the first event asked for.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            TimeoutError: The execution was not done in time. It goes on.
            NotFoundError: There is no such execution.
            APIError: The server refused to tell, or its stream cannot be read.
            NetworkError: The server cannot be spoken to, and to ask again would not help.
            KeyboardInterrupt: Ctrl-C; its text names the execution, which goes on.

        Example:
            >>> execution = client.execute_flow("sentiment-analysis", {"text": "Fine."})
            >>> for event in client.stream_execution(execution.execution_id):
            ...     if event.node and event.node.status == "completed":
            ...         print(event.node.node_id)
            text
            sentiment
        """
        check_id("execution_id", execution_id)
        check_seconds("timeout", timeout)
        return self._followed(execution_id, timeout)

    def _followed(self, execution_id: str, timeout: float) -> Iterator[ExecutionEvent]:
        wait = Wait(
            execution_id,
            timeout,
            DEFAULT_INTERVAL,
            clock=self._api.clock,
            redact=self._api.redact,
        )
        try:
            yield from EventFollower(self._api, wait).events()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"stopped following execution {execution_id}, which goes on"
            ) from None
