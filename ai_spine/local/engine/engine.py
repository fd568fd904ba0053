"""Runs the graph of a flow: each node as soon as what it depends on is done.

No thread waits for an execution: when a node ends, the engine starts the nodes that are ready. All
changes to a run happen under its lock; a run that has ended changes no more.
"""

import functools
import json
import logging
import threading
import time
from contextlib import contextmanager
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)

from ai_spine.constants import LOGGER_NAME
from ai_spine.exceptions import ValidationError
from ai_spine.flows.definitions import MAX_DEPTH, is_too_deep
from ai_spine.local.agents.functions import AnyAgent
from ai_spine.local.agents.http_agents import AgentFailed, Task
from ai_spine.local.engine.workers import Workers
from ai_spine.local.store.store import Store
from ai_spine.models import Flow, FlowNode
from ai_spine.models.conditions import CannotCompare, excluded_nodes
from ai_spine.models.statuses import ExecutionStatus
from ai_spine.policy.json_encoding import encode_json
from ai_spine.policy.request_events import current_call
from ai_spine.policy.telemetry import Telemetry
from ai_spine.utils import one_line

log = logging.getLogger(f"{LOGGER_NAME}.local")
Outcome = Tuple[Optional[Dict[str, Any]], Optional[str]]
FindAgent = Callable[[str], Optional[AnyAgent]]


class Plan(NamedTuple):
    """A flow and its agents, as they are when an execution starts: it keeps them."""

    flow: Flow
    agents: Mapping[str, Optional[AnyAgent]]


class _Run:
    """A running execution."""

    def __init__(
        self, execution_id: str, plan: Plan, input_data: Mapping[str, Any]
    ) -> None:
        self.execution_id = execution_id
        self.flow_id = plan.flow.flow_id
        self.flow, self.agents = plan
        self.input_data = input_data
        self.lock = threading.RLock()
        self.waiting: Dict[str, FlowNode] = {node.id: node for node in plan.flow.nodes}
        self.running: Dict[str, "_Step"] = {}
        self.outputs: Dict[str, Dict[str, Any]] = {}
        self.skipped: Set[str] = set()
        self.excluded: Set[str] = set()
        self.ended = False
        self.tenant: Optional[str] = None
        self.place: Any = None
        """Where its trace goes on."""

    def input_of(self, node: FlowNode) -> Dict[str, Any]:
        """Return a node's input: the execution's, updated with what the node depends on."""
        merged = dict(self.input_data)
        for dependency in node.depends_on or ():
            merged.update(self.outputs.get(dependency, {}))
        copy: Dict[str, Any] = json.loads(json.dumps(merged))  # nodes share nothing
        return copy

    def is_ready(self, node: FlowNode) -> bool:
        """Return whether all that a node depends on is done or skipped."""
        return all(
            d in self.outputs or d in self.skipped for d in node.depends_on or ()
        )

    def is_skipped(self, node: FlowNode) -> bool:
        """Return whether a condition keeps a ready node, or all before it, from running."""
        needs = node.depends_on or []
        return node.id in self.excluded or (
            bool(needs) and self.skipped.issuperset(needs)
        )


class _Step:
    """A node while it runs."""

    def __init__(self, node: FlowNode, input_data: Dict[str, Any]) -> None:
        self.node = node
        self.input_data = input_data
        self.result_id = ""
        self.started = 0.0
        self.timer: Optional[threading.Timer] = None


