"""The results of nodes."""

import json
from typing import Any, Dict, List, Mapping, Optional

from ai_spine.local.store.logs import LogDatabase
from ai_spine.local.store.schema import node_result_of
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.utils import random_id


class NodeDatabase(LogDatabase):
    """A database that keeps how nodes ended."""

    def start_node(
        self, execution_id: str, node_id: str, agent_id: Optional[str], input_data: Any
    ) -> str:
        """Record that a node runs, as its execution does now, and return the id of its result."""
        return self._add_node(
            execution_id, node_id, agent_id, "running", input_data, None
        )

    def skip_node(
        self, execution_id: str, node_id: str, agent_id: Optional[str]
    ) -> None:
        """Record that a node is skipped because of a condition."""
        self._add_node(execution_id, node_id, agent_id, "skipped", {}, self._stamp())

    def finish_node(
        self,
        execution_id: str,
        result_id: str,
        status: ExecutionStatus,
        milliseconds: int,
        *,
        output_data: Optional[Mapping[str, Any]] = None,
        error_message: Optional[str] = None,
        traceback: Optional[str] = None,
    ) -> None:
        """Record the end of a node."""
        now = self._stamp()
        output = None if output_data is None else json.dumps(output_data)
        result = output, error_message, traceback, milliseconds
        self._change(
            execution_id,
            "UPDATE node_results SET status = ?, output_data = ?, error_message = ?,"
            " traceback = ?, execution_time_ms = ?, updated_at = ?, completed_at = ?"
            " WHERE id = ?",
            (status.value, *result, now, now, result_id),
        )

    def node_results(self, execution_id: str) -> List[Dict[str, Any]]:
        """Return the results of an execution's nodes in the order in which they started."""
        query = "SELECT * FROM node_results WHERE execution_id = ? ORDER BY rowid"
        found = [node_result_of(row) for row in self._rows(query, (execution_id,))]
        for result in found:
            self._hide_traceback(result)
        return found

    def node_times(self, execution_id: str) -> List[Dict[str, Any]]:
        """Return when the nodes of an execution ran and how they ended, without their data."""
        query = (
            "SELECT node_id, status, created_at, completed_at, execution_time_ms"
            " FROM node_results WHERE execution_id = ? ORDER BY rowid"
        )
        return [dict(row) for row in self._rows(query, (execution_id,))]

    def _add_node(
        self,
        execution_id: str,
        node_id: str,
        agent_id: Optional[str],
        status: str,
        input_data: Any,
        completed_at: Optional[str],
    ) -> str:
        result_id, now = random_id(), self._stamp()
        start = agent_id, status, json.dumps(input_data)
        self._change(
            execution_id,
            "INSERT INTO node_results (id, execution_id, node_id, agent_id, status,"
            " input_data, created_at, updated_at, completed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (result_id, execution_id, node_id, *start, now, now, completed_at),
        )
        return result_id

    def _hide_traceback(self, result: Dict[str, Any]) -> None:
        """Remove what only those on this machine may see, however it came into the file."""
        if not self.show_tracebacks:
            result.pop("traceback", None)
