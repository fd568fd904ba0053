"""Requests that wait for an execution to end: a bounded number of them at once."""

import threading
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List

from ai_spine.local.http.responses import HTTPError
from ai_spine.local.store.schema import LIVE_STATUSES
from ai_spine.local.store.store import Reply, Store

MOST_WAITING = 3  # each takes one of the server's threads, and tools may take others
WAIT_SECONDS = 300.0
_PATIENCE = 5.0  # seconds for those that wait to notice that all waits end


class Waits:
    """What waits for executions; all tenants of a server share it.

    Args:
        most: How many may wait at once.
        seconds: How long each may wait.
    """

    def __init__(self, most: int = MOST_WAITING, seconds: float = WAIT_SECONDS) -> None:
        self.seconds = seconds
        self._most = most
        self._turns = threading.BoundedSemaphore(most)
        self._lock = threading.Condition()
        self._waiting: Dict[str, List[threading.Event]] = {}
        self._closed = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Take one of the places for the block.

        Raises:
            HTTPError: None is left.
        """
        if not self._turns.acquire(blocking=False):
            words = f"{self._most} requests wait for flows already; try again"
            raise HTTPError(503, words)
        try:
            yield
        finally:
            self._turns.release()

    def notice(self, execution_id: str) -> None:
        """Note that something has happened to an execution."""
        if execution_id not in self._waiting:
            return  # who comes now looks at it first
        with self._lock:
            for news in self._waiting.get(execution_id, ()):
                news.set()

    def wake(self) -> None:
        """Have all that wait look at their executions again."""
        with self._lock:
            for waiting in self._waiting.values():
                for news in waiting:
                    news.set()

    def close(self) -> None:
        """End all waits; nothing looks at a store after that."""
        self._closed = True
        self.wake()
        with self._lock:
            self._lock.wait_for(lambda: not self._waiting, _PATIENCE)

    def ended(self, store: Store, execution_id: str) -> Dict[str, Any]:
        """Wait until an execution has ended, and return it.

        Raises:
            HTTPError: It has not ended in time, it was removed, or the server stops.
        """
        deadline = time.monotonic() + self.seconds
        with self._listening(execution_id) as news:
            while True:
                news.clear()  # before the look, so that nothing is missed after it
                found = store.execution(execution_id)
                if found is None:
                    raise _refusal(
                        503, execution_id, "was removed: the server was reset"
                    )
                if found["status"] not in LIVE_STATUSES:
                    return found
                if self._closed:
                    raise _refusal(
                        503, execution_id, "was interrupted: the server stops"
                    )
                if not news.wait(max(deadline - time.monotonic(), 0.0)):
                    words = f"is not done after {self.seconds:g} s; it continues"
                    raise _refusal(504, execution_id, words)

    @contextmanager
    def _listening(self, execution_id: str) -> Iterator[threading.Event]:
        news = threading.Event()
        with self._lock:
            self._waiting.setdefault(execution_id, []).append(news)
        try:
            yield news
        finally:
            with self._lock:
                self._waiting[execution_id].remove(news)
                if not self._waiting[execution_id]:
                    del self._waiting[execution_id]
                    self._lock.notify_all()


def _refusal(status: int, execution_id: str, words: str) -> HTTPError:
    body = {"detail": f"Execution {execution_id} {words}", "execution_id": execution_id}
    return HTTPError.from_reply(Reply(status, body))
