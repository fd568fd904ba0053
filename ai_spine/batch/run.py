"""A batch while it runs: a thread decides, another fetches inputs, a few send, the caller takes.

All that is known of the run belongs to the thread that decides. It is told by one queue of steps:
inputs that were fetched, answers that came, room that the caller has made.
"""

import queue
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple

from ai_spine.batch.checkpoint import NoCheckpoint
from ai_spine.batch.input_queue import Feed, Step
from ai_spine.batch.results import Landings
from ai_spine.batch.threads import do_jobs, start_threads
from ai_spine.batch.workers import (
    Crew,
    Flight,
    Landing,
    outcome_of,
    submitted,
    was_lost,
)
from ai_spine.exceptions import AISpineError, ConfigurationError, TimeoutError
from ai_spine.models import Execution
from ai_spine.policy.events import RequestEvent
from ai_spine.policy.throttle import Agenda, Concurrency, Durations
from ai_spine.policy.waiting import Wait

_WINDOW = 1000  # results that may wait for the caller, beyond those in flight
_WAKE_EVERY = 100
_PUSHED_BACK = (429, 503)
_CLOSING = 5.0  # seconds to wait for the files


class BatchRun:
    """A run of a batch; it iterates over its landings, as they come.

    Args:
        inputs: The inputs, which are taken one by one in a thread of their own.
        concurrency: How many executions may be in flight.
        timeout: Seconds that each may take.
        stop_on_error: Whether nothing more is started after a first failure of this run.
    """

    def __init__(
        self,
        inputs: Iterable[Any],
        *,
        concurrency: int,
        timeout: float,
        stop_on_error: bool,
    ) -> None:
        self.checkpoint = NoCheckpoint()
        """What notes its steps."""
        self.timeout = timeout
        """Seconds that each execution may take."""
        self.is_complete = False
        """Whether it has come to the end of its inputs, with the fate of each known."""
        self._stop_on_error = stop_on_error
        self._concurrency = concurrency
        self._limit = Concurrency(concurrency)
        self._durations = Durations()
        self._steps: "queue.SimpleQueue[Step]" = queue.SimpleQueue()
        self._jobs: "queue.SimpleQueue[Optional[Step]]" = queue.SimpleQueue()
        self._landings = Landings()
        self._feed = Feed(inputs, self._steps.put, self._fail)
        self._unsent: Dict[int, Flight] = {}
        self._futures: Dict["Future[Any]", Flight] = {}
        self._looks: "Agenda[Tuple[Flight, Wait]]" = Agenda()
        self._in_flight = self._consumed = self._posting = self._unsettled = 0
        self._stopping = self._left = self._was_told = False
        self._closed = threading.Event()
        self._failure: Optional[BaseException] = None

    def begin(self, crew: Crew, checkpoint: NoCheckpoint) -> None:
        """Starts the threads; none of them holds up the end of the process.

        Args:
            crew: How to reach the server.
            checkpoint: What notes the steps; it is closed at the end.

        Raises:
            ConfigurationError: The system gives no more threads. The checkpoint is closed.
        """
        self._crew, self.checkpoint = crew, checkpoint
        # The one that decides comes last: before it nothing is done that had to be taken back.
        works = [self._feed.feed, *[self._send] * crew.senders, self._drive]
        try:
            start_threads(works)
        except RuntimeError as error:
            self._dismiss()
            checkpoint.close(is_complete=False)
            words = f"a thread of the batch cannot be started: {error}"
            raise ConfigurationError(words) from None

    def __iter__(self) -> Iterator[Landing]:
        return self

    def __next__(self) -> Landing:
        landing = self._landings.take()
        if landing is not None:
            return landing
        if self._failure is not None:
            raise self._failure
        raise StopIteration

    @property
    def running(self) -> int:
        """How many executions nobody watches any more, once it was left."""
        return self._in_flight

    def consumed(self) -> None:
        """Tells that the caller has taken a result, so that there is room for another."""
        self._consumed += 1
        if self._consumed % _WAKE_EVERY == 0:
            self._steps.put(lambda: None)

    def stop(self) -> None:
        """Starts nothing more; what is in flight goes on to its end."""
        self._was_told = True
        self._steps.put(self._stop)

    def leave(self) -> None:
        """Ends at once, its files closed; what is in flight goes on without anybody watching.

        What was not sent yet is not sent, and noted so.
        """
        self._left = True
        self._steps.put(self._stop)
        if not sys.is_finalizing():  # then no other thread runs any more
            self._closed.wait(_CLOSING)

    def saw_response(self, event: RequestEvent) -> None:
        """Slows down when the server pushes back; an event hook."""
        if event.status_code in _PUSHED_BACK:
            now, took = time.monotonic(), event.elapsed or 0
            self._steps.put(partial(self._limit.pushed_back, now, now - took))

    # The threads that send

    def _send(self) -> None:
        do_jobs(self._jobs, lambda error: self._steps.put(partial(self._broke, error)))

    def _post(self, flight: Flight) -> None:
        if self._left or self._unsent.pop(flight.index, None) is None:
            return  # whoever takes it from there has it, and nobody else
        try:
            execution = self._crew.start(flight.input, flight.plan.key)
        except AISpineError as error:
            self._steps.put(partial(self._refused, flight, error))
        else:
            self._steps.put(partial(self._started, flight, execution))

    def _ask(self, flight: Flight, wait: Wait) -> None:
        if self._left:
            return
        try:
            execution = self._crew.look(wait.execution_id, wait.remaining())
        except AISpineError as error:
            self._steps.put(partial(self._missed, flight, wait, error))
        else:
            self._steps.put(partial(self._seen, flight, execution))

    # The thread that decides

    def _drive(self) -> None:
        try:
            while self._go_on():
                self._take_steps()
        except BaseException as error:
            self._failure = error
        self._dismiss()
        ended = self._feed.is_done and not self._in_flight
        self.is_complete = ended and not (self._failure or self._unsettled)
        with self._failing():
            self._call_off()
        try:
            self.checkpoint.close(is_complete=self.is_complete)
        except BaseException as error:
            self._failure = self._failure or error
        self._closed.set()
        self._landings.end()

    def _dismiss(self) -> None:
        """Ends the other threads, each when it has done what it has begun."""
        self._stop()
        for _ in range(self._crew.senders):
            self._jobs.put(None)

    def _call_off(self) -> None:
        """Takes back what nobody has begun to send."""
        while self._unsent:
            with suppress(KeyError):  # a thread that sends was faster
                _, flight = self._unsent.popitem()
                self._in_flight -= 1
                self.checkpoint.never_sent(flight.index, flight.plan)
        for future, flight in self._futures.items():
            # Of other executors, nobody knows whether what they cancel has begun.
            if future.cancel() and not (self._crew.reruns or flight.is_second):
                self._in_flight -= 1
                self.checkpoint.never_sent(flight.index, flight.plan)

    def _go_on(self) -> bool:
        """Starts what may be started, and tells whether there is anything to wait for."""
        if self._left:
            return False
        if not self._stopping:
            self._launch_ready()
            self._ask_for_more()
        self._look_at_due()
        if self._is_barred():
            self._fail(self._landings.reason())
        return bool(self._in_flight) or not (self._stopping or self._feed.is_done)

    def _is_barred(self) -> bool:
        """Tells whether nothing was let in of what was sent so far, and that is enough to end."""
        if self._in_flight or self._was_told or self._failure:
            return False
        has_all = self._stopping or self._feed.is_done or not self._has_room()
        return self._landings.are_enough(has_all)

    def _take_steps(self) -> None:
        """Waits until there is something to do, and does all of it."""
        try:
            step = self._steps.get(timeout=self._looks.next_in(time.monotonic()))
            while True:
                step()
                step = self._steps.get_nowait()
        except queue.Empty:
            pass

    def _launch_ready(self) -> None:
        ready = self._feed.ready
        while ready and self._has_room() and not self._stopping:
            index, value = ready.popleft()
            with self._failing():
                plan = self.checkpoint.plan(index, value)
                if plan.item is None:
                    self._launch(Flight(index, value, plan))
                else:
                    self._unsettled += not plan.item.is_final
                    self._landings.put_old(Landing(plan.item, plan.offset))

    def _has_room(self) -> bool:
        """Tells whether one more may be sent; what would only wait to be sent is no use."""
        crew = self._crew
        can_send = crew.submit is not None or self._posting < crew.senders
        return can_send and self._in_flight < self._landings.room(self._limit.now)

    def _launch(self, flight: Flight) -> None:
        known = flight.plan.execution_id
        if known is None:
            self.checkpoint.sending(flight.index, flight.plan)
        if self._crew.submit is not None:
            self._submit_first(flight)
            return
        self._in_flight += 1
        if known is None:
            self._posting += 1
            self._unsent[flight.index] = flight
            self._jobs.put(partial(self._post, flight))
        else:
            self._watch(flight, Execution.from_wire({"execution_id": known}))

    def _submit_first(self, flight: Flight) -> None:
        try:
            self._submit(flight)
        except ConfigurationError:
            if not self._crew.reruns:
                self.checkpoint.never_sent(flight.index, flight.plan)
            raise

    def _submit(self, flight: Flight) -> None:
        future = submitted(self._crew, flight)
        self._in_flight += 1
        self._futures[future] = flight
        future.add_done_callback(
            lambda done: self._steps.put(partial(self._returned, flight, done))
        )

    def _ask_for_more(self) -> None:
        room = self._limit.now - self._in_flight - len(self._feed.ready)
        unread = self._feed.fetched - self._consumed
        self._feed.want(min(room, _WINDOW + self._concurrency - unread))

    def _look_at_due(self) -> None:
        for flight, wait in self._looks.due(time.monotonic()):
            self._jobs.put(partial(self._ask, flight, wait))

    # The steps

    def _fail(self, error: BaseException) -> None:
        """Ends the run with an error, once what is in flight has ended."""
        self._failure = self._failure or error
        self._stop()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Lets no file that cannot be written keep what is in flight from being noted."""
        try:
            yield
        except Exception as error:
            self._fail(error)

    def _broke(self, error: BaseException) -> None:
        self._in_flight -= 1
        self._fail(error)

    def _stop(self) -> None:
        self._stopping = True
        self._feed.end()

    def _refused(self, flight: Flight, error: AISpineError) -> None:
        self._posting -= 1
        self._land(flight, error)

    def _started(self, flight: Flight, execution: Execution) -> None:
        self._posting -= 1
        self._landings.open()
        with self._failing():
            self.checkpoint.started(flight.index, flight.plan, execution.execution_id)
        if execution.is_done:
            self._seen(flight, execution)
        else:
            self._watch(flight, execution)

    def _watch(self, flight: Flight, execution: Execution) -> None:
        wait = self._crew.wait_for(execution, self.timeout, self._durations)
        self._look_later(replace(flight, execution=execution, wait=wait), wait)

    def _look_later(self, flight: Flight, wait: Wait) -> None:
        try:
            due = time.monotonic() + wait.delay()
        except TimeoutError as error:
            self._land(flight, error)
            return
        self._looks.add(due, (flight, wait))

    def _seen(self, flight: Flight, execution: Execution) -> None:
        self._landings.open()
        flight = replace(flight, execution=execution)
        wait = flight.wait
        if wait is not None:
            wait.note_state(execution)
            if not execution.is_done:
                self._look_later(flight, wait)
                return
        self._land(flight, None)

    def _missed(self, flight: Flight, wait: Wait, error: AISpineError) -> None:
        try:
            wait.note_failure(error)
        except AISpineError:
            self._land(flight, error)
        else:
            self._look_later(flight, wait)

    def _returned(self, flight: Flight, future: "Future[Any]") -> None:
        """Takes what an executor has made of an input."""
        self._futures.pop(future, None)
        may_repeat = self._crew.honours_keys and not (flight.is_second or self._left)
        if may_repeat and was_lost(future) and self._resubmitted(flight):
            return
        execution, error = outcome_of(future, flight.plan)
        if execution is not None and error is not None and not execution.is_done:
            with self._failing():
                self.checkpoint.started(
                    flight.index, flight.plan, execution.execution_id
                )
        self._land(replace(flight, execution=execution), error)

    def _resubmitted(self, flight: Flight) -> bool:
        """Has an executor do once more what its worker told nothing of; the key is the same."""
        try:
            self._submit(replace(flight, is_second=True))
        except ConfigurationError:
            return False
        self._in_flight -= 1  # it was counted twice
        return True

    def _land(self, flight: Flight, error: Optional[AISpineError]) -> None:
        self._in_flight -= 1
        execution = flight.execution or getattr(error, "execution", None)
        if error is None and execution is not None:
            self._limit.went_well()
            took = execution.duration
            if took is not None:
                self._durations.note(max(took.total_seconds(), 0.0))
            error = self._crew.failure_of(execution)
        item = self._crew.item_of(flight, execution, error)
        if self._stop_on_error and not item.succeeded:
            self._stop()
        offset = None
        with self._failing():
            offset = self.checkpoint.ended(item)
        self._unsettled += not item.is_final
        is_old = item.maybe_executed and flight.is_repeated
        (self._landings.put_old if is_old else self._landings.put)(
            Landing(item, offset)
        )
