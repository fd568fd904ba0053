"""Runs the graph of a flow: each node as soon as what it depends on is done.

No thread waits for an execution: when a node ends, the engine starts the nodes that are ready. All
changes to a run happen under its lock; a run that has ended changes no more.
"""

import concurrent.futures
import copy
import functools
import inspect
import logging
import threading
import time
from contextlib import contextmanager, nullcontext
from typing import (
    Any,
    Callable,
    ContextManager,
    Coroutine,
    Dict,
    Iterator,
    Mapping,
    Optional,
    Tuple,
)

from ai_spine.constants import LOGGER_NAME
from ai_spine.local.agents.functions import AgentFunction, AnyAgent
from ai_spine.local.agents.http_agents import AgentFailed, Task
from ai_spine.local.engine import capture
from ai_spine.local.engine.event_loop import EventLoop
from ai_spine.local.engine.node_logs import LogWriter, NodeLog
from ai_spine.local.engine.runs import Plan, Run, Step, checked_output
from ai_spine.local.engine.workers import Workers
from ai_spine.local.store.store import Store
from ai_spine.models import Flow
from ai_spine.models.conditions import CannotCompare, excluded_nodes
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.policy.request_events import current_call
from ai_spine.policy.telemetry import Telemetry
from ai_spine.utils import one_line

log = logging.getLogger(f"{LOGGER_NAME}.local")
Outcome = Tuple[Optional[Dict[str, Any]], Optional[str], Optional[str]]
"""The output of a node, why it failed, and the traceback of that."""
FindAgent = Callable[[str], Optional[AnyAgent]]


