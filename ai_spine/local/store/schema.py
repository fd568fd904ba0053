"""The tables of the local server's database, how their rows read, and who may use the file."""

import json
import sqlite3
from typing import Any, Dict, Optional, Sequence

from ai_spine.exceptions import ConfigurationError
from ai_spine.models.statuses import ExecutionStatus

LIVE_STATUSES = (ExecutionStatus.PENDING.value, ExecutionStatus.RUNNING.value)

SCHEMA = """
CREATE TABLE IF NOT EXISTS definitions (
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, given INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE TABLE IF NOT EXISTS executions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, execution_id TEXT NOT NULL UNIQUE,
    flow_id TEXT NOT NULL, status TEXT NOT NULL, input_data TEXT NOT NULL,
    output_data TEXT NOT NULL, error_message TEXT, metadata TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, completed_at TEXT, seconds REAL
);
CREATE INDEX IF NOT EXISTS executions_by_flow ON executions (flow_id, number);
CREATE INDEX IF NOT EXISTS executions_by_status ON executions (status, number);
CREATE TABLE IF NOT EXISTS node_results (
    id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, node_id TEXT NOT NULL, agent_id TEXT,
    status TEXT NOT NULL, input_data TEXT NOT NULL, output_data TEXT, error_message TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, completed_at TEXT,
    execution_time_ms INTEGER, traceback TEXT
);
CREATE INDEX IF NOT EXISTS node_results_by_execution ON node_results (execution_id);
CREATE TABLE IF NOT EXISTS node_progress (
    result_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, node_id TEXT NOT NULL,
    progress REAL NOT NULL, message TEXT, updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS node_progress_by_execution ON node_progress (execution_id);
CREATE TABLE IF NOT EXISTS node_logs (
    execution_id TEXT NOT NULL, number INTEGER NOT NULL, result_id TEXT NOT NULL,
    node_id TEXT NOT NULL, line INTEGER NOT NULL, level TEXT NOT NULL, time TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (execution_id, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS node_logs_by_result ON node_logs (result_id, line);
CREATE TABLE IF NOT EXISTS idempotency_keys (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (created_at);
"""

# By key, however far it is: numbers have no gaps, since executions go only all at once.
PAGE = (
    "SELECT * FROM executions WHERE number <= (SELECT MAX(number) FROM executions) - ?"
    " ORDER BY number DESC LIMIT ?"
)
# What is left out is counted in an index, where rows are narrow.
PAGE_OF_SOME = (
    "SELECT * FROM executions WHERE number IN (SELECT number FROM executions"
    " WHERE {} ORDER BY number DESC LIMIT ? OFFSET ?) ORDER BY number DESC"
)


def add_columns(db: sqlite3.Connection) -> None:
    """Add the columns that the tables of an older version lack."""
    known = [row["name"] for row in db.execute("PRAGMA table_info(node_results)")]
    if "traceback" not in known:
        db.execute("ALTER TABLE node_results ADD COLUMN traceback TEXT")


def lock_file(path: str) -> sqlite3.Connection:
    """Take a lock that ends with the process, however that ends.

    A second server on the same file would take the first one's executions for interrupted.
    """
    try:
        guard = sqlite3.connect(
            f"{path}-lock", check_same_thread=False, isolation_level=None
        )
        try:
            guard.execute("PRAGMA locking_mode = EXCLUSIVE")
            guard.execute("PRAGMA busy_timeout = 0")
            guard.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            guard.close()
            raise
    except sqlite3.Error as error:
        if "locked" in str(error):
            raise ConfigurationError(
                f"another server uses the database {path}"
            ) from None
        raise ConfigurationError(
            f"the database {path} cannot be used: {error}"
        ) from None
    return guard


def definition_of(row: sqlite3.Row) -> Dict[str, Any]:
    times = {"created_at": row["created_at"], "updated_at": row["updated_at"]}
    return {**json.loads(row["body"]), **times}


def execution_of(row: sqlite3.Row) -> Dict[str, Any]:
    return {
        "execution_id": row["execution_id"],
        "flow_id": row["flow_id"],
        "status": row["status"],
        "input_data": json.loads(row["input_data"]),
        "output_data": json.loads(row["output_data"]),
        "error_message": row["error_message"],
        "metadata": json.loads(row["metadata"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "completed_at": row["completed_at"],
    }


def node_result_of(row: sqlite3.Row) -> Dict[str, Any]:
    """Return a node's result as the API describes it; only one that failed has a traceback."""
    output, known = row["output_data"], dict(row)
    if known["traceback"] is None:
        del known["traceback"]
    return {
        **known,
        "input_data": json.loads(row["input_data"]),
        "output_data": None if output is None else json.loads(output),
    }


def progress_of(row: sqlite3.Row) -> Dict[str, Any]:
    return {name: row[name] for name in row.keys() if name != "result_id"}


def log_line_of(row: sqlite3.Row) -> Dict[str, Any]:
    names = ("execution_id", "node_id", "level", "time", "text")
    return {name: row[name] for name in names}


def metrics_of(
    counted: Sequence[sqlite3.Row], last_execution: Optional[str]
) -> Dict[str, Any]:
    """Return the metrics of the API from the counts of each status."""
    by_status = {row["status"]: row["count"] for row in counted}
    seconds = sum((row["seconds"] for row in counted), 0.0)
    timed = sum(row["timed"] for row in counted)
    return {
        "total_executions": sum(by_status.values()),
        "successful_executions": by_status.get("completed", 0),
        "failed_executions": by_status.get("failed", 0),
        "cancelled_executions": by_status.get("cancelled", 0),
        "running_executions": sum(by_status.get(status, 0) for status in LIVE_STATUSES),
        "average_execution_time": round(seconds / timed, 6) if timed else 0.0,
        "total_execution_time": round(seconds, 6),
        "last_execution": last_execution,
    }
