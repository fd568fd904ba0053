"""`AsyncApi`: the base of the classes that have the operations of an API."""

import copy
from functools import partial
from typing import Any, AsyncGenerator, AsyncIterator, Mapping, Optional, Tuple, TypeVar

from ai_spine._async.api import AsyncApiClient
from ai_spine.exceptions import APIError
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.messages import Exchange
from ai_spine.sdk_sync.runtime.async_base_client import AsyncBaseClient
from ai_spine.sdk_sync.runtime.async_streams import (
    AsyncDownload,
    AsyncEvents,
    AsyncMemoryStream,
)
from ai_spine.sdk_sync.runtime.endpoints import Endpoint
from ai_spine.sdk_sync.runtime.preparing import Arguments, Prepared
from ai_spine.sdk_sync.runtime.responses import RawResponse
from ai_spine.sdk_sync.unset import UNSET
from ai_spine.transport.async_base import AsyncByteStream

Self = TypeVar("Self", bound="AsyncApi")
T = TypeVar("T")


class AsyncApi:
    """The base of the classes that have the operations of an API.

    Args:
        client: Sends the requests.
    """

    _returns_raw = False

    def __init__(self, client: AsyncBaseClient) -> None:
        self._client = client

    def _raw(self: Self) -> Self:
        """Return the same operations, which return responses as they come."""
        made = copy.copy(self)
        made._returns_raw = True
        return made

    async def _call(
        self,
        endpoint: Endpoint[T],
        values: Tuple[Any, ...] = (),
        *,
        body: Any = UNSET,
        fields: Optional[Mapping[str, Any]] = None,
        content_type: Optional[str] = None,
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
            content_type: The media type of the body, where there are several.
            timeout: Seconds for each attempt.
            idempotency_key: The key of a request that must not be executed twice.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            ConfigurationError: The client has no credentials for the operation.
            APIError: The server refused, or its response is not what it promises.
            NetworkError: No response came.
        """
        client = self._client
        prepared = client._prepare(endpoint)
        given = Arguments(values, body, fields, content_type)
        read = prepared.raw() if self._returns_raw else prepared.read
        exchange = prepared.exchange(given, client._known(), read)
        api = client._api_for(endpoint)
        try:
            result: T = await api.send(
                exchange, timeout=timeout, idempotency_key=idempotency_key
            )
        except APIError as error:
            raise prepared.typed(error)
        return result
