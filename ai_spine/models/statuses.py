"""The statuses of executions and nodes, in one vocabulary. Pure."""

from enum import Enum
from typing import Any


class ExecutionStatus(str, Enum):
    """The status of an execution or a node; equal to its text."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return repr(self.value)


TERMINAL_STATUSES = frozenset(
    {ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED}
)
_STATUS_SYNONYMS = {
    "queued": ExecutionStatus.PENDING,
    "success": ExecutionStatus.COMPLETED,
    "error": ExecutionStatus.FAILED,
    "canceled": ExecutionStatus.CANCELLED,
}
_KNOWN = {**{status.value: status for status in ExecutionStatus}, **_STATUS_SYNONYMS}
# All words that a filter accepts for a status, in either dialect.
KNOWN_STATUSES = tuple(_KNOWN)
# The names of our statuses in the other dialect, to filter by.
STATUS_IN_DIALECT_B = {str(ours): theirs for theirs, ours in _STATUS_SYNONYMS.items()}


def read_status(value: Any) -> Any:
    """Return a status in the one vocabulary, whatever its case; an unknown one stays as it is.

    Example:
        >>> read_status(" Success "), read_status("archived")
        ('completed', 'archived')
    """
    if not isinstance(value, str):
        return value
    known = _KNOWN.get(value)
    return _KNOWN.get(value.strip().lower(), value) if known is None else known
