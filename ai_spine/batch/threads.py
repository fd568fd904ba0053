"""The threads of a batch."""

import queue
import threading
from typing import Any, Callable, Optional, Sequence


def start_threads(targets: Sequence[Callable[[], Any]]) -> None:
    """Start a daemon thread for each function, in their order.

    Raises:
        RuntimeError: The system has no more threads.
    """
    for target in targets:
        name = f"ai-spine-batch-{target.__name__.strip('_')}"
        threading.Thread(target=target, name=name, daemon=True).start()


def run_jobs(
    jobs: "queue.SimpleQueue[Optional[Callable[[], Any]]]",
    on_error: Callable[[BaseException], Any],
) -> None:
    """Run the jobs of a queue until a `None`.

    Args:
        jobs: The queue.
        on_error: Called with what a job has raised.
    """
    while True:
        job = jobs.get()
        if job is None:
            return
        try:
            job()
        except BaseException as error:  # of a hook of the caller's, or of ours
            on_error(error)
