"""Agents: the services that do the work of nodes."""

from __future__ import annotations

from typing import Any, List, Mapping

from ai_spine import operations
from ai_spine._async.methods.base import Methods
from ai_spine.models import Agent
from ai_spine.policy.validation import AgentId, check_bool, check_id, check_mapping


class AgentMethods(Methods):
    """Methods of agents."""

    async def list_agents(
        self, *, active: bool = False, mine: bool = False
    ) -> List[Agent]:
        """Return all agents.

        Args:
            active: Only agents that accept work.
            mine: Only agents of the key's user.

        Raises:
            ValidationError: An argument is neither true nor false.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> agents = await client.list_agents(active=True)
            >>> agents[0].agent_id
            'applicant_check'
        """
        active, mine = check_bool("active", active), check_bool("mine", mine)
        if mine:
            found = await self._list_all(operations.LIST_MY_AGENTS)
            return found.holding(
                each for each in found if not active or each.is_active is not False
            )
        if active:
            return await self._list_all(operations.LIST_ACTIVE_AGENTS)
        return await self._list_all(operations.LIST_AGENTS)

    async def get_agent(self, agent_id: AgentId) -> Agent:
        """Return an agent.

        Args:
            agent_id: The id of the agent, or the agent.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such agent.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"agent_id": check_id("agent_id", agent_id)}
        return await self._api.call(operations.GET_AGENT, ids=ids)

    async def create_agent(self, agent_config: Mapping[str, Any]) -> Agent:
        """Register an agent.

        Args:
            agent_config: `agent_id`, `name`, `endpoint` (its URL), `description`, `capabilities`
                (a list of texts) and `agent_type`, as far as the server requires them.

        Raises:
            ValidationError: It is not a mapping, has no `agent_id`, or is not JSON.
            ConflictError: There is such an agent already.
            APIError: The server refused.
            NetworkError: No response came; `maybe_executed` says whether the agent may be there.
        """
        body = dict(check_mapping("agent_config", agent_config))
        check_id("agent_config.agent_id", body.get("agent_id"))
        created = await self._api.call(operations.CREATE_AGENT, body=body)
        return created.filled(
            agent_id=body["agent_id"],
            name=body.get("name"),
            endpoint=body.get("endpoint"),
        )

    async def delete_agent(self, agent_id: AgentId) -> bool:
        """Remove an agent.

        Args:
            agent_id: The id of the agent, or the agent.

        Returns:
            Whether there was one to remove.

        Raises:
            ValidationError: The id is not valid.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"agent_id": check_id("agent_id", agent_id)}
        return await self._delete(operations.DELETE_AGENT, ids)
