"""What the local server remembers, in SQLite: flows, agents, executions, results and keys."""

import json
from typing import (
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
)

from ai_spine.local.store import journal
from ai_spine.local.store.nodes import NodeDatabase
from ai_spine.local.store.schema import (
    LIVE_STATUSES,
    PAGE,
    PAGE_OF_SOME,
    definition_of,
    execution_of,
    metrics_of,
)
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.utils import random_id

Bodies = Mapping[str, Mapping[str, Any]]
_TABLES_OF_RUNS = (
    "executions",
    "node_results",
    "node_progress",
    "node_logs",
    "idempotency_keys",
    "events",
)
KEY_LIFETIME = 24 * 3600.0  # seconds that an idempotency key is honoured
_DROP_KEYS_EVERY = 60.0  # seconds
INTERRUPTED = "Interrupted: the server stopped while the execution was running"


class KeyReused(Exception):
    """The same idempotency key came with another request."""


class Reply(NamedTuple):
    """A reply that is kept for repetitions: HTTP status and JSON."""

    status: int
    body: Any


class Store(NodeDatabase):
    """One SQLite file, or memory. Every method is one transaction; threads may share it.

    Args:
        path: The file, or `:memory:`.
        show_tracebacks: Whether results have the tracebacks of agents.
        now: Returns seconds since the epoch.

    Raises:
        ConfigurationError: The file cannot be used, or another server uses it.
    """

    _dropped_keys_at = 0.0

    def clear_runs(self) -> None:
        """Forget executions, results and keys."""
        with self.transaction():
            for table in _TABLES_OF_RUNS:
                self._db.execute(f"DELETE FROM {table}")  # nosec B608

    def clear_definitions(self) -> None:
        """Forget all flows and agents."""
        self._execute("DELETE FROM definitions")
        self.note_definitions()

    # Flows and agents

    def replace_given(self, kind: str, bodies: Bodies) -> None:
        """Replace the initial definitions; those made over the API stay."""
        with self.transaction():
            self.note_definitions()
            self._execute(
                "DELETE FROM definitions WHERE kind = ? AND given = 1", (kind,)
            )
            for definition_id, body in bodies.items():
                self._write_definition(kind, definition_id, body, given=True)

    def swap_given(self, kind: str, old: Bodies, new: Bodies) -> None:
        """Replace the initial definitions that have changed; all others stay."""
        query = "DELETE FROM definitions WHERE kind = ? AND id = ? AND given = 1"
        with self.transaction():
            self.note_definitions()
            for definition_id in old.keys() - new.keys():
                self._execute(query, (kind, definition_id))
            for definition_id, body in new.items():
                if old.get(definition_id) != body:
                    self._write_definition(kind, definition_id, body, given=True)

    def put(
        self,
        kind: str,
        definition_id: str,
        body: Mapping[str, Any],
        *,
        given: bool = False,
    ) -> Dict[str, Any]:
        """Write a flow or an agent, and return it; initial ones end with the process."""
        with self._lock:
            self._write_definition(kind, definition_id, body, given=given)
            return self.get(kind, definition_id) or {}  # it was written just now

    def get(self, kind: str, definition_id: str) -> Optional[Dict[str, Any]]:
        """Return a flow or an agent; `None` if there is none."""
        query = "SELECT * FROM definitions WHERE kind = ? AND id = ?"
        rows = self._rows(query, (kind, definition_id))
        return definition_of(rows[0]) if rows else None

    def all(self, kind: str) -> List[Dict[str, Any]]:
        """Return all flows, or all agents, by id."""
        query = "SELECT * FROM definitions WHERE kind = ? ORDER BY id"
        return [definition_of(row) for row in self._rows(query, (kind,))]

    def ids(self, kind: str) -> List[str]:
        """Return the ids of all flows, or all agents."""
        return [
            row["id"]
            for row in self._rows("SELECT id FROM definitions WHERE kind = ?", (kind,))
        ]

    def delete(self, kind: str, definition_id: str) -> bool:
        """Remove a flow or an agent, and return whether there was one."""
        query = "DELETE FROM definitions WHERE kind = ? AND id = ?"
        with self._lock:
            self.note_definitions()
            return self._db.execute(query, (kind, definition_id)).rowcount > 0

    def _write_definition(
        self, kind: str, definition_id: str, body: Mapping[str, Any], *, given: bool
    ) -> None:
        now = self._stamp()
        self.note_definitions()
        self._db.execute(
            "INSERT INTO definitions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE"
            " SET body = excluded.body, given = excluded.given, updated_at = excluded.updated_at",
            (kind, definition_id, json.dumps(body), int(given), now, now),
        )

    # Idempotency keys

    def once(
        self, key: Optional[str], fingerprint: str, make: Callable[[], Reply]
    ) -> Tuple[Reply, bool]:
        """Return the reply of a request, made at most once for its key within 24 hours.

        What `make` writes and the key are one transaction.

        Args:
            key: The idempotency key; without one, the reply is made each time.
            fingerprint: What distinguishes this request from others.
            make: Makes the reply.

        Returns:
            The reply, and whether it was made now.

        Raises:
            KeyReused: The key came with another request before.
        """
        with self.transaction():
            if key is None:
                return make(), True
            self._drop_old_keys()
            known = self.reply_to(key, fingerprint)
            if known is not None:
                return known, False
            reply = make()
            if reply.status < 400:
                self._db.execute(
                    "INSERT OR REPLACE INTO idempotency_keys VALUES (?, ?, ?, ?, ?)",
                    (
                        key,
                        fingerprint,
                        reply.status,
                        json.dumps(reply.body),
                        self._now(),
                    ),
                )
            return reply, True

    def _drop_old_keys(self) -> None:
        now = self._now()
        if abs(now - self._dropped_keys_at) >= _DROP_KEYS_EVERY:
            query = "DELETE FROM idempotency_keys WHERE created_at <= ?"
            self._db.execute(query, (now - KEY_LIFETIME,))
            self._dropped_keys_at = now

    def reply_to(self, key: Optional[str], fingerprint: str) -> Optional[Reply]:
        """Return the reply that was made for a key; `None` if none was.

        Raises:
            KeyReused: The key came with another request before.
        """
        query = "SELECT * FROM idempotency_keys WHERE key = ? AND created_at > ?"
        rows = self._rows(query, (key, self._now() - KEY_LIFETIME))
        if not rows:
            return None
        if rows[0]["fingerprint"] != fingerprint:
            raise KeyReused(key)
        return Reply(rows[0]["status"], json.loads(rows[0]["body"]))

    # Executions

    def create_execution(
        self, flow_id: str, input_data: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> str:
        """Store an execution as pending, and return its id."""
        execution_id, now = random_id(), self._stamp()
        given = json.dumps(input_data), json.dumps(metadata)
        self._change(
            execution_id,
            "INSERT INTO executions (execution_id, flow_id, status, input_data, output_data,"
            " metadata, created_at, updated_at) VALUES (?, ?, 'pending', ?, '{}', ?, ?, ?)",
            (execution_id, flow_id, *given, now, now),
        )
        return execution_id

    def finish_execution(
        self,
        execution_id: str,
        status: ExecutionStatus,
        *,
        output_data: Optional[Mapping[str, Any]] = None,
        error_message: Optional[str] = None,
    ) -> bool:
        """Record the end of an execution and of its running nodes.

        Returns:
            Whether it was still going: what has ended once is not overwritten.
        """
        now = self._stamp()
        output = json.dumps(output_data or {})
        ids = execution_id, *LIVE_STATUSES
        with self.transaction():
            if status is not ExecutionStatus.COMPLETED:  # of which no node runs
                self._execute(
                    "UPDATE node_results SET status = 'cancelled', updated_at = ?,"
                    " completed_at = ? WHERE execution_id = ? AND status = 'running'",
                    (now, now, execution_id),
                )
            ended = self._change(
                execution_id,
                "UPDATE executions SET status = ?, output_data = ?, error_message = ?,"
                " updated_at = ?, completed_at = ?,"
                " seconds = (julianday(?) - julianday(created_at)) * 86400"
                " WHERE execution_id = ? AND status IN (?, ?)",
                (status.value, output, error_message, now, now, now, *ids),
            )
        return ended.rowcount > 0

    def execution(self, execution_id: str) -> Optional[Dict[str, Any]]:
        """Return an execution; `None` if there is none."""
        rows = self._rows(
            "SELECT * FROM executions WHERE execution_id = ?", (execution_id,)
        )
        return execution_of(rows[0]) if rows else None

    def executions(
        self,
        flow_id: Optional[str] = None,
        status: Optional[str] = None,
        *,
        limit: int,
        offset: int = 0,
    ) -> List[Dict[str, Any]]:
        """Return a page of executions, the newest first."""
        filters = {"flow_id = ?": flow_id, "status = ?": status}
        used = {clause: value for clause, value in filters.items() if value is not None}
        if used:
            query = PAGE_OF_SOME.format(" AND ".join(used))
            rows = self._rows(query, (*used.values(), limit, offset))
        else:
            rows = self._rows(PAGE, (offset, limit))
        return [execution_of(row) for row in rows]

    def metrics(self) -> Dict[str, Any]:
        """Return the counts and times of the metrics."""
        counted = self._rows(
            "SELECT status, COUNT(*) AS count, TOTAL(seconds) AS seconds,"
            " COUNT(seconds) AS timed FROM executions GROUP BY status"
        )
        last = self._rows(
            "SELECT created_at FROM executions ORDER BY number DESC LIMIT 1"
        )
        return metrics_of(counted, last[0]["created_at"] if last else None)

    # What became of executions, for streams

    def events_after(
        self, execution_id: str, number: int, limit: int
    ) -> List[journal.Event]:
        """Return the first events of an execution after a number."""
        with self._lock:
            events = journal.events_after(self._db, execution_id, number, limit)
            for event in events:
                self._hide_traceback(event.data)
            return events

    def place_of(self, execution_id: str) -> Optional[journal.Place]:
        """Report how far the events of an execution have come; `None` if there is none."""
        with self._lock:
            return journal.place_of(self._db, execution_id)

    def _mend(self) -> None:
        """Mark what still runs as interrupted: it is not run again."""
        for row in self._rows(
            "SELECT execution_id FROM executions WHERE status IN (?, ?)", LIVE_STATUSES
        ):
            self.finish_execution(
                row["execution_id"], ExecutionStatus.FAILED, error_message=INTERRUPTED
            )
