"""An execution and its nodes while they run, and what an agent may return."""

import concurrent.futures
import inspect
import json
import threading
from typing import Any, Dict, Mapping, NamedTuple, Optional, Set

from ai_spine.exceptions import ValidationError
from ai_spine.flows.definitions import MAX_DEPTH, is_too_deep
from ai_spine.local.agents.functions import AnyAgent
from ai_spine.local.agents.http_agents import AgentFailed
from ai_spine.local.engine.node_logs import NodeLog
from ai_spine.models import Flow, FlowNode
from ai_spine.policy.json_encoding import encode_json
from ai_spine.utils import one_line


class Plan(NamedTuple):
    """A flow and its agents, as they are when an execution starts: it keeps them."""

    flow: Flow
    agents: Mapping[str, Optional[AnyAgent]]


class Run:
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
        self.running: Dict[str, "Step"] = {}
        self.outputs: Dict[str, Dict[str, Any]] = {}
        self.skipped: Set[str] = set()
        self.excluded: Set[str] = set()
        self.ended = False
        self.tenant: Optional[str] = None
        self.place: Any = None
        """Where its trace goes on; `None` if it has none."""

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

    def has(self, step: "Step") -> bool:
        """Return whether a node runs, and has not ended in any way."""
        return not self.ended and self.running.get(step.node.id) is step

    def stop(self) -> None:
        """Stop what belongs to the nodes that run."""
        for step in self.running.values():
            step.stop()


class Step:
    """A node while it runs."""

    def __init__(self, node: FlowNode, input_data: Dict[str, Any]) -> None:
        self.node = node
        self.input_data = input_data
        self.timeout: Optional[float] = (node.config or {}).get("timeout")
        """Seconds that it may take."""
        self.result_id = ""
        self.started = 0.0
        self.timer: Optional[threading.Timer] = None
        self.future: "Optional[concurrent.futures.Future[Any]]" = None
        """What runs on the event loop."""
        self.log: Optional[NodeLog] = None
        """What it prints and logs."""

    def stop(self) -> None:
        """Stop its timer, cancel what runs on the event loop, and store its log."""
        if self.timer is not None:
            self.timer.cancel()
        if self.future is not None:
            self.future.cancel()
        if self.log is not None:
            self.log.close()


def checked_output(agent_id: str, output: Any) -> Dict[str, Any]:
    """Return an agent's output as JSON carries it."""
    subject = f"agent {agent_id!r} returned"
    if inspect.isgenerator(output) or inspect.isasyncgen(output):
        kind = type(output).__name__
        raise AgentFailed(f"{subject} a {kind}, where a mapping is expected")
    if inspect.iscoroutine(output):
        output.close()
        raise AgentFailed(f"{subject} a coroutine, which it must await first")
    try:
        text = encode_json({"output": output})
        checked = json.loads(text.decode("ascii"))["output"]
    except (ValidationError, RecursionError) as error:
        reason = one_line(str(error))
        raise AgentFailed(f"{subject} what is not JSON: {reason}") from error
    if not isinstance(checked, dict):
        kind = type(output).__name__
        raise AgentFailed(f"{subject} a {kind}, where a mapping is expected")
    # With few brackets, it cannot be nested too deeply.
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and is_too_deep(checked):
        raise AgentFailed(f"{subject} JSON nested deeper than {MAX_DEPTH} levels")
    return checked
