"""What became of executions and their nodes, in its order: the facts that streams are made of.

The database keeps who became what, and when; what an event says is read from the rows of the
execution and of its nodes. So it says the same each time, also after a restart of the server.
"""

import functools
import sqlite3
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from ai_spine.local.store.schema import (
    LIVE_STATUSES,
    execution_of,
    log_line_of,
    node_result_of,
    progress_of,
)
from ai_spine.models.statuses import ExecutionStatus

Find = Callable[..., sqlite3.Row]
"""Returns the row of a query; events that follow each other often share one."""

PROGRESS = "progress"
"""The status of the events, and the kind, by which nodes report how far they are."""

LOG = "log"
"""The same, of lines that nodes print and log."""

EVENTS_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    execution_id TEXT NOT NULL, number INTEGER NOT NULL, result_id TEXT, status TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (execution_id, number)
) WITHOUT ROWID;
"""
# Of this connection only, so that a file has none for an older version of the server. A change and
# what follows from it are one statement: each hands the interpreter over to another thread. (To
# insert what is selected from the same table would take a temporary one.)
_TRIGGERS = """
CREATE TEMP TRIGGER node_begins BEFORE INSERT ON node_results WHEN NEW.status = 'running' BEGIN
    UPDATE executions SET status = 'running', updated_at = NEW.updated_at
        WHERE execution_id = NEW.execution_id AND status = 'pending';
END;
CREATE TEMP TRIGGER execution_created AFTER INSERT ON executions BEGIN
    INSERT INTO events VALUES (NEW.execution_id, (SELECT COALESCE(MAX(number), 0) + 1 FROM events
        WHERE execution_id = NEW.execution_id), NULL, NEW.status, NEW.updated_at);
END;
CREATE TEMP TRIGGER execution_changed AFTER UPDATE OF status ON executions BEGIN
    INSERT INTO events VALUES (NEW.execution_id, (SELECT COALESCE(MAX(number), 0) + 1 FROM events
        WHERE execution_id = NEW.execution_id), NULL, NEW.status, NEW.updated_at);
END;
CREATE TEMP TRIGGER node_created AFTER INSERT ON node_results BEGIN
    INSERT INTO events VALUES (NEW.execution_id, (SELECT COALESCE(MAX(number), 0) + 1 FROM events
        WHERE execution_id = NEW.execution_id), NEW.id, NEW.status, NEW.updated_at);
END;
CREATE TEMP TRIGGER node_changed AFTER UPDATE OF status ON node_results BEGIN
    INSERT INTO events VALUES (NEW.execution_id, (SELECT COALESCE(MAX(number), 0) + 1 FROM events
        WHERE execution_id = NEW.execution_id), NEW.id, NEW.status, NEW.updated_at);
END;
"""
# For rows of an older version: their states as they are, the execution after its nodes.
_FILL = """
INSERT INTO events
SELECT execution_id, ROW_NUMBER() OVER (PARTITION BY execution_id ORDER BY is_node DESC, place),
    result_id, status, at
