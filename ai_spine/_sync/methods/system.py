"""How the server is."""

from ai_spine import operations
from ai_spine._sync.methods.base import Methods
from ai_spine.models import HealthStatus, Metrics, SystemStatus


class SystemMethods(Methods):
    """The methods of the system."""

    def health_check(self) -> HealthStatus:
        """Asks whether the server is well.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.

        Example:
            >>> client.health_check().is_healthy
            True
        """
        return self._api.call(operations.HEALTH_CHECK)

    def get_metrics(self) -> Metrics:
        """Gives what the server has counted.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._api.call(operations.GET_METRICS)

    def get_status(self) -> SystemStatus:
        """Gives how the server's parts are.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._api.call(operations.GET_STATUS)
