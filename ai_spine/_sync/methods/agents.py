"""Agents."""

from typing import Any, List, Mapping

from ai_spine import operations
from ai_spine._sync.methods.base import Methods
from ai_spine.models import Agent
from ai_spine.policy.validation import check_id, check_mapping


class AgentMethods(Methods):
    """The methods of agents."""

    def list_agents(self) -> List[Agent]:
        """Gives all agents.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._list_all(operations.LIST_AGENTS)

    def get_agent(self, agent_id: str) -> Agent:
        """Gives an agent.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such agent.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        ids = {"agent_id": check_id("agent_id", agent_id)}
        return self._api.call(operations.GET_AGENT, ids=ids)

    def create_agent(self, agent_config: Mapping[str, Any]) -> Agent:
        """Registers an agent.

        Args:
            agent_config: `agent_id`, `name`, `endpoint` (its URL), `description`, `capabilities`
                (a list of texts) and `agent_type`, as far as the server asks for them.

        Raises:
            ValidationError: It is no mapping, has no `agent_id`, or is not JSON.
            ConflictError: There is such an agent already.
            APIError: The server refused.
            NetworkError: No answer came; `maybe_executed` tells whether it may be registered.
        """
        body = dict(check_mapping("agent_config", agent_config))
        check_id("agent_config.agent_id", body.get("agent_id"))
        return self._api.call(operations.CREATE_AGENT, body=body).filled(
            agent_id=body["agent_id"],
            name=body.get("name"),
            endpoint=body.get("endpoint"),
        )

    def delete_agent(self, agent_id: str) -> bool:
        """Removes an agent.

        Returns:
            Whether there was one to remove.

        Raises:
            ValidationError: The id cannot be one.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._delete(
            operations.DELETE_AGENT, agent_id=check_id("agent_id", agent_id)
        )
