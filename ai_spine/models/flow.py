"""A flow: its definition, its dates, and whether its graph is valid."""

from datetime import datetime
from typing import Container, List, Optional

from ai_spine.exceptions import ValidationError
from ai_spine.models.base import hidden
from ai_spine.models.definition import FlowDefinition
from ai_spine.models.lazy_dataclass import lazy_dataclass
from ai_spine.utils import parse_timestamp


@lazy_dataclass(frozen=True, eq=False, repr=False)
class Flow(FlowDefinition):
    """A directed acyclic graph of nodes.

    Example:
        >>> flow = Flow.from_wire({"flow_id": "f", "nodes": [{"id": "n", "agent_id": "echo"}]})
        >>> flow.nodes[0].agent_id
        'echo'
    """

    created_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was created, in UTC."""
    updated_at: Optional[datetime] = hidden(read=parse_timestamp)
    """When it was last changed, in UTC."""

    def order(self) -> List[str]:
        """Return the ids of the nodes, each after its dependencies.

        Raises:
            ValidationError: The graph is not sound.
        """
        from ai_spine.models.graph import topological_order  # few programs need it

        self.validate()
        return topological_order(self.nodes)

    def validate(self, agent_ids: Optional[Container[str]] = None) -> None:
        """Check the flow by the rules of the local server.

        Args:
            agent_ids: The agents there are; `None` leaves the agents unchecked.

        Raises:
            ValidationError: Something is wrong with it; all of it is named in the one message.

        Example:
            >>> from ai_spine import FlowNode
            >>> node = FlowNode("n", agent_id="echo", depends_on=["m"])
            >>> Flow("f", nodes=[node], entry_point="n", exit_points=["n"]).validate()
            Traceback (most recent call last):
            ai_spine.exceptions.ValidationError: flow 'f': node 'n' depends on 'm', an unknown node
        """
        from ai_spine.models.graph import find_problems

        problems = find_problems(self, agent_ids)
        if problems:
            raise ValidationError(f"flow {self.flow_id!r}: {'; '.join(problems)}")
