"""`AsyncAISpine`, the client: its settings and its life. Its methods are in `_async.methods`."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Optional, Tuple, Union

# First, as it imports `requests`: from modules that are nested deeply, that takes a tenth longer.
import ai_spine.exceptions  # noqa: F401
from ai_spine._async.methods.account import AccountMethods
from ai_spine._async.methods.agents import AgentMethods
from ai_spine._async.methods.batches import BatchMethods
from ai_spine._async.methods.flow_tools import FlowToolMethods
from ai_spine._async.methods.marketplace import MarketplaceMethods
from ai_spine._async.methods.streams import StreamMethods
from ai_spine._async.methods.system import SystemMethods
from ai_spine._async.methods.tools import ToolMethods
from ai_spine.async_rest import AsyncRestClient
from ai_spine.config import arguments
from ai_spine.config import settings as config
from ai_spine.constants import (
    DEFAULT_API_PREFIX,
    DEFAULT_CREDITS_LOW_AT,
    DEFAULT_MAX_RETRIES,
    DEFAULT_POOL_SIZE,
    DEFAULT_RETRY_AFTER_LIMIT,
    DEFAULT_TIMEOUT,
    TENANT_HEADER,
    WORKSPACE_HEADER,
)
from ai_spine.operations import Operation, read_anything
from ai_spine.policy.messages import Credential
from ai_spine.policy.settings import AsyncHooks, AsyncKey
from ai_spine.policy.validation import (
    Duration,
    check_mapping,
    check_method,
    check_path,
)
from ai_spine.transport.sessions import AsyncSession


class AsyncAISpine(
    BatchMethods,
    FlowToolMethods,
    StreamMethods,
    AgentMethods,
    ToolMethods,
    MarketplaceMethods,
    SystemMethods,
    AccountMethods,
    AsyncRestClient,
):
    """A client of one AI Spine server.

    Tasks of one event loop may share it. It can be made outside a loop, it survives a fork, and it
    can be pickled: its settings travel along, the key included, and its connections do not. Used as
    a context manager, it closes its connections.

    Args:
        api_key: The API key, or a plain or async function that returns it; by default
            `AI_SPINE_API_KEY`, the file that `AI_SPINE_API_KEY_FILE` names, the profile's key, or
            none. A function is called before the first request, and again when the server refuses
            what it returned; the request is then repeated once.
        base_url: The server; by default `AI_SPINE_BASE_URL`, the profile's server, or production.
        timeout: Seconds, or a `timedelta`, for one attempt; by default `AI_SPINE_TIMEOUT`, the
            profile's timeout, or 30.
        max_retries: Attempts after the first; by default `AI_SPINE_MAX_RETRIES`, the profile's
            number, or 3.
        debug: Whether to log each attempt to stderr.
        api_prefix: The prefix of the paths of flows, executions and agents, such as `/api/v1`.
        deadline: Seconds, or a `timedelta`, for a whole call: all its attempts and the sleeps
            between them.
        retry_writes: Whether a POST that may have run is sent again. Only right for a server that
            honours `Idempotency-Key`; the local server does.
        session: Your own `aiohttp.ClientSession` or `httpx.AsyncClient` to send with. It brings its
            own proxies, TLS settings and limits.
        headers: Headers to add to each request.
        proxies: Proxies, as `requests` takes them; by default those of the environment.
        verify: Whether to check certificates, or the path of a CA bundle to check against.
        cert: The path of a client certificate, or the paths of it and of its key.
        pool_size: How many connections may be open at once, up to 10,000; at most half of them are
            for streams.
        retry_after_limit: The longest `Retry-After` to obey, in seconds or as a `timedelta`. If the
            server asks for more, the error is raised at once. While one call waits, the client's
            other calls wait too.
        event_hooks: Plain or async functions, or lists of them, for `request`, `response` and
            `retry`; each gets a `RequestEvent`.
        access_token: The account token, or a function that returns it, for the methods that manage
            the account's own key.
        on_credits_low: Called with the remaining credits when a response says that they are few, or
            too few.
        credits_low_at: How many credits count as few.
        profile: The name of a profile in the file that `ai-spine config path` shows. It sets
            `api_key`, `base_url`, `api_prefix`, `timeout`, `max_retries`, `tenant` and `workspace`
            where neither an argument nor the environment does. By default `AI_SPINE_PROFILE`, the
            file's choice, or `default`; an empty name means none. The profile's key and tenant are
            only sent to its own server.
        transport: The library that sends: `aiohttp`, or `httpx`.
        json_default: Called with a value in an input that the SDK cannot encode as JSON; it returns
            one that can be encoded, or raises `TypeError`.
        tenant: The tenant that the client acts for, sent with each request; by default
            `AI_SPINE_TENANT`, the profile's tenant, or none. An empty one means none.
        workspace: The tenant's workspace, likewise; by default `AI_SPINE_WORKSPACE`, the profile's
            workspace, or none.
        tenant_header: The name of the header that holds the tenant.
        workspace_header: The name of the header that holds the workspace.
        tracing: Whether to record spans and metrics, where OpenTelemetry is installed.
        tracer_provider: Makes the tracer; by default the global `TracerProvider`.
        meter_provider: Makes the meter; by default the global `MeterProvider`.

    Raises:
        ConfigurationError: A setting is wrong.

    Warns:
        InsecureTransportWarning: The key would go over plain http to a host that is not this
            machine; once for each host.
        ProfileWarning: The profile's key is not for this server, or others can read its file.

    Example:
        >>> async with AsyncAISpine(base_url=server.url) as client:
        ...     text = {"text": "Wonderful!"}
        ...     execution = await client.execute_and_wait("sentiment-analysis", text)
        >>> execution.output_data["sentiment"]["label"]
        'positive'
    """

    def __init__(
        self,
        api_key: Optional[AsyncKey] = None,
        base_url: Optional[str] = None,
        timeout: Duration = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        debug: bool = False,
        *,
        api_prefix: str = DEFAULT_API_PREFIX,
        deadline: Optional[Duration] = None,
        retry_writes: bool = False,
        session: Optional[AsyncSession] = None,
        headers: Optional[Mapping[str, str]] = None,
        proxies: Optional[Mapping[str, str]] = None,
        verify: Union[bool, str] = True,
        cert: Union[None, str, Tuple[str, str]] = None,
        pool_size: int = DEFAULT_POOL_SIZE,
        retry_after_limit: Duration = DEFAULT_RETRY_AFTER_LIMIT,
        event_hooks: Optional[AsyncHooks] = None,
        access_token: Optional[AsyncKey] = None,
        on_credits_low: Optional[Callable[[float], Any]] = None,
        credits_low_at: float = DEFAULT_CREDITS_LOW_AT,
        profile: Optional[str] = None,
        json_default: Optional[Callable[[Any], Any]] = None,
        tenant: Optional[str] = None,
        workspace: Optional[str] = None,
        tenant_header: str = TENANT_HEADER,
        workspace_header: str = WORKSPACE_HEADER,
        tracing: bool = True,
        tracer_provider: Any = None,
        meter_provider: Any = None,
        transport: str = "aiohttp",
    ) -> None:
        given = arguments.hide(locals())
        del api_key, access_token, proxies
        self._begin(given, config.check_all)

    def _credentials(self) -> Tuple[Any, ...]:
        """Return the names of what requests carry: the key."""
        return (Credential.API_KEY,)

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Optional[Mapping[str, Any]] = None,
        params: Optional[Mapping[str, Any]] = None,
    ) -> Any:
        """Send any request with the usual policy, and return the JSON of the response.

        Args:
            method: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
            path: The path from the server's root, such as `/api/v1/users/me`. It is sent as it is:
                percent-encode the ids in it.
            json: The body, sent as JSON.
            params: The query; `None` values are left out.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            APIError: The server refused, or its response is not JSON.
            NetworkError: No response came.

        Example:
            >>> health = await client.request("GET", "/health")
            >>> health["status"]
            'healthy'
        """
        literal = check_path("path", path).replace("{", "%7B").replace("}", "%7D")
        operation: Operation[Any] = Operation(
            "request", check_method(method), literal, read_anything, prefixed=False
        )
        body = None if json is None else check_mapping("json", json)
        query = None if params is None else check_mapping("params", params)
        return await self._api.call(operation, body=body, params=query)
