"""A batch while it runs: a thread decides, another fetches inputs, a few send, the caller takes.

All that is known of the run belongs to the thread that decides. It is told by one queue of steps:
inputs that were fetched, answers that came, room that the caller has made.
"""

import heapq
import itertools
import queue
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Deque, Iterable, Iterator, List, Optional, Tuple

from ai_spine.batch import BatchItem
from ai_spine.batch_crew import (
    Crew,
    Flight,
    Landing,
    outcome_of,
    submitted,
    was_lost,
)
from ai_spine.checkpoint import NoCheckpoint
from ai_spine.events import RequestEvent
from ai_spine.exceptions import AISpineError, ConfigurationError, TimeoutError
from ai_spine.models import Execution
from ai_spine.throttle import Concurrency, Durations
from ai_spine.waiting import Wait

_WINDOW = 1000  # results that may wait for the caller, beyond those in flight
_WAKE_EVERY = 100
_PUSHED_BACK = (429, 503)
_CLOSING = 5.0  # seconds to wait for the files

Step = Callable[[], None]


class BatchRun:
    """A run of a batch; it iterates over its landings, as they come.

    Args:
        inputs: The inputs, which are taken one by one in a thread of their own.
        concurrency: How many executions may be in flight.
        timeout: Seconds that each may take.
        stop_on_error: Whether nothing more is started after a first failure.
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
        self._inputs = inputs
        self._stop_on_error = stop_on_error
        self._concurrency = concurrency
        self._limit = Concurrency(concurrency)
        self._durations = Durations()
        self._steps: "queue.SimpleQueue[Step]" = queue.SimpleQueue()
        self._jobs: "queue.SimpleQueue[Optional[Step]]" = queue.SimpleQueue()
        self._landed: "queue.SimpleQueue[Optional[Landing]]" = queue.SimpleQueue()
        self._wanted = threading.Semaphore(0)
        self._ready: Deque[Tuple[int, Any]] = deque()
        self._due: List[Tuple[float, int, Flight, Wait]] = []
        self._numbers = itertools.count()
        self._asked = self._fetched = self._in_flight = self._consumed = 0
        self._posting = self._unsettled = 0
        self._has_all = self._stopping = self._left = False
        self._closed = threading.Event()
        self._failure: Optional[BaseException] = None

    def begin(self, crew: Crew, checkpoint: NoCheckpoint) -> None:
        """Starts the threads; none of them holds up the end of the process.

        Args:
            crew: How to reach the server.
            checkpoint: What notes the steps; it is closed at the end.
        """
        self._crew, self.checkpoint = crew, checkpoint
        works = [self._drive, self._feed, *[self._send] * self._crew.senders]
        for work in works:
            name = f"ai-spine-batch-{work.__name__.strip('_')}"
            threading.Thread(target=work, name=name, daemon=True).start()

    def __iter__(self) -> Iterator[Landing]:
        return self

    def __next__(self) -> Landing:
        landing = self._next_landing()
        if landing is not None:
            return landing
        self._landed.put(None)
        if self._failure is not None:
            raise self._failure
        raise StopIteration

    def _next_landing(self) -> Optional[Landing]:
        while True:
            try:  # in short steps, since some systems deliver Ctrl-C only between them
                return self._landed.get(timeout=0.5)
            except queue.Empty:
                pass

    def consumed(self) -> None:
        """Tells that the caller has taken a result, so that there is room for another."""
        self._consumed += 1
        if self._consumed % _WAKE_EVERY == 0:
            self._steps.put(lambda: None)

    def stop(self) -> None:
        """Starts nothing more; what is in flight goes on to its end."""
        self._steps.put(self._stop)

    def leave(self) -> None:
        """Ends at once, its files closed; what is in flight goes on without anybody watching."""
        self._left = True
        self._steps.put(self._stop)
        if not sys.is_finalizing():  # then no other thread runs any more
            self._closed.wait(_CLOSING)

    def saw_response(self, event: RequestEvent) -> None:
        """Slows down when the server pushes back; an event hook."""
        if event.status_code in _PUSHED_BACK:
            now, took = time.monotonic(), event.elapsed or 0
            self._steps.put(partial(self._limit.pushed_back, now, now - took))

    # The thread that fetches inputs

    def _feed(self) -> None:
        try:
            for pair in enumerate(self._inputs_when_wanted()):
                self._steps.put(partial(self._fetch, *pair))
            self._steps.put(self._fetch_no_more)
        except BaseException as error:  # of the caller's own iterable
            self._steps.put(partial(self._fail, error))

    def _inputs_when_wanted(self) -> Iterator[Any]:
        inputs = iter(self._inputs)
        while True:
            self._wanted.acquire()
            if self._stopping:
                return
            try:
                value = next(inputs)
            except StopIteration:
                return
            yield value

    # The threads that send

    def _send(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            try:
                job()
            except BaseException as error:  # of a hook of the caller's, or of ours
                self._steps.put(partial(self._broke, error))

    def _post(self, flight: Flight) -> None:
        try:
            execution = self._crew.start(flight.input, flight.plan.key)
        except AISpineError as error:
            self._steps.put(partial(self._refused, flight, error))
        else:
            self._steps.put(partial(self._started, flight, execution))

    def _ask(self, flight: Flight, wait: Wait) -> None:
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
        self._stopping = True
        self._wanted.release()
        for _ in range(self._crew.senders):
            self._jobs.put(None)
        ended = self._has_all and not (self._ready or self._in_flight)
        self.is_complete = ended and not (self._failure or self._unsettled)
        try:
            self.checkpoint.close(is_complete=self.is_complete)
        except BaseException as error:
            self._failure = self._failure or error
        self._closed.set()
        self._landed.put(None)

    def _go_on(self) -> bool:
        """Starts what may be started, and tells whether there is anything to wait for."""
        if not self._stopping:
            self._launch_ready()
            self._ask_for_more()
        self._look_at_due()
        more = not self._stopping and (self._ready or not self._has_all)
        return not self._left and bool(self._in_flight or more)

    def _take_steps(self) -> None:
        """Waits until there is something to do, and does all of it."""
        due_in = self._due[0][0] - time.monotonic() if self._due else None
        try:
            step = self._steps.get(timeout=None if due_in is None else max(due_in, 0))
            while True:
                step()
                step = self._steps.get_nowait()
        except queue.Empty:
            pass

    def _launch_ready(self) -> None:
        while self._ready and self._has_room() and not self._stopping:
            index, value = self._ready.popleft()
            with self._failing():
                plan = self.checkpoint.plan(index, value)
                if plan.item is None:
                    self._launch(Flight(index, value, plan))
                else:
                    self._deliver(plan.item, plan.offset)

    def _has_room(self) -> bool:
        """Tells whether one more may be sent; what would only wait to be sent is no use."""
        crew = self._crew
        can_send = crew.submit is not None or self._posting < crew.senders
        return can_send and self._in_flight < self._limit.now

    def _launch(self, flight: Flight) -> None:
        known = flight.plan.execution_id
        if known is None:
            self.checkpoint.sending(flight.index, flight.plan)
        if self._crew.submit is not None:
            self._submit(flight)
            return
        self._in_flight += 1
        if known is None:
            self._posting += 1
            self._jobs.put(partial(self._post, flight))
        else:
            self._watch(flight, Execution.from_wire({"execution_id": known}))

    def _submit(self, flight: Flight) -> None:
        future = submitted(self._crew, flight)
        self._in_flight += 1
        future.add_done_callback(
            lambda done: self._steps.put(partial(self._returned, flight, done))
        )

    def _ask_for_more(self) -> None:
        room = self._limit.now - self._in_flight - len(self._ready)
        unread = self._fetched - self._consumed
        wanted = min(room, _WINDOW + self._concurrency - unread) - self._asked
        if self._has_all or wanted <= 0:
            return
        self._asked += wanted
        for _ in range(wanted):
            self._wanted.release()

    def _look_at_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _, _, flight, wait = heapq.heappop(self._due)
            self._jobs.put(partial(self._ask, flight, wait))

    # The steps

    def _fetch(self, index: int, value: Any) -> None:
        self._asked -= 1
        self._fetched += 1
        self._ready.append((index, value))

    def _fetch_no_more(self) -> None:
        self._has_all = not self._stopping

    def _fail(self, error: BaseException) -> None:
        """Ends the run with an error, once what is in flight has ended."""
        self._failure = self._failure or error
        self._stopping = True

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

    def _refused(self, flight: Flight, error: AISpineError) -> None:
        self._posting -= 1
        self._land(flight, error)

    def _started(self, flight: Flight, execution: Execution) -> None:
        self._posting -= 1
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
            due = time.monotonic() + wait.pause()
        except TimeoutError as error:
            self._land(flight, error)
            return
        heapq.heappush(self._due, (due, next(self._numbers), flight, wait))

    def _seen(self, flight: Flight, execution: Execution) -> None:
        flight = replace(flight, execution=execution)
        wait = flight.wait
        if wait is not None:
            wait.saw(execution)
            if not execution.is_done:
                self._look_later(flight, wait)
                return
        self._land(flight, None)

    def _missed(self, flight: Flight, wait: Wait, error: AISpineError) -> None:
        try:
            wait.missed(error)
        except AISpineError:
            self._land(flight, error)
        else:
            self._look_later(flight, wait)

    def _returned(self, flight: Flight, future: "Future[Any]") -> None:
        """Takes what an executor has made of an input."""
        may_repeat = self._crew.resends and not flight.is_second
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
        item = flight.item(execution, error)
        offset = None
        with self._failing():
            offset = self.checkpoint.ended(item)
        self._deliver(item, offset)

    def _deliver(self, item: BatchItem, offset: Optional[int]) -> None:
        self._unsettled += not item.is_final
        if self._stop_on_error and not item.succeeded:
            self._stopping = True
        self._landed.put(Landing(item, offset))
