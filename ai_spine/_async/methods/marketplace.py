"""The marketplace: agents that others offer."""

from __future__ import annotations

from typing import Any, Optional

from ai_spine._async.methods.base import Methods
from ai_spine.operations import marketplace as operations
from ai_spine.policy.validation import (
    AgentId,
    check_amount,
    check_count,
    check_id,
    check_text,
)


class MarketplaceMethods(Methods):
    """Methods that read the marketplace.

    The API does not say what its responses contain: each is returned as the JSON that it is.
    """

    async def list_marketplace_agents(
        self,
        *,
        search: Optional[str] = None,
        category: Optional[str] = None,
        min_rating: Optional[float] = None,
        max_price: Optional[float] = None,
        sort_by: Optional[str] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
    ) -> Any:
        """Return one page of the agents on offer.

        Args:
            search: Only agents that this text finds.
            category: Only agents of this category.
            min_rating: Only agents with this rating or a better one.
            max_price: Only agents of this price or less.
            sort_by: What to sort by; without it, servers sort by `rating`.
            limit: How many at most; without it, the server decides.
            offset: How many to skip.

        Raises:
            ValidationError: An argument is wrong.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> offers = await client.list_marketplace_agents(search="credit", min_rating=4)
        """
        params = {
            "search": None if search is None else check_text("search", search),
            "category": None if category is None else check_text("category", category),
            "min_rating": (
                None if min_rating is None else check_amount("min_rating", min_rating)
            ),
            "max_price": (
                None if max_price is None else check_amount("max_price", max_price)
            ),
            "sort_by": None if sort_by is None else check_text("sort_by", sort_by),
            "limit": None if limit is None else check_count("limit", limit, least=1),
            "offset": None if offset is None else check_count("offset", offset),
        }
        return await self._api.call(operations.LIST_MARKETPLACE_AGENTS, params=params)

    async def get_marketplace_agent(self, agent_id: AgentId) -> Any:
        """Return an agent on offer.

        Args:
            agent_id: The id of the agent, or the agent.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such agent.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"agent_id": check_id("agent_id", agent_id)}
        return await self._api.call(operations.GET_MARKETPLACE_AGENT, ids=ids)

    async def get_marketplace_categories(self) -> Any:
        """Return the categories of agents on offer.

        Raises:
            APIError: The server refused.
            NetworkError: No response came.
        """
        return await self._api.call(operations.GET_MARKETPLACE_CATEGORIES)

    async def get_marketplace_stats(self) -> Any:
        """Return the statistics of the marketplace.

        Raises:
            APIError: The server refused.
            NetworkError: No response came.
        """
        return await self._api.call(operations.GET_MARKETPLACE_STATS)
