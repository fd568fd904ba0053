"""Flows as text: boxes and lines where they fit, an indented list where they do not."""

from typing import Any, Dict, List, Mapping, Optional

from ai_spine.flows.drawing.canvas import Canvas
from ai_spine.flows.drawing.lanes import CannotRoute, Route, route
from ai_spine.flows.drawing.layout import Layout, centres, lay_out
from ai_spine.flows.drawing.shapes import Graph, Shape, read_graph
from ai_spine.flows.drawing.theme import MISSING, columns, look_of, shorten, printable
from ai_spine.models import Flow

_MOST_BOXES = 60  # with more, a list is easier to read than lines between boxes
_LABELS = (32, 24, 16, 12, 8)  # how wide a box's text may be, tried in turn
_GAP = 2
_STATE = 12  # how wide a status may be
_MOST_NEEDS = 8  # how many dependencies a line of a list names


def flow_as_text(
    flow: Flow,
    *,
    states: Optional[Mapping[str, Any]] = None,
    width: int = 80,
    ascii_only: bool = False,
) -> str:
    """Draw a flow for a terminal: boxes and lines where they fit, an indented list where not.

    Inputs have round corners, outputs double lines, and conditional nodes pointed sides.

    Args:
        flow: The flow, sound or not.
        states: The status of each node, by its id.
        width: How many columns there are.
        ascii_only: Whether to do without the characters for lines and signs; ids keep theirs.

    Returns:
        Lines without spaces at their ends, each ended by a newline.

    Example:
        >>> flow = client.get_flow("sentiment-analysis")
        >>> print(flow_as_text(flow, states={"text": "completed"}), end="")
        ╭─────────────╮
        │    text     │
        │ ✓ completed │
        ╰──────┬──────╯
               ▼
         ╔═══════════╗
         ║ sentiment ║
         ╚═══════════╝
    """
    graph = read_graph(flow, states)
    if not graph.shapes:
        return shorten("(no nodes)", width) + "\n"
    drawn = None
    if len(graph.shapes) <= _MOST_BOXES:
        drawn = _as_boxes(graph, width, ascii_only)
    lines = _as_list(graph, width, ascii_only) if drawn is None else drawn
    return "".join(f"{line}\n" for line in lines)


def _as_boxes(graph: Graph, width: int, ascii_only: bool) -> Optional[List[str]]:
    """Draw boxes; return `None` where they do not fit, or where lines would overlap."""
    layout = lay_out(graph)
    for limit in _LABELS:
        texts = [_box_texts(shape, limit, ascii_only) for shape in graph.shapes]
        try:
            lines = _drawn(graph, layout, texts, width, ascii_only)
        except CannotRoute:
            return None
        if lines is not None:
            return lines + _circle_lines(graph, width, ascii_only)
    return None


def _box_texts(shape: Shape, limit: int, ascii_only: bool) -> List[str]:
    texts = [shorten(_name(shape), limit, _ellipsis(ascii_only))]
    if shape.state is not None:
        texts.append(_state_text(shape.state, ascii_only))
    return texts


def _name(shape: Shape) -> str:
    name = printable(shape.id)
    return f"{name}?" if shape.kind == MISSING else name


def _state_text(state: str, ascii_only: bool) -> str:
    look = look_of(state)
    sign = look.plain_sign if ascii_only else look.sign
    return f"{sign} {shorten(state, _STATE, _ellipsis(ascii_only))}"


def _ellipsis(ascii_only: bool) -> str:
    return "..." if ascii_only else "…"


