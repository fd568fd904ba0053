"""Executions: starting, reading, listing and cancelling them."""

from __future__ import annotations

from typing import Any, AsyncGenerator, AsyncIterator, Dict, List, Mapping, Optional

from ai_spine import operations
from ai_spine._async.methods.base import Methods
from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.exceptions import ExecutionError, NotFoundError
from ai_spine.models import AgentMessage, Execution, LogLine, NodeResult
from ai_spine.models.base import Page
from ai_spine.models.statuses import STATUS_IN_DIALECT_B, read_status
from ai_spine.policy.paging import PageWalk
from ai_spine.policy.validation import (
    ExecutionId,
    FlowId,
    check_count,
    check_header_value,
    check_id,
    check_mapping,
)
from ai_spine.policy.waiting import redact_execution
from ai_spine.utils import one_line


class ExecutionMethods(Methods):
    """Methods of executions."""

    async def execute_flow(
        self,
        flow_id: FlowId,
        input_data: Mapping[str, Any],
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> Execution:
        """Start an execution of a flow and return it, mostly `pending`.

        Args:
            flow_id: The id of the flow, or the flow.
            input_data: The input of the flow: anything that JSON can hold, and dates, UUIDs,
                dataclasses and the like, which become JSON.
            metadata: What to attach to the execution.
            idempotency_key: A server that honours it returns the same execution for the same key.
                Without one, each call has a key of its own.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            ExecutionError: The server has no such flow; nothing was started.
            APIError: The server refused.
            NetworkError: No response came; `maybe_executed` says whether the flow may have started.

        Example:
            >>> execution = await client.execute_flow("sentiment-analysis", {"text": "Fine."})
            >>> execution = await client.wait_for_execution(execution)
            >>> execution.succeeded
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
        started = await self._api.call(
            operations.EXECUTE_FLOW, body=body, idempotency_key=idempotency_key
        )
        execution = started.filled(flow_id=body["flow_id"])
        if not execution.was_started:
            raise self._not_started(execution)
        return execution

    async def rerun_execution(
        self,
        execution_id: ExecutionId,
        changes: Optional[Mapping[str, Any]] = None,
        *,
        metadata: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Execution:
        """Start a new execution of the same flow with the same input, and return it.

        The flow is the one that the server has now, whatever it was then. The input is requested
        from the server, so that an execution of an error, whose secrets are removed, will do.

        Args:
            execution_id: The id of the execution to repeat, or the execution. It need not be done.
            changes: Fields of the input to replace or to add. Only whole fields at the top level
                are replaced. `None` as a value sends null; to leave a field out, use
                `execute_flow`.
            metadata: What to attach instead of the original's metadata, which is attached again
                otherwise, since servers and programs sort executions by it; `{}` attaches nothing.
            idempotency_key: As for `execute_flow`.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            NotFoundError: There is no such execution.
            ExecutionError: The server does not send the execution's flow or input, or the flow does
                not exist any more; nothing was started.
            APIError: The server refused.
            NetworkError: No response came; `maybe_executed` says whether the flow may have started.

        Example:
            >>> execution = await client.execute_and_wait("sentiment-analysis", {"text": "Awful."})
            >>> again = await client.rerun_execution(execution, {"text": "Fine."})
            >>> again.execution_id == execution.execution_id
            False
            >>> (await client.wait_for_execution(again)).input_data
            {'text': 'Fine.'}
        """
        changed = check_mapping("changes", {} if changes is None else changes)
        if metadata is not None:
            check_mapping("metadata", metadata)
        if idempotency_key is not None:
            check_header_value("idempotency_key", idempotency_key)
        original = await self.get_execution(execution_id)
        self._check_repeatable(original)
        if metadata is None and isinstance(original.metadata, dict):
            metadata = original.metadata
        return await self.execute_flow(
            str(original.flow_id),
            {**(original.input_data or {}), **changed},
            metadata,
            idempotency_key=idempotency_key,
        )

    async def get_execution(self, execution_id: ExecutionId) -> Execution:
        """Return the current state of an execution.

        Args:
            execution_id: The id of the execution, or the execution.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such execution.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        return await self._api.call(operations.GET_EXECUTION, ids=ids)

    async def list_executions(
        self,
        flow_id: Optional[FlowId] = None,
        status: Optional[str] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
    ) -> List[Execution]:
        """Return one page of executions, the newest first.

        Args:
            flow_id: Only executions of this flow.
            status: Only executions with this status. Some servers ignore it; other executions that
                they send are left out here, so a page may be shorter than `limit`.
            limit: How many at most; without it, the server decides.
            offset: How many to skip.

        Raises:
            ValidationError: An argument is wrong.
            APIError: The server refused.
            NetworkError: No response came.
        """
        params = {
            "limit": None if limit is None else check_count("limit", limit, least=1),
            "offset": None if offset is None else check_count("offset", offset),
        }
        page = await self._list_page({**_filters(flow_id, status), **params})
        return page.holding(each for each in page if _has_status(each, status))

    def iter_executions(
        self,
        flow_id: Optional[FlowId] = None,
        status: Optional[str] = None,
        *,
        page_size: int = 100,
    ) -> AsyncIterator[Execution]:
        """Yield all executions, the newest first, one page at a time.

        None is yielded twice, even if new ones are started meanwhile. If you are about to change
        what you filter by, make a list first: cancelling executions while you iterate over the
        running ones moves the pages.

        Args:
            flow_id: Only executions of this flow.
            status: Only executions with this status.
            page_size: How many to request at once.

        Raises:
            ValidationError: An argument is wrong.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> execution = await client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
            >>> execution.execution_id in [e.execution_id async for e in client.iter_executions()]
            True
        """
        filters = _filters(flow_id, status)
        check_count("page_size", page_size, least=1)
        return self._walk_executions(filters, status, page_size)

    async def cancel_execution(self, execution_id: ExecutionId) -> Execution:
        """Cancel an execution and return its state after that.

        Some servers let the running node finish, and call the execution completed later.

        Args:
            execution_id: The id of the execution, or the execution.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such execution, or it is done already.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        await self._api.call(operations.CANCEL_EXECUTION, ids=ids)
        return await self._api.call(operations.GET_EXECUTION, ids=ids)

    async def get_execution_results(
        self, execution_id: ExecutionId
    ) -> List[NodeResult]:
        """Return the results of an execution's nodes, so far.

        Args:
            execution_id: The id of the execution, or the execution.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such execution.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> execution = await client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
            >>> results = await client.get_execution_results(execution)
            >>> [(result.node_id, str(result.status)) for result in results]
            [('text', 'completed'), ('sentiment', 'completed')]
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        return await self._api.call(operations.GET_EXECUTION_RESULTS, ids=ids)

    async def get_execution_messages(
        self, execution_id: ExecutionId
    ) -> List[AgentMessage]:
        """Return the messages that agents sent each other during an execution.

        Args:
            execution_id: The id of the execution, or the execution.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such execution.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        return await self._api.call(operations.GET_EXECUTION_MESSAGES, ids=ids)

    async def get_execution_logs(self, execution_id: ExecutionId) -> List[LogLine]:
        """Return what agents printed and logged during an execution, so far.

        Only the local server has this; it keeps the last 1000 lines and 64 KiB of each node.

        Args:
            execution_id: The id of the execution, or the execution.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such execution, or the server keeps no logs.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        try:
            return await self._api.call(operations.GET_EXECUTION_LOGS, ids=ids)
        except NotFoundError as error:
            await self._api.call(operations.GET_EXECUTION, ids=ids)  # is it known?
            error.message = "this server keeps no logs of agents; the local server does"
            raise

    async def _walk_executions(
        self, filters: Dict[str, Any], status: Optional[str], page_size: int
    ) -> AsyncGenerator[Execution, None]:
        walk = PageWalk(_identity, page_size)
        while not walk.is_done:
            for execution in walk.read(
                await self._list_page({**filters, **walk.params})
            ):
                if _has_status(execution, status):
                    yield execution

    async def _get_execution(
        self, execution_id: str, deadline: Optional[float] = None
    ) -> Execution:
        ids = {"execution_id": execution_id}
        return await self._api.call(
            operations.GET_EXECUTION, ids=ids, deadline=deadline
        )

    def _not_started(self, execution: Execution) -> ExecutionError:
        """Return the error of an execution that the server did not start."""
        reason = execution.error_message or f"flow {execution.flow_id!r} did not start"
        message = one_line(self._api.redact(str(reason)), MAX_MESSAGE_LENGTH)
        return ExecutionError(
            message, execution=redact_execution(execution, self._api.redact)
        )

    def _check_repeatable(self, execution: Execution) -> None:
        """Refuse to repeat an execution whose flow or input the server does not send."""
        if not (isinstance(execution.flow_id, str) and execution.flow_id):
            missing = "flow"
        elif not isinstance(execution.input_data, dict):
            missing = "input"
        else:
            return
        message = self._api.redact(
            f"execution {execution.execution_id} cannot be run again: the server does not send "
            f"its {missing}; use execute_flow"
        )
        raise ExecutionError(
            one_line(message, MAX_MESSAGE_LENGTH),
            execution=redact_execution(execution, self._api.redact),
        )

    async def _list_page(self, params: Mapping[str, Any]) -> Page[Execution]:
        page = await self._api.call(operations.LIST_EXECUTIONS, params=params)
        theirs = STATUS_IN_DIALECT_B.get(params.get("status") or "")
        if page or not page.is_dialect_b or theirs is None:
            return page
        return await self._api.call(
            operations.LIST_EXECUTIONS, params={**params, "status": theirs}
        )


def _identity(execution: Execution) -> str:
    """Return what distinguishes an execution: its id, or all of it where that is not text."""
    execution_id = execution.execution_id
    return execution_id if isinstance(execution_id, str) else repr(dict(execution))


def _filters(flow_id: Optional[FlowId], status: Optional[str]) -> Dict[str, Any]:
    return {
        "flow_id": None if flow_id is None else check_id("flow_id", flow_id),
        "status": None if status is None else str(check_id("status", status)),
    }


def _has_status(execution: Execution, status: Optional[str]) -> bool:
    return status is None or execution.status == read_status(str(status))
