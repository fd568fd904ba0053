"""The graph of a flow: what is wrong with it, and in which order its nodes can run. Pure."""

from collections import Counter
from typing import Any, Container, Dict, Iterator, List, Optional, Sequence

from ai_spine.models import Flow, FlowNode

NODE_TYPES = ("input", "processor", "output", "conditional")


def find_problems(flow: Flow, agent_ids: Optional[Container[str]] = None) -> List[str]:
    """Names all that keeps a flow from running.

    Args:
        flow: The flow.
        agent_ids: The agents there are; `None` leaves the agents unchecked.

    Returns:
        One clause for each problem; none for a sound flow.

    Example:
        >>> flow = Flow("f", nodes=[FlowNode("a", type="input", depends_on=["b"])], entry_point="a")
        >>> find_problems(flow)
        ["node 'a' depends on 'b', which is no node", 'it has no exit points']
    """
    malformed = list(_shape_problems(flow))
    if malformed:
        return malformed
    problems = list(_node_problems(flow.nodes, agent_ids))
    problems += _cycle_problems(flow.nodes)
    problems += _end_problems(flow)
    return problems


def _shape_problems(flow: Flow) -> Iterator[str]:
    if not isinstance(flow.flow_id, str) or not flow.flow_id:
        yield "it has no flow_id"
    if not isinstance(flow.nodes, list) or not flow.nodes:
        yield "it has no nodes"
        return
    if flow.exit_points is not None and not _is_text_list(flow.exit_points):
        yield "exit_points must be a list of node ids"
    for position, node in enumerate(flow.nodes):
        if (
            not isinstance(node, FlowNode)
            or not isinstance(node.id, str)
            or not node.id
        ):
            yield f"nodes[{position}] has no id"
        else:
            yield from _node_shape_problems(node)


def _node_shape_problems(node: FlowNode) -> Iterator[str]:
    where = f"node {node.id!r}"
    if node.depends_on is not None and not _is_text_list(node.depends_on):
        yield f"{where}: depends_on must be a list of node ids"
    if node.agent_id is not None and not isinstance(node.agent_id, str):
        yield f"{where}: agent_id must be text"
    for name in ("config", "conditions"):
        if not isinstance(getattr(node, name), (dict, type(None))):
            yield f"{where}: {name} must be a mapping"


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _node_problems(
    nodes: Sequence[FlowNode], agent_ids: Optional[Container[str]]
) -> Iterator[str]:
    counts = Counter(node.id for node in nodes)
    for node_id, count in counts.items():
        if count > 1:
            yield f"{count} nodes have the id {node_id!r}"
    for node in nodes:
        for dependency in node.depends_on or ():
            if dependency not in counts:
                yield f"node {node.id!r} depends on {dependency!r}, which is no node"
        if (node.type or "processor") not in NODE_TYPES:
            yield f"node {node.id!r} has the type {node.type!r}, not one of {', '.join(NODE_TYPES)}"
        if node.conditions is not None and node.type != "conditional":
            yield f"node {node.id!r} has conditions, but is not of type conditional"
        if node.agent_id is None and (node.type or "processor") == "processor":
            yield f"node {node.id!r} names no agent"
        if (
            node.agent_id is not None
            and agent_ids is not None
            and node.agent_id not in agent_ids
        ):
            yield f"node {node.id!r} names the agent {node.agent_id!r}, which is not there"


def _cycle_problems(nodes: Sequence[FlowNode]) -> Iterator[str]:
    known = {node.id: [d for d in node.depends_on or () if d] for node in nodes}
    edges = {
        node_id: [d for d in needs if d in known] for node_id, needs in known.items()
    }
    cycle = _find_cycle(edges)
    if cycle:
        yield f"its nodes depend on each other in a circle: {' -> '.join(cycle)}"


def _find_cycle(edges: Dict[str, List[str]]) -> List[str]:
    """Finds one circle by stripping the nodes that depend on nothing until none is left."""
    left = dict(edges)
    while True:
        free = [
            node_id
            for node_id, needs in left.items()
            if not any(n in left for n in needs)
        ]
        if not free:
            break
        for node_id in free:
            del left[node_id]
    if not left:
        return []
    path = [next(iter(left))]
    while path[-1] not in path[:-1]:
        path.append(next(need for need in left[path[-1]] if need in left))
    return path[path.index(path[-1]) :]


def _end_problems(flow: Flow) -> Iterator[str]:
    ids = {node.id for node in flow.nodes}
    if not flow.entry_point:
        yield "it has no entry point"
    elif flow.entry_point not in ids:
        yield f"its entry point {flow.entry_point!r} is no node"
    if not flow.exit_points:
        yield "it has no exit points"
    for exit_point in flow.exit_points or ():
        if exit_point not in ids:
            yield f"its exit point {exit_point!r} is no node"