def _drawn(
    graph: Graph, layout: Layout, texts: List[List[str]], width: int, ascii_only: bool
) -> Optional[List[str]]:
    """Draw boxes around texts; return `None` where there are too few columns."""
    widths = [_box_width(lines) for lines in texts]
    bends = max(vertex for layer in layout.layers for vertex in layer) + 1 - len(texts)
    widths += [1] * bends
    middles = [int(middle) for middle in centres(layout, widths, _GAP)]
    if max(m + size // 2 for m, size in zip(middles, widths)) >= width:
        return None
    canvas, row = Canvas(ascii_only), 0
    for number, layer in enumerate(layout.layers):
        tall = 2 + max(len(texts[v]) for v in layer if v < len(texts))
        for vertex in layer:
            if vertex < len(texts):
                left, size = middles[vertex] - widths[vertex] // 2, widths[vertex]
                kind = graph.shapes[vertex].kind
                canvas.box(row, left, size, kind, texts[vertex], tall)
            else:
                canvas.down(vertex, middles[vertex], row, row + tall - 1)
        row += tall
        if layer is not layout.layers[-1]:
            lower = layout.layers[number + 1]
            lines = route(layout, layer, lower, middles, widths)
            row = _draw_lines(canvas, graph, lines, row)
    return canvas.lines()


def _draw_lines(canvas: Canvas, graph: Graph, lines: Route, row: int) -> int:
    """Draw the lines between two layers, and return the row of the next one."""
    last = row + lines.tracks
    for net in lines.nets:
        if net.source < len(graph.shapes):
            canvas.leave(row - 1, net.start, graph.shapes[net.source].kind)
        if net.track is not None:
            bend = row + net.track
            canvas.down(net.source, net.start, row, bend - 1)
            canvas.bend(net.source, bend, net.start, list(net.ends.values()))
            row_below = bend + 1
        else:
            row_below = row
        for vertex, column in net.ends.items():
            canvas.down(net.source, column, row_below, last)
            if vertex < len(graph.shapes):
                canvas.arrow(last, column)
    return last + 1


def _box_width(texts: List[str]) -> int:
    # An odd width has a column in its middle for lines to begin and end at.
    return (max(columns(text) for text in texts) + 4) | 1


def _circle_lines(graph: Graph, width: int, ascii_only: bool) -> List[str]:
    """Return a line for each edge that closes a circle; those are not drawn."""
    arrow = "->" if ascii_only else "→"
    names = [_name(shape) for shape in graph.shapes]
    return [
        shorten(f"circle: {names[a]} {arrow} {names[b]}", width, _ellipsis(ascii_only))
        for a, b in graph.back
    ]


def _as_list(graph: Graph, width: int, ascii_only: bool) -> List[str]:
    """List the nodes, each after its dependencies, and indented deeper."""
    needs: Dict[int, List[str]] = {}
    for start, end in graph.edges:
        needs.setdefault(end, []).append(_name(graph.shapes[start]))
    lines = []
    for depth, layer in enumerate(lay_out(graph).layers):
        indent = " " * min(2 * depth, width // 4)
        for node in (v for v in sorted(layer) if v < len(graph.shapes)):
            line = indent + _entry(
                graph.shapes[node], needs.get(node, []), width, ascii_only
            )
            lines.append(_cut(line, width, ascii_only))
    return lines + _circle_lines(graph, width, ascii_only)


def _entry(shape: Shape, needs: List[str], width: int, ascii_only: bool) -> str:
    """Return a node's line, the most important part first, since the end may be cut."""
    parts = [shorten(_name(shape), max(width // 2, 8), _ellipsis(ascii_only))]
    if shape.state is not None:
        parts.append(_state_text(shape.state, ascii_only))
    if shape.kind != "processor":
        parts.append(f"({shape.kind})")
    if needs:
        shown = ", ".join(shorten(need, _LABELS[0]) for need in needs[:_MOST_NEEDS])
        more = f" and {len(needs) - _MOST_NEEDS} more" * (len(needs) > _MOST_NEEDS)
        parts.append(f"{'<-' if ascii_only else '←'} {shown}{more}")
    return " ".join(parts)


def _cut(line: str, width: int, ascii_only: bool) -> str:
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + shorten(line, width - indent, _ellipsis(ascii_only))
