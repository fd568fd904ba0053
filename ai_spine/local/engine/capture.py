"""Captures what agents print and log while they run, each for its node.

`sys.stdout`, `sys.stderr` and two methods of `logging.Logger` are wrapped from the first node of a
process until its last server closes. Outside of agents, the wrappers only pass things on.
"""

import logging
import sys
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Iterable, Iterator, Optional, Set

from ai_spine.local.engine.node_logs import NodeLog

_current: "ContextVar[Optional[NodeLog]]" = ContextVar(
    "ai_spine.node_log", default=None
)
_MESSAGE = logging.Formatter("%(message)s")
_lock = threading.RLock()
_users: Set[Any] = set()
_is_enabled: Any = None
_call_handlers: Any = None


class _Tee:
    """A stream that is another one, and from which lines of agents are copied."""

    def __init__(self, stream: Any, level: str) -> None:
        self._stream, self._level = stream, level

    def write(self, text: str) -> Any:
        node = _current.get()
        if node is not None and isinstance(text, str):
            node.print(self._level, text)
        return self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def captured_by(node: Optional[NodeLog]) -> Iterator[None]:
    """Add what this thread or task prints and logs to the log of a node."""
    before = _current.set(node)
    try:
        yield
    finally:
        _current.reset(before)


def begin(user: Any) -> None:
    """Begin to capture, or go on where somebody has replaced the streams since."""
    global _is_enabled, _call_handlers
    with _lock:
        _users.add(user)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, _Tee):
                setattr(sys, name, _Tee(stream, name))
        if _is_enabled is None:
            _is_enabled = logging.Logger.isEnabledFor
            _call_handlers = logging.Logger.callHandlers
            setattr(logging.Logger, "isEnabledFor", _is_enabled_in_node)
            setattr(logging.Logger, "callHandlers", _call_handlers_in_node)


def end(user: Any) -> None:
    """Note that a user is done; the last one puts everything back."""
    global _is_enabled, _call_handlers
    with _lock:
        _users.discard(user)
        if _users:
            return
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, _Tee):
                setattr(sys, name, stream._stream)
        if logging.Logger.callHandlers is _call_handlers_in_node:
            setattr(logging.Logger, "isEnabledFor", _is_enabled)
            setattr(logging.Logger, "callHandlers", _call_handlers)
            _is_enabled = _call_handlers = None


def _is_enabled_in_node(self: logging.Logger, level: int) -> Any:
    """Have records made that only the node's log wants."""
    is_enabled = _is_enabled or _levels_allow
    if is_enabled(self, level):
        return True
    return level >= logging.INFO and _current.get() is not None


def _levels_allow(self: logging.Logger, level: int) -> bool:
    """Decide for a call that was under way when everything was put back."""
    return level >= self.getEffectiveLevel()


def _text_of(record: logging.LogRecord, with_traceback: bool) -> str:
    """Return what a record says; wrong arguments fail no agent, as they fail none without us."""
    try:
        return _MESSAGE.format(record) if with_traceback else record.getMessage()
    except Exception:
        return str(record.msg)


def _call_handlers_in_node(self: logging.Logger, record: logging.LogRecord) -> None:
    node = _current.get()
    if node is not None and record.levelno >= logging.INFO:
        node.add(record.levelname, _text_of(record, node.show_tracebacks))
    if (_is_enabled or _levels_allow)(self, record.levelno) and _call_handlers:
        with captured_by(None):  # a handler that prints it would add it again
            _call_handlers(self, record)
