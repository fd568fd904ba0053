"""The server's health, metrics and status."""

from ai_spine import operations
from ai_spine._sync.methods.base import Methods
from ai_spine.models import HealthStatus, Metrics, SystemStatus


class SystemMethods(Methods):
    """Methods about the server itself."""

    def health_check(self) -> HealthStatus:
        """Check the server's health.

        Raises:
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> client.health_check().is_healthy
            True
        """
        return self._api.call(operations.HEALTH_CHECK)

    def get_metrics(self) -> Metrics:
        """Return the server's counts of executions and their times.

        Raises:
            APIError: The server refused.
            NetworkError: No response came.
        """
        return self._api.call(operations.GET_METRICS)

    def get_status(self) -> SystemStatus:
        """Return the status of each component of the server.

        Raises:
            APIError: The server refused.
            NetworkError: No response came.
        """
        return self._api.call(operations.GET_STATUS)
