"""Flows as SVG."""

from typing import Any, List, Mapping, NamedTuple, Optional

from ai_spine.flows.drawing.elements import clean, number, picture, text, width_of
from ai_spine.flows.drawing.layout import Layout, centres, lay_out
from ai_spine.flows.drawing.shapes import Graph, Shape, read_graph
from ai_spine.flows.drawing.theme import FILLS, MISSING, look_of, shorten, printable
from ai_spine.models import Flow

_LABEL = 28  # columns of an id; the title has all of it
_SMALL = 11
_MARGIN, _GAP, _BETWEEN = 12, 24, 46
_PLAIN, _WITH_STATE = 48, 72  # how high boxes are
_MOST_DESCRIBED = 50  # nodes in the description


class _Box(NamedTuple):
    """Where a shape is drawn."""

    x: float
    y: float
    width: float
    height: float


def flow_as_svg(flow: Flow, *, states: Optional[Mapping[str, Any]] = None) -> str:
    """Draw a flow as a self-contained SVG picture, for light and dark pages.

    Shape, word and colour show a node's type and status.

    Args:
        flow: The flow, sound or not.
        states: The status of each node, by its id.

    Example:
        >>> picture = flow_as_svg(client.get_flow("sentiment-analysis"))
        >>> picture.startswith("<svg "), "<title>sentiment – output: sentiment_scorer" in picture
        (True, True)
    """
    graph = read_graph(flow, states)
    name = printable(str(flow.name or flow.flow_id or ""))
    title = f"Flow {name}"
    if not graph.shapes:
        words = "This flow has no nodes."
        return picture(220, 40, title, words, [text(110, 25, "no nodes")], "flow")
    layout = lay_out(graph)
    boxes = _boxes(graph, layout, _WITH_STATE if states else _PLAIN)
    parts = [_edge([boxes[stop] for stop in way]) for way in layout.ways.values()]
    parts += [_back_edge(boxes[start], boxes[end]) for start, end in graph.back]
    parts += [_node(shape, box) for shape, box in zip(graph.shapes, boxes)]
    margin = _MARGIN + (_GAP if graph.back else 0)  # such edges bulge out
    width = max(box.x + box.width for box in boxes) + margin
    height = max(box.y + box.height for box in boxes) + _MARGIN
    return picture(width, height, title, _described(graph), parts, "flow")


def _boxes(graph: Graph, layout: Layout, height: float) -> List[_Box]:
    """Return the place of each shape, and then of each bend."""
    count = 1 + max(vertex for layer in layout.layers for vertex in layer)
    widths = [_width(shape) for shape in graph.shapes]
    widths += [2.0] * (count - len(widths))
    middles = centres(layout, widths, _GAP)
    boxes = [_Box(0, 0, 0, 0)] * count
    for level, layer in enumerate(layout.layers):
        y = _MARGIN + level * (height + _BETWEEN)
        for vertex in layer:
            left = _MARGIN + middles[vertex] - widths[vertex] / 2
            boxes[vertex] = _Box(left, y, widths[vertex], height)
    return boxes


def _texts(shape: Shape) -> List[str]:
    """Return the lines of a box: its id, its type, and its state."""
    kind = shape.kind if shape.agent is None else f"{shape.kind}: {shape.agent}"
    state = "" if shape.state is None else f"{look_of(shape.state).sign} {shape.state}"
    return [shorten(line, _LABEL) for line in (shape.id, kind, state)]


def _width(shape: Shape) -> float:
    label, kind, state = _texts(shape)
    sizes = width_of(label), width_of(kind, _SMALL), width_of(state, _SMALL) + 16
    return max(max(sizes) + 40, 96)


def _node(shape: Shape, box: _Box) -> str:
    label, kind, state = _texts(shape)
    middle = box.x + box.width / 2
    top = box.y + (0 if state else (box.height - _PLAIN) / 2)
    words = [clean(shape.id), clean(kind), clean(state)]
    parts = [
        f"<title>{' – '.join(word for word in words if word)}</title>",
        _outline(shape.kind, box),
        text(middle, top + 21, label, fill="#ffffff"),
        text(middle, top + 37, kind, fill="#ffffff", size=_SMALL),
    ]
    if state:
        wide = width_of(state, _SMALL) + 16
        parts.append(
            f'<path d="{_pill(middle - wide / 2, box.y + 46, wide, 18)}" fill="#ffffff"/>'
        )
        ink = look_of(shape.state).ink
        parts.append(text(middle, box.y + 59, state, fill=ink, size=_SMALL))
    return f"<g>{''.join(parts)}</g>"


