"""A pool of daemon threads, which never delays the end of the process."""

import logging
import queue
import threading
from typing import Callable, Optional

from ai_spine.constants import LOGGER_NAME

Job = Callable[[], None]
log = logging.getLogger(f"{LOGGER_NAME}.local")


class Workers:
    """Runs jobs on at most `max_workers` threads, which are made when there is work for them."""

    def __init__(self, max_workers: int, name: str) -> None:
        self._max_workers = max_workers
        self._name = name
        self._jobs: "queue.SimpleQueue[Optional[Job]]" = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Have a job run as soon as a thread is free; after `close`, never."""
        with self._lock:
            if self._closed:
                return
            self._jobs.put(job)
            if self._idle > 0:
                self._idle -= 1
            elif self._threads < self._max_workers:
                self._threads += 1
                threading.Thread(
                    target=self._serve,
                    name=f"{self._name}-{self._threads}",
                    daemon=True,
                ).start()

    def close(self) -> None:
        """Let each thread end after its current job."""
        with self._lock:
            self._closed = True
            for _ in range(self._threads):
                self._jobs.put(None)

    def _serve(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            try:
                job()
            except BaseException:  # the thread is for the next job as well
                log.exception("a job of the local server failed")
            with self._lock:
                # A job that waits in the queue has this thread, so it is not idle for others.
                if self._jobs.empty():
                    self._idle += 1
