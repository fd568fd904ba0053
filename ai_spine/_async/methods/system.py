"""The server's health, metrics and status."""

from ai_spine import operations
from ai_spine._async.methods.base import Methods
from ai_spine.models import HealthStatus, Metrics, SystemStatus
from ai_spine.policy.validation import check_bool


class SystemMethods(Methods):
    """Methods about the server itself."""

    async def health_check(self) -> HealthStatus:
        """Check the server's health.

        Raises:
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> health = await client.health_check()
            >>> health.is_healthy
            True
        """
        return await self._api.call(operations.HEALTH_CHECK)

    async def get_health(self, *, detailed: bool = False) -> HealthStatus:
        """Return the server's health, as `health_check` does, or with that of its database.

        Args:
            detailed: Whether to ask for the state of the `database` as well.

        Raises:
            ValidationError: `detailed` is neither true nor false.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> health = await client.get_health(detailed=True)
            >>> health.database
            'connected'
        """
        operation = operations.HEALTH_CHECK
        if check_bool("detailed", detailed):
            operation = operations.GET_DETAILED_HEALTH
        return await self._api.call(operation)

    async def get_metrics(self) -> Metrics:
        """Return the server's counts of executions and their times.

        Raises:
            APIError: The server refused.
            NetworkError: No response came.
        """
        return await self._api.call(operations.GET_METRICS)

    async def get_status(self) -> SystemStatus:
        """Return the status of each component of the server.

        Raises:
            APIError: The server refused.
            NetworkError: No response came.
        """
        return await self._api.call(operations.GET_STATUS)
