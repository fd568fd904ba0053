"""The definition of a flow: what its author writes and the server keeps."""

from typing import Any, Dict, List, Mapping, Optional, Type, TypeVar

from ai_spine.models.base import Model, attribute, hidden, required
from ai_spine.models.lazy_dataclass import lazy_dataclass

SCHEMA_FIELDS = ("input_schema", "output_schema")
D = TypeVar("D", bound="FlowDefinition")


def _read_nodes(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [
        FlowNode.from_wire(node) if isinstance(node, Mapping) else node
        for node in value
    ]


@lazy_dataclass(frozen=True, eq=False, repr=False)
class FlowNode(Model):
    """One node of a flow: an agent with its configuration."""

    id: str = required()
    """Unique within the flow."""
    agent_id: Optional[str] = attribute()
    """The agent that does the work; input, output and conditional nodes need none."""
    type: Optional[str] = attribute()
    """`input`, `processor`, `output` or `conditional`."""
    depends_on: Optional[List[str]] = attribute()
    """The nodes that must be done before this one starts."""
    config: Optional[Dict[str, Any]] = hidden()
    """Passed to the agent with its input; `timeout` is in seconds."""
    conditions: Optional[Dict[str, Any]] = hidden()
    """For a conditional node: which of its dependents run."""


@lazy_dataclass(frozen=True, eq=False, repr=False)
class FlowDefinition(Model):
    """What the author of a flow writes: a directed acyclic graph of nodes."""

    flow_id: str = required("id")
    """The flow's name in the API."""
    name: Optional[str] = attribute()
    """The flow's display name."""
    description: Optional[str] = hidden()
    """What the flow does."""
    version: Any = attribute()
    """Text or a whole number, as the server stores it."""
    nodes: List[FlowNode] = attribute(read=_read_nodes)
    """The nodes, in no particular order."""
    entry_point: Optional[str] = hidden()
    """The id of the node that takes the input."""
    exit_points: Optional[List[str]] = hidden()
    """The ids of the nodes whose outputs are the execution's output."""
    metadata: Optional[Dict[str, Any]] = hidden()
    """Anything that the author attached."""
    input_schema: Optional[Dict[str, Any]] = hidden()
    """What its input must be, as a JSON Schema."""
    output_schema: Optional[Dict[str, Any]] = hidden()
    """What its output is, as a JSON Schema."""

    @classmethod
    def from_wire(cls: Type[D], data: Any) -> D:
        """Read a definition; its schemas may stand in its metadata.

        Servers that do not know schemas keep them there.

        Raises:
            UnexpectedResponse: `data` is not a JSON object.
        """
        flow = super().from_wire(data)
        metadata = flow.metadata
        if isinstance(metadata, Mapping):
            for name in SCHEMA_FIELDS:
                if getattr(flow, name) is None:
                    object.__setattr__(flow, name, metadata.get(name))
        return flow
