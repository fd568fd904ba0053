"""What nodes have printed and logged."""

from typing import Any, Dict, List, Sequence, Tuple

from ai_spine.local.store import journal
from ai_spine.local.store.progress import ProgressDatabase
from ai_spine.local.store.schema import log_line_of

NumberedLine = Tuple[int, str, float, str]
"""The number within the node, the level, the time and the text."""
_NOTE = "note"


class LogDatabase(ProgressDatabase):
    """A database that keeps the last lines of each node."""

    def write_logs(
        self, result_id: str, lines: Sequence[NumberedLine], first_kept: int
    ) -> None:
        """Add lines of a node that runs, and drop those before the first one to keep."""
        query = (
            "SELECT execution_id, node_id FROM node_results"
            " WHERE id = ? AND status = 'running'"
        )
        found = self._rows(query, (result_id,))
        if not found:  # the server was reset
            return
        execution_id, node_id = found[0]
        with self.transaction():
            self._news.add(execution_id)
            for number, level, moment, text in lines:
                at = self._stamp(moment)
                journal.note(self._db, execution_id, result_id, journal.LOG, at)
                self._db.execute(
                    "INSERT INTO node_logs SELECT ?, MAX(number), ?, ?, ?, ?, ?, ?"
                    " FROM events WHERE execution_id = ?",
                    (execution_id, result_id, node_id, number, level, at, text)
                    + (execution_id,),
                )
            self._drop_lines(execution_id, result_id, first_kept)

    def _drop_lines(self, execution_id: str, result_id: str, first_kept: int) -> None:
        dropped = (result_id, first_kept)
        self._db.execute(
            "DELETE FROM events WHERE execution_id = ? AND number IN"
            " (SELECT number FROM node_logs WHERE result_id = ? AND line < ?)",
            (execution_id, *dropped),
        )
        self._db.execute(
            "DELETE FROM node_logs WHERE result_id = ? AND line < ?", dropped
        )

    def node_logs(self, execution_id: str) -> List[Dict[str, Any]]:
        """Return the lines of an execution's nodes in their order, with a note of what is gone."""
        query = "SELECT * FROM node_logs WHERE execution_id = ? ORDER BY number"
        lines: List[Dict[str, Any]] = []
        seen = set()
        for row in self._rows(query, (execution_id,)):
            line = log_line_of(row)
            if row["result_id"] not in seen and row["line"] > 1:
                words = f"{row['line'] - 1} earlier lines were dropped"
                lines.append({**line, "level": _NOTE, "text": words})
            seen.add(row["result_id"])
            lines.append(line)
        return lines