def _pill(x: float, y: float, width: float, height: float) -> str:
    r = height / 2
    return (
        f"M{number(x + r)} {number(y)}h{number(width - height)}"
        f"a{number(r)} {number(r)} 0 0 1 0 {number(height)}h{number(height - width)}"
        f"a{number(r)} {number(r)} 0 0 1 0 {number(-height)}z"
    )


def _outline(kind: str, box: _Box) -> str:
    """Return a shape whose form and fill show the type."""
    fill = f'fill="{FILLS[kind]}"'
    x, y, width, height = box
    if kind == "input":
        return f'<path d="{_pill(x, y, width, height)}" {fill}/>'
    cut, half = (14, height / 2) if kind == "conditional" else (12, 12)
    if kind in ("conditional", "output"):
        corners = [
            (x + cut, y),
            (x + width - cut, y),
            (x + width, y + half),
            (x + width, y + height - half),
            (x + width - cut, y + height),
            (x + cut, y + height),
            (x, y + height - half),
            (x, y + half),
        ]
        points = " ".join(f"{number(a)},{number(b)}" for a, b in corners)
        return f'<polygon points="{points}" {fill}/>'
    dashes = ' stroke="currentColor" stroke-width="2" stroke-dasharray="5 4"'
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
        f'height="{number(height)}" rx="3" {fill}{dashes if kind == MISSING else ""}/>'
    )


def _edge(stops: List[_Box]) -> str:
    """Draw an edge along its bends, with a tip at its end."""
    start, end = stops[0], stops[-1]
    x, y = start.x + start.width / 2, start.y + start.height
    path = [f"M{number(x)} {number(y)}"]
    for stop in stops[1:]:
        to_x = stop.x + stop.width / 2
        to_y = stop.y - (8 if stop is end else 0)
        half = (y + to_y) / 2
        path.append(
            f"C{number(x)} {number(half)} {number(to_x)} {number(half)} "
            f"{number(to_x)} {number(to_y)}"
        )
        if stop is not end:
            path.append(f"V{number(stop.y + stop.height)}")
        x, y = to_x, stop.y + stop.height
    tip = end.x + end.width / 2
    return _line("".join(path)) + _tip(tip, end.y)


def _line(path: str, dashes: str = "") -> str:
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.5" '
        f'stroke-opacity="0.7"{dashes}/>'
    )


def _tip(x: float, y: float) -> str:
    left, right, top = number(x - 4.5), number(x + 4.5), number(y - 9)
    return (
        f'<polygon points="{left},{top} {right},{top} {number(x)},{number(y)}" '
        'fill="currentColor"/>'
    )


def _back_edge(start: _Box, end: _Box) -> str:
    """Draw an edge that closes a circle: dashed, out of the side, and up."""
    x, y = start.x + start.width, start.y + start.height * 0.7
    to_x, to_y = end.x + end.width, end.y + end.height * 0.3
    far = number(max(x, to_x) + _GAP)
    path = (
        f"M{number(x)} {number(y)}C{far} {number(y)} {far} {number(to_y)} "
        f"{number(to_x + 8)} {number(to_y)}"
    )
    tip = (
        f'<polygon points="{number(to_x)},{number(to_y)} {number(to_x + 9)},'
        f'{number(to_y - 4.5)} {number(to_x + 9)},{number(to_y + 4.5)}" fill="currentColor"/>'
    )
    return _line(path, ' stroke-dasharray="5 4"') + tip


def _described(graph: Graph) -> str:
    """Describe the graph in words, for those who cannot see it."""
    needs: List[List[str]] = [[] for _ in graph.shapes]
    for start, end in [*graph.edges, *graph.back]:
        needs[end].append(shorten(graph.shapes[start].id, _LABEL))
    order = [v for layer in lay_out(graph).layers for v in sorted(layer)]
    real = [node for node in order if node < len(graph.shapes)]
    words = [_describe_node(graph.shapes[v], needs[v]) for v in real[:_MOST_DESCRIBED]]
    if len(real) > _MOST_DESCRIBED:
        words.append(f"and {len(real) - _MOST_DESCRIBED} more")
    circle = " Some nodes depend on each other in a circle." if graph.back else ""
    count = f"{len(real)} node{'s' * (len(real) != 1)}"
    return f"{count}: {'; '.join(words)}.{circle}"


def _describe_node(shape: Shape, needs: List[str]) -> str:
    after = f", after {', '.join(needs[:8])}" if needs else ""
    state = f", {printable(shape.state)}" if shape.state else ""
    return f"{shorten(shape.id, _LABEL)} ({shape.kind}){after}{state}"
