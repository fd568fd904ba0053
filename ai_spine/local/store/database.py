"""The local server's database: one SQLite file, and transactions that threads may share."""

import sqlite3
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timezone
from typing import Any, Callable, Iterable, Iterator, List, Optional, Set

from ai_spine.exceptions import ConfigurationError
from ai_spine.local.store import journal
from ai_spine.local.store.schema import SCHEMA, add_columns, lock_file


class Database:
    """What the store is built on.

    Args:
        path: The file, or `:memory:`.
        show_tracebacks: Whether results have the tracebacks of agents.
        now: Returns seconds since the epoch.

    Raises:
        ConfigurationError: The file cannot be used, or another server uses it.
    """

    def __init__(
        self,
        path: str = ":memory:",
        *,
        show_tracebacks: bool = True,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self.show_tracebacks = show_tracebacks
        self._lock = threading.RLock()
        self.listeners: List[Callable[[str], None]] = []
        """Called with each execution that has new events; they must return quickly."""
        self._news: Set[str] = set()  # the executions with events of this transaction
        with ExitStack() as undo:  # a start that fails leaves nothing open
            self._guard = (
                None
                if path == ":memory:"
                else undo.enter_context(closing(lock_file(path)))
            )
            try:
                self._db = sqlite3.connect(
                    path, check_same_thread=False, isolation_level=None
                )
                undo.callback(self._db.close)
                self._db.row_factory = sqlite3.Row
                self._db.execute("PRAGMA journal_mode = WAL").fetchall()
                # Safe against the death of the process; a power cut may cost the last commits.
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._db.executescript(SCHEMA + journal.EVENTS_SCHEMA)
                add_columns(self._db)
                journal.begin(self._db)
                self._mend()
            except sqlite3.Error as error:
                raise ConfigurationError(
                    f"the database {path} cannot be used: {error}"
                ) from None
            undo.pop_all()

    def close(self) -> None:
        """Finish what is half done, and close the file."""
        with self._lock:
            self._mend()
            self._db.close()
            if self._guard is not None:
                self._guard.close()

    def _mend(self) -> None:
        """Be called when the file is opened, and before it is closed."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all reads and writes one transaction, within a larger one or not."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._news = set()
            with self._db:
                self._db.execute("BEGIN")
                yield
            news, self._news = self._news, set()
        for execution_id in news:
            for listen in self.listeners:
                listen(execution_id)

    @contextmanager
    def _news_of(self, execution_id: str) -> Iterator[None]:
        """Make all writes one transaction, after which new events are announced."""
        with self.transaction():
            yield
            self._news.add(execution_id)

    def _execute(self, query: str, values: Iterable[Any] = ()) -> None:
        with self._lock:
            self._db.execute(query, tuple(values))

    def _rows(self, query: str, values: Iterable[Any] = ()) -> List[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, tuple(values)).fetchall()

    def _stamp(self, moment: Optional[float] = None) -> str:
        """Return a time, or the current one, in UTC and without an offset, as servers do."""
        seconds = self._now() if moment is None else moment
        at = datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)
        return at.isoformat(timespec="microseconds")