class Engine:
    """Runs executions: plain agents on a pool of threads, async ones on an event loop.

    Args:
        store: Keeps executions and results.
        find_agent: Returns the agent of an id; `None` if there is none.
        max_workers: How many plain agents run at once, over all executions.
        loop: Where async agents run; the server closes it.
        telemetry: Records nodes and agents.
        tenant: Whose executions they are.
    """

    def __init__(
        self,
        store: Store,
        find_agent: FindAgent,
        max_workers: int,
        loop: EventLoop,
        telemetry: Telemetry = Telemetry(),
        tenant: Optional[str] = None,
    ) -> None:
        self._store = store
        self._find_agent = find_agent
        self._telemetry, self._tenant = telemetry, tenant
        self._workers = Workers(max_workers, "ai-spine-node")
        self._loop, self._logs = loop, LogWriter()
        self._runs: Dict[str, Run] = {}
        self._lock = threading.Lock()

    def plan(self, flow: Flow) -> Plan:
        """Return a flow with the agents that it has now."""
        agent_ids = {node.agent_id for node in flow.nodes if node.agent_id is not None}
        return Plan(flow, {each: self._look_up(each) for each in agent_ids})

    def start(
        self, execution_id: str, plan: Plan, input_data: Mapping[str, Any]
    ) -> None:
        """Start an execution that the store has as pending."""
        run = Run(execution_id, plan, input_data)
        run.place, run.tenant = self._telemetry.here(), self._tenant
        with self._lock:
            self._runs[execution_id] = run
        with self._whatever_happens(run), run.lock:
            self._advance(run)

    def cancel(self, execution_id: str) -> bool:
        """Cancel an execution, and return whether it was running.

        Nodes that have not started never start. Async agents are cancelled; the output of plain
        ones is dropped.
        """
        run = self._runs.get(execution_id)
        if run is None:
            return False
        with run.lock:
            return self._end(
                run,
                ExecutionStatus.CANCELLED,
                error_message="Execution cancelled by user",
            )

    def stop_all(self) -> None:
        """Drop all runs, and cancel async agents; nothing more is recorded about them."""
        with self._lock:
            runs = list(self._runs.values())
            self._runs.clear()
        for run in runs:
            with run.lock:
                run.ended = True
                run.stop()

    def close(self) -> None:
        """Drop all runs and end the threads, without waiting for agents that still work."""
        self.stop_all()
        self._workers.close()
        self._logs.close()
        capture.end(self)

    def _look_up(self, agent_id: str) -> Optional[AnyAgent]:
        try:
            return self._find_agent(agent_id)
        except (ValueError, RecursionError):  # the database has what is not ours
            log.exception("agent %r cannot be read", agent_id)
            return None

    def _advance(self, run: Run) -> None:
        """Start or skip each node that is ready, and end the run when none is left."""
        ready = [node for node in run.waiting.values() if run.is_ready(node)]
        while ready:
            for node in ready:
                del run.waiting[node.id]
                if run.is_skipped(node):
                    run.skipped.add(node.id)
                    self._store.skip_node(run.execution_id, node.id, node.agent_id)
                else:
                    step = run.running[node.id] = Step(node, run.input_of(node))
                    self._workers.submit(functools.partial(self._work, run, step))
            ready = [node for node in run.waiting.values() if run.is_ready(node)]
        if not run.running and not run.ended:
            exits = run.flow.exit_points or ()
            output = {
                node_id: run.outputs[node_id]
                for node_id in exits
                if node_id in run.outputs
            }
            self._end(run, ExecutionStatus.COMPLETED, output_data=output)

    def _work(self, run: Run, step: Step) -> None:
        """Run one node; the body of a worker thread."""
        with self._whatever_happens(run):
            if not self._begin(run, step):
                return
            agent_id = step.node.agent_id
            agent = None if agent_id is None else run.agents[agent_id]
            if isinstance(agent, AgentFunction) and agent.is_async:
                self._start(run, step, self._outcome_on_loop(run, step, agent))
            else:
                self._settle(run, step, *self._traced_outcome_of(run, step, agent))

    def _start(
        self, run: Run, step: Step, work: Coroutine[Any, Any, Any]
    ) -> "concurrent.futures.Future[Any]":
        """Start what runs on the event loop, unless the node has ended before."""
        with run.lock:
            step.future = self._loop.submit(work)
            if not run.has(step):
                step.future.cancel()
            return step.future

    async def _outcome_on_loop(
        self, run: Run, step: Step, agent: AgentFunction
    ) -> None:
        """Run one node with an async agent; a worker records how it ended."""
        with self._whatever_happens(run), self._node_span(run, step) as later:
            try:
                with self._agent_span(run, step), capture.captured_by(step.log):
                    output = await agent.run_async(self._task_of(run, step))
                    checked = checked_output(agent.agent_id, output)
                    outcome: Outcome = checked, None, None
            except AgentFailed as error:
                outcome = None, str(error), error.traceback
                later["failure"] = outcome[1]
            self._workers.submit(functools.partial(self._finish, run, step, *outcome))

    def _finish(self, run: Run, step: Step, *outcome: Any) -> None:
        """End a node outside of its own thread."""
        with self._whatever_happens(run):
            self._settle(run, step, *outcome)

    @contextmanager
    def _whatever_happens(self, run: Run) -> Iterator[None]:
        """End the run when its bookkeeping fails, for a full disk, say: it must not hang."""
        logged_as = current_call.set(run)
        try:
            yield
        except Exception:  # its text may name files and tables, which belong in the log
            log.exception("execution %s broke", run.execution_id)
            words = "The server failed; see its log"
            with run.lock:
                self._end(run, ExecutionStatus.FAILED, error_message=words)
        finally:
            current_call.reset(logged_as)

    def _begin(self, run: Run, step: Step) -> bool:
        """Record that a node runs, unless its run has ended before its turn."""
        timeout = step.timeout
        with run.lock:
            if run.ended:
                return False
            step.started = time.monotonic()
            step.result_id = self._store.start_node(
                run.execution_id, step.node.id, step.node.agent_id, step.input_data
            )
            step.log = self._log_of(step)
            if timeout is not None:
                late = f"timed out after {timeout:g} s"
                ended = (run, step, None, late)
                step.timer = threading.Timer(timeout, self._finish, ended)
                step.timer.daemon = True
                step.timer.start()
        return True

    def _log_of(self, step: Step) -> NodeLog:
        capture.begin(self)
        write = functools.partial(self._store.write_logs, step.result_id)
        shown = self._store.show_tracebacks
        return NodeLog(self._logs, write, show_tracebacks=shown)

    def _traced_outcome_of(
        self, run: Run, step: Step, agent: Optional[AnyAgent]
    ) -> Outcome:
        with self._node_span(run, step) as later:
            outcome = self._outcome_of(run, step, agent)
            if outcome[1] is not None:
                later["failure"] = outcome[1]
        return outcome

    def _node_span(self, run: Run, step: Step) -> ContextManager[Dict[str, Any]]:
        if run.place is None:
            return nullcontext({})
        name, known = f"node {step.node.id}", self._known_of(run, step)
        return self._telemetry.span_at(run.place, name, **known)

    def _agent_span(self, run: Run, step: Step) -> ContextManager[Dict[str, Any]]:
        if run.place is None:
            return nullcontext({})
        name, known = f"agent {step.node.agent_id}", self._known_of(run, step)
        return self._telemetry.span(name, **known)

    def _known_of(self, run: Run, step: Step) -> Dict[str, Any]:
        """Return the attributes of a node's span, and of its agent's."""
        node = {"node_id": step.node.id, "agent_id": step.node.agent_id}
        of_run = {"execution_id": run.execution_id, "flow_id": run.flow_id}
        return {**node, **of_run, "tenant": run.tenant}

    def _outcome_of(self, run: Run, step: Step, agent: Optional[AnyAgent]) -> Outcome:
        """Return a node's output or why it failed."""
        node = step.node
        if node.agent_id is None:
            return step.input_data, None, None  # it passes on what it gets
        if agent is None:
            return None, f"agent {node.agent_id!r} is not there", None
        try:
            with self._agent_span(run, step), capture.captured_by(step.log):
                output = agent.run(self._task_of(run, step))
                if inspect.isawaitable(output) and isinstance(agent, AgentFunction):
                    output = self._start(run, step, agent.finish(output)).result()
                return checked_output(node.agent_id, output), None, None
        except AgentFailed as error:
            return None, str(error), error.traceback
        except concurrent.futures.CancelledError:
            return None, "cancelled", None  # when the node has ended

    def _task_of(self, run: Run, step: Step) -> Task:
        """Return what a node's agent is to do."""
        timeout = step.timeout
        return Task(
            run.execution_id,
            step.node.id,
            step.input_data,
            copy.deepcopy(dict(step.node.config or {})),  # executions share the flow
            timeout,
            {} if run.place is None else self._telemetry.headers(),
            tenant=run.tenant,
            ends=None if timeout is None else step.started + timeout,
            report=functools.partial(self._report, run, step),
        )

    def _report(
        self, run: Run, step: Step, progress: float, message: Optional[str]
    ) -> None:
        """Record the progress of a node that runs."""
        with run.lock:
            if run.has(step):
                self._store.report_progress(step.result_id, progress, message)

    def _settle(
        self,
        run: Run,
        step: Step,
        output: Optional[Dict[str, Any]],
        failure: Optional[str],
        traceback: Optional[str] = None,
    ) -> None:
        """Record how a node ended, unless it or the run has ended already."""
        with run.lock:
            if not run.has(step):
                return
            del run.running[step.node.id]
            step.stop()
            if output is not None:
                try:
                    run.excluded |= excluded_nodes(step.node.conditions or {}, output)
                except CannotCompare as error:
                    failure = one_line(str(error), 500)
            if failure is not None:
                self._note(run, step, output, failure, traceback)
                self._log_failure(run, step, failure, traceback)
                words = f"Node {step.node.id!r} failed: {failure}"
                self._end(run, ExecutionStatus.FAILED, error_message=words)
                return
            with self._store.transaction():
                self._note(run, step, output, failure, traceback)
                run.outputs[step.node.id] = output or {}
                self._advance(run)

    def _note(
        self,
        run: Run,
        step: Step,
        output: Optional[Dict[str, Any]],
        failure: Optional[str],
        traceback: Optional[str],
    ) -> None:
        milliseconds = round(1000 * (time.monotonic() - step.started))
        status = (
            ExecutionStatus.COMPLETED if failure is None else ExecutionStatus.FAILED
        )
        self._store.finish_node(
            run.execution_id,
            step.result_id,
            status,
            milliseconds,
            output_data=output,
            error_message=failure,
            traceback=traceback,
        )

    def _log_failure(
        self, run: Run, step: Step, failure: str, traceback: Optional[str]
    ) -> None:
        """Log why a node failed, on one line, and the traceback below it."""
        shown = self._store.show_tracebacks or log.isEnabledFor(logging.DEBUG)
        below = f"\n{traceback}".rstrip() if traceback and shown else ""
        words = "node %r of execution %s failed: %s%s"
        log.info(words, step.node.id, run.execution_id, failure, below)

    def _end(self, run: Run, status: ExecutionStatus, **result: Any) -> bool:
        if run.ended:
            return False
        run.ended = True
        run.stop()
        with self._lock:
            self._runs.pop(run.execution_id, None)
        return self._store.finish_execution(run.execution_id, status, **result)