FROM (
    SELECT execution_id, 1 AS is_node, rowid AS place, id AS result_id, status, updated_at AS at
    FROM node_results
    UNION ALL SELECT execution_id, 0, 0, NULL, status, updated_at FROM executions
)
WHERE execution_id NOT IN (SELECT execution_id FROM events)
"""


class Event(NamedTuple):
    """A change of an execution, or of one of its nodes."""

    number: int
    """Counted from 1 within the execution."""
    kind: str
    """`node`, `execution`, `progress` or `log`."""
    data: Dict[str, Any]
    """The state after the change."""
    is_last: bool
    """Whether nothing can follow."""


class Place(NamedTuple):
    """How far the events of an execution have come."""

    number: int
    is_done: bool


def begin(db: sqlite3.Connection) -> None:
    """Add the events of executions that have none, and from now on each change of a status."""
    db.execute(_FILL)
    db.executescript(_TRIGGERS)


def note(
    db: sqlite3.Connection, execution_id: str, result_id: str, status: str, at: str
) -> None:
    """Add what a node reports or logs."""
    db.execute(
        "INSERT INTO events VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM events"
        " WHERE execution_id = ?), ?, ?, ?)",
        (execution_id, execution_id, result_id, status, at),
    )


def note_progress(
    db: sqlite3.Connection, execution_id: str, result_id: str, at: str
) -> None:
    """Add that a node reported progress, in the place of what it reported before.

    So an agent that reports without end does not fill the database.
    """
    before = (execution_id, result_id, PROGRESS)
    moved = db.execute(
        "UPDATE events SET at = ?, number ="
        " (SELECT MAX(number) + 1 FROM events WHERE execution_id = ?)"
        " WHERE execution_id = ? AND result_id = ? AND status = ?",
        (at, execution_id, *before),
    )
    if not moved.rowcount:
        note(db, *before, at)


def place_of(db: sqlite3.Connection, execution_id: str) -> Optional[Place]:
    """Report how far an execution has come; `None` if there is none."""
    query = (
        "SELECT number, status, result_id FROM events WHERE execution_id = ?"
        " ORDER BY number DESC LIMIT 1"
    )
    row = db.execute(query, (execution_id,)).fetchone()
    return None if row is None else Place(row["number"], _is_last(row))


def events_after(
    db: sqlite3.Connection, execution_id: str, number: int, limit: int
) -> List[Event]:
    """Return the first events with a greater number."""
    query = (
        "SELECT * FROM events WHERE execution_id = ? AND number > ?"
        " ORDER BY number LIMIT ?"
    )

    @functools.lru_cache(maxsize=None)
    def find(query: str, *values: Any) -> sqlite3.Row:
        found: sqlite3.Row = db.execute(query, values).fetchone()
        return found

    rows = db.execute(query, (execution_id, number, limit)).fetchall()
    return [_event_of(row, find) for row in rows]


def _event_of(row: sqlite3.Row, find: Find) -> Event:
    kind, read = "node", _node_then
    if row["result_id"] is None:
        kind, read = "execution", _execution_then
    elif row["status"] == PROGRESS:
        kind, read = PROGRESS, _progress
    elif row["status"] == LOG:
        kind, read = LOG, _log_line
    return Event(row["number"], kind, read(row, find), _is_last(row))


def _is_last(row: sqlite3.Row) -> bool:
    return row["result_id"] is None and row["status"] not in LIVE_STATUSES


def _execution_then(event: sqlite3.Row, find: Find) -> Dict[str, Any]:
    query = "SELECT * FROM executions WHERE execution_id = ?"
    execution = execution_of(find(query, event["execution_id"]))
    if execution["status"] != event["status"]:
        execution.update(_not_yet(event), output_data={})
    return execution


def _node_then(event: sqlite3.Row, find: Find) -> Dict[str, Any]:
    query = "SELECT * FROM node_results WHERE id = ?"
    result = node_result_of(find(query, event["result_id"]))
    # Only a node that was running then has become something else since.
    if event["status"] == ExecutionStatus.RUNNING.value != result["status"]:
        result.update(_not_yet(event), output_data=None, execution_time_ms=None)
        result.pop("traceback", None)
    return result


def _progress(event: sqlite3.Row, find: Find) -> Dict[str, Any]:
    query = "SELECT * FROM node_progress WHERE result_id = ?"
    return progress_of(find(query, event["result_id"]))


def _log_line(event: sqlite3.Row, find: Find) -> Dict[str, Any]:
    query = "SELECT * FROM node_logs WHERE execution_id = ? AND number = ?"
    return log_line_of(find(query, event["execution_id"], event["number"]))


def _not_yet(event: sqlite3.Row) -> Dict[str, Any]:
    """Return what replaces later columns."""
    then = {"status": event["status"], "updated_at": event["at"]}
    return {**then, "error_message": None, "completed_at": None}
