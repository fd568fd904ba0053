"""What the threads of a batch have in common."""

import queue
import threading
from typing import Any, Callable, Optional, Sequence


def start_threads(works: Sequence[Callable[[], Any]]) -> None:
    """Starts a thread for each work, in their order; none holds up the end of the process.

    Raises:
        RuntimeError: The system gives no more threads.
    """
    for work in works:
        name = f"ai-spine-batch-{work.__name__.strip('_')}"
        threading.Thread(target=work, name=name, daemon=True).start()


def do_jobs(
    jobs: "queue.SimpleQueue[Optional[Callable[[], Any]]]",
    broke: Callable[[BaseException], Any],
) -> None:
    """Does jobs until there is a `None` among them; the work of a thread.

    Args:
        jobs: Where they come from.
        broke: Takes what a job has raised.
    """
    while True:
        job = jobs.get()
        if job is None:
            return
        try:
            job()
        except BaseException as error:  # of a hook of the caller's, or of ours
            broke(error)
