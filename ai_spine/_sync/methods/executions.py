"""Starting executions, asking about them, and waiting for them."""

from contextlib import closing
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional

from ai_spine import operations
from ai_spine._sync.methods.base import Methods
from ai_spine._sync.progress import make_bars, wait_bar
from ai_spine._sync.streaming import watch
from ai_spine.constants import (
    DEFAULT_INTERVAL,
    DEFAULT_WAIT_TIMEOUT,
    MAX_MESSAGE_LENGTH,
)
from ai_spine.exceptions import AISpineError, ExecutionError
from ai_spine.models import (
    AgentMessage,
    Execution,
    NodeResult,
)
from ai_spine.models.base import Page
from ai_spine.models.statuses import STATUS_IN_DIALECT_B, ExecutionStatus, read_status
from ai_spine.policy.events import log
from ai_spine.policy.paging import walk_pages
from ai_spine.policy.validation import (
    check_count,
    check_header_value,
    check_id,
    check_mapping,
    check_seconds,
)
from ai_spine.policy.waiting import Wait, check_outcome, redacted
from ai_spine.utils import one_line

OnProgress = Callable[[Execution], Any]


class ExecutionMethods(Methods):
    """The methods of executions."""

    def execute_flow(
        self,
        flow_id: str,
        input_data: Mapping[str, Any],
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> Execution:
        """Starts an execution of a flow and gives it as it stands then: mostly `pending`.

        Args:
            flow_id: The flow.
            input_data: What the flow is given; anything that JSON can hold.
            metadata: What to attach to the execution.
            idempotency_key: A server that honours it answers the same key with the same execution.
                Without one, each call has a key of its own.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            ExecutionError: The server knows no such flow; nothing was started.
            APIError: The server refused.
            NetworkError: No answer came; `maybe_executed` tells whether it may have started.

        Example:
            >>> execution = client.execute_flow("sentiment-analysis", {"text": "Fine."})
            >>> client.wait_for_execution(execution.execution_id).succeeded
            True
        """
        body: Dict[str, Any] = {
            "flow_id": check_id("flow_id", flow_id),
            "input_data": check_mapping("input_data", input_data),
        }
        if metadata is not None:
            body["metadata"] = check_mapping("metadata", metadata)
        if idempotency_key is not None:
            check_header_value("idempotency_key", idempotency_key)
        execution = self._api.call(
            operations.EXECUTE_FLOW, body=body, idempotency_key=idempotency_key
        ).filled(flow_id=flow_id)
        if not execution.was_started:
            reason = execution.error_message or f"flow {flow_id!r} was not started"
            words = one_line(self._api.redact(str(reason)), MAX_MESSAGE_LENGTH)
            told = redacted(execution, self._api.redact)
            raise ExecutionError(words, execution=told)
        return execution

    def get_execution(self, execution_id: str) -> Execution:
        """Gives an execution as it stands now.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such execution.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._get_execution(check_id("execution_id", execution_id))

    def list_executions(
        self,
        flow_id: Optional[str] = None,
        status: Optional[str] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
    ) -> List[Execution]:
        """Gives a page of executions, the newest first.

        Args:
            flow_id: Only those of this flow.
            status: Only those that stand so. Some servers do not heed it; what they send too much
                is left out here, so that a page may be shorter than `limit`.
            limit: How many at most; without, as many as the server deems a page.
            offset: How many to leave out first.

        Raises:
            ValidationError: An argument is wrong.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        params = {
            "limit": None if limit is None else check_count("limit", limit, least=1),
            "offset": None if offset is None else check_count("offset", offset),
        }
        page = self._list_page({**_filters(flow_id, status), **params})
        return page.holding(each for each in page if _stands(each, status))

    def iter_executions(
        self,
        flow_id: Optional[str] = None,
        status: Optional[str] = None,
        *,
        page_size: int = 100,
    ) -> Iterator[Execution]:
        """Walks all executions, the newest first, asking for a page when it is needed.

        None is given twice, also when new ones are started meanwhile. Make a list of them first if
        you are about to change what you filter by: cancelling while walking those that run moves
        the pages under the walk.

        Args:
            flow_id: Only those of this flow.
            status: Only those that stand so.
            page_size: How many to ask for at once.

        Raises:
            ValidationError: An argument is wrong.
            APIError: The server refused.
            NetworkError: No answer came.

        Example:
            >>> execution = client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
            >>> execution.execution_id in [e.execution_id for e in client.iter_executions()]
            True
        """
        filters = _filters(flow_id, status)
        check_count("page_size", page_size, least=1)
        walk = walk_pages(
            lambda params: self._list_page({**filters, **params}),
            _key_of,
            page_size,
        )
        return (execution for execution in walk if _stands(execution, status))

    def cancel_execution(self, execution_id: str) -> Execution:
        """Cancels an execution and gives it as it stands after that.

        Some servers let the node that runs finish, and call the execution completed later.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such execution, or it is done already.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        self._api.call(operations.CANCEL_EXECUTION, ids=ids)
        return self._get_execution(execution_id)

    def wait_for_execution(
        self,
        execution_id: str,
        timeout: float = DEFAULT_WAIT_TIMEOUT,
        interval: float = DEFAULT_INTERVAL,
        *,
        on_progress: Optional[OnProgress] = None,
        progress: Optional[bool] = None,
        raise_on_failure: bool = True,
    ) -> Execution:
        """Waits until an execution is done, and gives it.

        Where the server has told this client that it streams executions, it tells of the end
        itself. Elsewhere, and where a stream fails, the wait looks at once, then after 0.05 s, then
        every 0.1 s up to half a second, then at growing distances. A look that fails for a passing
        reason does not end the wait.

        Args:
            execution_id: The execution.
            timeout: Seconds that the whole wait may take, its requests included.
            interval: The longest distance between two looks, in seconds.
            on_progress: Called with the execution as it changes, or after each look.
            progress: Whether tqdm shows a bar; without saying, it does so in notebooks.
            raise_on_failure: Whether a failed or cancelled execution raises, or is given back.

        Raises:
            ValidationError: An argument is wrong.
            ExecutionCancelledError: It was cancelled.
            ExecutionError: It failed; `.execution` says how.
            TimeoutError: It was not done in time. It goes on; wait again for it.
            ConfigurationError: A bar is asked for, and tqdm is not installed.
            APIError: The server refused to tell.
            NetworkError: The server cannot be spoken to, and to ask again would not help.
            KeyboardInterrupt: Ctrl-C; its text names the execution, which goes on.
        """
        wait = self._wait_for(execution_id, timeout, interval)
        return self._finish(wait, on_progress, progress, raise_on_failure)

    def execute_and_wait(
        self,
        flow_id: str,
        input_data: Mapping[str, Any],
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        timeout: float = DEFAULT_WAIT_TIMEOUT,
        interval: float = DEFAULT_INTERVAL,
        on_progress: Optional[OnProgress] = None,
        progress: Optional[bool] = None,
        raise_on_failure: bool = True,
        idempotency_key: Optional[str] = None,
    ) -> Execution:
        """Starts an execution of a flow, waits until it is done, and gives it.

        The arguments and errors are those of `execute_flow` and `wait_for_execution`. All arguments
        are checked before the flow is started. The first look comes after 0.05 s.

        Example:
            >>> execution = client.execute_and_wait("sentiment-analysis", {"text": "Awful."})
            >>> execution.output_data["sentiment"]["label"]
            'negative'
        """
        check_seconds("timeout", timeout)
        check_seconds("interval", interval)
        make_bars(progress)
        execution = self.execute_flow(
            flow_id, input_data, metadata, idempotency_key=idempotency_key
        )
        wait = self._wait_for(
            execution.execution_id, timeout, interval, is_new=not execution.is_done
        )
        return self._finish(wait, on_progress, progress, raise_on_failure)

    def get_execution_results(self, execution_id: str) -> List[NodeResult]:
        """Gives what each node of an execution gave, so far.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such execution.
            APIError: The server refused.
            NetworkError: No answer came.

        Example:
            >>> execution = client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
            >>> results = client.get_execution_results(execution.execution_id)
            >>> [(result.node_id, str(result.status)) for result in results]
            [('text', 'completed'), ('sentiment', 'completed')]
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        return self._api.call(operations.GET_EXECUTION_RESULTS, ids=ids)

    def get_execution_messages(self, execution_id: str) -> List[AgentMessage]:
        """Gives the messages that agents sent each other while an execution ran.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such execution.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        return self._api.call(operations.GET_EXECUTION_MESSAGES, ids=ids)

    def _get_execution(
        self, execution_id: str, deadline: Optional[float] = None
    ) -> Execution:
        ids = {"execution_id": execution_id}
        return self._api.call(operations.GET_EXECUTION, ids=ids, deadline=deadline)

    def _wait_for(
        self, execution_id: str, timeout: float, interval: float, is_new: bool = False
    ) -> Wait:
        return Wait(
            check_id("execution_id", execution_id),
            check_seconds("timeout", timeout),
            check_seconds("interval", interval),
            clock=self._api.clock,
            is_new=is_new,
            redact=self._api.redact,
        )

    def _finish(
        self,
        wait: Wait,
        on_progress: Optional[OnProgress],
        progress: Optional[bool],
        raise_on_failure: bool,
    ) -> Execution:
        bars = make_bars(progress)
        try:
            with wait_bar(bars, wait.execution_id, on_progress) as saw:
                execution = self._wait_until_done(wait, saw)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"stopped waiting for execution {wait.execution_id}, which goes on"
            ) from None
        if not raise_on_failure:
            return execution
        return check_outcome(execution, self._api.redact)

    def _wait_until_done(
        self, wait: Wait, on_progress: Optional[OnProgress]
    ) -> Execution:
        may_stream, may_look = True, not wait.is_new
        while True:
            if may_stream and self._api.state.streams_executions:
                may_stream = False
                execution = self._watch(wait, on_progress)
                if execution is not None:
                    return execution
            if may_look:
                execution = self._look(wait, on_progress)
                if execution is not None and execution.is_done:
                    return execution
            may_look = True
            self._api.sleep(wait.pause())

    def _look(
        self, wait: Wait, on_progress: Optional[OnProgress]
    ) -> Optional[Execution]:
        """Asks about an execution; `None` if that has failed for now."""
        try:
            execution = self._get_execution(
                wait.execution_id, deadline=wait.remaining()
            )
        except AISpineError as error:
            if wait.missed(error):
                log.warning(
                    "still waiting for execution %s: %s", wait.execution_id, error
                )
            return None
        wait.saw(execution)
        if on_progress is not None:
            on_progress(execution)
        return execution

    def _watch(
        self, wait: Wait, on_progress: Optional[OnProgress]
    ) -> Optional[Execution]:
        """Waits over a stream; `None` if that has failed."""
        seen = wait.last_status
        with closing(watch(self._api, wait)) as changes:
            for execution in changes:
                # A stream begins with what a look may have left behind.
                if on_progress is not None and (
                    seen is None or execution.status != ExecutionStatus.PENDING
                ):
                    on_progress(execution)
                if execution.is_done:
                    return execution
        return None

    def _list_page(self, params: Mapping[str, Any]) -> Page[Execution]:
        page = self._api.call(operations.LIST_EXECUTIONS, params=params)
        theirs = STATUS_IN_DIALECT_B.get(params.get("status") or "")
        if page or not page.is_dialect_b or theirs is None:
            return page
        return self._api.call(
            operations.LIST_EXECUTIONS, params={**params, "status": theirs}
        )


def _key_of(execution: Execution) -> str:
    """Gives what tells an execution from others: its id, or all of it where that is no text."""
    named = execution.execution_id
    return named if isinstance(named, str) else repr(dict(execution))


def _filters(flow_id: Optional[str], status: Optional[str]) -> Dict[str, Any]:
    return {
        "flow_id": None if flow_id is None else check_id("flow_id", flow_id),
        "status": None if status is None else str(check_id("status", status)),
    }


def _stands(execution: Execution, status: Optional[str]) -> bool:
    return status is None or execution.status == read_status(str(status))
