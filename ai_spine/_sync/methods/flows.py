"""Flows, and their definitions."""

from typing import Any, Dict, List

from ai_spine import operations
from ai_spine._sync.methods.base import Methods
from ai_spine.flows.definitions import Definition, read_definition
from ai_spine.models import Flow
from ai_spine.policy.validation import check_id


class FlowMethods(Methods):
    """The methods of flows."""

    def list_flows(self) -> List[Flow]:
        """Gives all flows.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._list_all(operations.LIST_FLOWS)

    def get_flow(self, flow_id: str) -> Flow:
        """Gives a flow with its nodes.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such flow.
            APIError: The server refused.
            NetworkError: No answer came.

        Example:
            >>> [node.id for node in client.get_flow("sentiment-analysis").nodes]
            ['text', 'sentiment']
        """
        return self._api.call(
            operations.GET_FLOW, ids={"flow_id": check_id("flow_id", flow_id)}
        )

    def create_flow(self, definition: Definition) -> Flow:
        """Adds a flow.

        Args:
            definition: A mapping, a `Flow`, or the path of a YAML or JSON file.

        Raises:
            ValidationError: It is no definition, has no `flow_id`, or is not JSON.
            ConfigurationError: The file cannot be read, or PyYAML is not installed.
            ConflictError: There is such a flow already.
            APIError: The server refused.
            NetworkError: No answer came; `maybe_executed` tells whether it may be there.
        """
        body = read_definition(definition)
        return self._api.call(operations.CREATE_FLOW, body=body).filled(**_told(body))

    def update_flow(self, flow_id: str, definition: Definition) -> Flow:
        """Puts another definition in a flow's place.

        Args:
            flow_id: The flow.
            definition: A mapping, a `Flow`, or the path of a YAML or JSON file.

        Raises:
            ValidationError: It is no definition, is that of another flow, or is not JSON.
            ConfigurationError: The file cannot be read, or PyYAML is not installed.
            NotFoundError: There is no such flow.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        body = read_definition(definition, check_id("flow_id", flow_id))
        updated = self._api.call(
            operations.UPDATE_FLOW, ids={"flow_id": flow_id}, body=body
        )
        return updated.filled(**_told(body))

    def delete_flow(self, flow_id: str) -> bool:
        """Removes a flow.

        Returns:
            Whether there was one to remove.

        Raises:
            ValidationError: The id cannot be one.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._delete(
            operations.DELETE_FLOW, flow_id=check_id("flow_id", flow_id)
        )


def _told(body: Dict[str, Any]) -> Dict[str, Any]:
    """Gives what the caller knows, for servers that answer with no more than a message."""
    flow = Flow.from_wire(body)
    return {
        name: getattr(flow, name)
        for name in ("flow_id", "name", "nodes", "entry_point")
    }
