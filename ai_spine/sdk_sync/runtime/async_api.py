"""`AsyncApi`: the base of the classes that have the operations of an API."""

import copy
from functools import partial
from typing import (
    Any,
    AsyncIterator,
    Callable,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    TypeVar,
    Union,
)

from ai_spine._async.api import AsyncApiClient
from ai_spine.exceptions import AISpineError, APIError
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.messages import Exchange
from ai_spine.policy.retry import Failure
from ai_spine.sdk_sync.runtime.async_base_client import AsyncBaseClient
from ai_spine.sdk_sync.runtime.async_streams import (
    AsyncDownload,
    AsyncEvents,
    AsyncMemoryStream,
)
from ai_spine.sdk_sync.runtime.endpoints import Endpoint
from ai_spine.sdk_sync.runtime.page_requests import PageRequests
from ai_spine.sdk_sync.runtime.preparing import Arguments, Prepared
from ai_spine.sdk_sync.runtime.problems import ApiProblem
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
        prepared = self._client._prepare(endpoint)
        given = Arguments(values, body, fields, content_type)
        read = prepared.raw(prepared.parse) if self._returns_raw else prepared.read
        exchange = prepared.exchange(given, self._client._known(), read)
        send = self._client._api_for(endpoint).send
        result: T = await _sent(prepared, send, exchange, timeout, idempotency_key)
        return result

    async def _open_events(
        self,
        endpoint: Endpoint[T],
        values: Tuple[Any, ...] = (),
        *,
        body: Any = UNSET,
        fields: Optional[Mapping[str, Any]] = None,
        content_type: Optional[str] = None,
        timeout: Optional[float] = None,
        idempotency_key: Optional[str] = None,
    ) -> AsyncEvents[T]:
        """Send a request, and return the events or JSON lines of its response.

        Args:
            endpoint: The operation.
            values: As for `_call`.
            body: As for `_call`.
            fields: As for `_call`.
            content_type: As for `_call`.
            timeout: Seconds until the headers have come, and for which the stream may be silent.
            idempotency_key: As for `_call`.
        """
        given = Arguments(values, body, fields, content_type)
        events: AsyncEvents[T] = await self._open(
            endpoint, given, timeout, idempotency_key, _events_of
        )
        return events

    async def _download(
        self,
        endpoint: Endpoint[Any],
        values: Tuple[Any, ...] = (),
        *,
        body: Any = UNSET,
        fields: Optional[Mapping[str, Any]] = None,
        content_type: Optional[str] = None,
        timeout: Optional[float] = None,
        idempotency_key: Optional[str] = None,
    ) -> AsyncDownload:
        """Send a request, and return the content of its response, which is not read yet.

        Args:
            endpoint: The operation.
            values: As for `_call`.
            body: As for `_call`.
            fields: As for `_call`.
            content_type: As for `_call`.
            timeout: Seconds until the headers have come, and for which the server may be silent.
            idempotency_key: As for `_call`.
        """
        given = Arguments(values, body, fields, content_type)
        download: AsyncDownload = await self._open(
            endpoint, given, timeout, idempotency_key, _download_of
        )
        return download

    async def _pages(
        self,
        endpoint: Endpoint[Any],
        values: Tuple[Any, ...] = (),
        *,
        body: Any = UNSET,
        fields: Optional[Mapping[str, Any]] = None,
        content_type: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> AsyncIterator[Any]:
        """Yield the items of all pages, which are requested one after the other.

        Args:
            endpoint: The operation, which has `pages`.
            values: As for `_call`.
            body: As for `_call`.
            fields: As for `_call`.
            content_type: As for `_call`.
            timeout: Seconds for each attempt.
        """
        prepared = self._client._prepare(endpoint)
        api, known = self._client._api_for(endpoint), self._client._known()
        given = Arguments(values, body, fields, content_type)
        walk = PageRequests(prepared, given, known, api.settings.base_url)
        while not walk.is_done:
            exchange = prepared.exchange(walk.arguments(), known, walk.read)
            for item in await _sent(prepared, api.send, exchange, timeout, None):
                yield item

    async def _open(
        self,
        endpoint: Endpoint[Any],
        given: Arguments,
        timeout: Optional[float],
        idempotency_key: Optional[str],
        wrap: "Callable[[_Opened], Any]",
    ) -> Any:
        """Open a response, and return what it is wrapped in; raw, read it whole."""
        client = self._client
        prepared, api = client._prepare(endpoint), client._api_for(endpoint)
        opened = partial(_Opened, prepared, api, timeout or api.settings.timeout)
        if self._returns_raw:
            read = prepared.raw(lambda raw: wrap(opened(_stream_over(raw))))
            exchange = prepared.exchange(given, client._known(), read)
            return await _sent(prepared, api.send, exchange, timeout, idempotency_key)
        exchange = prepared.exchange(given, client._known())
        stream: AsyncByteStream = await _sent(
            prepared, api.open, exchange, timeout, idempotency_key
        )
        try:
            return wrap(opened(stream))
        except BaseException:
            await stream.aclose()
            raise


class _Opened(NamedTuple):
    """A response that has been opened, and what its errors need."""

    prepared: Prepared[Any]
    api: AsyncApiClient
    timeout: float
    stream: AsyncByteStream

    def fail(self, problem: Union[Failure, str]) -> AISpineError:
        """Return the error of what went wrong."""
        stream, base_url = self.stream, self.api.settings.base_url
        return self.prepared.broken(problem, base_url, stream.status, stream.call)


def _events_of(opened: _Opened) -> AsyncEvents[Any]:
    stream = opened.stream
    try:
        decoder = opened.prepared.decoder(stream.status, stream.headers)
    except UnexpectedResponse as error:
        problem = f"the server responded with {error}"
    else:
        return AsyncEvents(stream, opened.timeout, opened.fail, decoder)
    raise opened.fail(problem)


def _download_of(opened: _Opened) -> AsyncDownload:
    return AsyncDownload(opened.stream, opened.timeout, opened.fail)


def _stream_over(raw: RawResponse[Any]) -> AsyncMemoryStream:
    return AsyncMemoryStream(raw.status, raw.headers, raw.body)


async def _sent(
    prepared: Prepared[Any],
    attempt: Callable[..., Any],
    exchange: Exchange,
    timeout: Optional[float],
    idempotency_key: Optional[str],
) -> Any:
    """Send an exchange; its errors are those of the package."""
    try:
        return await attempt(exchange, timeout=timeout, idempotency_key=idempotency_key)
    except APIError as error:
        if isinstance(error, ApiProblem):
            raise
        typed = prepared.typed(error)
    raise typed