class Engine:
    """Runs executions on a pool of threads.

    Args:
        store: Keeps executions and results.
        find_agent: Returns the agent of an id; `None` if there is none.
        max_workers: How many nodes run at once, over all executions.
        telemetry: Records nodes and agents.
        tenant: Whose executions they are.
    """

    def __init__(
        self,
        store: Store,
        find_agent: FindAgent,
        max_workers: int,
        telemetry: Telemetry = Telemetry(),
        tenant: Optional[str] = None,
    ) -> None:
        self._store = store
        self._find_agent = find_agent
        self._telemetry, self._tenant = telemetry, tenant
        self._workers = Workers(max_workers, "ai-spine-node")
        self._runs: Dict[str, _Run] = {}
        self._lock = threading.Lock()

    def plan(self, flow: Flow) -> Plan:
        """Return a flow with the agents that it has now."""
        agent_ids = {node.agent_id for node in flow.nodes if node.agent_id is not None}
        return Plan(flow, {each: self._look_up(each) for each in agent_ids})

    def start(
        self, execution_id: str, plan: Plan, input_data: Mapping[str, Any]
    ) -> None:
        """Start an execution that the store has as pending."""
        run = _Run(execution_id, plan, input_data)
        run.place, run.tenant = self._telemetry.here(), self._tenant
        with self._lock:
            self._runs[execution_id] = run
        with self._whatever_happens(run), run.lock:
            self._advance(run)

    def cancel(self, execution_id: str) -> bool:
        """Cancel an execution, and return whether it was running.

        Nodes that have not started never start; the output of running ones is dropped.
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
        """Drop all runs; nothing more is recorded about them."""
        with self._lock:
            runs = list(self._runs.values())
            self._runs.clear()
        for run in runs:
            with run.lock:
                run.ended = True
                _stop_timers(run)

    def close(self) -> None:
        """Drop all runs and end the threads, without waiting for agents that still work."""
        self.stop_all()
        self._workers.close()

    def _look_up(self, agent_id: str) -> Optional[AnyAgent]:
        try:
            return self._find_agent(agent_id)
        except (ValueError, RecursionError):  # the database has what is not ours
            log.exception("agent %r cannot be read", agent_id)
            return None

    def _advance(self, run: _Run) -> None:
        """Start or skip each node that is ready, and end the run when none is left."""
        ready = [node for node in run.waiting.values() if run.is_ready(node)]
        while ready:
            for node in ready:
                del run.waiting[node.id]
                if run.is_skipped(node):
                    run.skipped.add(node.id)
                    self._store.skip_node(run.execution_id, node.id, node.agent_id)
                else:
                    step = run.running[node.id] = _Step(node, run.input_of(node))
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

    def _work(self, run: _Run, step: _Step) -> None:
        """Run one node; the body of a worker thread."""
        with self._whatever_happens(run):
            if self._begin(run, step):
                self._settle(run, step, *self._traced_outcome_of(run, step))

    def _time_out(self, run: _Run, step: _Step, words: str) -> None:
        """End a node that took too long; the body of a timer's thread."""
        with self._whatever_happens(run):
            self._settle(run, step, None, words)

    @contextmanager
    def _whatever_happens(self, run: _Run) -> Iterator[None]:
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

    def _begin(self, run: _Run, step: _Step) -> bool:
        """Record that a node runs, unless its run has ended before its turn."""
        timeout = _timeout_of(step.node)
        with run.lock:
            if run.ended:
                return False
            step.started = time.monotonic()
            self._store.start_execution(run.execution_id)
            step.result_id = self._store.start_node(
                run.execution_id, step.node.id, step.node.agent_id, step.input_data
            )
            if timeout is not None:
                late = f"timed out after {timeout:g} s"
                step.timer = threading.Timer(timeout, self._time_out, (run, step, late))
                step.timer.daemon = True
                step.timer.start()
        return True

    def _traced_outcome_of(self, run: _Run, step: _Step) -> Outcome:
        name, known = f"node {step.node.id}", self._known_of(run, step)
        with self._telemetry.span_at(run.place, name, **known) as later:
            output, failure = self._outcome_of(run, step)
            if failure is not None:
                later["failure"] = failure
        return output, failure

    def _known_of(self, run: _Run, step: _Step) -> Dict[str, Any]:
        """Return the attributes of a node's span, and of its agent's."""
        node = {"node_id": step.node.id, "agent_id": step.node.agent_id}
        of_run = {"execution_id": run.execution_id, "flow_id": run.flow_id}
        return {**node, **of_run, "tenant": run.tenant}

    def _outcome_of(self, run: _Run, step: _Step) -> Outcome:
        """Return a node's output and why it failed; one of them is `None`."""
        node = step.node
        if node.agent_id is None:
            return step.input_data, None  # it passes on what it gets
        agent = run.agents[node.agent_id]
        if agent is None:
            return None, f"agent {node.agent_id!r} is not there"
        config, timeout = dict(node.config or {}), _timeout_of(node)
        try:
            known = self._known_of(run, step)
            with self._telemetry.span(f"agent {node.agent_id}", **known):
                headers = self._telemetry.headers()
                task = Task(
                    run.execution_id, node.id, step.input_data, config, timeout, headers
                )
                return _checked_output(node.agent_id, agent.run(task)), None
        except AgentFailed as error:
            return None, str(error)

    def _settle(
        self,
        run: _Run,
        step: _Step,
        output: Optional[Dict[str, Any]],
        failure: Optional[str],
    ) -> None:
        """Record how a node ended, unless it or the run has ended already."""
        with run.lock:
            if run.ended or run.running.get(step.node.id) is not step:
                return
            del run.running[step.node.id]
            if step.timer is not None:
                step.timer.cancel()
            if output is not None:
                try:
                    run.excluded |= excluded_nodes(step.node.conditions or {}, output)
                except CannotCompare as error:
                    failure = one_line(str(error), 500)
            self._note(step, output, failure)
            if failure is not None:
                words = f"Node {step.node.id!r} failed: {failure}"
                self._end(run, ExecutionStatus.FAILED, error_message=words)
                return
            run.outputs[step.node.id] = output or {}
            self._advance(run)

    def _note(
        self, step: _Step, output: Optional[Dict[str, Any]], failure: Optional[str]
    ) -> None:
        milliseconds = round(1000 * (time.monotonic() - step.started))
        status = (
            ExecutionStatus.COMPLETED if failure is None else ExecutionStatus.FAILED
        )
        self._store.finish_node(
            step.result_id,
            status,
            milliseconds,
            output_data=output,
            error_message=failure,
        )

    def _end(self, run: _Run, status: ExecutionStatus, **result: Any) -> bool:
        if run.ended:
            return False
        run.ended = True
        _stop_timers(run)
        with self._lock:
            self._runs.pop(run.execution_id, None)
        return self._store.finish_execution(run.execution_id, status, **result)


def _timeout_of(node: FlowNode) -> Optional[float]:
    return (node.config or {}).get("timeout")


def _stop_timers(run: _Run) -> None:
    for step in run.running.values():
        if step.timer is not None:
            step.timer.cancel()


def _checked_output(agent_id: str, output: Any) -> Dict[str, Any]:
    """Return an agent's output as JSON carries it."""
    subject = f"agent {agent_id!r} returned"
    try:
        checked = json.loads(encode_json({"output": output}))["output"]
    except (ValidationError, RecursionError) as error:
        reason = one_line(str(error))
        raise AgentFailed(f"{subject} what is not JSON: {reason}") from error
    if not isinstance(checked, dict):
        kind = type(output).__name__
        raise AgentFailed(f"{subject} a {kind}, where a mapping is expected")
    if is_too_deep(checked):
        raise AgentFailed(f"{subject} JSON nested deeper than {MAX_DEPTH} levels")
    return checked
