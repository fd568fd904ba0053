"""What the classes of methods share."""

from ai_spine.api import ApiClient
from ai_spine.exceptions import NotFoundError
from ai_spine.operations import Operation


class Methods:
    """Methods over an `ApiClient`, which the client sets."""

    _api: ApiClient

    def _delete(self, operation: Operation[None], **ids: str) -> bool:
        """Removes something, and tells whether it was there."""
        try:
            self._api.call(operation, ids=ids)
        except NotFoundError as error:
            return (
                error.maybe_executed
            )  # an attempt before this one may have removed it
        return True
