"""`AsyncRestClient`, a client of any HTTP API: its settings and its life."""

from __future__ import annotations

import copy
from typing import Any, Callable, Mapping, Optional, Tuple, TypeVar, Union

# First, as it imports `requests`: from modules that are nested deeply, that takes a tenth longer.
import ai_spine.exceptions  # noqa: F401
from ai_spine._async.api import AsyncApiClient
from ai_spine._async.runtime import check_hooks
from ai_spine._async.rest_methods import AsyncRestMethods
from ai_spine.config import arguments, rest
from ai_spine.config import settings as config
from ai_spine.constants import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_POOL_SIZE,
    DEFAULT_RETRY_AFTER_LIMIT,
    DEFAULT_TIMEOUT,
    TENANT_HEADER,
    WORKSPACE_HEADER,
)
from ai_spine.policy.credentials import ApiCredential
from ai_spine.policy.polling import PollWatch
from ai_spine.policy.request_events import log_to_stderr
from ai_spine.policy.settings import AsyncHooks, AsyncKey, Settings
from ai_spine.policy.tracing import make_telemetry
from ai_spine.policy.validation import Duration
from ai_spine.transport.sessions import AsyncSession, check_session, make_transport

Client = TypeVar("Client", bound="AsyncRestClient")


class AsyncRestClient(AsyncRestMethods):
    """A client of one server, whatever its API.

    Tasks of one event loop may share it. It can be made outside a loop, it survives a fork, and it
    can be pickled: its settings travel along, the credentials included, and its connections do not.
    Used as a context manager, it closes its connections. It reads neither `AI_SPINE_*` variables
    nor profiles; proxies and CA bundles of the environment apply.

    Args:
        base_url: The server, with the path that all paths are below.
        token: The token that requests carry as `Authorization: Bearer`, or a plain or async
            function that returns it. A function is called before the first request, and again when
            the server refuses what it returned; the request is then repeated once.
        credentials: Other credentials, by the names that operations know them by.
        timeout: Seconds, or a `timedelta`, for one attempt.
        connect_timeout: The same within it, until a connection stands.
        read_timeout: The same within it, without a byte of the response.
        write_timeout: The same within it, until the request has been sent.
        max_retries: Attempts after the first.
        debug: Whether to log each attempt to stderr.
        deadline: Seconds, or a `timedelta`, for a whole call: all its attempts and the sleeps
            between them.
        retry_writes: Whether a POST or a PATCH that may have run is sent again. Only right for a
            server that honours `Idempotency-Key`.
        session: Your own `aiohttp.ClientSession` or `httpx.AsyncClient` to send with. It brings its
            own proxies, TLS settings and limits.
        headers: Headers to add to each request.
        proxies: Proxies, as `requests` takes them; by default those of the environment.
        verify: Whether to check certificates, or the path of a CA bundle to check against.
        cert: The path of a client certificate, or the paths of it and of its key.
        pool_size: How many connections may be open at once, up to 10,000; at most half of them are
            for streams.
        retry_budget: How many retries there may be for each call, on average: 0.2 for one in five
            calls, so that an outage is not made worse. A few are always in reserve. `None` for any
            number.
        retry_after_limit: The longest `Retry-After` to obey, in seconds or as a `timedelta`. If the
            server asks for more, the error is raised at once. While one call waits, the client's
            other calls wait too.
        event_hooks: Plain or async functions, or lists of them, for `request`, `response` and
            `retry`; each gets a `RequestEvent`.
        json_default: Called with a value in a body that the SDK cannot encode as JSON; it returns
            one that can be encoded, or raises `TypeError`.
        tenant: The tenant that the client acts for, sent with each request.
        workspace: The tenant's workspace, likewise.
        tenant_header: The name of the header that holds the tenant.
        workspace_header: The name of the header that holds the workspace.
        tracing: Whether to record spans and metrics, where OpenTelemetry is installed.
        tracer_provider: Makes the tracer; by default the global `TracerProvider`.
        meter_provider: Makes the meter; by default the global `MeterProvider`.
        transport: The library that sends: `aiohttp`, or `httpx`.

    Raises:
        ConfigurationError: A setting is wrong.

    Warns:
        InsecureTransportWarning: A credential would go over plain http to a host that is not this
            machine; once for each host.

    Example:
        >>> AsyncRestClient("https://api.example.com/v1", token="t-1")
        AsyncRestClient(base_url='https://api.example.com/v1')
    """

    _api: AsyncApiClient
    _transport: Any

    def __init__(
        self,
        base_url: str,
        token: Optional[AsyncKey] = None,
        *,
        credentials: Mapping[str, ApiCredential] = {},
        timeout: Duration = DEFAULT_TIMEOUT,
        connect_timeout: Optional[Duration] = None,
        read_timeout: Optional[Duration] = None,
        write_timeout: Optional[Duration] = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        debug: bool = False,
        deadline: Optional[Duration] = None,
        retry_writes: bool = False,
        session: Optional[AsyncSession] = None,
        headers: Optional[Mapping[str, str]] = None,
        proxies: Optional[Mapping[str, str]] = None,
        verify: Union[bool, str] = True,
        cert: Union[None, str, Tuple[str, str]] = None,
        pool_size: int = DEFAULT_POOL_SIZE,
        retry_after_limit: Duration = DEFAULT_RETRY_AFTER_LIMIT,
        retry_budget: Optional[float] = None,
        event_hooks: Optional[AsyncHooks] = None,
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
        del token, proxies
        self._begin(given, rest.check_all)

    def _begin(
        self, given: Mapping[str, Any], check: Callable[[Mapping[str, Any]], Settings]
    ) -> None:
        """Check the arguments, and make what sends."""
        check_session(given["session"], given)
        settings = check(given)._replace(client=type(self).__name__)
        config.warn_of_plain_http(settings)
        check_hooks(settings)
        self._transport = make_transport(settings, given["session"], given["transport"])
        telemetry = make_telemetry(
            settings.tracing,
            given["tracer_provider"],
            given["meter_provider"],
            base_url=settings.base_url,
            redact=self._transport.redactor.redact,
        )
        self._api = AsyncApiClient(settings, self._transport, telemetry=telemetry)
        self._polls = PollWatch()
        if settings.debug:
            log_to_stderr()

    @property
    def base_url(self) -> str:
        """The server that the client talks to."""
        return self._api.settings.base_url

    @property
    def timeout(self) -> float:
        """Seconds that one attempt may take."""
        return self._api.settings.timeout

    @property
    def max_retries(self) -> int:
        """How many attempts may follow the first."""
        return self._api.settings.max_retries

    @property
    def session(self) -> AsyncSession:
        """The pooled session that the client sends with, in the running event loop."""
        session: AsyncSession = self._transport.session
        return session

    def with_options(
        self: Client,
        *,
        timeout: Optional[Duration] = None,
        max_retries: Optional[int] = None,
        deadline: Optional[Duration] = None,
        headers: Optional[Mapping[str, str]] = None,
        retry_writes: Optional[bool] = None,
        retry_after_limit: Optional[Duration] = None,
        tenant: Optional[str] = None,
        workspace: Optional[str] = None,
    ) -> Client:
        """Return a client that differs in these settings and shares the connections.

        Other settings stay as they are; headers are added to the existing ones. An empty `tenant`
        or `workspace` means none.

        Raises:
            ConfigurationError: A setting is wrong.

        Example:
            >>> client = AsyncRestClient("https://api.example.com")
            >>> client.with_options(timeout=2, max_retries=0).timeout
            2.0
        """
        settings = config.change(
            self._api.settings,
            timeout=timeout,
            max_retries=max_retries,
            deadline=deadline,
            headers=headers,
            retry_writes=retry_writes,
            retry_after_limit=retry_after_limit,
            tenant=tenant,
            workspace=workspace,
        )
        changed = copy.copy(self)
        changed._api = self._api.with_settings(settings)
        return changed

    async def aclose(self) -> None:
        """Close the connections. Your own session stays open.

        A call that is still in progress, or comes later, opens connections again.
        """
        await self._api.aclose()

    async def __aenter__(self: Client) -> Client:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        # A traceback that shows locals may call this before the client is complete.
        api = self.__dict__.get("_api")
        name = type(self).__name__
        return f"{name}(base_url={api.settings.base_url!r})" if api else f"{name}()"
