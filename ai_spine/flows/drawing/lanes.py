"""Routes the lines between two layers of boxes, so that none runs over another. Pure."""

from typing import Dict, List, NamedTuple, Optional, Sequence, Set

from ai_spine.flows.drawing.layout import Layout


class CannotRoute(ValueError):
    """Two lines would run over each other."""


class Net(NamedTuple):
    """The line from one vertex to all its successors in the next layer."""

    source: int
    """The vertex that it starts from."""
    start: int
    """The column that it starts from."""
    ends: Dict[int, int]
    """The column at which it reaches each vertex."""
    track: Optional[int]
    """The row that it goes sideways in; `None` if it goes straight down."""


class Route(NamedTuple):
    """All lines between two layers."""

    nets: List[Net]
    tracks: int
    """How many rows they need to run sideways."""


def route(
    layout: Layout,
    upper: Sequence[int],
    lower: Sequence[int],
    middles: Sequence[int],
    widths: Sequence[int],
) -> Route:
    """Route the lines between a layer and the next.

    Raises:
        CannotRoute: Two lines would run over each other.
    """
    sources = _sources(layout, lower)
    ports = {vertex: middles[vertex] for vertex in upper}
    ends: Dict[int, Dict[int, int]] = {vertex: {} for vertex in upper}
    for vertex in lower:
        found = sorted(sources[vertex], key=lambda source: middles[source])
        reach = max((widths[vertex] - 3) // 2, 0)
        at = _entries(found, middles[vertex], reach, ports)
        for source, column in zip(found, at):
            ends[source][vertex] = column
    starts = {vertex: ports[vertex] for vertex in upper if ends[vertex]}
    tracks = _assign_tracks(starts, ends)
    nets = [Net(v, starts[v], ends[v], tracks.get(v)) for v in starts]
    return Route(nets, max(tracks.values(), default=-1) + 1)


def _sources(layout: Layout, lower: Sequence[int]) -> Dict[int, List[int]]:
    sources: Dict[int, List[int]] = {vertex: [] for vertex in lower}
    for start, end in layout.links():
        if end in sources:
            sources[end].append(start)
    return sources


def _entries(
    found: List[int], middle: int, reach: int, ports: Dict[int, int]
) -> List[int]:
    """Return the columns at which a vertex is entered, one for each source, from left to right."""
    if len(found) == 1 and abs(ports[found[0]] - middle) <= reach:
        return [ports[found[0]]]
    step = 2 if len(found) <= reach + 1 else 1
    if step * (len(found) - 1) > 2 * reach:
        raise CannotRoute("more lines than a box is wide")
    first = middle - step * (len(found) - 1) // 2
    columns: List[int] = []
    for position, source in enumerate(found):
        taken = {port for other, port in ports.items() if other != source}
        wanted = first + position * step
        least = columns[-1] + 1 if columns else middle - reach
        near = (wanted, wanted - 1, wanted + 1)
        free = [c for c in near if c not in taken and least <= c <= middle + reach]
        columns.append(free[0] if free else max(wanted, least))
    return columns


def _assign_tracks(
    starts: Dict[int, int], ends: Dict[int, Dict[int, int]]
) -> Dict[int, int]:
    """Return the row of each line that is not straight, above those that end in its column."""
    bent = {v for v in starts if set(ends[v].values()) != {starts[v]}}
    at_top = {column: vertex for vertex, column in starts.items()}
    above: Dict[int, Set[int]] = {vertex: set() for vertex in bent}
    for vertex in starts:
        for column in ends[vertex].values():
            other = at_top.get(column, vertex)
            if other != vertex and (other not in bent or vertex not in bent):
                raise CannotRoute("a line would run over a straight one")
            if other != vertex:
                above[vertex].add(other)
    tracks: Dict[int, int] = {}
    rows: List[List[range]] = []
    while len(tracks) < len(bent):
        ready = [v for v in bent - set(tracks) if above[v] <= set(tracks)]
        if not ready:
            raise CannotRoute("lines would have to be above each other")
        for vertex in sorted(ready, key=starts.__getitem__):
            least = max((tracks[other] + 1 for other in above[vertex]), default=0)
            tracks[vertex] = _free_row(rows, _span(starts[vertex], ends[vertex]), least)
    return tracks


def _span(start: int, ends: Dict[int, int]) -> range:
    columns = [start, *ends.values()]
    return range(min(columns) - 1, max(columns) + 2)


def _free_row(rows: List[List[range]], span: range, least: int) -> int:
    row = least
    while row < len(rows) and any(
        span.start < other.stop and other.start < span.stop for other in rows[row]
    ):
        row += 1
    rows.extend([] for _ in range(row + 1 - len(rows)))
    rows[row].append(span)
    return row
