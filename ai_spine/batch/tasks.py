"""The tasks of a batch in an event loop: one decides, one fetches the inputs, others send."""

import asyncio
import contextvars
import threading
import time
from contextlib import suppress
from functools import partial
from typing import (
    Any,
    AsyncIterable,
    Callable,
    Coroutine,
    Iterable,
    Optional,
    Sequence,
    Set,
    Union,
)

from ai_spine.batch.input_queue import InputQueue, Step
from ai_spine.batch.results import Result
from ai_spine.batch.scheduler import Scheduler
from ai_spine.batch.workers import InFlight
from ai_spine.exceptions import AISpineError
from ai_spine.policy.waiting import Wait
from ai_spine.utils.timeouts import time_limit

Inputs = Union[Iterable[Any], AsyncIterable[Any]]
_END = object()


class TaskInputQueue(InputQueue):
    """Fetches the inputs of a batch one by one, in a task of its own.

    Args:
        inputs: The inputs. Of a plain iterable that is not a sequence, the next one is fetched in a
            thread, since it may take long.
        put_step: Receives each step.
        fail: Called, as a step, with what the inputs have raised.
    """

    def __init__(
        self,
        inputs: Inputs,
        put_step: Callable[[Step], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        super().__init__(put_step, fail)
        self._inputs = inputs
        self._requests = asyncio.Semaphore(0)

    async def fetch(self) -> None:
        """Fetch inputs until there are no more, or the run ends."""
        try:
            fetch_next, index = self._fetcher(), 0
            while True:
                await self._requests.acquire()
                value = _END if self._is_stopped else await fetch_next()
                if value is _END:
                    break
                self._put_step(partial(self._add, index, value))
                index += 1
            self._put_step(self._note_end)
        except (Exception, asyncio.CancelledError) as error:  # of the caller's iterable
            self._put_step(partial(self._fail, error))

    def _let_fetch(self) -> None:
        self._requests.release()

    def _fetcher(self) -> Callable[[], Coroutine[Any, Any, Any]]:
        """Return the function that fetches the next input, or `_END`."""
        inputs: Any = self._inputs
        if hasattr(inputs, "__aiter__"):
            return partial(_next_async, inputs.__aiter__())
        next_input = partial(next, iter(inputs), _END)
        if isinstance(inputs, Sequence):
            return partial(_at_once, next_input)
        return partial(_in_thread, next_input)


async def _next_async(inputs: Any) -> Any:
    try:
        return await inputs.__anext__()
    except StopAsyncIteration:
        return _END


async def _in_thread(function: Callable[[], Any]) -> Any:
    """Call a function in a thread that does not keep the program alive."""
    loop = asyncio.get_running_loop()
    future: "asyncio.Future[Any]" = loop.create_future()

    def settle(value: Any, error: Optional[BaseException]) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def work() -> None:
        value, error = None, None
        try:
            value = function()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, value, error)

    run = contextvars.copy_context().run
    threading.Thread(target=run, args=(work,), daemon=True).start()
    return await future


async def _at_once(function: Callable[[], Any]) -> Any:
    return function()


class TaskScheduler(Scheduler):
    """Decides in a task of its own, and has other tasks send.

    Args:
        inputs: The inputs.
        concurrency: How many executions may be in flight.
        timeout: Seconds for each execution.
        stop_on_error: Whether to start nothing more after the first failure of this run.
    """

    inputs: TaskInputQueue

    def __init__(
        self,
        inputs: Inputs,
        *,
        concurrency: int,
        timeout: float,
        stop_on_error: bool,
    ) -> None:
        super().__init__(
            concurrency=concurrency, timeout=timeout, stop_on_error=stop_on_error
        )
        self._steps: "asyncio.Queue[Step]" = asyncio.Queue()
        self._ready: "asyncio.Queue[Optional[Result]]" = asyncio.Queue()
        self._tasks: Set["asyncio.Task[None]"] = set()
        self.inputs = TaskInputQueue(inputs, self.put_step, self._fail)

    def start(self) -> None:
        """Start the tasks that decide and that fetch the inputs."""
        self._begin(self.inputs.fetch())
        self._begin(self._run())

    def put_step(self, step: Step) -> None:
        """Have a step run in the task that decides."""
        self._steps.put_nowait(step)

    async def next_result(self) -> Optional[Result]:
        """Wait for a result and return it; `None` at the end, and ever after."""
        result = await self._ready.get()
        if result is None:
            self._ready.put_nowait(None)
        return result

    async def cancel(self) -> None:
        """End all tasks, and wait until they have ended."""
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self) -> None:
        """Run the batch to its end, and close the checkpoint."""
        try:
            while self._advance():
                await self._run_steps()
        except Exception as error:
            self.failure = self.failure or error
        finally:
            self.stop()
            try:
                self._end()
            except Exception as error:
                self.failure = self.failure or error
            self.results.end()

    async def _run_steps(self) -> None:
        """Wait until there is a step, and run all that there are."""
        try:
            async with time_limit(self._polls.next_in(time.monotonic())):
                step = await self._steps.get()
        except asyncio.TimeoutError:
            return
        step()
        while not self._steps.empty():
            self._steps.get_nowait()()

    def _put_result(self, result: Optional[Result]) -> None:
        self._ready.put_nowait(result)

    def _begin_post(self, task: InFlight) -> None:
        self._begin(self._post(task))

    def _begin_poll(self, task: InFlight, wait: Wait) -> None:
        self._begin(self._poll(task, wait))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, task: InFlight) -> None:
        if not self._may_post(task):
            return
        try:
            execution = await self.workers.start(task.input, task.plan.key)
        except AISpineError as error:
            self.put_step(partial(self._on_post_failed, task, error))
        except (Exception, asyncio.CancelledError) as error:  # of a caller's hook
            self.put_step(partial(self._crash, error))
        else:
            self.put_step(partial(self._on_started, task, execution))

    async def _poll(self, task: InFlight, wait: Wait) -> None:
        try:
            execution = await self.workers.poll(wait.execution_id, wait.remaining())
        except AISpineError as error:
            self.put_step(partial(self._on_poll_failed, task, wait, error))
        except (Exception, asyncio.CancelledError) as error:  # of a caller's hook
            self.put_step(partial(self._crash, error))
        else:
            self.put_step(partial(self._on_state, task, execution))
