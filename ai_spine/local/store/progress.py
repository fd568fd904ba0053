"""How far nodes are, as their agents report it."""

from typing import Any, Dict, List, Optional

from ai_spine.local.store import journal
from ai_spine.local.store.database import Database
from ai_spine.local.store.schema import progress_of


class ProgressDatabase(Database):
    """A database that keeps the last report of each node."""

    def report_progress(
        self, result_id: str, progress: float, message: Optional[str]
    ) -> None:
        """Record how far a node is, in the place of what it reported before."""
        now = self._stamp()
        query = "SELECT execution_id, node_id FROM node_results WHERE id = ?"
        execution_id, node_id = self._rows(query, (result_id,))[0]
        with self.transaction():
            self._news.add(execution_id)
            self._db.execute(
                "INSERT OR REPLACE INTO node_progress VALUES (?, ?, ?, ?, ?, ?)",
                (result_id, execution_id, node_id, progress, message, now),
            )
            journal.note_progress(self._db, execution_id, result_id, now)

    def node_progress(self, execution_id: str) -> List[Dict[str, Any]]:
        """Return what the nodes of an execution have reported last."""
        query = "SELECT * FROM node_progress WHERE execution_id = ? ORDER BY updated_at"
        return [progress_of(row) for row in self._rows(query, (execution_id,))]
