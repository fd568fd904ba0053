"""Flows in the languages of other drawing tools: Mermaid, and Graphviz's dot."""

import re
from typing import List

from ai_spine.flows.drawing.shapes import Shape, read_graph
from ai_spine.flows.drawing.theme import FILLS, MISSING, shorten, printable
from ai_spine.models import Flow

_LABEL = 40
_MERMAID_SHAPES = {
    "input": ("([", "])"),
    "processor": ("[", "]"),
    "output": ("[[", "]]"),
    "conditional": ("{{", "}}"),
    MISSING: ("(", ")"),
}
_DOT_SHAPES = {
    "input": 'shape=box, style="filled,rounded"',
    "processor": 'shape=box, style="filled"',
    "output": 'shape=octagon, style="filled"',
    "conditional": 'shape=hexagon, style="filled"',
    MISSING: 'shape=box, style="filled,dashed"',
}
# Letters and digits of any script are harmless, and so are these signs between two of them.
_MERMAID_SPECIAL = re.compile(r"(?<![^\W_])[_.-]|[_.-](?![^\W_])|[^\w .-]")


def flow_as_mermaid(flow: Flow) -> str:
    """Return a flow as a Mermaid flowchart, for Markdown pages that render it.

    Example:
        >>> print(flow_as_mermaid(client.get_flow("sentiment-analysis")), end="")
        flowchart TD
            n0(["text"]):::input
            n1[["sentiment"]]:::output
            n0 --> n1
            classDef input fill:#1a6bc4,stroke:#1a6bc4,color:#ffffff
            classDef output fill:#1d7a46,stroke:#1d7a46,color:#ffffff
    """
    graph = read_graph(flow)
    lines = []
    for number, shape in enumerate(graph.shapes):
        start, end = _MERMAID_SHAPES[shape.kind]
        label = _mermaid_text(_label(shape))
        lines.append(f'n{number}{start}"{label}"{end}:::{shape.kind}')
    lines += [f"n{start} --> n{end}" for start, end in graph.edges]
    lines += [f"n{start} -.-> n{end}" for start, end in graph.back]
    for kind in dict.fromkeys(shape.kind for shape in graph.shapes):
        fill = FILLS[kind]
        lines.append(f"classDef {kind} fill:{fill},stroke:{fill},color:#ffffff")
    return "".join(f"{line}\n" for line in ["flowchart TD", *_indented(lines)])


def flow_as_dot(flow: Flow) -> str:
    """Return a flow in the DOT language of Graphviz.

    Example:
        >>> print(flow_as_dot(client.get_flow("sentiment-analysis")).splitlines()[-2])
            n0 -> n1
    """
    graph = read_graph(flow)
    lines = [
        f"label={_dot_text(_name(flow))}",
        'node [fontname="Helvetica", fontcolor="#ffffff"]',
    ]
    for number, shape in enumerate(graph.shapes):
        colour = f'color="{FILLS[shape.kind]}"'
        texts = f"label={_dot_text(_label(shape))}, tooltip={_dot_text(printable(shape.id))}"
        lines.append(f"n{number} [{texts}, {_DOT_SHAPES[shape.kind]}, {colour}]")
    lines += [f"n{start} -> n{end}" for start, end in graph.edges]
    lines += [f"n{start} -> n{end} [style=dashed]" for start, end in graph.back]
    return "".join(f"{line}\n" for line in ["digraph {", *_indented(lines), "}"])


def _indented(lines: List[str]) -> List[str]:
    return [f"    {line}" for line in lines]


def _name(flow: Flow) -> str:
    return shorten(str(flow.name or flow.flow_id or ""), _LABEL)


def _label(shape: Shape) -> str:
    label = shorten(shape.id, _LABEL)
    return f"{label} (missing)" if shape.kind == MISSING else label or " "


def _mermaid_text(text: str) -> str:
    """Return a text in which every special character is replaced by its number."""
    return _MERMAID_SPECIAL.sub(lambda sign: f"#{ord(sign.group())};", text)


def _dot_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{escaped}"'
