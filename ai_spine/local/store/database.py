"""The local server's database: one SQLite file, and transactions that threads may share."""

import functools
import sqlite3
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timezone
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Optional,
    Set,
    Tuple,
    TypeVar,
)

from ai_spine.exceptions import ConfigurationError
from ai_spine.local.store import journal
from ai_spine.local.store.schema import SCHEMA, add_columns, lock_file

T = TypeVar("T")


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
        self._made: Dict[str, Any] = {}  # of definitions, until one changes
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
            try:
                self._db.execute("BEGIN")
                yield
                self._db.execute("COMMIT")  # `commit` would parse it each time
            except BaseException:
                self._db.rollback()
                self._made.clear()  # from what was taken back, perhaps
                raise
            news, self._news = self._news, set()
        self._announce(news)

    def of_definitions(self, key: str, make: Callable[[], Optional[T]]) -> Optional[T]:
        """Return what is made of flows and agents; it is made anew when any of them has changed.

        Args:
            key: What it is.
            make: Makes it, or returns `None`, which is not kept.
        """
        with self._lock:
            made: Optional[T] = self._made.get(key)
            if made is None:
                made = make()
                if made is not None:
                    self._made[key] = made
            return made

    def note_definitions(self) -> None:
        """Note that flows or agents have changed."""
        with self._lock:
            self._made.clear()

    def _change(
        self, execution_id: str, query: str, values: Tuple[Any, ...]
    ) -> sqlite3.Cursor:
        """Change an execution by one statement, which is a transaction if it is in none."""
        with self._lock:
            done = self._db.execute(query, values)
            if self._db.in_transaction:
                self._news.add(execution_id)
                return done
        self._announce((execution_id,))
        return done

    def _announce(self, news: Iterable[str]) -> None:
        for execution_id in news:
            for listen in self.listeners:
                listen(execution_id)

    def _execute(self, query: str, values: Iterable[Any] = ()) -> None:
        with self._lock:
            self._db.execute(query, tuple(values))

    def _rows(self, query: str, values: Iterable[Any] = ()) -> List[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, tuple(values)).fetchall()

    def _stamp(self, moment: Optional[float] = None) -> str:
        """Return a time, or the current one, in UTC and without an offset, as servers do."""
        seconds = self._now() if moment is None else moment
        whole, rest = divmod(round(seconds * 1e6), 1_000_000)
        return f"{_whole_second(whole)}.{rest:06}"


@functools.lru_cache(maxsize=1)
def _whole_second(second: int) -> str:
    return datetime.fromtimestamp(second, timezone.utc).isoformat()[: -len("+00:00")]
