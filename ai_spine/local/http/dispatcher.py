"""`Dispatcher`: the threads that look after the connections, and serve their requests."""

import threading
import time
from typing import Any, Callable, Optional

from waitress.task import ThreadedTaskDispatcher

_PATIENCE = 0.005  # seconds of a request; if it takes longer, another thread goes on


class Dispatcher(ThreadedTaskDispatcher):
    """Has one thread look after all connections and serve their requests itself, if they are quick.

    Behind a slow one, another thread takes the lead. To hand over each request would wake a thread
    each time; and threads that want the interpreter at once keep handing it to each other, at each
    statement of SQL for one, which costs more than the requests do.

    Args:
        look: Waits for what comes on the connections, and adds tasks for it.
        wake: Makes `look` return.
    """

    def __init__(self, look: Callable[[], None], wake: Callable[[], None]) -> None:
        super().__init__()
        self._look, self._wake = look, wake
        self._leader: Optional[int] = None
        self._is_serving = self._is_watched = self._is_ending = False
        self._begun = 0.0  # when the leader began to serve what it served last
        self._waiting = 0  # threads that could take the lead

    def add_task(self, task: Any) -> None:
        self.queue.append(task)

    def wake(self) -> None:
        """Have the leader look at the connections again; it does so after what it serves."""
        # A server that is closed has nobody to wake, and what it would write to may be another's.
        if self._leader != threading.get_ident() and not self._is_ending:
            self._wake()

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> Any:
        self._is_ending = True
        self._wake()
        return super().shutdown(cancel_pending, timeout)

    def handler_thread(self, thread_no: int) -> None:
        while self._takes_lead():
            self._lead()
        with self.lock:
            self.stop_count -= 1
            self.threads.discard(thread_no)
            self.thread_exit_cv.notify()

    def _takes_lead(self) -> bool:
        """Wait until this thread is to lead; false if it is to end instead."""
        with self.lock:
            self._waiting += 1
            if self.queue:  # for lack of a thread that could take over
                self.wake()
            while self.stop_count == 0:
                left = self._begun + _PATIENCE - time.monotonic()
                if self._leader is None or (self._is_serving and left <= 0):
                    break
                watches = left > 0 and not self._is_watched
                self._is_watched |= watches
                self.queue_cv.wait(left if watches else None)
                if watches:
                    self._is_watched = False
            self._waiting -= 1
            self._leader, self._is_serving = threading.get_ident(), False
            return self.stop_count == 0

    def _lead(self) -> None:
        """Serve what comes, until another thread has the lead."""
        while True:
            with self.lock:
                if self._is_ending or self._leader != threading.get_ident():
                    return
                task = self._next_task()
            try:
                if task is None:
                    self._look()
                else:
                    task.service()
            except BaseException:  # the thread is for what comes next as well
                self.logger.exception("a request could not be taken or served")
                if task is not None:
                    task.cancel()  # or its connection would wait for ever
                    self.wake()

    def _next_task(self) -> Any:
        """Return what the leader is to serve; `None` if it is to look at the connections."""
        # The last thread serves nothing: somebody must see who goes, and send what is written.
        self._is_serving = bool(self.queue and self._waiting)
        if not self._is_serving:
            return None
        self._begun = time.monotonic()
        if not self._is_watched:
            self.queue_cv.notify()
        return self.queue.popleft()
