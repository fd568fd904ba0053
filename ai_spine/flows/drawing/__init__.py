"""Pictures of flows and executions: as text, SVG, Mermaid and Graphviz. Pure.

Whatever a flow holds can be drawn: circles, dependencies that are not there, nodes without an id.
Nothing in an id can leave its place: it is shown, and never run.
"""

from ai_spine.flows.drawing.markup import flow_as_dot, flow_as_mermaid
from ai_spine.flows.drawing.svg import flow_as_svg
from ai_spine.flows.drawing.text import flow_as_text
from ai_spine.flows.drawing.timeline import timeline_as_svg

__all__ = [
    "flow_as_dot",
    "flow_as_mermaid",
    "flow_as_svg",
    "flow_as_text",
    "timeline_as_svg",
]
