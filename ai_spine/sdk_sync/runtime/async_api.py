"""`AsyncApi`: the base of the classes that have the operations of an API."""

from typing import TYPE_CHECKING, Any, AsyncIterator, Mapping, Optional, Tuple, TypeVar

from ai_spine.sdk_sync.runtime.endpoints import Endpoint
from ai_spine.sdk_sync.unset import UNSET

if TYPE_CHECKING:
    from ai_spine.sdk_sync.runtime.async_base_client import AsyncBaseClient
    from ai_spine.sdk_sync.runtime.async_streams import AsyncDownload, AsyncEvents

T = TypeVar("T")


class AsyncApi:
    """The base of the classes that have the operations of an API.

    Args:
        client: Sends the requests.
    """

    def __init__(self, client: "AsyncBaseClient") -> None:
        self._client = client

    async def _call(
        self,
        endpoint: Endpoint[T],
        values: Tuple[Any, ...] = (),
        *,
        body: Any = UNSET,
        fields: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None,
        idempotency_key: Optional[str] = None,
    ) -> T:
        """Send a request, and return what the response promises.

        Args:
            endpoint: The operation.
            values: The values of its parameters, in their order; `UNSET` ones are left out.
            body: The body: a model, a mapping, or whatever its media type takes.
            fields: The fields of the body by their names in JSON, in the place of a body; `UNSET`
                ones are left out.
            timeout: Seconds for each attempt.
            idempotency_key: The key of a request that must not be executed twice.
        """
        raise NotImplementedError

    async def _open_events(
        self,
        endpoint: Endpoint[T],
        values: Tuple[Any, ...] = (),
        *,
        body: Any = UNSET,
        fields: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None,
        idempotency_key: Optional[str] = None,
    ) -> "AsyncEvents[T]":
        """Open a stream of events or of JSON lines."""
        raise NotImplementedError

    async def _download(
        self,
        endpoint: Endpoint[Any],
        values: Tuple[Any, ...] = (),
        *,
        body: Any = UNSET,
        fields: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None,
        idempotency_key: Optional[str] = None,
    ) -> "AsyncDownload":
        """Open the content that the operation returns."""
        raise NotImplementedError

    def _pages(
        self,
        endpoint: Endpoint[Any],
        values: Tuple[Any, ...] = (),
        *,
        body: Any = UNSET,
        fields: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None,
    ) -> AsyncIterator[Any]:
        """Iterate over the items of all pages."""
        raise NotImplementedError
