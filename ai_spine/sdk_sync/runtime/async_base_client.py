"""`AsyncBaseClient`: what the clients of generated packages extend."""

from typing import Any, Callable, ClassVar, Dict, Mapping, Optional, Tuple, TypeVar

from ai_spine._async.api import AsyncApiClient
from ai_spine.async_rest import AsyncRestClient
from ai_spine.config.settings import warn_of_plain_http
from ai_spine.config.urls import check_base_url
from ai_spine.exceptions import APIError
from ai_spine.policy.json_encoding import encode_json
from ai_spine.policy.messages import JSON, Response
from ai_spine.policy.settings import AsyncKey, Settings
from ai_spine.policy.validation import Duration
from ai_spine.sdk_sync.runtime.endpoints import Endpoint, Server
from ai_spine.sdk_sync.runtime.preparing import Prepared, any_exchange, body_of
from ai_spine.sdk_sync.runtime.problems import ErrorClasses, refine
from ai_spine.sdk_sync.runtime.reading import Codec
from ai_spine.sdk_sync.runtime.responses import RawResponse
from ai_spine.sdk_sync.runtime.security import Scheme, authorise, hide
from ai_spine.sdk_sync.runtime.servers import (
    base_url_of,
    operation_url,
    url_of,
)
from ai_spine.utils import origin

Client = TypeVar("Client", bound="AsyncBaseClient")
T = TypeVar("T")
_TENANCY_ARGUMENTS = ("with_options(tenant=...)", "with_options(workspace=...)")


class AsyncBaseClient(AsyncRestClient):
    """The base of the clients of a package.

    Args:
        base_url: The server; by default, the first one that the API names.
        token: The token for the schemes of the kind `bearer`, or a function that returns it; where
            the API has none, for its only scheme.
        workspace_id: The workspace, sent as `X-Workspace-Id` and as the parameters that take it.
        credentials: The credentials by the names of the schemes; `None` ones are absent.
        defaults: What the client knows for other parameters, by `Parameter.client_default`.
        server_variables: Values of variables in the URL of the API's server.
        options: What `AsyncRestClient` takes: timeouts, retries, proxies and so on.

    Raises:
        ConfigurationError: A setting is wrong.
    """

    codec: Codec
    """Reads and writes the models of the package."""
    error_classes: ClassVar[ErrorClasses] = {}
    """The errors of the package, by those of the core that they extend."""
    schemes: ClassVar[Mapping[str, Scheme]] = {}
    """The security schemes of the API."""
    servers: ClassVar[Tuple[Server, ...]] = ()
    """The servers of the API."""

    def __init__(
        self,
        base_url: Optional[str] = None,
        token: Optional[AsyncKey] = None,
        *,
        workspace_id: Optional[str] = None,
        credentials: Optional[Mapping[str, Any]] = None,
        defaults: Optional[Mapping[str, Any]] = None,
        server_variables: Optional[Mapping[str, str]] = None,
        **options: Any,
    ) -> None:
        hidden = hide({"token": token}).get("token")
        given = hide(credentials or {})
        options.update(hide({"proxies": options.get("proxies")}))
        del token, credentials
        url = base_url_of(base_url, self.servers, server_variables or {})
        self._authorisation = authorise(self.schemes, given, hidden)
        given_defaults = (defaults or {}).items()
        self._defaults = {n: each for n, each in given_defaults if each is not None}
        self._is_replaced = base_url is not None and not self._is_own(base_url)
        self._prepared: Dict[Endpoint[Any], Prepared[Any]] = {}
        self._others: Dict[str, AsyncApiClient] = {}
        proxies = options.pop("proxies", None)
        super().__init__(
            url,
            credentials=self._authorisation.credentials,
            workspace=workspace_id,
            proxies=proxies and proxies.reveal(),
            **options,
        )

    def _begin(
        self, given: Mapping[str, Any], check: Callable[[Mapping[str, Any]], Settings]
    ) -> None:
        # Generated clients have no such arguments themselves.
        names = {"tenancy_arguments": _TENANCY_ARGUMENTS}
        super()._begin({**given, **names}, check)

    @classmethod
    def _is_own(cls, base_url: str) -> bool:
        """Return whether a URL is one that the API names."""
        return base_url.rstrip("/") in map(url_of, cls.servers)

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
        timeout: Optional[Duration] = None,
        idempotency_key: Optional[str] = None,
    ) -> RawResponse[Any]:
        """Send any request with the usual policy and credentials.

        Args:
            method: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
            path: The path below `base_url`. It is sent as it is: percent-encode the ids in it.
            json: The body, sent as JSON; models may be in it.
            params: The query; `None` values are left out.
            headers: More headers.
            timeout: Seconds for each attempt.
            idempotency_key: The key of a request that must not be executed twice.

        Returns:
            The response; `parsed()` returns its JSON, or the text that it is.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            APIError: The server refused.
            NetworkError: No response came.
        """
        exchange = any_exchange(method, path, params, headers)._replace(
            content=None if json is None else encode_json(self.codec.to_json(json)),
            content_type=None if json is None else JSON,
            credentials=self._authorisation.all_names,
            refine=self._refine,
        )
        raw: RawResponse[Any] = await self._api.send(
            exchange, timeout=timeout, idempotency_key=idempotency_key
        )
        return raw

    async def aclose(self) -> None:
        """Close the connections. Your own session stays open.

        A call that is still in progress, or comes later, opens connections again.
        """
        await super().aclose()
        if self._api._owns_transport:
            for other in list(self._others.values()):
                await other.aclose()

    def _refine(self, error: APIError, response: Response) -> APIError:
        return refine(error, response, self.error_classes, body_of, self._api.redact)

    def _prepare(self, endpoint: Endpoint[T]) -> Prepared[T]:
        """Return an endpoint that is ready for calls of this client."""
        found = self._prepared.get(endpoint)
        if found is None:
            credentials = self._authorisation.names_for(endpoint)
            found = self._prepared[endpoint] = Prepared(
                endpoint,
                self.codec,
                self.error_classes,
                credentials,
                self._api.redact,
            )
        return found

    def _known(self) -> Mapping[str, Any]:
        """Return what the client knows, by the names of `Parameter.client_default`."""
        workspace = self._api.settings.workspace
        if workspace is None:
            return self._defaults
        return {**self._defaults, "workspace_id": workspace}

    def _api_for(self, endpoint: Endpoint[Any]) -> AsyncApiClient:
        """Return what sends the requests of an endpoint, which may be on a server of its own."""
        if not endpoint.servers:
            return self._api
        settings = self._api.settings
        url = operation_url(
            endpoint.servers, settings.base_url, is_replaced=self._is_replaced
        )
        settings = settings._replace(base_url=check_base_url("the server", url))
        if origin(url) == origin(self.base_url):
            return self._api.with_settings(settings)
        other = self._others.get(url)
        if other is None:
            warn_of_plain_http(settings)
            # As a transport is pickled: what connections belong to is another server.
            kind, (_, session) = self._transport.__reduce__()
            other = AsyncApiClient(settings, kind(settings, session))
            self._others[url] = other
        return other.with_settings(settings)

    def __copy__(self: Client) -> Client:
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def __getstate__(self) -> Dict[str, Any]:
        return {**self.__dict__, "_prepared": {}, "_others": {}}
