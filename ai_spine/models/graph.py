"""The graph of a flow: its problems, and the order in which its nodes can run. Pure."""

import itertools
from collections import Counter
from typing import Any, Container, Dict, Iterator, List, Optional, Sequence

from ai_spine.constants import MAX_SECONDS
from ai_spine.models.conditions import find_condition_problems
from ai_spine.models.definition import FlowDefinition, FlowNode

_LONGEST_MISSPELT, _MOST_MISSPELT = 30, 200
NODE_TYPES = ("input", "processor", "output", "conditional")


def find_problems(
    flow: FlowDefinition, agent_ids: Optional[Container[str]] = None
) -> List[str]:
    """Return everything that keeps a flow from running.

    Args:
        flow: The flow.
        agent_ids: The agents there are; `None` leaves the agents unchecked.

    Returns:
        One clause for each problem; none for a sound flow.

    Example:
        >>> from ai_spine import Flow, FlowNode
        >>> flow = Flow("f", nodes=[FlowNode("a", type="input", depends_on=["b"])], entry_point="a")
        >>> find_problems(flow)
        ["node 'a' depends on 'b', an unknown node", 'it has no exit points']
    """
    malformed = list(_shape_problems(flow))
    if malformed:
        return malformed
    problems = [*_spelling_problems(flow), *_node_problems(flow.nodes, agent_ids)]
    problems += [*_cycle_problems(flow.nodes), *_end_problems(flow)]
    return problems or [*find_condition_problems(flow), *_timeout_problems(flow)]


def topological_order(nodes: Sequence[FlowNode]) -> List[str]:
    """Return the ids of the nodes, each after its dependencies.

    Nodes of a circle, and those behind it, are left out.

    Example:
        >>> from ai_spine import FlowNode
        >>> topological_order([FlowNode("b", depends_on=["a"]), FlowNode("a")])
        ['a', 'b']
    """
    needs = {node.id: set(node.depends_on or ()) for node in nodes}
    place = {node_id: position for position, node_id in enumerate(needs)}
    waits = {
        node_id: sum(n in needs for n in found) for node_id, found in needs.items()
    }
    dependents: Dict[str, List[str]] = {node_id: [] for node_id in needs}
    for node_id, found in needs.items():
        for need in found.intersection(needs):
            dependents[need].append(node_id)
    ready = [node_id for node_id, count in waits.items() if not count]
    order: List[str] = []
    while ready:
        order += ready
        freed = [dependent for node_id in ready for dependent in dependents[node_id]]
        for dependent in freed:
            waits[dependent] -= 1
        ready = sorted({d for d in freed if not waits[d]}, key=place.__getitem__)
    return order


def _shape_problems(flow: FlowDefinition) -> Iterator[str]:
    if not isinstance(flow.flow_id, str) or not flow.flow_id:
        yield "it has no flow_id"
    if not isinstance(flow.nodes, list) or not flow.nodes:
        yield "it has no nodes"
        return
    if flow.entry_point is not None and not isinstance(flow.entry_point, str):
        yield "entry_point must be a node id"
    if flow.exit_points is not None and not _is_text_list(flow.exit_points):
        yield "exit_points must be a list of node ids"
    for position, node in enumerate(flow.nodes):
        if not _has_text_id(node):
            yield f"nodes[{position}] has no id"
        else:
            yield from _node_shape_problems(node)


def _has_text_id(node: Any) -> bool:
    node_id = getattr(node, "id", None)  # a node that is not a mapping has no id
    return isinstance(node_id, str) and bool(node_id)


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
                yield f"node {node.id!r} depends on {dependency!r}, an unknown node"
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
            yield f"node {node.id!r} names the agent {node.agent_id!r}, which does not exist"


def _cycle_problems(nodes: Sequence[FlowNode]) -> Iterator[str]:
    ordered = set(topological_order(nodes))
    left = {node.id: node.depends_on or [] for node in nodes if node.id not in ordered}
    if left:
        path = [next(iter(left))]
        while path[-1] not in path[:-1]:
            path.append(next(need for need in left[path[-1]] if need in left))
        circle = " -> ".join(path[path.index(path[-1]) :])
        yield f"its nodes depend on each other in a circle: {circle}"


def _end_problems(flow: FlowDefinition) -> Iterator[str]:
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


def _spelling_problems(flow: FlowDefinition) -> Iterator[str]:
    """Find unknown fields whose names are almost those of known ones."""
    places = [("it", flow), *((f"node {node.id!r}", node) for node in flow.nodes)]
    unknown = (
        (where, name, model.field_names())
        for where, model in places
        for name in model
        if name not in model.field_names() and len(name) <= _LONGEST_MISSPELT
    )
    import difflib  # only when something is misspelt

    # Comparing takes time, and thousands of such fields are not typos.
    for where, name, known in itertools.islice(unknown, _MOST_MISSPELT):
        meant = difflib.get_close_matches(name, known, 1, 0.8)
        if meant:
            yield f"{where} has a field {name!r}; {meant[0]!r} is meant"


def _timeout_problems(flow: FlowDefinition) -> Iterator[str]:
    for node in flow.nodes:
        timeout = (node.config or {}).get("timeout")
        if timeout is not None and not _is_seconds(timeout):
            yield f"node {node.id!r}: config.timeout must be a number of seconds above zero"


def _is_seconds(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 < value <= MAX_SECONDS
