"""The operations on the marketplace. The API does not say what their responses contain."""

from typing import Any

from ai_spine.operations.operation import (
    LIMIT,
    OFFSET,
    Operation,
    Query,
    read_anything,
)

LIST_MARKETPLACE_AGENTS: Operation[Any] = Operation(
    "list_marketplace_agents",
    "GET",
    "/api/v1/marketplace/agents",
    read_anything,
    prefixed=False,
    summary="Return one page of the agents on offer.",
    query=(
        Query("search", "string", "Only agents that this text finds."),
        Query("category", "string", "Only agents of this category."),
        Query("min_rating", "number", "Only agents with this rating or a better one."),
        Query("max_price", "number", "Only agents of this price or less."),
        Query("sort_by", "string", "What to sort by, such as `rating`."),
        LIMIT,
        OFFSET,
    ),
)
GET_MARKETPLACE_AGENT: Operation[Any] = Operation(
    "get_marketplace_agent",
    "GET",
    "/api/v1/marketplace/agents/{agent_id}",
    read_anything,
    prefixed=False,
    summary="Return an agent on offer.",
)
GET_MARKETPLACE_CATEGORIES: Operation[Any] = Operation(
    "get_marketplace_categories",
    "GET",
    "/api/v1/marketplace/categories",
    read_anything,
    prefixed=False,
    summary="Return the categories of agents on offer.",
)
GET_MARKETPLACE_STATS: Operation[Any] = Operation(
    "get_marketplace_stats",
    "GET",
    "/api/v1/marketplace/stats",
    read_anything,
    prefixed=False,
    summary="Return the statistics of the marketplace.",
)

OPERATIONS = tuple(
    value for value in list(vars().values()) if isinstance(value, Operation)
)
