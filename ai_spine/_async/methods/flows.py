"""Flows and their definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from ai_spine import operations
from ai_spine._async.methods.base import Methods
from ai_spine.models import Flow
from ai_spine.policy.validation import FlowId, check_bool, check_id

# A client that changes no flows does not pay for its import.
if TYPE_CHECKING:
    from ai_spine.flows.definitions import Definition


class FlowMethods(Methods):
    """Methods of flows."""

    async def list_flows(self, *, mine: bool = False) -> List[Flow]:
        """Return all flows.

        Args:
            mine: Only flows of the key's user.

        Raises:
            ValidationError: `mine` is neither true nor false.
            APIError: The server refused.
            NetworkError: No response came.
        """
        if check_bool("mine", mine):
            return await self._list_all(operations.LIST_MY_FLOWS)
        return await self._list_all(operations.LIST_FLOWS)

    async def get_flow(self, flow_id: FlowId) -> Flow:
        """Return a flow with its nodes.

        Args:
            flow_id: The id of the flow, or the flow.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such flow.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> flow = await client.get_flow("sentiment-analysis")
            >>> [node.id for node in flow.nodes]
            ['text', 'sentiment']
        """
        ids = {"flow_id": check_id("flow_id", flow_id)}
        return await self._api.call(operations.GET_FLOW, ids=ids)

    async def create_flow(self, definition: "Definition") -> Flow:
        """Add a flow.

        Args:
            definition: A mapping, a `Flow`, or the path of a YAML or JSON file.

        Raises:
            ValidationError: It is not a definition, has no `flow_id`, or is not JSON.
            ConfigurationError: The file cannot be read, or PyYAML is not installed.
            ConflictError: There is such a flow already.
            APIError: The server refused.
            NetworkError: No response came; `maybe_executed` says whether the flow may be there.
        """
        from ai_spine.flows.definitions import read_definition

        body = read_definition(definition)
        created = await self._api.call(operations.CREATE_FLOW, body=body)
        return created.filled(**_sent(body))

    async def update_flow(self, flow_id: FlowId, definition: "Definition") -> Flow:
        """Replace the definition of a flow.

        Args:
            flow_id: The id of the flow, or the flow.
            definition: A mapping, a `Flow`, or the path of a YAML or JSON file.

        Raises:
            ValidationError: It is not a definition, belongs to another flow, or is not JSON.
            ConfigurationError: The file cannot be read, or PyYAML is not installed.
            NotFoundError: There is no such flow.
            APIError: The server refused.
            NetworkError: No response came.
        """
        from ai_spine.flows.definitions import read_definition

        ids = {"flow_id": check_id("flow_id", flow_id)}
        body = read_definition(definition, ids["flow_id"])
        updated = await self._api.call(operations.UPDATE_FLOW, ids=ids, body=body)
        return updated.filled(**_sent(body))

    async def delete_flow(self, flow_id: FlowId) -> bool:
        """Remove a flow.

        Args:
            flow_id: The id of the flow, or the flow.

        Returns:
            Whether there was one to remove.

        Raises:
            ValidationError: The id is not valid.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"flow_id": check_id("flow_id", flow_id)}
        return await self._delete(operations.DELETE_FLOW, ids)


def _sent(body: Dict[str, Any]) -> Dict[str, Any]:
    """Return what the caller sent, for servers that respond with no more than a message."""
    flow = Flow.from_wire(body)
    return {
        name: getattr(flow, name)
        for name in ("flow_id", "name", "nodes", "entry_point")
    }
