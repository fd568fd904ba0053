"""Decides for a batch: what to send, what to poll, when to stop. It neither sends nor waits.

Everything that is known about a run belongs to whatever runs the steps: a thread, or a task of an
event loop. The others put steps into its queue: inputs that were fetched, responses that came, room
that the caller has made.
"""

import time
from abc import ABC, abstractmethod
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ai_spine.batch.checkpoint import NoCheckpoint, Plan
from ai_spine.batch.input_queue import InputQueue, Step
from ai_spine.batch.results import Result, ResultQueue
from ai_spine.batch.workers import (
    InFlight,
    WorkerPool,
    is_ambiguous,
    outcome_of,
    submit_to_executor,
)
from ai_spine.exceptions import (
    AISpineError,
    APIError,
    ConfigurationError,
    TimeoutError,
)
from ai_spine.models import Execution
from ai_spine.policy.throttle import Concurrency, Durations, Schedule
from ai_spine.policy.waiting import Wait

_WINDOW = 1000  # results that may wait for the caller, beyond those in flight


class Scheduler(ABC):
    """Decides for one run.

    Args:
        concurrency: How many executions may be in flight.
        timeout: Seconds for each execution.
        stop_on_error: Whether to start nothing more after the first failure of this run.
    """

    workers: WorkerPool
    inputs: InputQueue

    def __init__(
        self,
        *,
        concurrency: int,
        timeout: float,
        stop_on_error: bool,
    ) -> None:
        self.checkpoint = NoCheckpoint()
        self.results = ResultQueue(self._put_result)
        self.limit = Concurrency(concurrency)
        self.is_complete = False
        self.failure: Optional[BaseException] = None
        self.running = self.consumed = 0
        self.stop_requested = self.abandoned = False
        self._concurrency, self._timeout = concurrency, timeout
        self._stop_on_error = stop_on_error
        self._durations = Durations()
        self._unsent: Dict[int, InFlight] = {}
        self._futures: Dict["Future[Any]", InFlight] = {}
        self._polls: "Schedule[Tuple[InFlight, Wait]]" = Schedule()
        self._uncertain: List[Tuple[int, Any]] = []
        self._posting = self._unresolved = 0
        self._stopping = self._has_response = False

    def prepare(self, workers: WorkerPool, checkpoint: NoCheckpoint) -> None:
        """Set what it works with, before anything starts."""
        self.workers, self.checkpoint = workers, checkpoint

    @abstractmethod
    def put_step(self, step: Step) -> None:
        """Have a step run; anybody may call this."""

    @abstractmethod
    def _put_result(self, result: Optional[Result]) -> None:
        """Pass a result to the caller; `None` is the end."""

    @abstractmethod
    def _begin_post(self, task: InFlight) -> None:
        """Begin to send an input: `_on_started` or `_on_post_failed` is the step that follows."""

    @abstractmethod
    def _begin_poll(self, task: InFlight, wait: Wait) -> None:
        """Begin to poll an execution: `_on_state` or `_on_poll_failed` is the step that follows."""

    def stop(self) -> None:
        """Start nothing more."""
        self._stopping = True
        self.inputs.stop()

    def _end(self) -> None:
        """Record what was not sent, and close the checkpoint."""
        ended = self.inputs.is_done and not self.running
        self.is_complete = ended and not (self.failure or self._unresolved)
        with self._recording_failure():
            self._cancel_unsent()
        try:
            self.checkpoint.close(is_complete=self.is_complete)
        finally:
            self.workers.end()

    def _may_post(self, task: InFlight) -> bool:
        """Return whether an input is still to be sent; whoever gets `True` sends it."""
        # Whoever removes it from there has it, and nobody else.
        return not self.abandoned and self._unsent.pop(task.index, None) is not None

    # What decides

    def _advance(self) -> bool:
        """Start what may be started, and return whether there is anything to wait for."""
        if self.abandoned:
            return False
        if not self._stopping:
            self._start_ready()
            self._request_inputs()
        self._settle_uncertain()
        self._poll_due()
        if self._has_no_access():
            self._fail(self.results.drop_refusals())
        return bool(self.running) or not (self._stopping or self.inputs.is_done)

    def _start_ready(self) -> None:
        ready = self.inputs.ready
        while ready and self._has_room() and not self._stopping:
            index, value = ready.popleft()
            with self._recording_failure():
                plan = self.checkpoint.plan(index, value)
                if plan.item is None:
                    self._start(InFlight(index, value, plan))
                elif plan.item.maybe_executed and not plan.item.is_final:
                    self._uncertain.append((index, value))
                else:
                    self._report_known(plan)

    def _settle_uncertain(self) -> None:
        """Send inputs that may have run again, once the server has shown that it honours keys.

        It shows that in its first response. Without one, and where it does not honour keys, these
        inputs are reported as they are.
        """
        if self.workers.honours_keys():
            self.checkpoint.note_keys_honoured()
        elif self.running and not self._has_response:
            return
        while self._uncertain and (self._has_room() or not self.checkpoint.resend):
            index, value = self._uncertain.pop(0)
            with self._recording_failure():
                plan = self.checkpoint.plan(index, value)
                if plan.item is None and not self._stopping:
                    self._start(InFlight(index, value, plan))
                else:
                    self._report_known(self.checkpoint.plan_unsent(index, value))

    def _report_known(self, plan: Plan) -> None:
        """Report a result that is known without sending anything."""
        if plan.item is not None:
            self._unresolved += not plan.item.is_final
            self.results.put_now(Result(plan.item, plan.offset))

    def _has_room(self) -> bool:
        """Return whether one more may be sent; one that would wait to be sent is no use."""
        workers = self.workers
        can_send = workers.submit is not None or self._posting < workers.size
        return can_send and self.running < self.results.capacity(self.limit.now)

    def _start(self, task: InFlight) -> None:
        known = task.plan.execution_id
        if known is None:
            self.checkpoint.note_sending(task.index, task.plan)
        if self.workers.submit is not None:
            self._submit_first(task)
            return
        self.running += 1
        if known is None:
            self._posting += 1
            self._unsent[task.index] = task
            self._begin_post(task)
        else:
            self._watch(task, Execution.from_wire({"execution_id": known}))

    def _submit_first(self, task: InFlight) -> None:
        try:
            self._submit(task)
        except ConfigurationError:
            if not self.workers.may_rerun:
                self.checkpoint.note_unsent(task.index, task.plan)
            raise

    def _submit(self, task: InFlight) -> None:
        future = submit_to_executor(self.workers, task)
        self.running += 1
        self._futures[future] = task
        future.add_done_callback(
            lambda done: self.put_step(partial(self._on_executor_done, task, done))
        )

    def _request_inputs(self) -> None:
        room = self.limit.now - self.running - len(self.inputs.ready)
        unread = self.inputs.fetched - self.consumed
        self.inputs.request(min(room, _WINDOW + self._concurrency - unread))

    def _poll_due(self) -> None:
        for task, wait in self._polls.due(time.monotonic()):
            self._begin_poll(task, wait)

    def _has_no_access(self) -> bool:
        """Return whether the server refused everything so far, which is enough to end."""
        if self.running or self.stop_requested or self.failure:
            return False
        is_all = self._stopping or self.inputs.is_done or not self._has_room()
        return self.results.show_no_access(is_all=is_all)

    def _cancel_unsent(self) -> None:
        """Cancel what nobody has begun to send."""
        while self._unsent:
            with suppress(KeyError):  # a thread that sends was faster
                _, task = self._unsent.popitem()
                self.running -= 1
                self.checkpoint.note_unsent(task.index, task.plan)
        for future, task in self._futures.items():
            # Other executors may cancel what has begun already.
            if future.cancel() and not (self.workers.may_rerun or task.is_resubmitted):
                self.running -= 1
                self.checkpoint.note_unsent(task.index, task.plan)

    # The steps

    def _fail(self, error: BaseException) -> None:
        """End the run with an error, once what is in flight has ended."""
        self.failure = self.failure or error
        self.stop()

    @contextmanager
    def _recording_failure(self) -> Iterator[None]:
        """Let a file that cannot be written end the run, but not stop it from recording others."""
        try:
            yield
        except Exception as error:
            self._fail(error)

    def _crash(self, error: BaseException) -> None:
        self.running -= 1
        self._fail(error)

    def _on_post_failed(self, task: InFlight, error: AISpineError) -> None:
        self._posting -= 1
        self._has_response |= isinstance(error, APIError)
        self._finish(task, error)

    def _on_started(self, task: InFlight, execution: Execution) -> None:
        self._posting -= 1
        self._has_response = True
        self.results.open()
        with self._recording_failure():
            self.checkpoint.note_started(task.index, task.plan, execution.execution_id)
        if execution.is_done:
            self._on_state(task, execution)
        else:
            self._watch(task, execution)

    def _watch(self, task: InFlight, execution: Execution) -> None:
        wait = self.workers.wait_for(execution, self._timeout, self._durations)
        task.execution, task.wait = execution, wait
        self._schedule_poll(task, wait)

    def _schedule_poll(self, task: InFlight, wait: Wait) -> None:
        try:
            due = time.monotonic() + wait.delay()
        except TimeoutError as error:
            self._finish(task, error)
            return
        self._polls.add(due, (task, wait))

    def _on_state(self, task: InFlight, execution: Execution) -> None:
        self.results.open()
        task.execution, wait = execution, task.wait
        if wait is not None:
            wait.note_state(execution)
            if not execution.is_done:
                self._schedule_poll(task, wait)
                return
        self._finish(task, None)

    def _on_poll_failed(self, task: InFlight, wait: Wait, error: AISpineError) -> None:
        try:
            wait.note_failure(error)
        except AISpineError:
            self._finish(task, error)
        else:
            self._schedule_poll(task, wait)

    def _on_executor_done(self, task: InFlight, future: "Future[Any]") -> None:
        self._futures.pop(future, None)
        self._has_response = True
        if is_ambiguous(future) and self._resubmit(task):
            return
        execution, error = outcome_of(future, task.plan)
        if execution is not None and error is not None and not execution.is_done:
            with self._recording_failure():
                execution_id = execution.execution_id
                self.checkpoint.note_started(task.index, task.plan, execution_id)
        task.execution = execution
        self._finish(task, error)

    def _resubmit(self, task: InFlight) -> bool:
        """Submit a task whose worker died once more with the same key, where that is safe."""
        if task.is_resubmitted or self.abandoned or not self.workers.honours_keys():
            return False
        try:
            self._submit(replace(task, is_resubmitted=True))
        except ConfigurationError:
            return False
        self.running -= 1  # it was counted twice
        return True

    def _finish(self, task: InFlight, error: Optional[AISpineError]) -> None:
        self.running -= 1
        execution = task.execution or getattr(error, "execution", None)
        if error is None and execution is not None:
            self.limit.note_completed()
            took = execution.duration
            if took is not None:
                self._durations.note(max(took.total_seconds(), 0.0))
            error = self.workers.error_of(execution)
        item = self.workers.item_of(task, execution, error)
        if self._stop_on_error and not item.succeeded:
            self.stop()
        self._unresolved += not item.is_final
        offset = None
        with self._recording_failure():
            offset = self.checkpoint.note_ended(item)
        # That an earlier request may have run says nothing about what the server accepts now.
        is_old = item.maybe_executed and task.is_repeated
        put = self.results.put_now if is_old else self.results.put
        put(Result(item, offset))
