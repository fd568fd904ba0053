"""What to draw of a flow: nodes as shapes and dependencies as edges, however broken it is."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from ai_spine.flows.drawing.theme import MISSING
from ai_spine.models import Flow
from ai_spine.models.graph import NODE_TYPES
from ai_spine.models.statuses import read_status

Edge = Tuple[int, int]


class Shape(NamedTuple):
    """A node, or a dependency that does not exist."""

    id: str
    """The node's id; if it has none, its `repr`."""
    kind: str
    """One of `NODE_TYPES`, or `missing`."""
    agent: Optional[str] = None
    """The agent that does its work."""
    state: Optional[str] = None
    """Its status in an execution."""


class Graph(NamedTuple):
    """The shapes of a flow, and its edges as pairs of positions: from, to."""

    shapes: List[Shape]
    edges: List[Edge]
    """The edges without those that close a circle."""
    back: List[Edge]
    """The edges that close a circle."""


def read_graph(flow: Flow, states: Optional[Mapping[str, Any]] = None) -> Graph:
    """Read the shapes and edges of a flow, valid or not.

    Args:
        flow: The flow.
        states: The status of each node, by its id; nodes that it leaves out have none.
    """
    nodes = flow.nodes if isinstance(flow.nodes, list) else []
    shapes = [_read_shape(node, states or {}) for node in nodes]
    place: Dict[str, int] = {}
    for position, shape in enumerate(shapes):
        place.setdefault(shape.id, position)
    edges: Dict[Edge, None] = {}
    for position, node in enumerate(nodes):
        for need in _needs(node):
            if need not in place:
                place[need] = len(shapes)
                shapes.append(Shape(need, MISSING))
            edges[place[need], position] = None
    back = _closing_edges(len(shapes), list(edges))
    return Graph(shapes, [edge for edge in edges if edge not in back], sorted(back))


def _read_shape(node: Any, states: Mapping[str, Any]) -> Shape:
    node_id = getattr(node, "id", node)
    name = node_id if isinstance(node_id, str) else repr(node_id)
    kind = getattr(node, "type", None)
    agent = getattr(node, "agent_id", None)
    state = states.get(name)
    return Shape(
        name,
        kind if isinstance(kind, str) and kind in NODE_TYPES else "processor",
        None if agent is None else str(agent),
        None if state is None else str(read_status(state)),
    )


def _needs(node: Any) -> List[str]:
    found = getattr(node, "depends_on", None)
    if isinstance(found, str):
        return [found]
    if not isinstance(found, (list, tuple)):
        return []
    return [need if isinstance(need, str) else repr(need) for need in found]


def _closing_edges(count: int, edges: List[Edge]) -> Set[Edge]:
    """Find the edges to leave out so that no circle is left; without recursion."""
    after: List[List[int]] = [[] for _ in range(count)]
    for start, end in edges:
        after[start].append(end)
    needed = {end for _, end in edges}
    starts = sorted(range(count), key=lambda node: node in needed)
    closing: Set[Edge] = set()
    seen: Set[int] = set()
    for start in starts:
        if start not in seen:
            closing |= _closing_edges_from(start, after, seen)
    return closing


def _closing_edges_from(
    start: int, after: List[List[int]], seen: Set[int]
) -> Set[Edge]:
    closing: Set[Edge] = set()
    path, ways = {start}, [(start, iter(after[start]))]
    seen.add(start)
    while ways:
        node, ends = ways[-1]
        end = next(ends, None)
        if end is None:
            path.discard(node)
            ways.pop()
        elif end in path:
            closing.add((node, end))
        elif end not in seen:
            seen.add(end)
            path.add(end)
            ways.append((end, iter(after[end])))
    return closing
