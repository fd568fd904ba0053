"""`EventLoop`: where the async agents of a server run."""

import asyncio
import concurrent.futures
import logging
import threading
from typing import Any, Coroutine, Optional

from ai_spine.constants import LOGGER_NAME

log = logging.getLogger(f"{LOGGER_NAME}.local")
_GRACE = 2.0  # seconds that cancelled agents have for their `finally` blocks


class EventLoop:
    """An event loop on a daemon thread, which the first coroutine starts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._thread: Optional[threading.Thread] = None
        self._closed = False

    def submit(
        self, work: Coroutine[Any, Any, Any]
    ) -> "concurrent.futures.Future[Any]":
        """Have a coroutine run; to cancel the future cancels it. After `close`, it never runs."""
        with self._lock:
            if self._closed:
                work.close()
                cancelled: "concurrent.futures.Future[Any]" = (
                    concurrent.futures.Future()
                )
                cancelled.cancel()
                return cancelled
            if self._loop is None:
                self._start()
            assert self._loop is not None  # nosec B101
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Cancel what runs, and end the thread; one that is blocked is left behind."""
        with self._lock:
            was_closed, self._closed = self._closed, True
            if was_closed or self._loop is None or self._thread is None:
                return
            self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(2 * _GRACE)

    def _start(self) -> None:
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._serve, args=(loop,), name="ai-spine-agents", daemon=True
        )
        self._thread.start()

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            while True:
                try:
                    loop.run_forever()
                    break  # `close` has stopped it
                except (
                    BaseException
                ):  # SystemExit in a task; the loop is for the others as well
                    log.exception("a task of an agent failed")
            loop.run_until_complete(_cancel_all())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


async def _cancel_all() -> None:
    """Cancel all tasks but this one, and give them time to end."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_GRACE)
    await asyncio.get_running_loop().shutdown_asyncgens()
