"""The threads of a batch: one decides, one fetches the inputs, and the others send and poll."""

import queue
import threading
import time
from functools import partial
from typing import Any, Callable, Iterable, Optional, Sequence

from ai_spine.batch.input_queue import Step, ThreadInputQueue
from ai_spine.batch.results import Result
from ai_spine.batch.scheduler import Scheduler
from ai_spine.batch.workers import InFlight
from ai_spine.exceptions import AISpineError
from ai_spine.policy.waiting import Wait


class ThreadScheduler(Scheduler):
    """Decides in a thread of its own, and has other threads send.

    Args:
        inputs: The inputs.
        concurrency: How many executions may be in flight.
        timeout: Seconds for each execution.
        stop_on_error: Whether to start nothing more after the first failure of this run.
    """

    inputs: ThreadInputQueue

    def __init__(
        self,
        inputs: Iterable[Any],
        *,
        concurrency: int,
        timeout: float,
        stop_on_error: bool,
    ) -> None:
        super().__init__(
            concurrency=concurrency, timeout=timeout, stop_on_error=stop_on_error
        )
        self._steps: "queue.SimpleQueue[Step]" = queue.SimpleQueue()
        self._jobs: "queue.SimpleQueue[Optional[Step]]" = queue.SimpleQueue()
        self._ready: "queue.SimpleQueue[Optional[Result]]" = queue.SimpleQueue()
        self.inputs = ThreadInputQueue(inputs, self.put_step, self._fail)

    def start(self, run: Callable[[], None]) -> None:
        """Start the threads; none of them keeps the process alive.

        Args:
            run: Runs the batch in the last of them, by calling the method of that name.

        Raises:
            RuntimeError: The system has no more threads. Those that run end.
        """
        # The one that decides comes last: without it, the others do nothing to be undone.
        targets = [self.inputs.fetch, *[self.work] * self.workers.size, run]
        try:
            start_threads(targets)
        except RuntimeError:
            self.stop_threads()
            raise

    def put_step(self, step: Step) -> None:
        """Have a step run in the thread that decides; any thread may call this."""
        self._steps.put(step)

    def next_result(self) -> Optional[Result]:
        """Wait for a result and return it; `None` at the end, and ever after."""
        while True:
            try:  # in short steps, since some systems deliver Ctrl-C only between them
                result = self._ready.get(timeout=0.5)
            except queue.Empty:
                continue
            if result is None:
                self._ready.put(None)
            return result

    def run(self) -> None:
        """Run the batch to its end, and close the checkpoint; the target of a thread."""
        try:
            while self._advance():
                self._run_steps()
        except BaseException as error:
            self.failure = error
        self.stop_threads()
        self._end()

    def stop_threads(self) -> None:
        """End the other threads, each when it has finished its job."""
        self.stop()
        for _ in range(self.workers.size):
            self._jobs.put(None)

    def work(self) -> None:
        """Send and poll; the target of a thread."""
        while True:
            job = self._jobs.get()
            if job is None:
                return
            try:
                job()
            except BaseException as error:  # of a hook of the caller's, or of ours
                self.put_step(partial(self._crash, error))

    def _run_steps(self) -> None:
        """Wait until there is a step, and run all that there are."""
        try:
            step = self._steps.get(timeout=self._polls.next_in(time.monotonic()))
            while True:
                step()
                step = self._steps.get_nowait()
        except queue.Empty:
            pass

    def _put_result(self, result: Optional[Result]) -> None:
        self._ready.put(result)

    def _begin_post(self, task: InFlight) -> None:
        self._jobs.put(partial(self._post, task))

    def _begin_poll(self, task: InFlight, wait: Wait) -> None:
        self._jobs.put(partial(self._poll, task, wait))

    def _post(self, task: InFlight) -> None:
        if not self._may_post(task):
            return
        try:
            execution = self.workers.start(task.input, task.plan.key)
        except AISpineError as error:
            self.put_step(partial(self._on_post_failed, task, error))
        else:
            self.put_step(partial(self._on_started, task, execution))

    def _poll(self, task: InFlight, wait: Wait) -> None:
        if self.abandoned:
            return
        try:
            execution = self.workers.poll(wait.execution_id, wait.remaining())
        except AISpineError as error:
            self.put_step(partial(self._on_poll_failed, task, wait, error))
        else:
            self.put_step(partial(self._on_state, task, execution))


def start_threads(targets: Sequence[Callable[[], Any]]) -> None:
    """Start a daemon thread for each function, in their order.

    Raises:
        RuntimeError: The system has no more threads.
    """
    for target in targets:
        name = f"ai-spine-batch-{target.__name__.strip('_')}"
        threading.Thread(target=target, name=name, daemon=True).start()
