"""Lays out a graph: layers by longest paths, then places side by side."""

from typing import Dict, List, NamedTuple, Sequence

from ai_spine.flows.drawing.shapes import Edge, Graph
from ai_spine.models import FlowNode
from ai_spine.models.graph import topological_order

_SWEEPS = 6
# Edges that pass a layer take a place in it. A drawing with very many would be unreadable anyway.
_MOST_BENDS = 4000


class Layout(NamedTuple):
    """A graph in layers; numbers after those of its shapes are bends of edges that pass a layer."""

    layers: List[List[int]]
    """The members of each layer, from left to right."""
    ways: Dict[Edge, List[int]]
    """The path of each edge: its start, its bends, its end."""

    def links(self) -> List[Edge]:
        """Return the segments of all paths."""
        return [link for way in self.ways.values() for link in zip(way, way[1:])]


def lay_out(graph: Graph) -> Layout:
    """Put the nodes into layers, ordered so that few edges cross."""
    depth = _depths(graph)
    layers: List[List[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for node, level in enumerate(depth):
        layers[level].append(node)
    spans = sum(depth[end] - depth[start] - 1 for start, end in graph.edges)
    bends = len(depth)
    ways: Dict[Edge, List[int]] = {}
    for start, end in graph.edges:
        levels = range(depth[start] + 1, depth[end]) if spans <= _MOST_BENDS else ()
        way = [start, *range(bends, bends + len(levels)), end]
        for level, bend in zip(levels, way[1:]):
            layers[level].append(bend)
        bends += len(levels)
        ways[start, end] = way
    layout = Layout(layers, ways)
    _uncross(layout, bends)
    return layout


def _depths(graph: Graph) -> List[int]:
    needs: List[List[int]] = [[] for _ in graph.shapes]
    for start, end in graph.edges:
        needs[end].append(start)
    nodes = [
        FlowNode(str(node), depends_on=[str(need) for need in found])
        for node, found in enumerate(needs)
    ]
    depth = [0] * len(nodes)
    for name in topological_order(nodes):
        node = int(name)
        depth[node] = max((depth[need] + 1 for need in needs[node]), default=0)
    return depth


def _uncross(layout: Layout, count: int) -> None:
    """Order each layer by the median of its neighbours, back and forth."""
    above, below = neighbours(layout, count)
    place = [0] * count
    for layer in layout.layers:
        _note(layer, place)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        linked = above if down else below
        for layer in layout.layers if down else reversed(layout.layers):
            layer.sort(key=lambda v: _mean([place[o] for o in linked[v]], place[v]))
            _note(layer, place)


def _note(layer: List[int], place: List[int]) -> None:
    for position, vertex in enumerate(layer):
        place[vertex] = position


def neighbours(layout: Layout, count: int) -> Sequence[List[List[int]]]:
    """Return the neighbours of each vertex above it, and below it."""
    above: List[List[int]] = [[] for _ in range(count)]
    below: List[List[int]] = [[] for _ in range(count)]
    for start, end in layout.links():
        above[end].append(start)
        below[start].append(end)
    return above, below


def centres(layout: Layout, widths: Sequence[float], gap: float) -> List[float]:
    """Return the middle of each vertex: near its neighbours, and none over another.

    Args:
        layout: The layers.
        widths: How wide each vertex is.
        gap: What is left free between two.
    """
    linked = neighbours(layout, len(widths))
    middle = [0.0] * len(widths)
    for layer in layout.layers:
        _settle(layer, [0.0] * len(layer), widths, gap, middle)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        sides = linked[0] if down else linked[1]
        for layer in layout.layers if down else reversed(layout.layers):
            wanted = [_mean([middle[o] for o in sides[v]], middle[v]) for v in layer]
            _settle(layer, wanted, widths, gap, middle)
    left = min((m - w / 2 for m, w in zip(middle, widths)), default=0.0)
    return [place - left for place in middle]


def _mean(values: List[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _settle(
    layer: List[int],
    wanted: List[float],
    widths: Sequence[float],
    gap: float,
    middle: List[float],
) -> None:
    """Place a layer as near to the wanted places as possible, in order and without overlaps."""
    offsets, offset = [], 0.0
    for before, vertex in zip([None, *layer], layer):
        if before is not None:
            offset += (widths[before] + widths[vertex]) / 2 + gap
        offsets.append(offset)
    # Each group moves as one, to where its members want to be on average.
    groups: List[List[float]] = []
    for place, shift in zip(wanted, offsets):
        groups.append([place - shift, 1])
        while len(groups) > 1 and groups[-2][0] >= groups[-1][0]:
            last, size = groups.pop()
            first, count = groups[-1]
            total = size + count
            groups[-1] = [(first * count + last * size) / total, total]
    settled = [place for place, size in groups for _ in range(int(size))]
    for vertex, place, shift in zip(layer, settled, offsets):
        middle[vertex] = place + shift
