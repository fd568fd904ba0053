"""Pictures of flows and executions, for any place: the public name of `ai_spine.flows.drawing`."""

from ai_spine.flows.drawing import (
    flow_as_dot,
    flow_as_mermaid,
    flow_as_svg,
    flow_as_text,
    timeline_as_svg,
)

__all__ = [
    "flow_as_dot",
    "flow_as_mermaid",
    "flow_as_svg",
    "flow_as_text",
    "timeline_as_svg",
]
