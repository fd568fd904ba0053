"""`NodeLog`: what a node prints and logs, on its way to the store."""

import itertools
import logging
import queue
import threading
import time
from collections import deque
from typing import Callable, Deque, Dict, List, NamedTuple, Optional, Tuple

from ai_spine.constants import LOGGER_NAME
from ai_spine.utils import is_unicode

MAX_LINES = 1000  # of a node; earlier ones are dropped
MAX_BYTES = 64 * 1024
_LONGEST = 4096  # characters of a line; a longer one becomes several
log = logging.getLogger(f"{LOGGER_NAME}.local")


class Line(NamedTuple):
    """A line that a node has printed or logged."""

    number: int
    """Counted from 1 within the node."""
    level: str
    """`stdout`, `stderr`, or the level of a log record."""
    time: float
    """Seconds since the epoch."""
    text: str


Write = Callable[[List[Line], int], None]


class NodeLog:
    """Collects the lines of one run of a node, from any thread.

    Args:
        writer: Writes what has come, on its own thread.
        write: Stores lines, given the number of the first line to keep.
        show_tracebacks: Whether records are kept with their tracebacks.
    """

    def __init__(
        self, writer: "LogWriter", write: Write, *, show_tracebacks: bool
    ) -> None:
        self.show_tracebacks = show_tracebacks
        self._writer, self._write = writer, write
        self._numbers = itertools.count(1)
        self._pending: Deque[Line] = deque(maxlen=MAX_LINES)
        self._begun: Dict[str, str] = {}
        # Reentrant, since a destructor may print at any time.
        self._lock, self._writing = threading.RLock(), threading.RLock()
        self._kept: Deque[Tuple[int, int]] = deque()
        self._bytes = 0
        self._is_due = self._is_closed = False

    def add(self, level: str, text: str) -> None:
        """Add whole lines."""
        with self._lock:
            if self._is_closed:
                return
            for line in text.splitlines() or [""]:
                self._add_line(level, line)
            if self._is_due:
                return
            self._is_due = True
        self._writer.wake(self)

    def print(self, level: str, text: str) -> None:
        """Add a part of a line, or of several."""
        with self._lock:
            text = self._begun.pop(level, "") + text
            whole, _, rest = text.rpartition("\n")
            if len(rest) > _LONGEST:  # it may never end
                whole, rest = text, ""
            if rest:
                self._begun[level] = rest
            if whole or len(rest) < len(text):
                self.add(level, whole)

    def flush(self) -> None:
        """Store what has come."""
        with self._writing:
            self._is_due = False
            lines = []
            while self._pending:
                lines.append(self._pending.popleft())
            for line in lines:
                size = len(line.text.encode("utf-8"))
                self._kept.append((line.number, size))
                self._bytes += size
            while len(self._kept) > MAX_LINES or self._bytes > MAX_BYTES:
                self._bytes -= self._kept.popleft()[1]
            if lines:
                first = self._kept[0][0]
                self._write([line for line in lines if line.number >= first], first)

    def close(self) -> None:
        """Store all, and ignore what comes later."""
        with self._lock:
            for level in list(self._begun):
                self.add(level, self._begun.pop(level))
            self._is_closed = True
        self.flush()

    def _add_line(self, level: str, text: str) -> None:
        if not is_unicode(text):
            text = text.encode("utf-8", "replace").decode("utf-8")
        for begin in range(0, max(len(text), 1), _LONGEST):
            piece = text[begin : begin + _LONGEST]
            line = Line(next(self._numbers), level, time.time(), piece)
            self._pending.append(line)


class LogWriter:
    """Stores the lines of nodes, on a thread that the first line starts.

    While it writes, further lines gather, and are written together.
    """

    def __init__(self) -> None:
        self._due: "queue.SimpleQueue[Optional[NodeLog]]" = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._thread: Optional[threading.Thread] = None
        self._is_closed = False

    def wake(self, due: NodeLog) -> None:
        """Have the lines of a node stored."""
        with self._lock:
            if self._is_closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="ai-spine-logs", daemon=True
                )
                self._thread.start()
            self._due.put(due)

    def close(self) -> None:
        """End the thread."""
        with self._lock:
            self._is_closed = True
            self._due.put(None)

    def _work(self) -> None:
        while True:
            due = self._due.get()
            if due is None:
                return
            try:
                due.flush()
            except Exception:  # the thread is for the other nodes as well
                log.exception("lines of a node cannot be stored")
